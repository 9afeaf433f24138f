/**
 * Among whom an instance stands: the candidates of its model or, where hosts set prices, those of its model
 * who ask what it asks. A field comes with the first who asks a price, and goes with the last.
 */
import { invariant } from "../../core/invariant.ts"
import type { PriceLevels } from "../../rules/pricing/price-levels.ts"
import { placeOf } from "../../rules/pricing/price-levels.ts"
import {
  enterCandidate,
  isFieldDeserted,
  leaveCandidate,
  makeCandidates,
} from "../../rules/selection.ts"
import { lookAgain } from "../admission/probes.ts"
import type { Market } from "../state/market-state.ts"

/** What a new model's offers are: none yet where hosts ask prices of their own, else those of its one price. */
export const openOffers = (market: Market, model: number): void => {
  const isByInstance = market.rules.pricing.isByInstance
  market.levels[model] = isByInstance
    ? { prices: [], fields: [], online: [] }
    : { prices: [0], fields: [takeField(market)], online: [0] }
  invariant(
    isByInstance || market.levels[model].fields[0] === model,
    "where a model has one price, it has the field of its own number",
  )
}

/** Puts an instance among the candidates of its model, at its price. */
export const enterOffer = (market: Market, instance: number): void => {
  const { columns } = market.instances
  const field = fieldOf(market, instance)
  columns.field[instance] = field
  columns.place[instance] = enterCandidate(
    market.fields[field],
    market.rules,
    instance,
    columns.operator[instance],
  )
  if (isOnline(market, instance)) countOnline(market, instance, 1)
}

/** Takes it from among them. It asks what it asked when it entered. */
export const leaveOffer = (market: Market, instance: number): void => {
  const { columns } = market.instances
  const field = columns.field[instance]
  const candidates = market.fields[field]
  if (isOnline(market, instance)) countOnline(market, instance, -1)
  leaveCandidate(candidates, market.rules, columns.place[instance], columns.operator[instance])
  if (market.rules.pricing.isByInstance && isFieldDeserted(candidates))
    closeLevel(market, columns.model[instance], field)
}

const isOnline = ({ instances, nodes }: Market, instance: number): boolean =>
  nodes.columns.isOnline[instances.columns.node[instance]] === 1

/** The node of an instance has come back, or is away. */
export const countOnline = (market: Market, instance: number, change: 1 | -1): void => {
  const { field, model } = market.instances.columns
  market.levels[model[instance]].online[levelOf(market, model[instance], field[instance])] += change
}

const levelOf = ({ levels }: Market, model: number, field: number): number => {
  const level = levels[model].fields.indexOf(field)
  invariant(level >= 0, "a field is one of its model's levels")
  return level
}

/** Where time is charged: what a node sells, or at what rate, has changed. */
export const moveOffersOfNode = (market: Market, node: number): void => {
  if (!market.rules.pricing.isByTime) return
  const { nextOnNode } = market.instances.columns
  let next = market.nodes.columns.firstInstance[node]
  for (; next !== 0; next = nextOnNode[next - 1]) {
    leaveOffer(market, next - 1)
    enterOffer(market, next - 1)
    lookAgain(market, next - 1)
  }
}

const fieldOf = (market: Market, instance: number): number => {
  const { rules, levels } = market
  const model = market.instances.columns.model[instance]
  if (!rules.pricing.isByInstance) return model
  const price = rules.pricing.levelOf(market, model, instance)
  const { prices, fields, online } = levels[model]
  const place = placeOf(levels[model], price)
  if (prices[place] !== price) {
    prices.splice(place, 0, price)
    fields.splice(place, 0, takeField(market))
    online.splice(place, 0, 0)
  }
  return fields[place]
}

const takeField = (market: Market): number => {
  const field = market.freeFields.pop() ?? market.fields.length
  market.fields[field] = makeCandidates()
  return field
}

const closeLevel = (market: Market, model: number, field: number): void => {
  const { prices, fields, online }: PriceLevels = market.levels[model]
  const place = levelOf(market, model, field)
  prices.splice(place, 1)
  fields.splice(place, 1)
  online.splice(place, 1)
  market.freeFields.push(field)
}
