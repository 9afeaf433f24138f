/**
 * Adaptive balancing (docs/rules.md#balancing): "strategy="adaptive", metrics=["gpu_utilization","memory_usage",
 * "job_completion_time"]" (003). Who serves is drawn with
 *
 *   weight = spare ÷ (0.1 + u/3 + m/3 + T/3)
 *
 * u: use of the machine, m: of its memory, both as reported, 0 … 1; T: time a token, lately, of the model's median.
 * Where latency is what counts, T alone. A lottery, since a minimum over reports that are all a little old herds.
 */
import { microsPerSecond } from "../core/units.ts"

const floor = 0.1
/** A machine of which nothing is known is taken for an ordinary one. */
const ordinary = 1
const mostTime = 10
const memoryMicros = 60 * microsPerSecond

/** 0.1 ÷ (0.1 + load): 1 for a machine without any load, less for others. */
export const shareOf = (
  use: number,
  memory: number,
  time: number,
  isForLatency: boolean,
): number => {
  const load = isForLatency ? time : (use + memory + time) / 3
  return floor / (floor + load)
}

/** Time a token, of the median; 0: it is not known of one of them. */
export const timeOf = (microsPerToken: number, medianMicros: number): number =>
  microsPerToken === 0 || medianMicros === 0
    ? ordinary
    : Math.min(mostTime, microsPerToken / medianMicros)

/** A mean that forgets within about a minute; a second passes at least between two values. */
export const blend = (mean: number, value: number, elapsedMicros: number): number => {
  if (mean === 0) return value
  const elapsed = Math.max(microsPerSecond, elapsedMicros)
  return mean + ((value - mean) * elapsed) / (elapsed + memoryMicros)
}

/** How often the median of a model is worked out again. */
export const medianEveryMicros = memoryMicros

/** The lower median; 0 of none. */
export const medianOf = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0
