import { closed, halfOpen, open } from "../../../engine/machines/admission.ts"
import { describe, expect, it } from "vitest"
import {
  beginHalfOpen,
  close,
  disowned,
  disownFailure,
  forgetBreaker,
  growBreakers,
  isTrippedByFailure as noteFailure,
  makeBreakers,
  noteSuccess,
  trip,
  witnessesOf,
} from "../../../engine/rules/breaker.ts"
import type { Breakers } from "../../../engine/rules/breaker.ts"
import type { Rules } from "../../../engine/economy/rules.ts"
import { compileRules } from "../../../engine/economy/rules.ts"
import { economyWith } from "../../support/market.ts"

const second = 1_000_000
const rules = compileRules(economyWith({}))
const ratioRules = compileRules(economyWith({ breaker: { minFailureRatio: 0.1 } }))

/** A failure that a call of account 0 has shown; request: none that another one is withdrawn by. */
const isTrippedByFailure = (
  breakers: Breakers,
  under: Rules,
  slot: number,
  at: number,
  request = 0,
  account = 0,
): boolean => noteFailure(breakers, under, slot, { at, account, request })

/** Which of the failures at these seconds, all in slot 0, trips the breaker. */
const tripsAt = (seconds: ReadonlyArray<number>, under = rules): ReadonlyArray<boolean> => {
  const breakers = makeBreakers(under)
  return seconds.map((at) => isTrippedByFailure(breakers, under, 0, at * second))
}

describe("three failures in 60 seconds park an instance", () => {
  it("at the third, not before", () => {
    expect(tripsAt([0, 10, 20])).toEqual([false, false, true])
  })

  it("where the first and the third are exactly 60 s apart, and not a microsecond more", () => {
    expect(tripsAt([0, 30, 60])).toEqual([false, false, true])
    expect(tripsAt([0, 30, 60.000001])).toEqual([false, false, false])
  })

  it("by the exact times of the latest three, not by buckets of a minute", () => {
    // Two late in one minute and one early in the next.
    expect(tripsAt([58, 59, 61])).toEqual([false, false, true])
    expect(tripsAt([0, 61, 122, 123, 124])).toEqual([false, false, false, false, true])
  })

  it("also where the first of them came at time 0", () => {
    expect(tripsAt([0, 0, 0])).toEqual([false, false, true])
  })

  it.each([1, 2, 16])("and %d failures where the economy says so", (threshold) => {
    const under = compileRules(economyWith({ breaker: { threshold } }))
    const times = Array.from({ length: threshold }, (_, i) => i)
    expect(tripsAt(times, under).indexOf(true)).toBe(threshold - 1)
  })
})

describe("a parked instance", () => {
  it("is open for the cooldown, under a new generation, and closed without memory after it", () => {
    const breakers = makeBreakers(rules)
    for (const at of [1, 2]) isTrippedByFailure(breakers, rules, 3, at * second)
    expect(isTrippedByFailure(breakers, rules, 3, 3 * second)).toBe(true)
    trip(breakers, rules, 3, 3 * second)
    expect(breakers.state[3]).toBe(open)
    expect(breakers.generation[3]).toBe(1)
    expect(breakers.openUntil[3]).toBe(18 * second)
    beginHalfOpen(breakers, 3)
    expect(breakers.state[3]).toBe(halfOpen)
    close(breakers, rules, 3)
    expect(breakers.state[3]).toBe(closed)
    expect(breakers.generation[3]).toBe(1)
    const again = [4, 5, 6].map((at) => isTrippedByFailure(breakers, rules, 3, at * second))
    expect(again).toEqual([false, false, true])
  })

  it("leaves its neighbours alone", () => {
    const breakers = makeBreakers(rules)
    for (const slot of [0, 1, 2])
      for (const at of [1, 2]) isTrippedByFailure(breakers, rules, slot, at * second)
    trip(breakers, rules, 1, 2 * second)
    beginHalfOpen(breakers, 1)
    close(breakers, rules, 1)
    expect(isTrippedByFailure(breakers, rules, 0, 3 * second)).toBe(true)
    expect(isTrippedByFailure(breakers, rules, 1, 3 * second)).toBe(false)
    expect(isTrippedByFailure(breakers, rules, 2, 3 * second)).toBe(true)
  })

  it("gives its slot away as new", () => {
    const breakers = makeBreakers(ratioRules)
    for (const at of [1, 2, 3]) isTrippedByFailure(breakers, ratioRules, 5, at * second)
    trip(breakers, ratioRules, 5, 3 * second)
    forgetBreaker(breakers, ratioRules, 5)
    expect(breakers).toEqual(makeBreakers(ratioRules))
  })

  it("keeps its memory where the table grows", () => {
    const breakers = makeBreakers(ratioRules)
    for (const at of [1, 2]) isTrippedByFailure(breakers, ratioRules, 15, at * second)
    growBreakers(breakers, ratioRules, 64)
    expect(breakers.state.length).toBe(64)
    expect(isTrippedByFailure(breakers, ratioRules, 15, 3 * second)).toBe(true)
    expect(isTrippedByFailure(breakers, ratioRules, 63, 3 * second)).toBe(false)
  })
})

