/**
 * Reputation (docs/rules.md#reputation): what a provider is known for, 0 … 1.
 *
 *   overall = 0.4·H + 0.25·A + 0.15·R + 0.2·S
 *
 * H is the health of what it serves calls with. A, the part of sold hours that it delivered, and R, the part of
 * its bookings that began in time, are Beta means with the same prior as H. S is what its consumers say:
 *
 *   S = (p·0.8 + Σ w·stars/5) ÷ (p + Σ w)        p: prior ratings; w: weight of each rating
 *
 * What lies d days back weighs fᵈ of what it did, with f halving it over the half-life.
 */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import {
  flag,
  nonNegative,
  oneOf,
  positive,
  share,
  shareAbove0,
  wholeBetween,
} from "../core/setting.ts"
import { microsOf, microsPerDay, microsPerHour } from "../core/units.ts"
import type { HealthRules } from "./health.ts"

const weightKnob = (of: string, value: number) =>
  knob(share, {
    default: value,
    unit: "share",
    meaning: `What ${of} weighs in a provider's reputation, before the weights are made to sum to 1.`,
    source: "003 names what a reputation is based on; the weights are ours",
  })

export const ratingKnobs = {
  healthWeight: knob(shareAbove0, {
    default: 0.4,
    unit: "share",
    meaning:
      "What the health of its instances weighs in a provider's reputation, before the weights are made to sum to 1.",
    source: "003 names what a reputation is based on; the weights are ours",
  }),
  availabilityWeight: weightKnob("the delivered part of sold hours", 0.25),
  onTimeWeight: weightKnob("the part of bookings that began in time", 0.15),
  satisfactionWeight: weightKnob("the satisfaction of consumers", 0.2),
  windowDays: knob(positive("days"), {
    default: 30,
    unit: "d",
    meaning: "How long a booking that is over can be rated.",
    source: "ours",
  }),
  weight: knob(oneOf("equal", "paid"), {
    default: "equal",
    unit: "rule",
    meaning:
      "What a rating weighs: all the same, or as many credits of its own as the consumer has paid, at most 1.",
    source: "003: client satisfaction; hardened: paid, or ratings cost nothing",
  }),
  voiceDays: knob(nonNegative("days"), {
    default: 0,
    unit: "d",
    meaning:
      "A party has one voice about a provider, and may change it after so long; 0: each rating counts beside the others.",
    source: "ours; hardened: 30, or who books often says it often",
  }),
  excludeLinked: knob(flag, {
    default: false,
    unit: "rule",
    meaning:
      "Whether what a provider sells to itself, or to whoever is linked to it, says nothing of it.",
    source: "ours: or a provider rates itself",
  }),
  priorRatings: knob(nonNegative("ratings"), {
    default: 0,
    unit: "ratings",
    meaning: "Ratings of 0.8 that a newcomer is credited with; 0: the mean of the stars alone.",
    source: "003: client satisfaction; hardened: 4, so that no one voice decides",
  }),
  halfLifeDays: knob(wholeBetween("days", 0, 3660), {
    default: 0,
    unit: "d",
    meaning:
      "After how long ratings and deliveries weigh half of what they did; 0: they never fade.",
    source: "ours; hardened: 90",
  }),
  tieWeight: knob(share, {
    default: 0,
    unit: "share",
    meaning:
      "Share of an instance's weight in a lottery among equals that depends on its provider's reputation.",
    source: "003 sells reputation as what brings clients; the figure is ours",
  }),
} as const

export const compileRatings = ({
  ratings,
  money,
}: {
  readonly ratings: KnobValues<typeof ratingKnobs>
  readonly money: { readonly scale: number }
}) =>
  ({
    reputationWeights: {
      health: ratings.healthWeight,
      availability: ratings.availabilityWeight,
      onTime: ratings.onTimeWeight,
      satisfaction: ratings.satisfactionWeight,
    },
    ratingWindowMicros: microsOf(ratings.windowDays * 86_400),
    fullVoiceMinor: ratings.weight === "paid" ? 10 ** money.scale : 0,
    hasOneVoice: ratings.voiceDays > 0,
    voiceMicros: microsOf(ratings.voiceDays * 86_400),
    areLinkedUnrated: ratings.excludeLinked,
    priorRatings: ratings.priorRatings,
    dailyFade: dailyFadeOf(ratings.halfLifeDays),
    reputationTieWeight: ratings.tieWeight,
  }) as const
export type RatingRules = ReturnType<typeof compileRatings> &
  Pick<HealthRules, "priorSuccesses" | "priorFailures">

