/** What holds of models and their prices between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of every model. O(models). */
export const auditModels = (market: Market): void => {
  const { demandByParty, levels, models, operators, routeStreams, standings } = market
  auditTable(models)
  invariant(models.free.length === 0, "no model is ever delisted")
  for (const ofModels of [levels, demandByParty, operators, routeStreams, standings])
    invariant(ofModels.length === models.used, "each model has its candidates, chance and counts")
  const { inputPricePerMtok, outputPricePerMtok } = models.columns
  for (let model = 0; model < models.used; model++)
    invariant(
      isWhole(inputPricePerMtok[model]) && isWhole(outputPricePerMtok[model]),
      "a price is whole, and at least 0",
    )
  auditLevels(market)
}

/** Prices rise from level to level, and each field is one level's. */
const auditLevels = ({ fields, freeFields, levels }: Market): void => {
  const taken = new Set(freeFields)
  for (const { prices, fields: ofLevels } of levels) {
    invariant(prices.length === ofLevels.length, "each price of a model has its field")
    for (let level = 1; level < prices.length; level++)
      invariant(prices[level - 1] < prices[level], "the prices of a model rise")
    for (const field of ofLevels) {
      invariant(!taken.has(field), "a field is of one model at one price")
      taken.add(field)
    }
  }
  invariant(taken.size === fields.length, "each field is in use or free")
}
