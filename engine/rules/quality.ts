/**
 * Quality of answers (docs/rules.md#quality): hosts that check their own results and refuse early, and answers that
 * the market has run again elsewhere. And what a specialised model asks of its hosts, and is paid for.
 */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { flag, nonNegative, oneOf, positive, share } from "../core/setting.ts"
import { microsOf } from "../core/units.ts"

export const qualityKnobs = {
  refusalShare: knob(share, {
    default: 0,
    unit: "share of jobs",
    meaning:
      "How many of its jobs a host may give back, before half of their time is over, without its being a failure.",
    source:
      "003: verify job quality before submission; ours: 0.02 in hardened, or nobody says that it fails",
  }),
  timeoutSeconds: knob(positive("seconds"), {
    default: 600,
    unit: "s",
    meaning: "The time of a job, half of which a host has to give it back in.",
    source: "003: completion_time against timeout; the figure is ours",
  }),
  auditShare: knob(share, {
    default: 0,
    unit: "share of answers",
    meaning: "How many whole answers are run again elsewhere, to see whether they are the same.",
    source: "ours; hardened: 0.01, or a small model is passed off as a big one",
  }),
  auditHours: knob(positive("hours"), {
    default: 24,
    unit: "h",
    meaning: "How long such a second run may take; then it is not waited for.",
    source: "ours",
  }),
  stopsFakes: knob(flag, {
    default: false,
    unit: "yes or no",
    meaning:
      "Whether an instance of which an answer is proven to be another model's serves nothing more until the market has measured it.",
    source:
      "ours; hardened: yes, or a proven fake costs one failure, which the price of the large model pays for many times over",
  }),
} as const

export const specialisedKnobs = {
  premium: knob(nonNegative("of the price"), {
    default: 0.2,
    unit: "of the price",
    meaning: "How much dearer a specialised model is than its list price.",
    source: "003: premium_rate=0.2, read as a share",
  }),
  accuracy: knob(oneOf("anyone", "market"), {
    default: "anyone",
    unit: "source",
    meaning: "Whose measurement of an instance's accuracy counts: anybody's, or the market's own.",
    source:
      "003: accuracy_requirement 0.95, by nobody in particular; hardened: market, never the provider",
  }),
} as const

export const compileQuality = ({
  quality,
  specialised,
}: {
  readonly quality: KnobValues<typeof qualityKnobs>
  readonly specialised: KnobValues<typeof specialisedKnobs>
}) =>
  ({
    refusalShare: quality.refusalShare,
    refusalMicros: microsOf(quality.timeoutSeconds / 2),
    auditShare: quality.auditShare,
    auditMicros: microsOf(quality.auditHours * 3600),
    areFakesStopped: quality.stopsFakes,
    premiumFactorBps: 10_000 + Math.round(specialised.premium * 10_000),
    isAccuracyMarkets: specialised.accuracy === "market",
  }) as const
export type QualityRules = ReturnType<typeof compileQuality>

/** In place of an instance's accuracy: an answer of it was proven to be another model's. */
export const provenFake = 0xffff

/**
 * May a host give one more job back, of so many that it has had and given back of late? The first is always
 * allowed: whoever has had few jobs would have no share of them.
 */
export const mayRefuse = (
  { refusalShare, refusalMicros }: QualityRules,
  elapsedMicros: number,
  jobs: number,
  refused: number,
): boolean =>
  refusalShare > 0 &&
  elapsedMicros <= refusalMicros &&
  refused + 1 <= Math.max(1, refusalShare * (jobs + 1))
