/**
 * The bounty pool's balance, over time: what is left to pay bounties from.
 */
import { formatNumber } from "../number-format.ts"
import { daysOf } from "../time-lines.ts"
import { singleLine } from "./single-line.ts"

export const bountyPool = singleLine({
  id: "bounty-pool",
  name: "Bounty pool",
  series: "bountyPool.balance",
  yTitle: "balance",
  titleOf: (result, bands) => {
    const points = bands.lines[0]?.points ?? []
    const last = points.at(-1)?.mean ?? Number.NaN
    // It begins empty: what counts is how low it falls once it has filled.
    const from = daysOf(result.warmupSeconds)
    const later = points.filter(({ day }) => day >= from)
    const [lowest] = later.toSorted((a, b) => a.mean - b.mean)
    const isDrained = lowest !== undefined && lowest !== later[0]
    return (
      `The bounty pool ends with ${formatNumber(last)} credits` +
      (isDrained
        ? `; it is lowest on day ${Math.floor(lowest.day) + 1}, with ${formatNumber(lowest.mean)}`
        : ", and is never lower than at first")
    )
  },
})
