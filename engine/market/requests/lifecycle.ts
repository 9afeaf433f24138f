/** The steps that the life of every request has, inside a booking or not. */
import { insert, slotOf } from "../../core/table.ts"
import type { Refusal } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf, Outcome } from "../../protocol/event.ts"
import { isRetryable, verdictOf } from "../../rules/outcome.ts"
import { growAttempts } from "../state/attempts.ts"
import { keepQueued } from "../state/queued-calls.ts"
import type { Market } from "../state/market-state.ts"

/** Ends a request before it is one. */
export const refuse = (market: Market, request: number, reason: Refusal): undefined => {
  emit(market.sink, { _tag: "Refuse", request, reason })
  return undefined
}

/** A row for a request, with room for its attempts. */
export const admit = (market: Market, request: number): number => {
  const slot = insert(market.requests, request)
  growAttempts(market.attempts, market.rules, market.requests.ids.length)
  keepQueued(market.queued, market.rules, slot, market.requests.ids.length)
  return slot
}

/** Notes who has the attempt that begins. */
export const noteAttempt = (market: Market, request: number, instance: number): void => {
  const { attempts, breakers, instances, requests, rules } = market
  requests.columns.instance[request] = instance
  const at = request * rules.maxAttempts + requests.columns.attempt[request]
  attempts.instances[at] = instances.ids[instance]
  attempts.generations[at] = breakers.generation[instance]
  attempts.accusations[at] = 0
}

/** Has the consumer had something, or all that it asked for? */
export const hasDelivered = (
  { requests }: Market,
  request: number,
  { outcome, outputTokens }: EventOf<"AttemptEnded">,
): boolean =>
  outputTokens > 0 || (outcome === "completed" && requests.columns.maxTokens[request] === 0)

/** Does an attempt that delivered nothing leave its request unserved, whoever is to blame? */
export const isFailed = (outcome: Outcome): boolean =>
  verdictOf[outcome] === "failure" || isRetryable(outcome)

/** Says that a request which delivered nothing is over, and what that is. */
export const finishUnserved = (
  market: Market,
  request: number,
  instance: number,
  outcome: Outcome,
): void => {
  if (isFailed(outcome)) refuse(market, request, "AttemptFailed")
  else finishFree(market, request, instance, outcome, 0)
}

/** Says that a request is over for which nothing is charged. */
export const finishFree = (
  market: Market,
  request: number,
  instance: number,
  outcome: Outcome,
  outputTokens: number,
): void =>
  emit(market.sink, {
    _tag: "Finish",
    request,
    instance,
    outcome,
    outputTokens,
    charge: 0,
    fee: 0,
    share: 0,
    withheld: 0,
    bounty: 0,
  })

/** Whether a request is one of a booking that still runs: its slot; −1: it is not. */
export const bookingOf = ({ bookings, requests }: Market, request: number): number => {
  const booking = requests.columns.booking[request]
  return booking === 0 ? -1 : slotOf(bookings, booking - 1)
}
