import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { skewedInterval } from "../../../../sim/statistics/inference/skewed-interval.ts"
import { normalQuantile } from "../../../../sim/statistics/distributions/normal.ts"
import {
  decide,
  heldSince,
  isPrecise,
  K_LIMIT,
  lookAhead,
  precisionOf,
} from "../../../../sim/statistics/inference/sequential-stopping.ts"
import { assertProperty } from "../../../support/property.ts"

const relative = { isRelative: true, halfWidth: 0.05 }
const absolute = { isRelative: false, halfWidth: 0.05 }

describe("precision", () => {
  it("is the half-width, or its share of the mean's size", () => {
    expect(precisionOf({ mean: -4, halfWidth: 1, basis: "interval" }, relative)).toBe(0.25)
    expect(precisionOf({ mean: -4, halfWidth: 1, basis: "interval" }, absolute)).toBe(1)
    expect(isPrecise({ mean: 20, halfWidth: 1, basis: "interval" }, relative)).toBe(true)
    expect(isPrecise({ mean: 20, halfWidth: 1, basis: "interval" }, absolute)).toBe(false)
  })

  it("is not there without an interval, nor as a share of nothing", () => {
    expect(precisionOf({ mean: 3, halfWidth: null, basis: "interval" }, absolute)).toBe(Infinity)
    expect(precisionOf({ mean: 0, halfWidth: 1, basis: "interval" }, relative)).toBe(Infinity)
    expect(precisionOf({ mean: 0, halfWidth: 1, basis: "interval" }, absolute)).toBe(1)
    expect(precisionOf({ mean: 3, halfWidth: 0, basis: "same" }, absolute)).toBe(Infinity)
  })
})

describe("the look-ahead", () => {
  it("is kLimit up to a hundred replications, and grows with them from there on", () => {
    expect([3, 99, 100, 119, 120, 1000].map((n) => lookAhead(n))).toEqual([5, 5, 5, 5, 6, 50])
    expect(lookAhead(250, 0)).toBe(0)
  })
})

/** The algorithm step by step, as the paper has it. */
const searched = (isMet: (n: number) => boolean, least: number, most: number, kLimit: number) => {
  let n = least
  while (n <= most) {
    if (!isMet(n)) {
      n += 1
      continue
    }
    const further = Math.floor((kLimit * Math.max(100, n)) / 100)
    let k = 1
    while (k <= further && n + k <= most && isMet(n + k)) k += 1
    if (k > further) return { since: n, ends: n + further }
    if (n + k > most) return { since: n, ends: null }
    n += k
  }
  return { since: null, ends: null }
}

describe("the decision", () => {
  it("is that of the algorithm, step by step", async () => {
    const histories = fc.array(
      // Runs of one answer, so that some of them outlast the look-ahead.
      fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 12 })),
      { minLength: 1, maxLength: 12 },
    )
    await assertProperty(
      fc.property(
        histories,
        fc.integer({ min: 2, max: 150 }),
        fc.nat(8),
        fc.nat(60),
        (runs, least, kLimit, more) => {
          const met = runs.flatMap(([isMet, times]) => Array<boolean>(times).fill(isMet))
          const rule = { least, most: least + Math.min(more, met.length - 1), kLimit }
          const { since, ends } = searched((n) => met[n - least] ?? false, least, rule.most, kLimit)
          for (let n = least; n <= rule.most; n++) {
            const decision = decide(met.slice(0, n - least + 1), rule)
            if (n === ends) {
              expect(decision).toBe("reached")
              expect(heldSince(met.slice(0, n - least + 1), rule)).toBe(since)
              return
            }
            expect(decision).toBe(n === rule.most ? "capped" : "go on")
          }
          expect(ends).toBeNull()
          expect(heldSince(met.slice(0, rule.most - least + 1), rule)).toBe(since)
        },
      ),
    )
  })

  it("goes on before anything was looked at", () => {
    expect(decide([], { least: 3, most: 2 })).toBe("go on")
    expect(heldSince([], { least: 3 })).toBeNull()
  })

  it("ends with intervals that are narrow enough and cover about as often as they say", () => {
    // Normal replications of mean 1 and deviation 0.1; a relative half-width of 5% takes some 18.
    const macros = 2_000
    let covered = 0
    for (let macro = 0; macro < macros; macro++) {
      const stream = openStream("stopping", "normal", macro)
      const values = Array.from({ length: 2 }, () => 1 + 0.1 * normalQuantile(stream.next()))
      const history: Array<boolean> = []
      let interval = skewedInterval(values)
      do {
        values.push(1 + 0.1 * normalQuantile(stream.next()))
        interval = skewedInterval(values)
        history.push(isPrecise(interval, relative))
      } while (decide(history, { least: 3, most: 1_000 }) === "go on")
      expect(precisionOf(interval, relative)).toBeLessThanOrEqual(0.05)
      expect(values.length).toBeGreaterThanOrEqual(3 + K_LIMIT)
      if (Math.abs(interval.mean - 1) <= (interval.halfWidth ?? 0)) covered += 1
    }
    // 93% of 2,000 less five standard deviations of that share.
    expect(covered / macros).toBeGreaterThan(0.93 - 5 * Math.sqrt((0.93 * 0.07) / macros))
  })
})
