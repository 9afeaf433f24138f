/**
 * The shape of demand over time: a day, a week, growth, and crowds that come and go.
 *
 * rate(t) = base · (1 + growth)^days · day(t) · week(t) · crowds(t). The day's shape is an assumption:
 * the usual curve of services that people use while awake, least at 4 h, most in the evening, mean 1.
 * The weekend's 15% less is an assumption too. A strength of 0 makes either flat.
 */
import type { Scenario } from "../scenarios/schema.ts"

const hourlyWeights = [
  0.62, 0.5, 0.42, 0.38, 0.36, 0.4, 0.5, 0.66, 0.86, 1.06, 1.18, 1.24, 1.24, 1.26, 1.3, 1.32, 1.32,
  1.3, 1.3, 1.36, 1.42, 1.38, 1.2, 0.88,
]
/** Monday first. */
const dailyWeights = [1.03, 1.06, 1.06, 1.05, 1.02, 0.88, 0.9]

const daySeconds = 86_400

const normalised = (weights: ReadonlyArray<number>): ReadonlyArray<number> => {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  return weights.map((weight) => weight / mean)
}

const hours = normalised(hourlyWeights)
const days = normalised(dailyWeights)

/** Weight of an instant of the day, linear between the middles of the hours. */
const dayWeight = (seconds: number): number => {
  const at = (((seconds % daySeconds) + daySeconds) % daySeconds) / 3600 - 0.5
  const before = Math.floor(at)
  const share = at - before
  return hours[(before + 24) % 24] * (1 - share) + hours[(before + 25) % 24] * share
}

const weekWeight = (seconds: number): number => days[Math.floor(seconds / daySeconds) % 7]

/** Requests per second at `seconds` since the start of demand, crowds for single models aside. */
export const rateAt = (demand: Scenario["demand"], seconds: number): number => {
  const growth = Math.exp((seconds / daySeconds) * Math.log(1 + demand.growthPerDay))
  const day = 1 + demand.daily * (dayWeight(seconds) - 1)
  const week = 1 + demand.weekly * (weekWeight(seconds) - 1)
  return demand.requestsPerSecond * growth * day * week
}

/** By how much the crowds multiply the demand for a model at `seconds`. */
export const crowdFactor = (
  { flashCrowds }: Scenario["demand"],
  model: string,
  seconds: number,
): number =>
  flashCrowds.reduce((factor, crowd) => {
    const start = crowd.atHours * 3600
    const isPresent = seconds >= start && seconds < start + crowd.durationHours * 3600
    const isFor = crowd.model === undefined || crowd.model === model
    return isPresent && isFor ? factor * crowd.multiplier : factor
  }, 1)
