/**
 * The throughput floor (docs/rules.md#floor). "A minimum sustained generation throughput preserves
 * consumer UX. Above the floor, a 200 tok/s H100 and a 6 tok/s consumer GPU are equally fair
 * candidates" (002).
 *
 * The rate of a stream is (tokens − 1) / (last token − first token). An instance is below the floor
 * when the median over its latest streams of the last 10 minutes is, that is when more than half of
 * them are: only on which side of the floor a stream fell has to be kept.
 */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { nonNegative, positive, wholeBetween } from "../core/setting.ts"
import { microsOf, microsPerSecond } from "../core/units.ts"

export const floorKnobs = {
  tokensPerSecond: knob(nonNegative("tokens per second"), {
    default: 5,
    unit: "tokens/s",
    meaning: "Below this measured decode rate an instance gets no requests.",
    source: "002: a 5 tok/s floor",
  }),
  readmitTokensPerSecond: knob(nonNegative("tokens per second"), {
    default: 5.5,
    unit: "tokens/s",
    meaning: "A probe at or above this rate lets a floored instance back in.",
    source: "ours: hysteresis, so that an instance at the edge does not flicker",
  }),
  minStreamTokens: knob(wholeBetween("tokens", 2, 1_000_000), {
    default: 32,
    unit: "tokens",
    meaning: "Shorter streams say too little about the rate and are not counted.",
    source: "ours",
  }),
  windowSeconds: knob(positive("seconds"), {
    default: 600,
    unit: "s",
    meaning: "The rate is the median over the streams of this long.",
    source: "002: sustained generation throughput",
  }),
  minSamples: knob(wholeBetween("streams", 1, 32), {
    default: 5,
    unit: "streams",
    meaning: "With fewer streams in the window the instance counts as not yet measured.",
    source: "ours",
  }),
  maxSamples: knob(wholeBetween("streams", 1, 128), {
    default: 32,
    unit: "streams",
    meaning: "At most the latest so many streams of the window enter the median.",
    source: "ours: bounds the memory of a busy instance; newer streams tell more",
  }),
  probeSeconds: knob(positive("seconds"), {
    default: 300,
    unit: "s",
    meaning: "How often a floored instance is measured again.",
    source: "ours",
  }),
} as const

export const compileFloor = ({
  floor,
  breaker,
}: {
  readonly floor: KnobValues<typeof floorKnobs>
  readonly breaker: { readonly probeTokens: number; readonly probeLeaseSeconds: number }
}) => {
  // As many tokens as a stream needs to be measured, with the time that the further ones take.
  const floorProbeTokens = Math.max(breaker.probeTokens, floor.minStreamTokens)
  const furtherTokens = floorProbeTokens - breaker.probeTokens
  const furtherSeconds = furtherTokens / Math.max(1, floor.readmitTokensPerSecond)
  return {
    floorMilliTokensPerSecond: floor.tokensPerSecond * 1000,
    readmitMilliTokensPerSecond: floor.readmitTokensPerSecond * 1000,
    floorMinStreamTokens: floor.minStreamTokens,
    floorWindowMicros: microsOf(floor.windowSeconds),
    floorMinSamples: floor.minSamples,
    floorMaxSamples: Math.max(floor.maxSamples, floor.minSamples),
    floorProbeMicros: microsOf(floor.probeSeconds),
    floorProbeTokens,
    floorProbeLeaseMicros: microsOf(breaker.probeLeaseSeconds) + microsOf(furtherSeconds),
  } as const
}

export type FloorRules = ReturnType<typeof compileFloor>

export interface FloorSamples {
  /** End times of the latest streams, a ring of `floorMaxSamples` an instance; negative: below. */
  ends: Float64Array<ArrayBuffer>
}

export const makeFloorSamples = (rules: FloorRules, capacity = 16): FloorSamples => ({
  ends: new Float64Array(capacity * rules.floorMaxSamples),
})

export const growFloorSamples = (
  samples: FloorSamples,
  rules: FloorRules,
  capacity: number,
): void => {
  if (capacity * rules.floorMaxSamples <= samples.ends.length) return
  const wider = new Float64Array(capacity * rules.floorMaxSamples)
  wider.set(samples.ends)
  samples.ends = wider
}

export const forgetSamples = (samples: FloorSamples, rules: FloorRules, slot: number): void => {
  const first = slot * rules.floorMaxSamples
  samples.ends.fill(0, first, first + rules.floorMaxSamples)
}

/** Decode rate of a stream, thousandths of a token per second; +Infinity where it took no time. */
export const decodeMilliTokensPerSecond = (outputTokens: number, decodeMicros: number): number =>
  decodeMicros === 0 ? Infinity : ((outputTokens - 1) * 1000 * microsPerSecond) / decodeMicros

/** Records a stream that ended at `now` and tells whether the instance is below the floor. */
export const isBelowAfter = (
  samples: FloorSamples,
  rules: FloorRules,
  slot: number,
  cursor: number,
  now: number,
  milliTokensPerSecond: number,
): boolean => {
  const { ends } = samples
  const first = slot * rules.floorMaxSamples
  invariant(milliTokensPerSecond >= 0, "a stream that is measured has a rate")
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

/** Asserts that an instance's streams have ended. O(samples). */
export const auditFloorSamples = (
  { ends }: FloorSamples,
  rules: FloorRules,
  slot: number,
  now: number,
): void => {
  const first = slot * rules.floorMaxSamples
  for (let at = first; at < first + rules.floorMaxSamples; at++)
    invariant(Math.abs(ends[at]) <= now + 1, "a stream that is measured has ended")
}
