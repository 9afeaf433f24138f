/**
 * Who may serve (docs/rules.md#eligibility): an instance is a candidate when every reason against it is
 * absent. Each reason has its own code, shown to operators and counted.
 *
 * Reasons are worked out as bits, that of code k at 1 << k: an instance may have several against it,
 * and the lowest is the one that is shown.
 *
 * `refresh` is the one place where an instance's standing is worked out, from state and time alone.
 * It runs after whatever touched the instance, and again at the earliest moment at which time itself
 * will change the answer.
 */
import { open as openListing } from "../../machines/listing.ts"
import { serving } from "../../machines/presence.ts"
import { dayOf, emptyRecord, overallOf, partsOf } from "../../rules/ratings.ts"
import { rankCandidate } from "../../rules/selection.ts"
import { invariant } from "../../core/invariant.ts"
import type { Market } from "../state/market-state.ts"
import { ofInstances } from "../state/market-state.ts"
import { balanceOf } from "./balance.ts"
import { stir } from "../state/stirred.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { healthHundredths } from "../../rules/health.ts"
import { provenFake } from "../../rules/quality.ts"
import { closed, halfOpen, open } from "../../machines/admission.ts"
import {
  debtAfter,
  debtWaitMicros,
  nextSlotOnline,
  rampOf,
  rampProgress,
  rampedSlots,
} from "../../rules/ramp.ts"

export const eligibilityReasons = [
  "Eligible",
  "Inactive",
  "Draining",
  "Suspended",
  "OffSchedule",
  "Booked",
  "Unverified",
  "Parked",
  "ProbeUnderWay",
  "BelowFloor",
  "BelowAccuracy",
  "Backpressure",
  "RateCapped",
  "Full",
  "Unlisted",
] as const
export type EligibilityReason = (typeof eligibilityReasons)[number]

export const eligible = 0
const inactive = 1
const draining = 2
const suspended = 3
const offSchedule = 4
const booked = 5
const unverified = 6
const parked = 7
const probeUnderWay = 8
const belowFloor = 9
const belowAccuracy = 10
const backpressure = 11
const rateCapped = 12
const full = 13
const unlisted = 14

/** Out of service by a deed: nothing is asked of the instance, and time alone changes nothing. */
const outOfService =
  (1 << inactive) | (1 << draining) | (1 << suspended) | (1 << offSchedule) | (1 << booked)

/** The ramp r of an instance at `now`, from where its model's starts to 1. */
export const rampNow = (market: Market, instance: number, now: number): number =>
  rampOf(startOf(market, instance), progressAt(market, instance, now))

/** How much of its own ramp is behind an instance at `now`, 0…1. */
export const progressAt = (market: Market, instance: number, now: number): number =>
  rampProgress(
    market.rules,
    onlineMicrosAt(market, instance, now),
    market.instances.columns.successes[instance],
  )

/** Where the ramp of an instance's model starts. */
const startOf = ({ instances, models }: Market, instance: number): number =>
  models.columns.rampStart[instances.columns.model[instance]]

/** Online time of an instance at `now`, µs. */
export const onlineMicrosAt = (market: Market, instance: number, now: number): number => {
  const { onlineMicros, isOnline, creditedUntil } = market.instances.columns
  const credited = onlineMicros[instance]
  if (isOnline[instance] === 0) return credited
  return credited + now - creditedUntil[instance]
}

/** Slots that count before the ramp: declared, or the lesser of declared and measured, less those booked. */
export const countedSlots = (market: Market, instance: number): number => {
  const { node, slots, measuredSlots } = market.instances.columns
  const declared = slots[instance]
  const counted = market.rules.isCapacityVerified
    ? Math.min(declared, measuredSlots[instance])
    : declared
  const listing = market.nodes.columns.listing[node[instance]]
  return listing === 0 ? counted : Math.floor(counted * freeShareOf(market, listing - 1))
}

