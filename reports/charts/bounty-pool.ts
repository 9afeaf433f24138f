/**
 * The bounty pool's balance, over time: what is left to pay bounties from.
 */
import { figureOf } from "../estimate-text.ts"
import type { BandPoint } from "../bands.ts"
import { formatNumber } from "../number-format.ts"
import { singleLine } from "./single-line.ts"

export const bountyPool = singleLine({
  id: "bounty-pool",
  name: "Bounty pool",
  series: "bountyPool.balance",
  yTitle: "balance",
  titleOf: (result, bands) => {
    const mean = figureOf(result, "bountyPool.mean")
    const fall = deepestFall(bands.lines[0]?.points ?? [])
    return (
      (mean === undefined ? "The bounty pool" : `The bounty pool holds ${mean} on average`) +
      (fall === undefined
        ? ""
        : `; bounties drew it down from ${formatNumber(fall.from)} to ${formatNumber(fall.to)} by day ${fall.day}`)
    )
  },
})

/** The deepest fall from a height before it, where it took a tenth of that at least. */
const deepestFall = (points: ReadonlyArray<BandPoint>) => {
  let height = -Infinity
  let deepest = { from: 0, to: 0, day: 0 }
  for (const { day, mean } of points) {
    height = Math.max(height, mean)
    if (height - mean > deepest.from - deepest.to)
      deepest = { from: height, to: mean, day: Math.floor(day) + 1 }
  }
  const { from, to } = deepest
  return from - to >= from / 10 && from > 0 ? deepest : undefined
}