describe("the failure ratio", () => {
  /** Does the third failure trip after so many successes, all within the same second? */
  const isTripped = (successes: number, under = ratioRules): boolean => {
    const breakers = makeBreakers(under)
    for (let i = 0; i < successes; i++) noteSuccess(breakers, under, 0, second)
    isTrippedByFailure(breakers, under, 0, second)
    isTrippedByFailure(breakers, under, 0, second)
    return isTrippedByFailure(breakers, under, 0, second)
  }

  it("spares a fast instance: 3 failures in 30 outcomes park it, in 31 they do not", () => {
    expect(isTripped(27)).toBe(true)
    expect(isTripped(28)).toBe(false)
  })

  it("is off in `pooled`", () => {
    expect(isTripped(100_000, rules)).toBe(true)
  })

  it("forgets outcomes older than the window, to a twelfth of it", () => {
    const successThen = (wait: number): boolean => {
      const breakers = makeBreakers(ratioRules)
      for (let i = 0; i < 1000; i++) noteSuccess(breakers, ratioRules, 0, 2 * second)
      const at = (2 + wait) * second
      isTrippedByFailure(breakers, ratioRules, 0, at)
      isTrippedByFailure(breakers, ratioRules, 0, at)
      return isTrippedByFailure(breakers, ratioRules, 0, at)
    }
    expect(successThen(50)).toBe(false)
    expect(successThen(60)).toBe(true)
    expect(successThen(3600)).toBe(true)
  })

  it("trips at a later failure, once the ratio is reached", () => {
    const breakers = makeBreakers(ratioRules)
    for (let i = 0; i < 36; i++) noteSuccess(breakers, ratioRules, 0, second)
    const trips = [1, 2, 3, 4].map((at) => isTrippedByFailure(breakers, ratioRules, 0, at * second))
    expect(trips).toEqual([false, false, false, true])
  })
})

describe("a failure that was nobody's", () => {
  it("stays in the memory without a witness", () => {
    const breakers = makeBreakers(rules)
    for (const account of [4, 5, 6])
      isTrippedByFailure(breakers, rules, 0, account * second, account, account)
    expect([...witnessesOf(breakers, rules, 0)]).toEqual([4, 5, 6])
    expect(disownFailure(breakers, rules, 0, 5)).toBe(true)
    expect([...witnessesOf(breakers, rules, 0)]).toEqual([4, disowned, 6])
  })

  it("is one of that request's, or nothing is", () => {
    const breakers = makeBreakers(rules)
    isTrippedByFailure(breakers, rules, 0, second, 7)
    expect(disownFailure(breakers, rules, 0, 8)).toBe(false)
    expect(disownFailure(breakers, rules, 1, 7)).toBe(false)
    expect(disownFailure(breakers, rules, 0, 7)).toBe(true)
  })

  it("makes room for later ones, the oldest first", () => {
    const breakers = makeBreakers(rules)
    for (const request of [1, 2, 3, 4])
      isTrippedByFailure(breakers, rules, 0, request * second, request, request)
    expect(disownFailure(breakers, rules, 0, 1)).toBe(false)
    expect([...witnessesOf(breakers, rules, 0)]).toEqual([2, 3, 4])
  })
})