/** What of a listing's node is not in use by the hour now, 0 … 1. */
const freeShareOf = ({ listings }: Market, listing: number): number =>
  1 - listings.columns.busyJobs[listing] / listings.columns.maxJobs[listing]

const isBooked = (market: Market, instance: number): boolean => {
  const listing = market.nodes.columns.listing[market.instances.columns.node[instance]]
  return listing !== 0 && freeShareOf(market, listing - 1) === 0
}

/** Has its node an open listing, by whose rate time is charged? */
const isListed = ({ instances, listings, nodes }: Market, instance: number): boolean => {
  const listing = nodes.columns.listing[instances.columns.node[instance]]
  return listing !== 0 && listings.columns.phase[listing - 1] === openListing
}

const isOffSchedule = ({ instances: { columns }, nodes }: Market, instance: number): boolean =>
  columns.isUnavailable[instance] === 1 || nodes.columns.isOffSchedule[columns.node[instance]] === 1

/** Tokens per second that count before the ramp, likewise. */
export const countedTokensPerSecond = (market: Market, instance: number): number => {
  const { tokensPerSecond, measuredTokensPerSecond } = market.instances.columns
  const declared = tokensPerSecond[instance]
  if (!market.rules.isCapacityVerified) return declared
  return Math.min(declared, measuredTokensPerSecond[instance])
}

/** Works out an instance's standing at the present time, ranks it and sets its next wake. */
export const refresh = (market: Market, instance: number): void => {
  const { columns } = market.instances
  const slots = Math.max(1, countedSlots(market, instance))
  const ramp = rampNow(market, instance, market.now)
  const capacity = rampedSlots(ramp, slots)
  const reasons = reasonsAgainst(market, instance, ramp)
  const reason = lowest(reasons)
  const wake = wakeOf(market, instance, reasons, ramp, slots, capacity)
  invariant(wake > market.now, "an instance is looked at again later, if at all")
  columns.capacity[instance] = capacity
  const isAtRest = market.breakers.state[instance] === closed && wake === Infinity
  columns.isQuiet[instance] = reason === eligible && ramp === 1 && isAtRest ? 1 : 0
  rank(market, instance, reason, capacity, slots, ramp)
  wakeAt(market.wakes[ofInstances], instance, wake)
}

/**
 * `refresh` after a change of nothing but load and health. A quiet instance, as nearly all are nearly
 * always, is ranked without another look at what has not changed.
 */
export const refreshLoad = (market: Market, instance: number): void => {
  const { columns } = market.instances
  if (columns.isQuiet[instance] === 0) return refresh(market, instance)
  const capacity = columns.capacity[instance]
  rank(market, instance, eligible, capacity, capacity, 1)
}

const rank = (
  market: Market,
  instance: number,
  reason: number,
  capacity: number,
  slots: number,
  ramp: number,
): void => {
  const { columns } = market.instances
  const inFlight = columns.inFlight[instance]
  const health = healthHundredths(market.rules, market.health, instance)
  rankCandidate(
    market.fields[columns.field[instance]],
    market.rules,
    columns.place[instance],
    columns.operator[instance],
    {
      isAdmitted: reason === eligible,
      inFlight,
      capacity,
      slots,
      ramp,
      healthHundredths: health,
      idleShare: market.rules.isUtilisationHeeded ? idleShareOf(market, instance) : 1,
      reputation: market.rules.reputationTieWeight > 0 ? reputationOf(market, instance, health) : 1,
    },
  )
  const shown = reason === eligible && inFlight >= capacity ? full : reason
  if (shown === eligible && market.rules.isQueued) stir(market, instance)
  const before = columns.reason[instance]
  if (before === shown) return
  const standings = market.standings[columns.model[instance]]
  standings[before] -= 1
  standings[shown] += 1
  columns.reason[instance] = shown
  market.reasonCounts[shown] += 1
}

