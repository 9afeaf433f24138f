/** Pricing: who sets the price of a token. Each pricing is a module of this folder, and a line here. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { oneOf } from "../../core/setting.ts"
import { modelPrice } from "./model-price.ts"
import type { Pricing } from "./pricing.ts"

const pricings = {
  model: modelPrice,
} as const satisfies Readonly<Record<string, Pricing>>

export type PricingName = keyof typeof pricings

export const pricingKnobs = {
  tokens: knob(oneOf(...(Object.keys(pricings) as Array<PricingName>)), {
    default: "model",
    unit: "rule",
    meaning: "Who sets the price of a token: the platform, one price for each model.",
    source: "ours: the credit economy lists models; hosts declare capacity there, and no price",
  }),
} as const

export const compilePricing = ({
  pricing,
}: {
  readonly pricing: KnobValues<typeof pricingKnobs>
}): { readonly pricing: Pricing } => ({ pricing: pricings[pricing.tokens] })
