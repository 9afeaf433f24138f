/** The prices that hosts set for their own tokens (docs/rules.md#host-prices), and how often and how far. */
import { slotOf } from "../../core/table.ts"
import { isWhole, microsPerDay, microsPerHour } from "../../core/units.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { isRound } from "../../rules/pricing/price-levels.ts"
import { lookAgain } from "../admission/probes.ts"
import type { Market } from "../state/market-state.ts"
import { enterOffer, leaveOffer } from "./offers.ts"

export const onPriceSet = (market: Market, event: EventOf<"PriceSet">): Rejection | undefined => {
  const { isByInstance, isByTime } = market.rules.pricing
  if (!isByInstance || isByTime) return "PricedByPlatform"
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  const price = event.outputPricePerMtok
  if (!isWhole(price) || price === 0 || !isRound(price)) return "InvalidQuantity"
  // What it asks already is no change, and counts as none.
  if (price === market.instances.columns.ownPricePerMtok[instance]) return undefined
  const rejection = refusePrice(market, instance, price)
  if (rejection !== undefined) return rejection
  leaveOffer(market, instance)
  const { columns } = market.instances
  columns.pricedInHour[instance] = changesBefore(market, instance) + 1
  columns.pricedAt[instance] = market.now
  columns.ownPricePerMtok[instance] = price
  enterOffer(market, instance)
  lookAgain(market, instance)
  return undefined
}

/** The first price of an instance is free to choose, above the least. */
const refusePrice = (market: Market, instance: number, price: number): Rejection | undefined => {
  const { rules, now } = market
  const { ownPricePerMtok, pricedAt } = market.instances.columns
  if (price < rules.leastPricePerMtok) return "PriceTooLow"
  const before = ownPricePerMtok[instance]
  if (before === 0) return undefined
  if (changesBefore(market, instance) >= rules.priceChangesPerHour) return "TooSoon"
  // What is allowed does not add up beyond a day: a price that was low for a month jumps no further.
  const days = Math.min(1, (now - pricedAt[instance]) / microsPerDay)
  const isTooFar = price > before && price > before * (1 + rules.maxRaisePerDay * days)
  return rules.maxRaisePerDay > 0 && isTooFar ? "RaisedTooFast" : undefined
}

/** How often the price was set in the present hour so far. */
const changesBefore = ({ instances, now }: Market, instance: number): number => {
  const { pricedAt, pricedInHour } = instances.columns
  const isThisHour =
    Math.floor(pricedAt[instance] / microsPerHour) === Math.floor(now / microsPerHour)
  return isThisHour ? pricedInHour[instance] : 0
}

/** What an instance asked for the model that it has left says nothing of the next. */
export const forgetPrice = ({ instances: { columns } }: Market, instance: number): void => {
  columns.ownPricePerMtok[instance] = 0
  columns.pricedAt[instance] = 0
  columns.pricedInHour[instance] = 0
}
