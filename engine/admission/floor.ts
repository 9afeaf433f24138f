/**
 * The throughput floor (rule 4). "A minimum sustained generation throughput preserves consumer UX.
 * Above the floor, a 200 tok/s H100 and a 6 tok/s consumer GPU are equally fair candidates" (002).
 *
 * The rate of a stream is (tokens − 1) / (last token − first token). An instance is below the floor
 * when the median over its latest streams of the last 10 minutes is, that is when more than half of
 * them are: only on which side of the floor a stream fell has to be kept.
 */
import type { Rules } from "../economy/rules.ts"
import { microsPerSecond } from "../units.ts"

export interface FloorSamples {
  /** End times of the latest streams, a ring of `floorMaxSamples` an instance; negative: below. */
  ends: Float64Array<ArrayBuffer>
}

export const makeFloorSamples = (rules: Rules, capacity = 16): FloorSamples => ({
  ends: new Float64Array(capacity * rules.floorMaxSamples),
})

export const growFloorSamples = (samples: FloorSamples, rules: Rules, capacity: number): void => {
  if (capacity * rules.floorMaxSamples <= samples.ends.length) return
  const wider = new Float64Array(capacity * rules.floorMaxSamples)
  wider.set(samples.ends)
  samples.ends = wider
}

export const forgetSamples = (samples: FloorSamples, rules: Rules, slot: number): void => {
  const first = slot * rules.floorMaxSamples
  samples.ends.fill(0, first, first + rules.floorMaxSamples)
}

/** Decode rate of a stream, thousandths of a token per second; +Infinity where it took no time. */
export const decodeMilliTokensPerSecond = (outputTokens: number, decodeMicros: number): number =>
  decodeMicros === 0 ? Infinity : ((outputTokens - 1) * 1000 * microsPerSecond) / decodeMicros

/** Records a stream that ended at `now` and tells whether the instance is below the floor. */
export const isBelowAfter = (
  samples: FloorSamples,
  rules: Rules,
  slot: number,
  cursor: number,
  now: number,
  milliTokensPerSecond: number,
): boolean => {
  const { ends } = samples
  const first = slot * rules.floorMaxSamples
  const isBelow = milliTokensPerSecond < rules.floorMilliTokensPerSecond
  // Time 0 would lose its sign, so ends are kept one microsecond late.
  ends[first + (cursor % rules.floorMaxSamples)] = isBelow ? -(now + 1) : now + 1
  if (!isBelow) return false
  const oldest = now - rules.floorWindowMicros
  let seen = 0
  let below = 0
  for (let i = first; i < first + rules.floorMaxSamples; i++) {
    const end = ends[i]
    if (end === 0 || Math.abs(end) - 1 < oldest) continue
    seen++
    if (end < 0) below++
  }
  return seen >= rules.floorMinSamples && 2 * below > seen
}
