/**
 * A naive model of the forgiving breaker (rule 3): it keeps the times of all failures and of all
 * outcomes, and looks through them again at each failure.
 */
import type { Economy } from "../../engine/economy/schema.ts"

export interface NaiveBreaker {
  mode: "closed" | "open" | "halfOpen"
  /** Times of all failures, and of all outcomes that are no neutrals, since it was last closed, µs. */
  failures: Array<number>
  outcomes: Array<number>
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

/** A success or a failure of the present generation while closed. True: the breaker trips. */
export const noteWhileClosed = (
  breaker: NaiveBreaker,
  knobs: Knobs,
  now: number,
  isFailure: boolean,
): boolean => {
  breaker.outcomes.push(now)
  if (!isFailure) return false
  breaker.failures.push(now)
  const recent = breaker.failures.filter((at) => now - at <= micros(knobs.windowSeconds))
  if (recent.length < knobs.threshold) return false
  if (knobs.minFailureRatio === 0) return true
  // The ratio's window is exact to a twelfth of its length.
  const twelfth = (at: number) => (BigInt(at) * 12n) / BigInt(micros(knobs.windowSeconds))
  const isInWindow = (at: number) => twelfth(at) > twelfth(now) - 12n
  const failures = breaker.failures.filter(isInWindow).length
  return failures / breaker.outcomes.filter(isInWindow).length >= knobs.minFailureRatio
}

export const tripNaively = (breaker: NaiveBreaker, knobs: Knobs, now: number): void => {
  breaker.mode = "open"
  breaker.openUntil = now + micros(knobs.cooldownSeconds)
  breaker.trips++
}

export const closeNaively = (breaker: NaiveBreaker): void => {
  breaker.mode = "closed"
  breaker.failures = []
  breaker.outcomes = []
}
