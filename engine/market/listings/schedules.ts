/**
 * When a listing is open (docs/rules.md#schedules). Its host's week is resolved into instants by whoever
 * drives the market. While it is closed its node is given no calls either; what is sold is delivered.
 */
import { slotOf } from "../../core/table.ts"
import { isWhole, microsPerDay } from "../../core/units.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import type { Spans } from "../../rules/hours/spans.ts"
import {
  always,
  isWithin,
  microsWithin,
  never,
  nextTurn,
  spansOf,
} from "../../rules/hours/spans.ts"
import { lookAgainAtNode } from "../admission/probes.ts"
import type { Market } from "../state/market-state.ts"
import { ofListings } from "../state/market-state.ts"
import { extendAheadMicros } from "./lookahead.ts"
import { countUse } from "./use.ts"

/** How much of the future is asked for at a time. */
const extendByMicros = 400 * microsPerDay

export const onScheduleSet = (
  market: Market,
  event: EventOf<"ScheduleSet">,
): Rejection | undefined => {
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  if (!isWhole(event.until)) return "InvalidQuantity"
  const spans = spansOf(event.opens, event.closes)
  if (spans === undefined || (spans.until.at(-1) ?? 0) > event.until) return "InvalidSpans"
  const { maintenanceFrom = [], maintenanceUntil = [] } = event
  const maintenance = spansOf(maintenanceFrom, maintenanceUntil)
  if (maintenance === undefined) return "InvalidSpans"
  // What is in maintenance is not open.
  if (maintenanceFrom.some((from, span) => microsWithin(spans, from, maintenanceUntil[span]) > 0))
    return "InvalidSpans"
  setSchedule(market, listing, spans, maintenance, event.until)
  return undefined
}

export const onScheduleCleared = (
  market: Market,
  event: EventOf<"ScheduleCleared">,
): Rejection | undefined => {
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  setSchedule(market, listing, always, never, Infinity)
  return undefined
}

const setSchedule = (
  market: Market,
  listing: number,
  spans: Spans,
  maintenance: Spans,
  until: number,
): void => {
  countUse(market, listing)
  market.schedules[listing] = spans
  market.maintenance[listing] = maintenance
  market.listings.columns.scheduleUntil[listing] = until
  followSchedule(market, listing)
}

/** The wake of a listing: it opens, closes, or little is known of what comes. */
export const followSchedule = (market: Market, listing: number): void => {
  const { now } = market
  countUse(market, listing)
  const schedule = market.schedules[listing]
  setOffSchedule(market, listing, !isWithin(schedule, now))
  const askAt = market.listings.columns.scheduleUntil[listing] - extendAheadMicros
  if (now >= askAt) askForSchedule(market, listing)
  // Where nobody answers it is asked again a day later.
  const next = now >= askAt ? now + microsPerDay : askAt
  wakeAt(market.wakes[ofListings], listing, Math.min(next, nextTurn(schedule, now)))
}

const askForSchedule = (market: Market, listing: number): void =>
  emit(market.sink, {
    _tag: "ExtendSchedule",
    listing: market.listings.ids[listing],
    untilMicros: market.now + extendByMicros,
  })

/** Opens or closes the instances of a listing's node. */
export const setOffSchedule = (market: Market, listing: number, isOff: boolean): void => {
  const node = market.listings.columns.node[listing]
  const { isOffSchedule } = market.nodes.columns
  if (isOffSchedule[node] === (isOff ? 1 : 0)) return
  isOffSchedule[node] = isOff ? 1 : 0
  lookAgainAtNode(market, node)
}
