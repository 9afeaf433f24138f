/** What hosts that are heard of ask for each model, where hosts set prices: from the least to the most. */
import type { Market } from "../../engine/index.ts"
import type { ModelRates, PublicHost, ServedModel } from "../protocol/host-protocol.ts"
import { parsePricePerToken, pricePerToken } from "../views/credits.ts"

/** By name of the model. O(hosts · log hosts). */
export const ratesOf = (
  market: Market,
  hosts: ReadonlyArray<PublicHost>,
): ReadonlyArray<ModelRates> => {
  const offers = new Map<string, { readonly kind: ServedModel["kind"]; prices: Array<number> }>()
  for (const { status, models } of hosts) {
    if (status !== "active") continue
    for (const { model, kind, output_price_per_token } of models) {
      const offer = offers.get(model) ?? { kind, prices: [] }
      offer.prices.push(parsePricePerToken(market, output_price_per_token) ?? 0)
      offers.set(model, offer)
    }
  }
  return [...offers]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([model, { kind, prices }]) => {
      const rising = prices.toSorted((one, other) => one - other)
      // A price that somebody asks, not one between two.
      const at = (share: number): string =>
        pricePerToken(market, rising[Math.max(0, Math.ceil(share * rising.length) - 1)] ?? 0)
      return {
        model,
        kind,
        hosts: rising.length,
        min: at(0),
        lower_quartile: at(0.25),
        median: at(0.5),
        upper_quartile: at(0.75),
        max: at(1),
      }
    })
}
