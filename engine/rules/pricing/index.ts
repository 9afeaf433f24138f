/** Pricing: who sets the price of a token. Each pricing is a module of this folder, and a line here. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { nonNegative, oneOf, wholeBetween } from "../../core/setting.ts"
import { minorOf } from "../../core/units.ts"
import { hostPrice } from "./host-price.ts"
import { modelPrice } from "./model-price.ts"
import type { Pricing } from "./pricing.ts"

const pricings = {
  model: modelPrice,
  host: hostPrice,
} as const satisfies Readonly<Record<string, Pricing>>

export type PricingName = keyof typeof pricings

export const pricingKnobs = {
  tokens: knob(oneOf(...(Object.keys(pricings) as Array<PricingName>)), {
    default: "model",
    unit: "rule",
    meaning:
      "Who sets the price of a token: the platform, one price for each model; or each host its own.",
    source: "002 lists models at prices; 000: hosts are paid the price per token that they set",
  }),
  inputTokens: knob(oneOf("charged", "free"), {
    default: "charged",
    unit: "rule",
    meaning: "Whether the tokens of a prompt cost anything, or those generated alone.",
    source: "000: hosts are paid per token generated",
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
  pricing: { tokens, inputTokens, leastPerMtok, changesPerHour, maxRaisePerDay },
  money,
}: {
  readonly pricing: KnobValues<typeof pricingKnobs>
  readonly money: { readonly scale: number }
}): {
  readonly pricing: Pricing
  /** Minor units per million output tokens. */
  readonly leastPricePerMtok: number
  readonly priceChangesPerHour: number
  readonly maxRaisePerDay: number
} => {
  const pricing = pricings[tokens]
  return {
    pricing: inputTokens === "free" ? { ...pricing, inputPrice: () => 0 } : pricing,
    leastPricePerMtok: Math.max(1, minorOf(leastPerMtok, money.scale)),
    priceChangesPerHour: changesPerHour,
    maxRaisePerDay,
  }
}
