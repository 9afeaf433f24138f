import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  decodeMilliTokensPerSecond,
  forgetSamples,
  growFloorSamples,
  isBelowAfter,
  makeFloorSamples,
} from "../../../engine/rules/floor.ts"
import { compileRules } from "../../../engine/economy/rules.ts"
import { microsPerSecond } from "../../../engine/core/units.ts"
import { economyWith } from "../../support/market.ts"
import { assertProperty } from "../../support/property.ts"

const rules = compileRules(economyWith({}))
const slow = 4999
const fast = 5000

describe("the decode rate", () => {
  it("is the tokens after the first over the time from first to last", () => {
    expect(decodeMilliTokensPerSecond(33, 4 * microsPerSecond)).toBe(8000)
  })

  it("is without bound where the tokens came at once", () => {
    expect(decodeMilliTokensPerSecond(33, 0)).toBe(Infinity)
  })
})

describe("the floor", () => {
  /** Is slot 0 below the floor after each of these streams, one a second? */
  const verdicts = (rates: ReadonlyArray<number>): ReadonlyArray<boolean> => {
    const samples = makeFloorSamples(rules)
    return rates.map((rate, i) => isBelowAfter(samples, rules, 0, i, i * microsPerSecond, rate))
  }

  it("is missed at the fifth slow stream, not before", () => {
    expect(verdicts([slow, slow, slow, slow, slow])).toEqual([false, false, false, false, true])
  })

  it("is met at exactly 5 tok/s", () => {
    expect(verdicts([fast, fast, fast, fast, fast])).not.toContain(true)
  })

  it("is missed where more than half are slow, so that the median is", () => {
    expect(verdicts([fast, fast, slow, slow, slow]).at(-1)).toBe(true)
    expect(verdicts([fast, fast, fast, slow, slow, slow]).at(-1)).toBe(false)
  })

  it("looks at the last 10 minutes only", () => {
    const samples = makeFloorSamples(rules)
    const at = (seconds: number, cursor: number) =>
      isBelowAfter(samples, rules, 0, cursor, seconds * microsPerSecond, slow)
    for (let i = 0; i < 4; i++) at(i, i)
    // The first of the four is exactly 600 s old, and then a microsecond more.
    expect(at(600, 4)).toBe(true)
    const later = makeFloorSamples(rules)
    for (let i = 0; i < 4; i++) isBelowAfter(later, rules, 0, i, i * microsPerSecond, slow)
    expect(isBelowAfter(later, rules, 0, 4, 600 * microsPerSecond + 1, slow)).toBe(false)
  })

  it("is the median of the window's latest 32, whatever comes", async () => {
    const stream = fc.tuple(fc.constantFrom(slow, fast), fc.nat(100 * microsPerSecond))
    await assertProperty(
      fc.property(fc.array(stream, { maxLength: 80 }), fc.nat(3), (streams, slot) => {
        const samples = makeFloorSamples(rules)
        const naive: Array<{ readonly at: number; readonly rate: number }> = []
        let now = 0
        for (const [i, [rate, gap]] of streams.entries()) {
          now += gap
          naive.push({ at: now, rate })
          const window = naive.slice(-32).filter(({ at }) => now - at <= 600 * microsPerSecond)
          const sorted = window.map((sample) => sample.rate).toSorted((a, b) => a - b)
          // The upper median: with an even number, half of them slow is not yet too slow.
          const median = sorted[Math.floor(sorted.length / 2)] ?? Infinity
          const isMissed = window.length >= 5 && median < 5000 && rate < 5000
          expect(isBelowAfter(samples, rules, slot, i, now, rate)).toBe(isMissed)
        }
      }),
    )
  })

  it("forgets one instance's streams and no other's, and keeps all when it grows", () => {
    const samples = makeFloorSamples(rules)
    for (const slot of [2, 3])
      for (let i = 0; i < 4; i++) isBelowAfter(samples, rules, slot, i, i, slow)
    forgetSamples(samples, rules, 2)
    growFloorSamples(samples, rules, 64)
    expect(isBelowAfter(samples, rules, 2, 4, 4, slow)).toBe(false)
    expect(isBelowAfter(samples, rules, 3, 4, 4, slow)).toBe(true)
  })
})
