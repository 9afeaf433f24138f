/** What holds of models and their prices between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of every model. O(models + instances). */
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

const onlineByField = ({ instances, nodes }: Market): ReadonlyMap<number, number> => {
  const { field, node } = instances.columns
  const counted = new Map<number, number>()
  for (let instance = 0; instance < instances.used; instance++)
    if (instances.ids[instance] !== -1 && nodes.columns.isOnline[node[instance]] === 1)
      counted.set(field[instance], (counted.get(field[instance]) ?? 0) + 1)
  return counted
}

/** Prices rise from level to level, and each field is one level's. */
const auditLevels = (market: Market): void => {
  const { fields, freeFields, levels } = market
  const taken = new Set(freeFields)
  const counted = onlineByField(market)
  for (const { prices, fields: ofLevels, online } of levels) {
    invariant(prices.length === ofLevels.length, "each price of a model has its field")
    for (let level = 1; level < prices.length; level++)
      invariant(prices[level - 1] < prices[level], "the prices of a model rise")
    for (const [level, field] of ofLevels.entries()) {
      invariant(!taken.has(field), "a field is of one model at one price")
      taken.add(field)
      invariant(
        online[level] === (counted.get(field) ?? 0),
        "a price counts who asks it and is there",
      )
    }
  }
  invariant(taken.size === fields.length, "each field is in use or free")
}
