/**
 * Service levels of bookings (docs/rules.md#service-levels): what a listing promises is fixed with the order, and
 * what is seen of each period is counted in the booking's own row. What is seen while the market itself is away is
 * nothing: that time is neither expected nor missed.
 */
import { insert, remove, slotOf } from "../../core/table.ts"
import { isWhole, microsPerDay } from "../../core/units.ts"
import { active, held } from "../../machines/booking.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { microsWithin, within } from "../../rules/hours/spans.ts"
import type { Availability, Seen, SlaTerms } from "../../rules/hours/sla.ts"
import { availabilityOf, refundOf } from "../../rules/hours/sla.ts"
import type { Market } from "../state/market-state.ts"
import { countDown, knownMaintenance, levelOf, noteUptime } from "./uptime.ts"

const isBps = (value: number): boolean => isWhole(value) && value <= 10_000

/** Promises are those of later orders: what is sold keeps its own. */
export const onSlaSet = (market: Market, event: EventOf<"SlaSet">): Rejection | undefined => {
  const listing = slotOf(market.listings, event.listing)
  if (listing < 0) return "UnknownListing"
  const { availabilityBps, completionBps, penaltyBps, responseMicros } = event
  if (![availabilityBps, completionBps, penaltyBps].every(isBps)) return "InvalidQuantity"
  if (!isWhole(responseMicros) || responseMicros > microsPerDay) return "InvalidQuantity"
  const { columns } = market.listings
  columns.hasSla[listing] = 1
  columns.slaAvailabilityBps[listing] = availabilityBps
  columns.slaCompletionBps[listing] = completionBps
  columns.slaResponseMicros[listing] = responseMicros
  columns.slaPenaltyBps[listing] = penaltyBps
  return undefined
}

/** What a listing promises now; `undefined`: nothing. */
export const promiseOf = ({ listings }: Market, listing: number): SlaTerms | undefined => {
  const { columns } = listings
  if (columns.hasSla[listing] === 0) return undefined
  return {
    availabilityBps: columns.slaAvailabilityBps[listing],
    completionBps: columns.slaCompletionBps[listing],
    responseMicros: columns.slaResponseMicros[listing],
    penaltyBps: columns.slaPenaltyBps[listing],
  }
}

/** Hours are sold with a promise. */
export const openLevel = (market: Market, booking: number, terms: SlaTerms): void => {
  const { bookings, maintenance, serviceLevels } = market
  const level = insert(serviceLevels, bookings.ids[booking])
  const { columns } = serviceLevels
  columns.availabilityBps[level] = terms.availabilityBps
  columns.completionBps[level] = terms.completionBps
  columns.responseMicrosMost[level] = terms.responseMicros
  columns.penaltyBps[level] = terms.penaltyBps
  const { listing, startAt, endAt } = bookings.columns
  const known = within(maintenance[listing[booking]], startAt[booking], endAt[booking])
  if (known.from.length > 0) market.knownMaintenance.set(level, known)
}

export const closeLevel = (market: Market, booking: number): void => {
  const level = levelOf(market, booking)
  if (level < 0) return
  market.knownMaintenance.delete(level)
  remove(market.serviceLevels, level)
}

export const termsOfLevel = ({ serviceLevels: { columns } }: Market, level: number): SlaTerms => ({
  availabilityBps: columns.availabilityBps[level],
  completionBps: columns.completionBps[level],
  responseMicros: columns.responseMicrosMost[level],
  penaltyBps: columns.penaltyBps[level],
})

/** Access is asked for, and not given yet: what the market itself is late by is not expected. */
export const noteGrant = (market: Market, booking: number, periodEnd: number): void => {
  const level = levelOf(market, booking)
  if (level < 0) return
  const { now } = market
  const { awayUntil, downSince, isDown } = market.serviceLevels.columns
  addAway(market, level, market.bookings.columns.startAt[booking], Math.min(now, periodEnd))
  awayUntil[level] = now
  isDown[level] = 1
  downSince[level] = now
}

/** Delivery has started. */
export const beginLevel = (market: Market, booking: number, periodEnd: number): void => {
  const level = levelOf(market, booking)
  if (level < 0) return
  countDown(market, level, Math.min(market.now, periodEnd))
  market.serviceLevels.columns.isDown[level] = 0
  noteUptime(market, booking)
}

