/**
 * What an operator has learned from a node: moving averages of what it earned, by model and by hour of
 * the day. Updated when it decides, with what was earned since it last did.
 */
import type { World } from "./world.ts"
import { onlineMicrosOf } from "./node-state.ts"

const hourMicros = 3_600e6
const dayMicros = 24 * hourMicros

/** What the latest epoch weighs in a moving average. */
const weight = 0.3

export const hourOfDay = ({ now, startMicros }: World): number =>
  Math.floor((now - startMicros) / hourMicros) % 24

/** Takes the epoch that ends into account; less than a quarter of it online says too little. */
export const learn = (world: World, node: number, earnedMinor: number): void => {
  const { columns } = world.nodes
  const online = onlineMicrosOf(world, node) - columns.onlineAtDecision[node]
  const epoch = world.now - columns.decidedAt[node]
  if (online <= 0 || online < epoch / 4) return
  const beliefs = (world.beliefs[node] ??= {
    byModel: new Float64Array(world.scenario.models.length).fill(NaN),
    byHour: new Float64Array(24).fill(NaN),
  })
  const creditsPerHour = ((earnedMinor / world.credit) * hourMicros) / online
  fold(beliefs.byModel, columns.model[node], creditsPerHour * 24)
  // An epoch of more than a few hours says nothing of any one of them.
  if (epoch > dayMicros / 8) return
  fold(beliefs.byHour, (hourOfDay(world) + 23) % 24, creditsPerHour)
}

const fold = (averages: Float64Array, at: number, value: number): void => {
  const before = averages[at]
  averages[at] = Number.isNaN(before) ? value : before + weight * (value - before)
}

/** The average, or null where it was never seen. */
export const believed = (averages: Float64Array | undefined, at: number): number | null => {
  const average = averages?.[at]
  return average === undefined || Number.isNaN(average) ? null : average
}
