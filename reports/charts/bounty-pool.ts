/**
 * The bounty pool's balance, over time: what is left to pay bounties from.
 */
import { formatNumber } from "../number-format.ts"
import { singleLine } from "./single-line.ts"

export const bountyPool = singleLine({
  id: "bounty-pool",
  name: "Bounty pool",
  series: "bountyPool.balance",
  yTitle: "balance",
  titleOf: (_, bands) => {
    const points = bands.lines[0]?.points ?? []
    const last = points.at(-1)?.mean ?? Number.NaN
    const least = Math.min(...points.map(({ mean }) => mean))
    return (
      `The bounty pool ends with ${formatNumber(last)} credits; ` +
      `its lowest balance is ${formatNumber(least)}`
    )
  },
})