/** The factor a day that halves over so many days: found by bisection, with multiplications alone. */
export const dailyFadeOf = (halfLifeDays: number): number => {
  if (halfLifeDays === 0) return 1
  let least = 0
  let most = 1
  for (let turn = 0; turn < 60; turn++) {
    const middle = (least + most) / 2
    if (power(middle, halfLifeDays) < 0.5) least = middle
    else most = middle
  }
  return most
}

/** What is left of something after so many whole days. */
export const fadeAfter = ({ dailyFade }: Pick<RatingRules, "dailyFade">, days: number): number => {
  invariant(days >= 0, "what is remembered is of the past")
  return dailyFade === 1 ? 1 : power(dailyFade, days)
}

/** A whole power, by squaring. */
const power = (base: number, exponent: number): number => {
  let result = 1
  for (let square = base, left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square
    square *= square
  }
  return result
}

export const mostStars = 5
/** What a newcomer's credited ratings say: four stars of five. */
const priorSatisfaction = 0.8

/** A party's latest word about a provider. */
export interface Voice {
  /** Slot of the party's first account. */
  readonly party: number
  readonly at: number
  readonly booking: number
  readonly weight: number
  readonly stars: number
}

/** What is remembered of a provider's hours, as of a day; voices bear their own. */
export interface TrackRecord {
  readonly day: number
  /** Sold hours that have come due, and those of them that were delivered, µs. */
  readonly soldMicros: number
  readonly deliveredMicros: number
  readonly starts: number
  readonly onTime: number
  /** Ratings that count beside each other: their weight, and its product with their stars. */
  readonly weight: number
  readonly stars: number
  /** Ratings where each party has one voice, by party. */
  readonly voices: ReadonlyArray<Voice>
}

export const emptyRecord = (day: number): TrackRecord => ({
  day,
  soldMicros: 0,
  deliveredMicros: 0,
  starts: 0,
  onTime: 0,
  weight: 0,
  stars: 0,
  voices: [],
})

export const dayOf = (at: number): number => Math.floor(at / microsPerDay)

/** A record as it stands on a later day. */
export const recordOn = (rules: RatingRules, record: TrackRecord, day: number): TrackRecord => {
  const left = fadeAfter(rules, day - record.day)
  return {
    ...record,
    day,
    soldMicros: record.soldMicros * left,
    deliveredMicros: record.deliveredMicros * left,
    starts: record.starts * left,
    onTime: record.onTime * left,
    weight: record.weight * left,
    stars: record.stars * left,
  }
}

/** What a rating weighs, 0 … 1, by what the consumer has paid with credits of its own, minor units. */
export const voiceWeight = ({ fullVoiceMinor }: RatingRules, paidMinor: number): number =>
  fullVoiceMinor === 0 ? 1 : Math.min(1, paidMinor / fullVoiceMinor)

/** The parts of a reputation, each 0 … 1. */
export interface ReputationParts {
  readonly health: number
  readonly availability: number
  readonly onTime: number
  readonly satisfaction: number
}

/** What a record amounts to on a day, beside the health of the instances. O(voices). */
export const partsOf = (
  rules: RatingRules,
  record: TrackRecord,
  day: number,
  health: number,
): ReputationParts => {
  const { soldMicros, deliveredMicros, starts, onTime } = recordOn(rules, record, day)
  return {
    health,
    availability: betaMean(rules, deliveredMicros / microsPerHour, soldMicros / microsPerHour),
    onTime: betaMean(rules, onTime, starts),
    satisfaction: satisfactionOf(rules, record, day),
  }
}

const betaMean = (
  { priorSuccesses, priorFailures }: RatingRules,
  good: number,
  all: number,
): number => (good + priorSuccesses) / (all + priorSuccesses + priorFailures)

const satisfactionOf = (rules: RatingRules, record: TrackRecord, day: number): number => {
  const now = recordOn(rules, record, day)
  let weight = rules.priorRatings + now.weight
  let said = rules.priorRatings * priorSatisfaction + now.stars / mostStars
  for (const voice of record.voices) {
    const left = voice.weight * fadeAfter(rules, day - dayOf(voice.at))
    weight += left
    said += (left * voice.stars) / mostStars
  }
  return weight > 0 ? Math.min(1, said / weight) : priorSatisfaction
}

export const overallOf = (
  { reputationWeights: weights }: Pick<RatingRules, "reputationWeights">,
  parts: ReputationParts,
): number => {
  const total = weights.health + weights.availability + weights.onTime + weights.satisfaction
  return (
    (weights.health * parts.health +
      weights.availability * parts.availability +
      weights.onTime * parts.onTime +
      weights.satisfaction * parts.satisfaction) /
    total
  )
}
