/** What holds of models and their prices between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of every model. O(models). */
export const auditModels = (market: Market): void => {
  const { candidates, demandByParty, models, operators, routeStreams, standings } = market
  auditTable(models)
  invariant(models.free.length === 0, "no model is ever delisted")
  for (const ofModels of [candidates, demandByParty, operators, routeStreams, standings])
    invariant(ofModels.length === models.used, "each model has its candidates, chance and counts")
  const { inputPricePerMtok, outputPricePerMtok } = models.columns
  for (let model = 0; model < models.used; model++)
    invariant(
      isWhole(inputPricePerMtok[model]) && isWhole(outputPricePerMtok[model]),
      "a price is whole, and at least 0",
    )
}