/** The market was away from a time until now. `periodEnd`: of the period that runs. */
export const excuseLevel = (
  market: Market,
  booking: number,
  from: number,
  periodEnd: number,
): void => {
  const level = levelOf(market, booking)
  if (level < 0) return
  const { now } = market
  const { phase, isGranted } = market.bookings.columns
  const isExpected =
    phase[booking] === active || (phase[booking] === held && isGranted[booking] === 1)
  if (!isExpected) return
  const levels = market.serviceLevels.columns
  countDown(market, level, Math.min(from, periodEnd))
  levels.downSince[level] = now
  addAway(market, level, Math.max(from, levels.awayUntil[level]), Math.min(now, periodEnd))
  levels.awayUntil[level] = now
}

const addAway = (market: Market, level: number, from: number, until: number): void => {
  if (until <= from) return
  const { awayMicros } = market.serviceLevels.columns
  awayMicros[level] += until - from - microsWithin(knownMaintenance(market, level), from, until)
}

/** What was seen of the running period by a time, `missed` more of which nothing is delivered. */
const seenUntil = (
  market: Market,
  booking: number,
  level: number,
  until: number,
  missed: number,
): Seen => {
  const from = market.bookings.columns.periodFrom[booking]
  const { columns } = market.serviceLevels
  const maintenance = knownMaintenance(market, level)
  const downFrom = columns.isDown[level] === 1 ? Math.min(until, columns.downSince[level]) : until
  const end = until + missed
  const downWithin = microsWithin(maintenance, downFrom, end)
  return {
    micros: end - from,
    awayMicros: columns.awayMicros[level],
    maintenanceMicros: microsWithin(maintenance, from, end),
    downMicros: columns.downMicros[level] + end - downFrom - downWithin,
    downInMaintenanceMicros: columns.downInMaintenance[level] + downWithin,
    successes: columns.successes[level],
    failures: columns.failures[level],
    responses: columns.responses[level],
    onTime: columns.onTime[level],
    responseMicros: columns.responseMicros[level],
  }
}

/** Availability of the running period so far. */
export const availabilityNow = (market: Market, booking: number, level: number): Availability => {
  const { endAt, periodFrom } = market.bookings.columns
  const periodEnd = Math.min(endAt[booking], periodFrom[booking] + market.rules.periodMicros)
  const until = Math.max(periodFrom[booking], Math.min(market.now, periodEnd))
  return availabilityOf(market.rules, seenUntil(market, booking, level, until, 0))
}

/**
 * What goes back of a period that ends, minor units; the next one begins. `price`: of the period; `planned`: when it
 * was to end; `end`: until when its host has promised to be there.
 */
export const judgePeriod = (
  market: Market,
  booking: number,
  price: number,
  until: number,
  { period, planned, end, nextEnd }: Ends,
): number => {
  const level = levelOf(market, booking)
  if (level < 0) return 0
  const { awayUntil } = market.serviceLevels.columns
  // Ended before the market had its turn, after an outage: the period is longer than planned.
  addAway(market, level, planned, Math.min(until, awayUntil[level]))
  const seen = seenUntil(market, booking, level, until, end - until)
  const refund = refundOf(market.rules, termsOfLevel(market, level), seen, price)
  const { successes, failures, responses, onTime, responseMicros } = seen
  emit(market.sink, {
    _tag: "Judge",
    booking: market.bookings.ids[booking],
    period,
    ...availabilityOf(market.rules, seen),
    successes,
    failures,
    responses,
    onTime,
    responseMicros,
    refund,
  })
  beginPeriod(market, level, until, nextEnd)
  if (refund > 0) {
    const { account } = market.listings.columns
    const subject = market.accounts.ids[account[market.bookings.columns.listing[booking]]]
    const quantity = market.bookings.ids[booking]
    emit(market.sink, { _tag: "Audit", subject, finding: "SlaBreached", quantity })
  }
  return refund
}

interface Ends {
  /** Its number: as many are over before it. */
  readonly period: number
  readonly planned: number
  readonly end: number
  readonly nextEnd: number
}

const beginPeriod = (market: Market, level: number, from: number, end: number): void => {
  const { columns } = market.serviceLevels
  columns.downMicros[level] = 0
  columns.downInMaintenance[level] = 0
  columns.awayMicros[level] = 0
  columns.successes[level] = 0
  columns.failures[level] = 0
  columns.responses[level] = 0
  columns.onTime[level] = 0
  columns.responseMicros[level] = 0
  columns.downSince[level] = Math.max(from, columns.downSince[level])
  // An outage that went on beyond the end of a period is the next one's too.
  addAway(market, level, from, Math.min(end, columns.awayUntil[level]))
}
