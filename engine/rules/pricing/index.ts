/** Pricing: who sets the price of a token. Each pricing is a module of this folder, and a line here. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { nonNegative, oneOf, positive, wholeBetween } from "../../core/setting.ts"
import { microsOf, minorOf } from "../../core/units.ts"
import { hostPrice } from "./host-price.ts"
import { modelPrice } from "./model-price.ts"
import type { Pricing } from "./pricing.ts"
import { timePrice } from "./time-price.ts"

const pricings = {
  model: modelPrice,
  host: hostPrice,
  listing: timePrice,
} as const satisfies Readonly<Record<string, Pricing>>

export type PricingName = keyof typeof pricings

export const pricingKnobs = {
  tokens: knob(oneOf(...(Object.keys(pricings) as Array<PricingName>)), {
    default: "model",
    unit: "rule",
    meaning:
      "Who sets the price of a token: the platform, one price for each model; each host its own; or nobody, and a call costs its time at the rate of its host's listing.",
    source:
      "002 lists models at prices; 000: hosts are paid the price per token that they set; 003 sells jobs at rates an hour",
  }),
  inputTokens: knob(oneOf("charged", "free"), {
    default: "charged",
    unit: "rule",
    meaning: "Whether the tokens of a prompt cost anything, or those generated alone.",
    source: "000: hosts are paid per token generated",
  }),
  timeCap: knob(oneOf("none", "tokens"), {
    default: "none",
    unit: "rule",
    meaning:
      "Where time is charged: whether all that passed counts, or no more than 1.25 times what the tokens take at the measured speed of a stream, and 5 s.",
    source: "ours: paid by the second, a slow host earns more",
  }),
  timeoutSeconds: knob(positive("seconds"), {
    default: 600,
    unit: "s",
    meaning: "Where time is charged: the longest that a call is charged for, and what is held.",
    source: "ours",
  }),
  leastPerMtok: knob(nonNegative("credits"), {
    default: 0,
    unit: "credits per million output tokens",
    meaning: "The least that a host may ask for its tokens; 0: anything above nothing.",
    source: "ours: against dumping until rivals leave",
  }),
  changesPerHour: knob(wholeBetween("changes", 1, 60), {
    default: 4,
    unit: "changes per hour",
    meaning: "How often a host may change the price of an instance within an hour.",
    source: "ours: against prices that flicker around what is compared",
  }),
  maxRaisePerDay: knob(nonNegative("times the price"), {
    default: 0,
    unit: "of the price per day",
    meaning:
      "By how much a host may raise its price, as a part of it for a day, or for the time since it was last set where that is less; 0: without a limit.",
    source: "ours: against a price that draws consumers and jumps when they have come",
  }),
} as const

export const compilePricing = ({
  pricing: {
    tokens,
    inputTokens,
    timeCap,
    timeoutSeconds,
    leastPerMtok,
    changesPerHour,
    maxRaisePerDay,
  },
  money,
}: {
  readonly pricing: KnobValues<typeof pricingKnobs>
  readonly money: { readonly scale: number }
}): {
  readonly pricing: Pricing
  readonly isTimeCapped: boolean
  readonly callTimeoutMicros: number
  /** Minor units per million output tokens. */
  readonly leastPricePerMtok: number
  readonly priceChangesPerHour: number
  readonly maxRaisePerDay: number
} => {
  const pricing = pricings[tokens]
  return {
    pricing: inputTokens === "free" ? { ...pricing, inputPrice: () => 0 } : pricing,
    isTimeCapped: timeCap === "tokens",
    callTimeoutMicros: microsOf(timeoutSeconds),
    leastPricePerMtok: Math.max(1, minorOf(leastPerMtok, money.scale)),
    priceChangesPerHour: changesPerHour,
    maxRaisePerDay,
  }
}
