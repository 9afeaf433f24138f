/**
 * Blame: an attempt's failure is judged by who can have caused it (docs/rules.md#blame).
 *
 * - A failure after the answer had begun, or one that the rules do not compare, counts at once.
 * - An attempt that delivered nothing is held against its instance until the request is over
 *   (`accusations`); the breaker has it at once, and undoes its part where it was nobody's.
 *     another host delivered                            → it was a failure, a 4xx too
 *     hosts of two operators answered with a 4xx        → the call is wrong: nothing counts
 *     attempts on different nodes failed alike          → the call is what they share: nothing counts,
 *                                                         and where that is often, a probe is to tell
 *     a 4xx that nobody confirmed or refuted            → neutral, unless the host stands out by it
 *     anything else                                     → it was a failure
 *
 * What counts as a failure still needs its witnesses (`witnesses.ts`), but where no call can have brought
 * it about (a 404), and where a 4xx that was refuted stands out from all peers' rates.
 */
import { invariant } from "../../core/invariant.ts"
import { closed, halfOpen } from "../../machines/admission.ts"
import {
  beyondDoubt,
  disownFailure,
  isTrippedByFailure,
  noteSuccess,
  witnessesOf,
} from "../../rules/breaker.ts"
import type { Outcome } from "../../protocol/event.ts"
import { doubt, lookAgain, park, parkAgain, readmit, unpark } from "../admission/probes.ts"
import { accusationOf, accuse } from "../state/attempts.ts"
import type { Market } from "../state/market-state.ts"
import { slotOf } from "../../core/table.ts"
import { noteFailed, noteServed } from "../reputation/credibility.ts"
import { count } from "../../rules/health.ts"
import type { Verdict } from "../../rules/outcome.ts"
import { isHostsOwn, verdictOf } from "../../rules/outcome.ts"
import { noteAnswer, standsOutByRefusal } from "../reputation/refusals.ts"
import { countFailure, isWitnessed } from "../reputation/witnesses.ts"

/** What the present attempt of a request says of its instance, as far as it can be said by now. */
export const judge = (
  market: Market,
  request: number,
  instance: number,
  outcome: Outcome,
  isDelivered: boolean,
  isExcused: boolean,
): void => {
  const verdict = isExcused ? "neutral" : verdictUnder(market, outcome)
  const account = market.requests.columns.account[request]
  const operator = market.instances.columns.operator[instance]
  if (verdictOf[outcome] === "failure" && !isExcused) noteFailed(market, account, operator)
  if (verdict === "success") {
    noteServed(market, account)
    count(market.health, "successes", instance, 1)
    market.instances.columns.successes[instance] += 1
    noteAnswer(market, instance)
  } else if (!isDelivered && !isExcused && isCompared(market, outcome)) {
    accuse(market.attempts, attemptOf(market, request), outcome)
    noteAnswer(market, instance)
  } else if (verdict === "neutral") count(market.health, "neutrals", instance, 1)
  else {
    countFailure(market, instance, isHostsOwn(outcome) ? beyondDoubt : account)
    noteAnswer(market, instance)
  }
  tellBreaker(market, request, instance, outcome, verdict)
}

/** The verdict of the table of outcomes (docs/rules.md#outcomes), and of the knob beside it. */
const verdictUnder = ({ rules }: Market, outcome: Outcome): Verdict =>
  outcome === "backpressure" && rules.isBackpressureFailure ? "failure" : verdictOf[outcome]

/** Is an attempt without a token to be judged by what becomes of its request elsewhere? */
const isCompared = (market: Market, outcome: Outcome): boolean => {
  const { rules } = market
  if (outcome === "consumerError") return rules.isSecondOpinionAsked
  if (outcome === "credentialRefused") return rules.minWitnesses > 1
  // No call keeps a host from being reached.
  if (outcome === "connectFailed") return false
  return rules.isSharedExcused && verdictUnder(market, outcome) === "failure"
}

/** Answers that blame somebody else, and are failures only if another host serves the call. */
const isWord = (outcome: Outcome): boolean =>
  outcome === "consumerError" || outcome === "credentialRefused"

/** The row of a request's present attempt, or of an earlier one. */
const attemptOf = (
  market: Market,
  request: number,
  attempt: number = market.requests.columns.attempt[request],
): number => request * market.rules.maxAttempts + attempt

const tellBreaker = (
  market: Market,
  request: number,
  instance: number,
  outcome: Outcome,
  verdict: Verdict,
): void => {
  const { breakers, rules, now } = market
  const generation = market.attempts.generations[attemptOf(market, request)]
  invariant(
    generation <= breakers.generation[instance],
    "an attempt was dispatched under a generation that had begun",
  )
  if (generation !== breakers.generation[instance]) return
  if (breakers.state[instance] === closed) {
    if (verdict === "success") noteSuccess(breakers, rules, instance, now)
    else if (verdict === "failure") noteFailure(market, request, instance, isHostsOwn(outcome))
    return
  }
  const { probeRequest } = market.instances.columns
  const isProbe = probeRequest[instance] === market.requests.ids[request] + 1
  if (breakers.state[instance] !== halfOpen || !isProbe) return
  probeRequest[instance] = 0
  if (verdict === "success") readmit(market, instance)
  else if (verdict === "failure") parkAgain(market, instance)
}

