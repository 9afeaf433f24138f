import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  always,
  covers,
  isWithin,
  microsWithin,
  never,
  nextTurn,
  spansOf,
} from "../../../../engine/rules/hours/spans.ts"
import type { Spans } from "../../../../engine/rules/hours/spans.ts"
import { assertProperty } from "../../../support/property.ts"

describe("spans of time", () => {
  it("are refused where they do not rise, touch, overlap or are no times", () => {
    expect(spansOf([1], [])).toBeUndefined()
    expect(spansOf([1], [1])).toBeUndefined()
    expect(spansOf([2], [1])).toBeUndefined()
    expect(spansOf([1, 3], [3, 5])).toBeUndefined()
    expect(spansOf([4, 1], [5, 2])).toBeUndefined()
    expect(spansOf([-1], [2])).toBeUndefined()
    expect(spansOf([0.5], [2])).toBeUndefined()
    expect(spansOf([], [])).toEqual(never)
  })

  it("say the same as instants one by one", async () => {
    const most = 60
    await assertProperty(
      fc.property(
        fc.uniqueArray(fc.nat(most), { maxLength: 12 }),
        fc.nat(most),
        fc.nat(most),
        (cuts, a, b) => {
          const sorted = cuts.toSorted((x, y) => x - y).slice(0, cuts.length - (cuts.length % 2))
          const starts = sorted.filter((_, index) => index % 2 === 0)
          const ends = sorted.filter((_, index) => index % 2 === 1)
          const spans = spansOf(starts, ends) as Spans
          const isIn = (time: number) =>
            starts.some((start, index) => start <= time && time < ends[index]!)
          const [from, until] = [Math.min(a, b), Math.max(a, b)]
          const times = Array.from({ length: until - from }, (_, index) => from + index)
          expect(isWithin(spans, from)).toBe(isIn(from))
          expect(microsWithin(spans, from, until)).toBe(times.filter(isIn).length)
          if (from < until) expect(covers(spans, from, until)).toBe(times.every(isIn))
          const later = Array.from({ length: most + 2 - from }, (_, index) => from + 1 + index)
          expect(nextTurn(spans, from)).toBe(
            later.find((time) => isIn(time) !== isIn(time - 1)) ?? Infinity,
          )
        },
      ),
    )
  })

  it("of always cover everything and never turn", () => {
    expect(covers(always, 0, 2 ** 52)).toBe(true)
    expect(nextTurn(always, 5)).toBe(Infinity)
    expect(isWithin(never, 5)).toBe(false)
  })
})