/** What its provider is known for, with this instance's own health. O(voices). */
const reputationOf = (market: Market, instance: number, health: number): number => {
  const { records, rules, now } = market
  const record = records.get(market.instances.columns.operator[instance])
  const parts = partsOf(rules, record ?? emptyRecord(dayOf(now)), dayOf(now), health / 100)
  return overallOf(rules, parts)
}

/** By how much its load lowers its weight; 1: by nothing. */
const idleShareOf = (market: Market, instance: number): number => {
  const { instances, nodes, rules } = market
  if (rules.isAdaptive) return balanceOf(market, instance)
  return 1 - nodes.columns.utilisationBps[instances.columns.node[instance]] / 10_000
}

/** Everything that stands against an instance but its load, as bits; 0: eligible. */
const reasonsAgainst = (market: Market, instance: number, ramp: number): number => {
  const { columns } = market.instances
  const { breakers, rules, now } = market
  const state = breakers.state[instance]
  let reasons = 0
  if (columns.isOnline[instance] === 0) reasons |= 1 << inactive
  if (columns.service[instance] !== serving) reasons |= 1 << draining
  if (columns.isSuspended[instance] === 1) reasons |= 1 << suspended
  if (isOffSchedule(market, instance)) reasons |= 1 << offSchedule
  if (isBooked(market, instance)) reasons |= 1 << booked
  if (rules.isCapacityVerified && columns.measuredSlots[instance] === 0) reasons |= 1 << unverified
  if (state === open) reasons |= 1 << parked
  else if (state === halfOpen && (rules.isProbeSynthetic || columns.probeRequest[instance] !== 0))
    reasons |= 1 << probeUnderWay
  if (rules.pricing.isByTime && !isListed(market, instance)) reasons |= 1 << unlisted
  if (columns.isBelowFloor[instance] === 1) reasons |= 1 << belowFloor
  const accuracy = columns.accuracyBps[instance]
  const asked = market.models.columns.accuracyBps[columns.model[instance]]
  if (accuracy < asked || accuracy === provenFake) reasons |= 1 << belowAccuracy
  if (columns.backpressureUntil[instance] > now) reasons |= 1 << backpressure
  if (ramp < 1 && debtWait(market, instance, ramp) > 0) reasons |= 1 << rateCapped
  return reasons
}

/** Code of the lowest of some reasons. */
const lowest = (reasons: number): number =>
  reasons === 0 ? eligible : 31 - Math.clz32(reasons & -reasons)

/** May anything be asked of the instance: probes, measurements, requests? */
export const isInService = (market: Market, instance: number): boolean =>
  outOfServiceReason(market, instance) < 0

/** Code of the first reason that it is out of service by; −1 where it is in service. */
export const outOfServiceReason = (market: Market, instance: number): number => {
  const { columns } = market.instances
  if (columns.isOnline[instance] === 0) return inactive
  if (columns.service[instance] !== serving) return draining
  if (columns.isSuspended[instance] === 1) return suspended
  if (isOffSchedule(market, instance)) return offSchedule
  return isBooked(market, instance) ? booked : -1
}

/** Everything that stands against an instance now, its load included; empty: eligible. */
export const reasonsNow = (market: Market, instance: number): ReadonlyArray<EligibilityReason> => {
  const ramp = rampNow(market, instance, market.now)
  const capacity = rampedSlots(ramp, Math.max(1, countedSlots(market, instance)))
  const isFull = market.instances.columns.inFlight[instance] >= capacity
  const reasons = reasonsAgainst(market, instance, ramp) | (isFull ? 1 << full : 0)
  return eligibilityReasons.filter((_, code) => (reasons & (1 << code)) !== 0)
}

/**
 * When a reason may pass by itself, µs; `undefined` where it takes a deed, or other attempts' ends.
 * While an instance is out of service, nothing passes by itself.
 */
