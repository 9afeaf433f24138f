/**
 * Who may serve (rule 1): an instance is a candidate when every reason against it is absent. Each
 * reason has its own code, shown to operators and counted.
 *
 * `refresh` is the one place where an instance's standing is worked out, from state and time alone.
 * It runs after whatever touched the instance, and again at the earliest moment at which time itself
 * will change the answer.
 */
import type { Standing } from "../routing/candidates.ts"
import { rankCandidate } from "../routing/candidates.ts"
import type { Market } from "../state/market.ts"
import { wakeAt } from "../state/wake-queue.ts"
import { healthHundredths } from "../reputation/health.ts"
import { closed, halfOpen, open } from "./breaker.ts"
import { debtAfter, debtWaitMicros, nextSlotOnline, rampOf, rampedSlots } from "./ramp.ts"

export const eligibilityReasons = [
  "Eligible",
  "Inactive",
  "Draining",
  "Suspended",
  "OffSchedule",
  "Unverified",
  "Parked",
  "ProbeUnderWay",
  "BelowFloor",
  "Backpressure",
  "RateCapped",
  "Full",
] as const
export type EligibilityReason = (typeof eligibilityReasons)[number]

const eligible = 0
const inactive = 1
const draining = 2
const suspended = 3
const offSchedule = 4
const unverified = 5
const parked = 6
const probeUnderWay = 7
const belowFloor = 8
const backpressure = 9
const rateCapped = 10
const full = 11

/** Reused by every call: `refresh` is on the path of every request. */
const standing: { -readonly [K in keyof Standing]: Standing[K] } = {
  isAdmitted: false,
  inFlight: 0,
  capacity: 1,
  slots: 1,
  ramp: 1,
  healthHundredths: 0,
}

/** The ramp r of an instance at `now`, start…1. */
export const rampNow = (market: Market, instance: number, now: number): number => {
  const { columns } = market.instances
  return rampOf(market.rules, onlineMicrosAt(market, instance, now), columns.successes[instance])
}

/** Online time of an instance at `now`, µs. */
export const onlineMicrosAt = (market: Market, instance: number, now: number): number => {
  const { onlineMicros, isOnline, creditedUntil } = market.instances.columns
  const credited = onlineMicros[instance]
  return isOnline[instance] === 1 ? credited + now - creditedUntil[instance] : credited
}

/** Slots that count before the ramp: declared, or the lesser of declared and measured. */
export const countedSlots = (market: Market, instance: number): number => {
  const { slots, measuredSlots } = market.instances.columns
  const declared = slots[instance]
  if (!market.rules.isCapacityVerified) return declared
  return Math.min(declared, measuredSlots[instance])
}

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
  const reason = reasonAgainst(market, instance, ramp)
  const wake = wakeOf(market, instance, ramp, slots, capacity)
  columns.capacity[instance] = capacity
  const isAtRest = market.breakers.state[instance] === closed && wake === Infinity
  columns.isQuiet[instance] = reason === eligible && ramp === 1 && isAtRest ? 1 : 0
  rank(market, instance, reason, capacity, slots, ramp)
  wakeAt(market.instanceWakes, instance, wake)
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
  standing.isAdmitted = reason === eligible
  standing.inFlight = inFlight
  standing.capacity = capacity
  standing.slots = slots
  standing.ramp = ramp
  standing.healthHundredths = healthHundredths(market.rules, market.health, instance)
  rankCandidate(
    market.candidates[columns.model[instance]],
    market.rules,
    columns.place[instance],
    columns.account[instance],
    standing,
  )
  const shown = reason === eligible && inFlight >= capacity ? full : reason
  if (columns.reason[instance] === shown) return
  columns.reason[instance] = shown
  market.reasonCounts[shown] += 1
}

const reasonAgainst = (market: Market, instance: number, ramp: number): number => {
  const { columns } = market.instances
  const { breakers, rules, now } = market
  if (columns.isOnline[instance] === 0) return inactive
  if (columns.isDraining[instance] === 1) return draining
  if (columns.isSuspended[instance] === 1) return suspended
  if (columns.isUnavailable[instance] === 1) return offSchedule
  if (rules.isCapacityVerified && columns.measuredSlots[instance] === 0) return unverified
  const state = breakers.state[instance]
  if (state === open) return parked
  if (state === halfOpen && (rules.isProbeSynthetic || columns.probeRequest[instance] !== 0))
    return probeUnderWay
  if (columns.isBelowFloor[instance] === 1) return belowFloor
  if (columns.backpressureUntil[instance] > now) return backpressure
  if (ramp < 1 && debtWait(market, instance, ramp) > 0) return rateCapped
  return eligible
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
  ramp: number,
  slots: number,
  capacity: number,
): number => {
  const { columns } = market.instances
  const { breakers, rules, now } = market
  if (columns.isOnline[instance] === 0) return Infinity
  let wake = Infinity
  const state = breakers.state[instance]
  if (state === open) wake = breakers.openUntil[instance]
  const probeFor = columns.probeFor[instance]
  if (probeFor !== 0 || columns.probeRequest[instance] !== 0)
    wake = Math.min(wake, columns.probeUntil[instance])
  else if (
    (state === halfOpen && rules.isProbeSynthetic) ||
    (state !== open && columns.isBelowFloor[instance] === 1)
  )
    wake = Math.min(wake, columns.probeAfter[instance])
  const backpressureUntil = columns.backpressureUntil[instance]
  if (backpressureUntil > now) wake = Math.min(wake, backpressureUntil)
  if (ramp < 1) {
    const online = onlineMicrosAt(market, instance, now)
    const wait = debtWait(market, instance, ramp)
    if (wait > 0) wake = Math.min(wake, now + wait)
    // The bucket is off as soon as the ramp is over.
    if (wait > 0 && online < rules.rampMicros)
      wake = Math.min(wake, now + rules.rampMicros - online)
    const toSlot = nextSlotOnline(rules, slots, capacity) - online
    // Without the successes that a further slot also asks for, time alone changes nothing.
    if (toSlot > 0) wake = Math.min(wake, now + toSlot)
  }
  // Rounding may leave a moment that is due already: look again a microsecond later, never now.
  return wake === Infinity ? wake : Math.max(wake, now + 1)
}
