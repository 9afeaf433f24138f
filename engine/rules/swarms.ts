/**
 * Swarms (docs/rules.md#swarms): providers who act together. What they may say of each other's prices:
 *
 *   binding    once a day every member's base rate becomes the members' median, weighted by capacity
 *   advisory   the mean rate of a past day, of enough parties, none of which is much of it
 *   off        nothing
 */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { oneOf, shareAbove0, wholeBetween } from "../core/setting.ts"
import { microsPerHour, mulDivFloor } from "../core/units.ts"
import { roundDown } from "./pricing/price-levels.ts"

export const swarmKnobs = {
  pricing: knob(oneOf("off", "advisory", "binding"), {
    default: "off",
    unit: "rule",
    meaning:
      "What a swarm does about its members' rates: nothing, tells what was paid on average, or sets all to their median.",
    source:
      "003: collective pricing decisions, read as binding; that is a cartel, for simulation only; hardened: off",
  }),
  dataParties: knob(wholeBetween("parties", 1, 1000), {
    default: 1,
    unit: "parties",
    meaning: "What members report is told as counts from so many parties on.",
    source: "003: share market data; hardened: 5, so that no count is one party's word",
  }),
  adviceParties: knob(wholeBetween("parties", 1, 1000), {
    default: 5,
    unit: "parties",
    meaning: "An advisory rate is that of so many parties at least.",
    source: "the safety zone of the US agencies' statements of 1996, withdrawn in 2023",
  }),
  adviceShare: knob(shareAbove0, {
    default: 0.25,
    unit: "share",
    meaning: "No party is more than this of an advisory rate, by hours and by money.",
    source: "the safety zone of the US agencies' statements of 1996, withdrawn in 2023",
  }),
} as const

export const compileSwarms = ({ swarms }: { readonly swarms: KnobValues<typeof swarmKnobs> }) =>
  ({
    isPricingBinding: swarms.pricing === "binding",
    isPricingAdvisory: swarms.pricing === "advisory",
    dataParties: swarms.dataParties,
    adviceParties: swarms.adviceParties,
    adviceShare: swarms.adviceShare,
  }) as const
export type SwarmRules = ReturnType<typeof compileSwarms>

/** What members report, and in which words. */
export const topics = {
  currentDemand: ["low", "moderate", "high"],
  priceTrends: ["decreasing", "stable", "increasing"],
  resourceConstraints: ["none", "gpuMemory", "compute", "network"],
  competitiveLandscape: ["low", "moderate", "high"],
} as const
export type Topic = keyof typeof topics
export const topicNames = Object.keys(topics) as ReadonlyArray<Topic>

/** A rate, and the capacity behind it. */
export interface WeightedRate {
  readonly rate: number
  readonly capacity: number
}

/** The least rate that half of the capacity asks or less; `undefined` where there is no capacity. */
export const medianRate = (rates: ReadonlyArray<WeightedRate>): number | undefined => {
  const rising = rates.toSorted((a, b) => a.rate - b.rate)
  const total = rising.reduce((sum, { capacity }) => sum + capacity, 0)
  let below = 0
  for (const { rate, capacity } of rising) {
    invariant(capacity >= 0, "a rate has a capacity of 0 or more behind it")
    below += capacity
    if (total > 0 && 2 * below >= total) return rate
  }
  return undefined
}

/** What a party was due for hours of a day, minor units, and how many: job·µs. */
export interface Realised {
  readonly due: number
  readonly jobMicros: number
}

/**
 * The mean rate of a day, minor units a job-hour, three digits, then zeros; `undefined` where it would say too much
 * of somebody: too few parties, or one that is too much of it. One entry a party.
 */
export const adviceOf = (
  { adviceParties, adviceShare }: SwarmRules,
  parties: ReadonlyArray<Realised>,
): number | undefined => {
  const due = parties.reduce((sum, one) => sum + one.due, 0)
  const jobMicros = parties.reduce((sum, one) => sum + one.jobMicros, 0)
  if (parties.length < adviceParties || due === 0 || jobMicros === 0) return undefined
  const isTooMuch = parties.some(
    (one) => one.due > adviceShare * due || one.jobMicros > adviceShare * jobMicros,
  )
  return isTooMuch ? undefined : roundDown(mulDivFloor(due, microsPerHour, jobMicros))
}
