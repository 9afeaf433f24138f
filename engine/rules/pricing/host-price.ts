/**
 * Each host sets the price of its own tokens (docs/rules.md#host-prices). Until it has, it asks what the
 * platform lists.
 */
import { priceOf } from "../price.ts"
import { drawByLevel, leastLevel } from "./by-level.ts"
import type { Offers, Pricing } from "./pricing.ts"

const asked = (offers: Offers, model: number, instance: number): number => {
  const own = offers.instances.columns.ownPricePerMtok[instance]
  return own === 0 ? offers.models.columns.outputPricePerMtok[model] : own
}

export const hostPrice: Pricing = {
  isByInstance: true,
  isByTime: false,
  inputPrice: (offers, model) => offers.models.columns.inputPricePerMtok[model],
  leastLevel,
  levelOf: asked,
  isTooDear: (_, __, { maxPricePerMtok }, level) =>
    maxPricePerMtok !== undefined && level > maxPricePerMtok,
  worst: (offers, model, { inputTokens, maxTokens }, level) =>
    priceOf(inputTokens, offers.rules.pricing.inputPrice(offers, model), maxTokens, level),
  draw: drawByLevel,
  outputPrice: asked,
}