export const untilOf = (
  market: Market,
  instance: number,
  reason: EligibilityReason,
): number | undefined => {
  if (!isInService(market, instance)) return undefined
  const { columns } = market.instances
  switch (reason) {
    case "Unverified":
      return columns.measureUntil[instance]
    case "Parked":
      return market.breakers.openUntil[instance]
    case "ProbeUnderWay":
    case "BelowFloor":
      return nextProbe(market, instance)
    case "Backpressure":
      return columns.backpressureUntil[instance]
    case "RateCapped":
      return market.now + debtWait(market, instance, rampNow(market, instance, market.now))
    default:
      return undefined
  }
}

/** When the probe under way is lost, or else the next one may be sent, µs. */
const nextProbe = (market: Market, instance: number): number => {
  const { columns } = market.instances
  const { probeFor, probeRequest, probeUntil, probeAfter, backpressureUntil } = columns
  return probeFor[instance] !== 0 || probeRequest[instance] !== 0
    ? probeUntil[instance]
    : Math.max(probeAfter[instance], backpressureUntil[instance])
}

const debtWait = (market: Market, instance: number, ramp: number): number => {
  const { columns } = market.instances
  if (columns.debt[instance] === 0) return 0
  const drain = ramp * countedTokensPerSecond(market, instance)
  const debt = debtAfter(columns.debt[instance], market.now - columns.debtAt[instance], drain)
  return debtWaitMicros(debt, drain, market.rules.burstSeconds)
}

/** Adds an attempt's tokens to the debt that caps a ramping instance's rate. */
export const owe = (market: Market, instance: number, tokens: number): void => {
  const { columns } = market.instances
  if (columns.isQuiet[instance] === 1) return
  const ramp = rampNow(market, instance, market.now)
  if (ramp === 1) {
    columns.debt[instance] = 0
    return
  }
  const drain = ramp * countedTokensPerSecond(market, instance)
  const elapsed = market.now - columns.debtAt[instance]
  columns.debt[instance] = debtAfter(columns.debt[instance], elapsed, drain) + tokens
  columns.debtAt[instance] = market.now
}

const wakeOf = (
  market: Market,
  instance: number,
  reasons: number,
  ramp: number,
  slots: number,
  capacity: number,
): number => {
  // Whatever brings it back into service has it looked at again.
  if ((reasons & outOfService) !== 0) return Infinity
  const { columns } = market.instances
  const { breakers, rules, now } = market
  let wake = Infinity
  const state = breakers.state[instance]
  if (state === open) wake = breakers.openUntil[instance]
  if ((reasons & (1 << unverified)) !== 0) wake = Math.min(wake, columns.measureUntil[instance])
  const backpressureUntil = columns.backpressureUntil[instance]
  if (backpressureUntil > now) wake = Math.min(wake, backpressureUntil)
  if (
    columns.probeFor[instance] !== 0 ||
    columns.probeRequest[instance] !== 0 ||
    (state === halfOpen && rules.isProbeSynthetic) ||
    (state === closed && columns.isDoubted[instance] !== 0) ||
    (state !== open && columns.isBelowFloor[instance] === 1)
  )
    wake = Math.min(wake, nextProbe(market, instance))
  if (ramp < 1) {
    const online = onlineMicrosAt(market, instance, now)
    const wait = debtWait(market, instance, ramp)
    if (wait > 0) wake = Math.min(wake, now + wait)
    // The bucket is off as soon as the ramp is over.
    if (wait > 0 && online < rules.rampMicros)
      wake = Math.min(wake, now + rules.rampMicros - online)
    const start = startOf(market, instance)
    const toSlot = nextSlotOnline(rules, start, slots, capacity) - online
    // Without the successes that a further slot also asks for, time alone changes nothing.
    if (toSlot > 0) wake = Math.min(wake, now + toSlot)
  }
  // Rounding may leave a moment that is due already: look again a microsecond later, never now.
  return wake === Infinity ? wake : Math.max(wake, now + 1)
}
