/** Routing: which instance serves, by whose word of its capacity, and how many are tried. The selection itself is `selection.ts`. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { oneOf, positive, wholeBetween } from "../core/setting.ts"
import { microsOf } from "../core/units.ts"

export const routingKnobs = {
  selection: knob(
    oneOf("leastLoaded", "operatorFirst", "spareLottery", "priceLottery", "twoChoices", "adaptive"),
    {
      default: "leastLoaded",
      unit: "rule",
      meaning:
        "How the gateway picks among the eligible instances of a model; where hosts set prices, among those of the lowest price with room, but under priceLottery.",
      source: "002: picks the one with the most spare capacity",
    },
  ),
  tieBreak: knob(oneOf("lottery", "random", "strict"), {
    default: "lottery",
    unit: "rule",
    meaning: "Among equally loaded: lottery weighted by health, uniform, or the healthiest first.",
    source: "002: ties are broken randomly; a 14-day score tie-breaks routing",
  }),
  load: knob(oneOf("fraction", "slots"), {
    default: "fraction",
    unit: "measure",
    meaning:
      "Spare capacity read as the share in use (fraction) or the absolute number free (slots).",
    source: "ours: only the fraction makes an idle H100 and an idle consumer GPU tie, as 002 asks",
  }),
  capacity: knob(oneOf("declared", "verified"), {
    default: "declared",
    unit: "source",
    meaning: "Whose slots count: the operator's word, or the lesser of it and what was measured.",
    source: "002 trusts the declaration; hardened measures",
  }),
  utilisation: knob(oneOf("ignored", "heeded"), {
    default: "ignored",
    unit: "rule",
    meaning: "Whether what a host reports of its machine's load makes it less likely to be drawn.",
    source: "000: the heartbeat reports utilization to the broker for smart routing",
  }),
  reports: knob(oneOf("trusted", "bounded"), {
    default: "trusted",
    unit: "rule",
    meaning:
      "Under adaptive selection: whether a host's report of its load counts as it is, or no lower than what the market itself has under way with it.",
    source: "ours; hardened: a report may only lower one's own share",
  }),
  measureLeaseSeconds: knob(positive("seconds"), {
    default: 300,
    unit: "s",
    meaning: "A measurement unanswered for this long is asked for again.",
    source: "ours: a lost measurement must not leave an instance unverified for ever",
  }),
  maxRetries: knob(wholeBetween("attempts", 0, 7), {
    default: 2,
    unit: "attempts",
    meaning: "Further attempts on other instances while no byte has reached the consumer.",
    source: "ours",
  }),
} as const

/** What picks among instances, and how often. */
export const compileRouting = ({
  routing,
}: {
  readonly routing: KnobValues<typeof routingKnobs>
}) =>
  ({
    selection: routing.selection,
    tieBreak: routing.tieBreak,
    loadIsFraction: routing.load === "fraction",
    isCapacityVerified: routing.capacity === "verified",
    isAdaptive: routing.selection === "adaptive",
    isUtilisationHeeded: routing.utilisation === "heeded" || routing.selection === "adaptive",
    isReportBounded: routing.reports === "bounded",
    measureLeaseMicros: microsOf(routing.measureLeaseSeconds),
    maxAttempts: 1 + routing.maxRetries,
  }) as const

export type RoutingRules = ReturnType<typeof compileRouting>
