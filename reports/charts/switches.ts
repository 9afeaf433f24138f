/**
 * How often nodes switch models, over time: what bounties set in motion, and anti-flapping holds back.
 */
import { averagesOf, bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { formatNumber } from "../number-format.ts"
import { meanOf } from "../spread.ts"
import { areaOf } from "../time-stack.ts"
import { singleLine } from "./single-line.ts"

const id = "switches"
const name = "Model switches"

export const switches: ChartOf = (result) => {
  const bands = bandsOf(result, "switches")
  if (bands !== undefined && bands.lines.every((line) => areaOf(line) === 0))
    return { id, name, reason: "No node switched models." }
  return drawn(result)
}

const drawn = singleLine({
  id,
  name,
  series: "switches",
  yTitle: "switches",
  titleOf: (result) => {
    const averages = averagesOf(result, "switches", "", result.warmupSeconds)
    return `Nodes switch to another model ${formatNumber(24 * meanOf(averages))} times a day`
  },
})
