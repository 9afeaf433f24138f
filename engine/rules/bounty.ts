/** Bounties on under-supplied models: how scarce a model is, and what that pays. Kept in `market/payout/bounty.ts`. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import {
  basisPoints,
  between,
  flag,
  nonNegative,
  oneOf,
  positive,
  wholeBetween,
} from "../core/setting.ts"
import { microsPerHour } from "../core/units.ts"

export const bountyKnobs = {
  poolFeeBps: knob(basisPoints, {
    default: 5000,
    unit: "bps of the fee",
    meaning: "Part of every fee that goes to the bounty pool.",
    source: "002: funded by the platform, not the consumer",
  }),
  target: knob(positive("times the demand"), {
    default: 1.25,
    unit: "× demand",
    meaning: "Supply that a model should have; below it the model is under-supplied.",
    source: "ours",
  }),
  maxMultiplier: knob(between("a multiplier", 1, 100), {
    default: 2,
    unit: "×",
    meaning: "Multiplier of a model without any supply.",
    source: "ours",
  }),
  averageHours: knob(positive("hours"), {
    default: 24,
    unit: "h",
    meaning: "Span of the exponentially weighted average of demand.",
    source: "ours",
  }),
  form: knob(oneOf("multiplier", "premium"), {
    default: "multiplier",
    unit: "form",
    meaning: "Multiplier on the provider's share, or an announced premium per token.",
    source: "002: payout multipliers; hardened announces a premium",
  }),
  fixedHours: knob(nonNegative("hours"), {
    default: 0,
    unit: "h",
    meaning: "An announced bounty stays as it is for this long; 0: set anew each hour.",
    source: "002 is silent; hardened: 168, so that chasing does not pay",
  }),
  excludeLinked: knob(flag, {
    default: false,
    unit: "yes/no",
    meaning: "Own and linked accounts' traffic earns no bounty and is no demand.",
    source: "002 is silent; hardened: closes self-dealing",
  }),
  maxDemandShare: knob(between("a share", 0.001, 1), {
    default: 1,
    unit: "share",
    meaning: "One consumer counts for at most this share of a model's demand in an hour.",
    source: "002 is silent; hardened: one buyer must not make a shortage",
  }),
  vestingDays: knob(wholeBetween("days", 0, 365), {
    default: 0,
    unit: "d",
    meaning: "Bounty beyond vestingAboveBps is released over so many days; 0: at once.",
    source: "002 is silent; hardened: 14",
  }),
  vestingAboveBps: knob(basisPoints, {
    default: 1200,
    unit: "bps of gross",
    meaning: "Bounty up to this part of the call's price is paid at once even where bounties vest.",
    source: "ours: below the fee, washing cannot pay",
  }),
} as const

export const compileBounty = ({ bounty }: { readonly bounty: KnobValues<typeof bountyKnobs> }) =>
  ({
    poolFeeBps: bounty.poolFeeBps,
    bountyTarget: bounty.target,
    bountyMaxMultiplier: bounty.maxMultiplier,
    // The span convention of an N-period average; plain arithmetic, the same on every engine. A span
    // below one hour is one hour: a factor above 1 would overshoot what was asked.
    demandSmoothing: Math.min(1, 2 / (bounty.averageHours + 1)),
    isBountyPremium: bounty.form === "premium",
    bountyFixedMicros: Math.round(bounty.fixedHours * microsPerHour),
    isLinkedExcluded: bounty.excludeLinked,
    maxDemandShare: bounty.maxDemandShare,
    vestingDays: bounty.vestingDays,
    vestingAboveBps: bounty.vestingAboveBps,
  }) as const
