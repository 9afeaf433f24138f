/** The market as anyone may see it now: prices, supply, demand, bounties, and how hosts stand. */
import { Schema } from "effect"
import {
  bountyPoolOf,
  countOpenRequests,
  instanceView,
  marketView,
  nodeView,
} from "../../engine/index.ts"
import type { ModelView } from "../../engine/index.ts"
import { creditsOf, pricesOf } from "../views/credits.ts"
import { takesCalls } from "../views/instance-status.ts"
import { secondsOf } from "../views/market-time.ts"
import { Credits, described, prices, UnixSeconds } from "../http/fields.ts"
import type { LiveServices } from "../directory/services.ts"
import type { ModelRecord } from "../directory/records.ts"
import type { MinuteRates } from "./minute-rates.ts"

const ModelState = Schema.Struct({
  model: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  context_tokens: Schema.Int,
  ...prices,
  bounty_multiplier: described(Schema.Number, "On what operators earn, paid by the platform"),
  supply_tokens_per_second: described(
    Schema.Number,
    "Of the hosts that can take calls now, as their ramp-up allows",
  ),
  held_back_tokens_per_second: described(
    Schema.Number,
    "What the same hosts could do beyond that, once they are ramped up",
  ),
  new_host_share: described(
    Schema.Number,
    "Share of its rate that a new host starts with; 1: it is not held back at all",
  ),
  is_bootstrapping: described(
    Schema.Boolean,
    "Too little of the supply is of hosts past their ramp, so new ones start higher than the rules' own share",
  ),
  served_tokens_per_second: described(Schema.Number, "Over the last minute"),
  finished_last_minute: described(Schema.Int, "Requests served to their end"),
  refused_last_minute: described(Schema.Int, "Requests for the model that nobody served"),
  average_demand_tokens_per_second: described(
    Schema.Number,
    "Served and refused, averaged over a day, as of the turn of the hour",
  ),
  in_flight: Schema.Int,
  capacity: described(Schema.Int, "Calls at once, of the hosts that can take calls now"),
  slots: described(Schema.Int, "Calls at once of the same hosts, once they are ramped up"),
  instances: described(
    Schema.Record({ key: Schema.String, value: Schema.Int }),
    "How many stand how: Eligible, Full, Parked, …",
  ),
})
export type ModelState = typeof ModelState.Type

export const MarketState = Schema.Struct({
  at: UnixSeconds,
  prices_set_by: described(
    Schema.Literal("platform", "host"),
    "host: a model's price here is the least that is asked for it; GET /market/rates has the others",
  ),
  sells_hours: described(Schema.Boolean, "Whether machines can be booked by the hour here"),
  models: Schema.Array(ModelState),
  hosts: described(Schema.Struct({ online: Schema.Int, known: Schema.Int }), "Machines"),
  breakers: Schema.Struct({ closed: Schema.Int, open: Schema.Int, halfOpen: Schema.Int }),
  last_minute: Schema.Struct({
    finished: described(Schema.Int, "Requests served to their end"),
    failed: described(Schema.Int, "Requests cut short after they had begun"),
    refused: described(Schema.Int, "Requests that nobody served"),
    refused_by_reason: described(
      Schema.Record({ key: Schema.String, value: Schema.Int }),
      "Of these, how many for which reason: NoCapacity, NoInstance, InsufficientCredits, …",
    ),
    tokens_per_second: Schema.Number,
  }),
  open_calls: Schema.Int,
  bounty_pool: Credits,
})
export type MarketState = typeof MarketState.Type

/** Of instances by standing, how many take calls. */
export const countServing = (instances: ModelState["instances"]): number =>
  Object.entries(instances).reduce(
    (total, [reason, number]) => total + (takesCalls(reason) ? number : 0),
    0,
  )

interface Tally {
  supply: number
  whole: number
  slots: number
  inFlight: number
  capacity: number
  readonly instances: Record<string, number>
}

const noTally = { supply: 0, whole: 0, slots: 0, inFlight: 0, capacity: 0 }

/** O(instances + models). */
export const marketState = (services: LiveServices, rates: MinuteRates): MarketState => {
  const { driver, directory, nowMillis } = services
  const { market } = driver
  const tallies = new Map<number, Tally>()
  const breakers = { closed: 0, open: 0, halfOpen: 0 }
  for (const record of directory.instances.all()) {
    if (record.stoppedAtMillis !== undefined) continue
    const view = instanceView(market, record.id)
    if (view === undefined) continue
    breakers[view.breaker] += 1
    const tally = tallies.get(view.model) ?? { ...noTally, instances: {} }
    tallies.set(view.model, tally)
    tally.inFlight += view.inFlight
    tally.instances[view.reason] = (tally.instances[view.reason] ?? 0) + 1
    if (!takesCalls(view.reason)) continue
    tally.supply += view.tokensPerSecond * view.ramp
    tally.whole += view.tokensPerSecond
    tally.slots += view.slots
    tally.capacity += view.capacity
  }
  const views = new Map(marketView(market).map((view) => [view.model, view]))
  const last = rates.read()
  return {
    at: secondsOf(nowMillis()),
    prices_set_by: market.economy.pricing.tokens === "host" ? "host" : "platform",
    sells_hours: market.economy.hours.areSold,
    models: [...directory.models.all()].map((model) =>
      modelState(services, model, views.get(model.id), tallies.get(model.id), rates),
    ),
    hosts: hostCounts(services),
    breakers,
    last_minute: {
      finished: last.finished,
      failed: last.failed,
      refused: last.refused,
      refused_by_reason: last.refusedBy as Record<string, number>,
      tokens_per_second: tenths(last.tokensPerSecond),
    },
    open_calls: countOpenRequests(market),
    bounty_pool: creditsOf(market, bountyPoolOf(market)),
  }
}

const modelState = (
  services: LiveServices,
  model: ModelRecord,
  view: ModelView | undefined,
  tally: Tally | undefined,
  rates: MinuteRates,
): ModelState => {
  const last = rates.readModel(model.id)
  const { supply, whole, slots, inFlight, capacity } = tally ?? noTally
  const { start } = services.driver.market.economy.ramp
  const newHostShare = view?.rampStart ?? start
  return {
    model: model.name,
    kind: model.kind,
    context_tokens: model.contextTokens,
    ...pricesOf(services.driver.market, model),
    bounty_multiplier: view?.multiplier ?? 1,
    supply_tokens_per_second: tenths(supply),
    held_back_tokens_per_second: tenths(whole - supply),
    new_host_share: Math.round(newHostShare * 1000) / 1000,
    is_bootstrapping: newHostShare > start,
    served_tokens_per_second: tenths(last.tokensPerSecond),
    finished_last_minute: last.finished,
    refused_last_minute: last.refused,
    average_demand_tokens_per_second: tenths(view?.demandTokensPerSecond ?? 0),
    in_flight: inFlight,
    capacity,
    slots,
    instances: tally?.instances ?? {},
  }
}

const tenths = (value: number): number => Math.round(value * 10) / 10

const hostCounts = ({ driver, directory }: LiveServices): MarketState["hosts"] => {
  let online = 0
  let known = 0
  for (const { id, removedAtMillis } of directory.hosts.all()) {
    const node = removedAtMillis === undefined ? nodeView(driver.market, id) : undefined
    if (node === undefined) continue
    known += 1
    if (node.isOnline) online += 1
  }
  return { online, known }
}
