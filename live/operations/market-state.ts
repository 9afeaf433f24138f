/** The market as anyone may see it now: prices, supply, demand, bounties, and how hosts stand. */
import { Schema } from "effect"
import {
  bountyPoolOf,
  countOpenRequests,
  instanceView,
  marketView,
  nodeView,
} from "../../engine/index.ts"
import type { EligibilityReason, ModelView } from "../../engine/index.ts"
import { creditsOf, pricesOf } from "../views/credits.ts"
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
  served_tokens_per_second: described(Schema.Number, "Over the last minute"),
  average_demand_tokens_per_second: described(
    Schema.Number,
    "Served and refused, averaged over a day, as of the turn of the hour",
  ),
  in_flight: Schema.Int,
  capacity: described(Schema.Int, "Calls at once, of the hosts that can take calls now"),
  instances: described(
    Schema.Record({ key: Schema.String, value: Schema.Int }),
    "How many stand how: Eligible, Full, Parked, …",
  ),
})
export type ModelState = typeof ModelState.Type

export const MarketState = Schema.Struct({
  at: UnixSeconds,
  models: Schema.Array(ModelState),
  hosts: described(Schema.Struct({ online: Schema.Int, known: Schema.Int }), "Machines"),
  breakers: Schema.Struct({ closed: Schema.Int, open: Schema.Int, halfOpen: Schema.Int }),
  last_minute: Schema.Struct({
    finished: described(Schema.Int, "Requests served to their end"),
    failed: described(Schema.Int, "Requests cut short after they had begun"),
    refused: described(Schema.Int, "Requests that nobody served"),
    tokens_per_second: Schema.Number,
  }),
  open_calls: Schema.Int,
  bounty_pool: Credits,
})
export type MarketState = typeof MarketState.Type

/** Standings in which an instance takes calls, now or within moments. */
const serving: ReadonlySet<EligibilityReason> = new Set([
  "Eligible",
  "Full",
  "RateCapped",
  "Backpressure",
])

interface Tally {
  supply: number
  inFlight: number
  capacity: number
  readonly instances: Record<string, number>
}

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
    const tally = tallies.get(view.model) ?? { supply: 0, inFlight: 0, capacity: 0, instances: {} }
    tallies.set(view.model, tally)
    tally.inFlight += view.inFlight
    tally.instances[view.reason] = (tally.instances[view.reason] ?? 0) + 1
    if (!serving.has(view.reason)) continue
    tally.supply += view.tokensPerSecond * view.ramp
    tally.capacity += view.capacity
  }
  const views = new Map(marketView(market).map((view) => [view.model, view]))
  const last = rates.read()
  return {
    at: secondsOf(nowMillis()),
    models: [...directory.models.all()].map((model) =>
      modelState(services, model, views.get(model.id), tallies.get(model.id), rates),
    ),
    hosts: hostCounts(services),
    breakers,
    last_minute: {
      finished: last.finished,
      failed: last.failed,
      refused: last.refused,
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
): ModelState => ({
  model: model.name,
  kind: model.kind,
  context_tokens: model.contextTokens,
  ...pricesOf(services.driver.market, model),
  bounty_multiplier: view?.multiplier ?? 1,
  supply_tokens_per_second: tenths(tally?.supply ?? 0),
  served_tokens_per_second: tenths(rates.modelTokensPerSecond(model.id)),
  average_demand_tokens_per_second: tenths(view?.demandTokensPerSecond ?? 0),
  in_flight: tally?.inFlight ?? 0,
  capacity: tally?.capacity ?? 0,
  instances: tally?.instances ?? {},
})

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
