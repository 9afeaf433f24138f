/**
 * The platform lists each model at a price, the same wherever it is served (docs/rules.md#pricing): whoever
 * accepts it and can pay it is served by anyone with room.
 */
import { priceOf } from "../price.ts"
import { choose } from "../selection.ts"
import type { Offers, Pricing } from "./pricing.ts"

const listed = (offers: Offers, model: number): number =>
  offers.models.columns.outputPricePerMtok[model]

export const modelPrice: Pricing = {
  isByInstance: false,
  isByTime: false,
  inputPrice: (offers, model) => offers.models.columns.inputPricePerMtok[model],
  leastLevel: listed,
  levelOf: listed,
  isTooDear: (_, __, { maxPricePerMtok }, level) =>
    maxPricePerMtok !== undefined && level > maxPricePerMtok,
  worst: (offers, model, { inputTokens, maxTokens }, level) =>
    priceOf(inputTokens, offers.rules.pricing.inputPrice(offers, model), maxTokens, level),
  // A field for each model, in the order in which they were listed.
  draw: (offers, model) => choose(offers.fields[model], offers.rules, offers.routeStreams[model]),
  outputPrice: listed,
}
