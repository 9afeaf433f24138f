/** The models that the platform lists, each at a price of its own. */
import { openStream } from "../../core/random.ts"
import { insert, slotOf } from "../../core/table.ts"
import { isWhole, mulDivCeil } from "../../core/units.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { bootstrapStart } from "../../rules/ramp.ts"
import { lookAgain } from "../admission/probes.ts"
import type { Market } from "../state/market-state.ts"
import { enterOffer, leaveOffer, openOffers } from "./offers.ts"

export const onModelListed = (
  market: Market,
  event: EventOf<"ModelListed">,
): Rejection | undefined => {
  const { inputPricePerMtok, outputPricePerMtok } = event
  if (!isWhole(event.model) || !isWhole(inputPricePerMtok) || !isWhole(outputPricePerMtok))
    return "InvalidQuantity"
  const accuracyBps = event.accuracyBps ?? 0
  if (!isWhole(accuracyBps) || accuracyBps > 10_000) return "InvalidQuantity"
  const inputPrice = premiumPrice(market, inputPricePerMtok, accuracyBps)
  const outputPrice = premiumPrice(market, outputPricePerMtok, accuracyBps)
  if (!isWhole(inputPrice) || !isWhole(outputPrice)) return "InvalidQuantity"
  const known = slotOf(market.models, event.model)
  const model = known >= 0 ? known : insert(market.models, event.model)
  const { columns } = market.models
  const moved = known >= 0 ? instancesAtListPrice(market, model) : []
  for (const instance of moved) leaveOffer(market, instance)
  columns.inputPricePerMtok[model] = inputPrice
  columns.outputPricePerMtok[model] = outputPrice
  for (const instance of moved) {
    enterOffer(market, instance)
    lookAgain(market, instance)
  }
  if (columns.accuracyBps[model] !== accuracyBps) {
    columns.accuracyBps[model] = accuracyBps
    lookAgainAtModel(market, model)
  }
  if (known >= 0) return undefined
  columns.multiplierHundredths[model] = 100
  columns.rampStart[model] = bootstrapStart(market.rules, 0, 0)
  openOffers(market, model)
  market.routeStreams[model] = openStream(market.seed, "route", event.model)
  market.demandByParty[model] = new Map()
  market.operators[model] = new Map()
  market.standings[model] = new Int32Array(market.reasonCounts.length)
  return undefined
}

/** A specialised model is dearer than its list price: rounded up to a whole minor unit per million tokens. */
const premiumPrice = ({ rules }: Market, listed: number, accuracyBps: number): number =>
  accuracyBps === 0 ? listed : mulDivCeil(listed, rules.premiumFactorBps, 10_000)

/** Its instances are accurate enough from now on, or are not any more. */
const lookAgainAtModel = (market: Market, model: number): void => {
  const { columns, ids, used } = market.instances
  for (let instance = 0; instance < used; instance++)
    if (ids[instance] !== -1 && columns.model[instance] === model) lookAgain(market, instance)
}

/** Where hosts set prices: those that have set none, and so ask what the list says. O(instances). */
const instancesAtListPrice = (market: Market, model: number): ReadonlyArray<number> => {
  if (!market.rules.pricing.isByInstance) return []
  const { columns, ids, used } = market.instances
  const found: Array<number> = []
  for (let instance = 0; instance < used; instance++)
    if (
      ids[instance] !== -1 &&
      columns.model[instance] === model &&
      columns.ownPricePerMtok[instance] === 0
    )
      found.push(instance)
  return found
}
