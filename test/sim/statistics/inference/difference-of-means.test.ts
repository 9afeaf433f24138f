import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { standardNormal } from "../../../../sim/kernel/variates.ts"
import type { Pair } from "../../../../sim/statistics/inference/difference-of-means.ts"
import { comparePairs } from "../../../../sim/statistics/inference/difference-of-means.ts"
import { studentTTail } from "../../../../sim/statistics/distributions/student-t.ts"
import { assertProperty } from "../../../support/property.ts"

const pairsOf = (
  baseline: ReadonlyArray<number>,
  variant: ReadonlyArray<number>,
): ReadonlyArray<Pair> => baseline.map((value, i) => ({ baseline: value, variant: variant[i] }))

const value = fc.integer({ min: -1000, max: 1000 })
const somePairs = fc.array(fc.record({ baseline: value, variant: value }), {
  minLength: 2,
  maxLength: 20,
})

/** Pairs that share most of their noise; the variant is higher by `effect`. */
const drawn = (trial: number, n: number, effect: number): ReadonlyArray<Pair> => {
  const stream = openStream("pairs", "trial", trial)
  return Array.from({ length: n }, () => {
    const shared = 3 * standardNormal(stream)
    const baseline = 10 + shared + standardNormal(stream)
    return { baseline, variant: 10 + effect + shared + standardNormal(stream) }
  })
}

describe("the p-value of Student's t", () => {
  it.each([
    // By SciPy 1.17: 2 * scipy.stats.t.sf(t, nu).
    [2, 1, 0.2951672353008665],
    [2.5, 7, 0.04099221858575289],
    [12, 7, 6.358310378185098e-6],
    [0.1, 3, 0.9266523488008059],
    [40, 7, 1.5902179984850364e-9],
    [1e6, 1, 6.366197723673691e-7],
  ])("at t = %d with %d degrees", (t, nu, p) => {
    expect(Math.abs((2 * studentTTail(t, nu)) / p - 1)).toBeLessThan(1e-10)
  })
})

describe("a comparison of pairs", () => {
  it("is that of Student's own example", () => {
    // Hours of sleep gained by ten patients with two drugs (Student, "The probable error of a mean",
    // Biometrika 6, 1908); the figures by scipy.stats.ttest_rel, SciPy 1.17.
    const baseline = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]
    const variant = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    const comparison = comparePairs(pairsOf(baseline, variant))
    expect(comparison.n).toBe(10)
    expect(comparison.baseline).toBeCloseTo(0.75, 12)
    expect(comparison.variant).toBeCloseTo(2.33, 12)
    expect(comparison.difference).toBeCloseTo(1.58, 12)
    expect(comparison.halfWidth!).toBeCloseTo((2.459885763276983 - 0.7001142367230175) / 2, 9)
    expect(comparison.relative).toBeCloseTo(1.58 / 0.75, 12)
    expect(comparison.p!).toBeCloseTo(0.002832890197384273, 11)
    expect(comparison.varianceReduction!).toBeCloseTo(4.765423031727379, 9)
  })

  it("finds nothing where both sides are the same", async () => {
    await assertProperty(
      fc.property(fc.array(value, { minLength: 2, maxLength: 20 }), (values) => {
        expect(comparePairs(pairsOf(values, values))).toMatchObject({
          difference: 0,
          halfWidth: 0,
          p: 1,
          varianceReduction: null,
        })
      }),
    )
  })

  it("turns its sign, and nothing else, where the sides change places", async () => {
    await assertProperty(
      fc.property(somePairs, (pairs) => {
        const there = comparePairs(pairs)
        const back = comparePairs(
          pairs.map(({ baseline, variant }) => ({ baseline: variant, variant: baseline })),
        )
        expect(back.difference).toBeCloseTo(-there.difference, 9)
        expect(back.halfWidth!).toBeCloseTo(there.halfWidth!, 9)
        expect(back.p!).toBeCloseTo(there.p!, 9)
        expect(back.baseline).toBe(there.variant)
      }),
    )
  })

  it("does not depend on the unit", async () => {
    await assertProperty(
      fc.property(somePairs, fc.integer({ min: 1, max: 1000 }), (pairs, scale) => {
        const plain = comparePairs(pairs)
        const scaled = comparePairs(
          pairs.map(({ baseline, variant }) => ({
            baseline: scale * baseline,
            variant: scale * variant,
          })),
        )
        expect(scaled.p!).toBeCloseTo(plain.p!, 9)
        expect(scaled.difference).toBeCloseTo(scale * plain.difference, 6)
        expect(scaled.varianceReduction ?? 0).toBeCloseTo(plain.varianceReduction ?? 0, 6)
      }),
    )
  })

  it("has p below 5% exactly where its 95% interval leaves 0 out", async () => {
    await assertProperty(
      fc.property(somePairs, (pairs) => {
        const { difference, halfWidth, p } = comparePairs(pairs)
        fc.pre(halfWidth! > 0 && Math.abs(p! - 0.05) > 1e-9)
        expect(p! < 0.05).toBe(Math.abs(difference) > halfWidth!)
      }),
    )
  })

  it("has a uniform p where there is no difference, and covers the one that there is", () => {
    const trials = 10_000
    let covered = 0
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let trial = 0; trial < trials; trial++) {
      const { difference, halfWidth } = comparePairs(drawn(trial, 8, 0.7))
      if (Math.abs(difference - 0.7) <= halfWidth!) covered++
      const { p } = comparePairs(drawn(trials + trial, 8, 0))
      tenths[Math.min(9, Math.floor(10 * p!))]++
    }
    // Five standard errors of a binomial share: 5·√(0.95·0.05/10,000); for the ten others,
    // any of which may miss, 5.6.
    expect(Math.abs(covered / trials - 0.95)).toBeLessThan(0.0109)
    for (const count of tenths) expect(Math.abs(count / trials - 0.1)).toBeLessThan(0.0168)
  })

  it("states how much variance the shared draws took away", () => {
    // Shared 9 of 10 on each side: (10 + 10) ÷ (1 + 1) = 10.
    const { varianceReduction } = comparePairs(drawn(0, 40_000, 1))
    expect(varianceReduction!).toBeGreaterThan(9.7)
    expect(varianceReduction!).toBeLessThan(10.3)
  })

  it("goes by the signs alone where every difference is the same", () => {
    const pairs = pairsOf([1, 2, 3, 4], [2, 3, 4, 5])
    expect(comparePairs(pairs)).toMatchObject({
      difference: 1,
      halfWidth: 0,
      p: 0.125,
      varianceReduction: null,
    })
    // The same, but for what is rounded away.
    expect(comparePairs(pairsOf([0.1, 0.2, 0.3], [1.1, 1.2, 1.3])).p).toBe(0.25)
    const sums = comparePairs(pairsOf([0.1 + 0.2, 1, 2], [0.3, 1, 2]))
    expect(sums).toMatchObject({ difference: 0, p: 1 })
  })

  it("gives no interval for one pair, and no share of nothing", () => {
    expect(comparePairs(pairsOf([0], [3]))).toEqual({
      n: 1,
      baseline: 0,
      variant: 3,
      difference: 3,
      halfWidth: null,
      relative: null,
      isConstant: false,
      p: null,
      varianceReduction: null,
    })
    expect(comparePairs([])).toMatchObject({ n: 0, difference: NaN, p: null })
    expect(comparePairs(pairsOf([-2, -2], [-1, -1])).relative).toBe(0.5)
  })
})
