/** Pricing: which models there are, and what the platform and the hosts ask for them. Who sets the price is the economy's choice (rules/pricing). */
import type { Mechanism } from "../state/mechanism.ts"
import { auditModels } from "./audit.ts"
import { onPriceSet } from "./host-prices.ts"
import { onModelListed } from "./models.ts"

export const pricing: Mechanism = {
  name: "pricing",
  takes: { ModelListed: onModelListed, PriceSet: onPriceSet },
  audit: auditModels,
}
