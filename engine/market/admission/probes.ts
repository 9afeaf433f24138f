/**
 * Probes: short generations of the gateway's own that let a parked instance back in
 * (docs/rules.md#breaker), re-measure a floored one (docs/rules.md#floor), and tell of one that a
 * single party's calls have failed on whether it works. One probe at a time; a probe that is not
 * answered within its lease is lost and frees its place, so no instance can be stuck. An instance out
 * of service (its node lost, draining, suspended, out of its schedule) is asked nothing until it is
 * back.
 */
import {
  byFailures,
  closed,
  doubtColumn,
  floorColumn,
  forBreaker,
  forDoubt,
  halfOpen,
  noDoubt,
  noProbe,
  open,
  probeColumn,
} from "../../machines/admission.ts"
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import { beginHalfOpen, close, forgetFailures, trip, undoTrip } from "../../rules/breaker.ts"
import { isInService, refresh } from "./eligibility.ts"
import { decodeMilliTokensPerSecond, forgetSamples } from "../../rules/floor.ts"
import type { ProbePurpose, Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { count } from "../../rules/health.ts"
import type { Verdict } from "../../rules/outcome.ts"
import { verdictOf } from "../../rules/outcome.ts"
import { confirmSuspicions, dropSuspicions } from "../reputation/witnesses.ts"
import type { Market } from "../state/market-state.ts"
import { slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import { noteUptimeOfNode } from "../sla/uptime.ts"
import { heed } from "./answers.ts"
import { measureWhereDue } from "./measurements.ts"

/**
 * What time has changed for an instance, or will have changed while it was out of service: cooldowns,
 * lost probes, probes and measurements that are due.
 */
export const lookAgain = (market: Market, instance: number): void => {
  if (isInService(market, instance)) {
    passCooldown(market, instance)
    loseProbe(market, instance)
    measureWhereDue(market, instance)
    probeWhereDue(market, instance)
  }
  refresh(market, instance)
}

const passCooldown = (market: Market, instance: number): void => {
  const { breakers, now } = market
  if (breakers.state[instance] !== open || now < breakers.openUntil[instance]) return
  beginHalfOpen(breakers, instance)
  market.instances.columns.probeAfter[instance] = now
}

const loseProbe = (market: Market, instance: number): void => {
  const { columns } = market.instances
  const { rules, now } = market
  if (now < columns.probeUntil[instance]) return
  columns.probeRequest[instance] = 0
  if (columns.probeFor[instance] === noProbe) return
  advance(probeColumn, columns.probeFor, instance, "lost")
  columns.probeAfter[instance] = now + rules.probeRetryMicros
}

const probeWhereDue = (market: Market, instance: number): void => {
  const { breakers, rules, now } = market
  const { columns } = market.instances
  const mayProbe =
    columns.probeFor[instance] === noProbe &&
    columns.probeRequest[instance] === 0 &&
    now >= columns.probeAfter[instance] &&
    now >= columns.backpressureUntil[instance]
  if (!mayProbe) return
  if (breakers.state[instance] === halfOpen && rules.isProbeSynthetic)
    sendProbe(market, instance, "breaker", rules.probeTokens, rules.probeLeaseMicros)
  else if (breakers.state[instance] === closed && columns.isDoubted[instance] !== 0)
    sendProbe(market, instance, "doubt", rules.probeTokens, rules.probeLeaseMicros)
  // Half-open too: below the floor, no request would ever come to probe it.
  else if (breakers.state[instance] !== open && columns.isBelowFloor[instance] === 1)
    sendProbe(market, instance, "floor", rules.floorProbeTokens, rules.floorProbeLeaseMicros)
}

const asked = {
  breaker: "askedForBreaker",
  floor: "askedForFloor",
  doubt: "askedForDoubt",
} as const satisfies Record<ProbePurpose, string>

const sendProbe = (
  market: Market,
  instance: number,
  purpose: ProbePurpose,
  tokens: number,
  leaseMicros: number,
): void => {
  invariant(isInService(market, instance), "an instance out of service is asked nothing")
  const { columns } = market.instances
  const probe = columns.probe[instance] + 1
  columns.probe[instance] = probe
  advance(probeColumn, columns.probeFor, instance, asked[purpose])
  columns.probeUntil[instance] = market.now + leaseMicros
  emit(market.sink, {
    _tag: "Probe",
    instance: market.instances.ids[instance],
    probe,
    purpose,
    tokens,
  })
}

/** Takes what is under way as never asked: it is asked anew as soon as somebody looks. */
export const forgetAsked = (market: Market, instance: number): void => {
  const { columns } = market.instances
  columns.measureUntil[instance] = 0
  if (columns.probeFor[instance] === noProbe) return
  advance(probeColumn, columns.probeFor, instance, "cancelled")
  columns.probeAfter[instance] = market.now
}

/** Parks an instance: no request until a probe after the cooldown has come back well. */
export const park = (market: Market, instance: number): void => {
  const { columns } = market.instances
  trip(market.breakers, market.rules, instance, market.now)
  columns.isQuiet[instance] = 0
  columns.parks[instance] += 1
  invariant(
    columns.parks[instance] === market.breakers.generation[instance],
    "an instance is parked each time its breaker trips",
  )
  advance(doubtColumn, columns.isDoubted, instance, "settled")
  advance(probeColumn, columns.probeFor, instance, "cancelled")
  columns.probeRequest[instance] = 0
  noteUptimeOfNode(market, columns.node[instance])
  emit(market.sink, {
    _tag: "Park",
    instance: market.instances.ids[instance],
    untilMicros: market.breakers.openUntil[instance],
  })
}

/** Lets an instance fully back in, with no memory of its failures. */
export const readmit = (market: Market, instance: number): void => {
  advance(doubtColumn, market.instances.columns.isDoubted, instance, "settled")
  close(market.breakers, market.rules, instance)
  noteUptimeOfNode(market, market.instances.columns.node[instance])
}

/** It has failed often enough to be parked, for one party alone: a probe is to tell. */
export const doubt = (market: Market, instance: number): void =>
  beginDoubt(market, instance, "failedAlone")

/** Its provider has refused its token, or what was in one call: a probe is to tell. */
export const doubtToken = (market: Market, instance: number): void => {
  if (market.instances.columns.isDoubted[instance] === noDoubt)
    beginDoubt(market, instance, "tokenRefused")
}

const beginDoubt = (
  market: Market,
  instance: number,
  cause: "failedAlone" | "tokenRefused",
): void => {
  const { columns } = market.instances
  advance(doubtColumn, columns.isDoubted, instance, cause)
  columns.isQuiet[instance] = 0
  if (isInService(market, instance)) probeWhereDue(market, instance)
}

/** What had parked it was no failure of its own alone: it is in again, and a probe is to tell. */
export const unpark = (market: Market, instance: number): void => {
  const { columns } = market.instances
  undoTrip(market.breakers, instance)
  noteUptimeOfNode(market, columns.node[instance])
  columns.probeRequest[instance] = 0
  if (columns.probeFor[instance] === forBreaker)
    advance(probeColumn, columns.probeFor, instance, "cancelled")
  doubt(market, instance)
}

/** Parks it again after a probe: what had parked it before no longer matters. */
export const parkAgain = (market: Market, instance: number): void => {
  forgetFailures(market.breakers, market.rules, instance)
  park(market, instance)
}

/** The floor was missed: no request until a probe is fast enough. */
export const sinkBelowFloor = (market: Market, instance: number): void => {
  const { columns } = market.instances
  advance(floorColumn, columns.isBelowFloor, instance, "missed")
  columns.isQuiet[instance] = 0
  columns.probeAfter[instance] = market.now + market.rules.floorProbeMicros
}

export const onProbeEnded = (
  market: Market,
  event: EventOf<"ProbeEnded">,
): Rejection | undefined => {
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  const { outcome, outputTokens, decodeMicros } = event
  if (!isWhole(outputTokens) || !isWhole(decodeMicros) || !isWhole(event.retryAfterMicros))
    return "InvalidQuantity"
  const { rules } = market
  const { columns } = market.instances
  const probeFor = columns.probeFor[instance]
  if (probeFor === noProbe || columns.probe[instance] !== event.probe) return "StaleProbe"
  advance(probeColumn, columns.probeFor, instance, "ended")
  const verdict = verdictOf[outcome]
  // A neutral probe says nothing of the node, and does not enter its score.
  count(market.health, verdict === "neutral" ? "neutrals" : "probes", instance, 1)
  if (verdict === "success") count(market.health, "goodProbes", instance, 1)
  heed(market, instance, outcome, event.retryAfterMicros)
  if (probeFor === forBreaker) {
    if (verdict === "success") readmit(market, instance)
    else if (verdict === "failure") parkAgain(market, instance)
    else columns.probeAfter[instance] = market.now + rules.probeRetryMicros
  } else if (probeFor === forDoubt) {
    settleDoubt(market, instance, verdict)
  } else {
    // As with any stream, a few tokens say too little about the rate.
    const isMeasured = verdict === "success" && outputTokens >= rules.floorMinStreamTokens
    const rate = decodeMilliTokensPerSecond(outputTokens, decodeMicros)
    if (isMeasured && rate >= rules.readmitMilliTokensPerSecond) {
      advance(floorColumn, columns.isBelowFloor, instance, "passed")
      forgetSamples(market.floorSamples, rules, instance)
    } else columns.probeAfter[instance] = market.now + rules.floorProbeMicros
  }
  lookAgain(market, instance)
  return undefined
}

/** Whoever a single party's calls have failed on is asked by the gateway itself. */
const settleDoubt = (market: Market, instance: number, verdict: Verdict): void => {
  const { columns } = market.instances
  const { now, rules } = market
  invariant(columns.isDoubted[instance] !== noDoubt, "a doubt is settled while there is one")
  if (verdict === "failure") {
    confirmSuspicions(market, instance)
    parkAgain(market, instance)
  } else if (verdict === "success") {
    if (columns.isDoubted[instance] === byFailures) {
      dropSuspicions(market, instance)
      readmit(market, instance)
    } else advance(doubtColumn, columns.isDoubted, instance, "settled")
    // A consumer whose calls fail everywhere makes no host generate more often than a parked one.
    columns.probeAfter[instance] = now + rules.cooldownMicros
  } else columns.probeAfter[instance] = now + rules.probeRetryMicros
}

/** Looks at every instance of a node again. */
export const lookAgainAtNode = (market: Market, node: number): void => {
  const { nextOnNode } = market.instances.columns
  for (let next = market.nodes.columns.firstInstance[node]; next !== 0; next = nextOnNode[next - 1])
    lookAgain(market, next - 1)
}
