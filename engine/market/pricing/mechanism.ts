/** Pricing: which models there are, and their list prices. How a request is priced is the economy's choice (rules/pricing). */
import type { Mechanism } from "../state/mechanism.ts"
import { auditModels } from "./audit.ts"
import { onModelListed } from "./models.ts"

export const pricing: Mechanism = {
  name: "pricing",
  takes: { ModelListed: onModelListed },
  audit: auditModels,
}