/** A failure while closed: parks the instance, or has it probed where one party alone has seen it fail. */
const noteFailure = (
  market: Market,
  request: number,
  instance: number,
  isCertain: boolean,
): void => {
  const { breakers, rules, now } = market
  const failure = {
    at: now,
    account: isCertain ? beyondDoubt : market.requests.columns.account[request],
    request: market.requests.ids[request],
  }
  if (!isTrippedByFailure(breakers, rules, instance, failure)) return
  if (isWitnessed(market, instance, witnessesOf(breakers, rules, instance))) park(market, instance)
  else doubt(market, instance)
}

/** May a second host's opinion of a refused request still be asked? None is, once two agree. */
export const isOpinionWanted = (market: Market, request: number): boolean =>
  market.rules.isSecondOpinionAsked && !isRefusalAgreed(market, request)

const isRefusalAgreed = (market: Market, request: number): boolean => {
  const { operator } = market.instances.columns
  let first = -1
  for (const { outcome, instance } of accused(market, request)) {
    if (outcome !== "consumerError") continue
    if (first >= 0 && operator[instance] !== operator[first]) return true
    first = instance
  }
  return false
}

/** The request is over: whatever is held against the instances that it tried is settled. */
export const settleBlame = (market: Market, request: number, isDelivered: boolean): void => {
  if (!isAnyAccused(market, request)) return
  const all = accused(market, request)
  const isAgreed = !isDelivered && isRefusalAgreed(market, request)
  for (const one of all) {
    if (!isDelivered && (isAgreed || isShared(market, one, all))) excuse(market, request, one)
    else if (!isWord(one.outcome)) convict(market, request, one, isHostsOwn(one.outcome))
    else {
      const standsOut = one.outcome === "consumerError" && standsOutByRefusal(market, one.instance)
      if (isDelivered || standsOut) convict(market, request, one, isDelivered && standsOut)
      else count(market.health, "neutrals", one.instance, 1)
    }
  }
  // Excused or parked, an instance's standing has changed; the request's last one is refreshed anyway.
  for (const { instance } of all) lookAgain(market, instance)
}

/** Asked of every request that ends, nearly all of which have gone well. */
const isAnyAccused = (market: Market, request: number): boolean => {
  const { accusations } = market.attempts
  const last = attemptOf(market, request)
  for (let at = attemptOf(market, request, 0); at <= last; at++)
    if (accusations[at] !== 0) return true
  return false
}

interface Accused {
  readonly at: number
  readonly instance: number
  readonly outcome: Outcome
}

/** Attempts of a request that something is held against, whose instances are still there. */
const accused = (market: Market, request: number): ReadonlyArray<Accused> => {
  const found: Array<Accused> = []
  const { attempts } = market
  const last = attemptOf(market, request)
  for (let at = attemptOf(market, request, 0); at <= last; at++) {
    const outcome = accusationOf(attempts, at)
    if (outcome === undefined) continue
    const instance = slotOf(market.instances, attempts.instances[at])
    if (instance >= 0) found.push({ at, instance, outcome })
  }
  return found
}

/** Did an attempt on another node fail alike? A 4xx is agreed on or not, never shared. */
const isShared = (
  { instances }: Market,
  { outcome, instance }: Accused,
  all: ReadonlyArray<Accused>,
): boolean => {
  const { node } = instances.columns
  return (
    outcome !== "consumerError" &&
    all.some((other) => other.outcome === outcome && node[other.instance] !== node[instance])
  )
}

const convict = (
  market: Market,
  request: number,
  { at, instance, outcome }: Accused,
  isCertain: boolean,
): void => {
  const account = market.requests.columns.account[request]
  if (isWord(outcome)) noteFailed(market, account, market.instances.columns.operator[instance])
  countFailure(market, instance, isCertain ? beyondDoubt : account)
  // Of what blames somebody else the breaker hears only now.
  const { state, generation } = market.breakers
  const isCurrent = market.attempts.generations[at] === generation[instance]
  if (isWord(outcome) && isCurrent && state[instance] === closed)
    noteFailure(market, request, instance, isCertain)
}

const excuse = (market: Market, request: number, { instance }: Accused): void => {
  const { breakers, rules } = market
  count(market.health, "neutrals", instance, 1)
  const { ids } = market.requests
  if (!disownFailure(breakers, rules, instance, ids[request])) return
  if (breakers.state[instance] !== closed) unpark(market, instance)
}
