/**
 * A naive model of the forgiving breaker (rule 3): it keeps the times of all failures and of all
 * outcomes, and looks through them again at each failure.
 */
import type { Economy } from "../../engine/economy/schema.ts"

/** A success or a failure, when, and whose call it was. */
export interface NaiveOutcome {
  readonly at: number
  readonly isFailure: boolean
  readonly account: number
  readonly request: number
}

export interface NaiveBreaker {
  mode: "closed" | "open" | "halfOpen"
  /** The latest failures, as many as it trips by, and all outcomes that are no neutrals. */
  failures: ReadonlyArray<NaiveOutcome>
  outcomes: ReadonlyArray<NaiveOutcome>
  openUntil: number
  trips: number
}

export const makeNaiveBreaker = (): NaiveBreaker => ({
  mode: "closed",
  failures: [],
  outcomes: [],
  openUntil: 0,
  trips: 0,
})

type Knobs = Economy["breaker"]

export const micros = (seconds: number): number => Math.round(seconds * 1_000_000)

/** A success or a failure of the present generation while closed. True: it is enough to trip. */
export const noteWhileClosed = (
  breaker: NaiveBreaker,
  knobs: Knobs,
  outcome: NaiveOutcome,
): boolean => {
  const now = outcome.at
  breaker.outcomes = [...breaker.outcomes, outcome]
  if (!outcome.isFailure) return false
  breaker.failures = [...breaker.failures, outcome].slice(-knobs.threshold)
  const recent = breaker.failures.filter(({ at }) => now - at <= micros(knobs.windowSeconds))
  if (recent.length < knobs.threshold) return false
  if (knobs.minFailureRatio === 0) return true
  // The ratio's window is exact to a twelfth of its length.
  const twelfth = (at: number) => (BigInt(at) * 12n) / BigInt(micros(knobs.windowSeconds))
  const seen = breaker.outcomes.filter(({ at }) => twelfth(at) > twelfth(now) - 12n)
  const failures = seen.filter(({ isFailure }) => isFailure)
  return failures.length / seen.length >= knobs.minFailureRatio
}

/** In place of an account: what failed was the request. */
export const nobody = -2

/** A request's failure is nobody's, where it is still remembered. */
export const disownNaively = (breaker: NaiveBreaker, request: number): boolean => {
  if (breaker.failures.every((one) => one.request !== request)) return false
  breaker.failures = breaker.failures.map((one) =>
    one.request === request ? { ...one, account: nobody } : one,
  )
  return true
}

export const tripNaively = (breaker: NaiveBreaker, knobs: Knobs, now: number): void => {
  breaker.mode = "open"
  breaker.openUntil = now + micros(knobs.cooldownSeconds)
  breaker.trips++
}

export const closeNaively = (breaker: NaiveBreaker): void => {
  breaker.mode = "closed"
  forgetNaively(breaker)
}

export const forgetNaively = (breaker: NaiveBreaker): void => {
  breaker.failures = []
  breaker.outcomes = []
}
