/**
 * How often nodes switch models, over time: what bounties set in motion, and anti-flapping holds back.
 */
import { figureOf } from "../estimate-text.ts"
import { bandsOf } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
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
    const often = figureOf(result, "switches.perNodeWeek")
    return often === undefined
      ? "How often nodes switch to another model"
      : `A node switches to another model ${often.replace(/\u00a0.*/, "")} times a week`
  },
})
