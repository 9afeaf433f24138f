/**
 * The attempts of the requests under way: which instances a request has tried, and what it holds
 * against them until it is over.
 */
import { invariant } from "../../core/invariant.ts"
import type { Rules } from "../../economy/rules.ts"
import type { Outcome } from "../../protocol/event.ts"
import { outcomes } from "../../protocol/event.ts"

/** One row an attempt, `maxAttempts` rows a request slot. */
export interface Attempts {
  /** Id of the instance. */
  instances: Float64Array<ArrayBuffer>
  /** Trips of its breaker when the attempt was dispatched. */
  generations: Uint32Array<ArrayBuffer>
  /** Outcome that is to be judged when the request is over, its number in `outcomes` + 1; 0: none. */
  accusations: Uint8Array<ArrayBuffer>
}

export const makeAttempts = (rules: Rules, requests = 16): Attempts => ({
  instances: new Float64Array(requests * rules.maxAttempts),
  generations: new Uint32Array(requests * rules.maxAttempts),
  accusations: new Uint8Array(requests * rules.maxAttempts),
})

/** Makes room for request slots below `requests`. */
export const growAttempts = (attempts: Attempts, rules: Rules, requests: number): void => {
  if (requests * rules.maxAttempts <= attempts.instances.length) return
  const wider = makeAttempts(rules, requests)
  wider.instances.set(attempts.instances)
  wider.generations.set(attempts.generations)
  wider.accusations.set(attempts.accusations)
  Object.assign(attempts, wider)
}

/** Holds an outcome against an attempt until its request is over. */
export const accuse = (attempts: Attempts, at: number, outcome: Outcome): void => {
  invariant(attempts.accusations[at] === 0, "an attempt is accused once")
  attempts.accusations[at] = outcomes.indexOf(outcome) + 1
  invariant(attempts.accusations[at] > 0, "an attempt is accused by one of the outcomes")
}

/** What is held against an attempt; `undefined`: nothing. */
export const accusationOf = (attempts: Attempts, at: number): Outcome | undefined => {
  const accusation = attempts.accusations[at]
  invariant(accusation <= outcomes.length, "what is held against an attempt is an outcome")
  return accusation === 0 ? undefined : outcomes[accusation - 1]
}

/** All that an instance has under way, calls inside bookings too. */
export const countUnderWay = (
  { columns }: { readonly columns: Readonly<Record<"inFlight" | "bookedInFlight", Int32Array>> },
  instance: number,
): number => columns.inFlight[instance] + columns.bookedInFlight[instance]
