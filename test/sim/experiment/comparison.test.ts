/** Runs beside each other: what is paired, what is missing, and what all metrics together show. */
import { describe, expect, it } from "vitest"
import { compareRuns } from "../../../sim/experiment/comparison.ts"
import type { RunResult } from "../../../sim/results/models/run-model.ts"
import { estimateOf, makeRunResult } from "../../support/run-result.ts"

const base = makeRunResult({ replications: 8, days: 1, nodes: 4 })

/** The run with each replication's metrics made anew. */
const withMetrics = (
  of: (
    metrics: Readonly<Record<string, number>>,
    index: number,
  ) => Readonly<Record<string, number>>,
): RunResult => {
  const replications = base.replications.map((one) => ({
    ...one,
    metrics: of(one.metrics, one.index),
  }))
  const names = new Set(replications.flatMap(({ metrics }) => Object.keys(metrics)))
  return {
    ...base,
    replications,
    metrics: Object.fromEntries(
      [...names].map((name) => [
        name,
        estimateOf(name, { n: 8, unit: "s", meaning: `Says ${name}`, smallestEffect: 0 }),
      ]),
    ),
  }
}

describe("a comparison of runs", () => {
  it("of a run with itself shows no difference anywhere", () => {
    const { metrics, missing } = compareRuns(base, base)
    expect(Object.keys(metrics)).toEqual(Object.keys(base.metrics))
    expect(missing).toEqual({})
    for (const metric of Object.values(metrics))
      expect(metric).toMatchObject({ difference: 0, pHolm: null, verdict: "identical" })
  })

  it("tells what moved, which way, and with what certainty among all metrics", () => {
    const noise = [0.3, -0.2, 0.1, 0.4, -0.4, 0.2, -0.1, -0.3]
    const baseline = withMetrics((_, i) => ({ up: 5 + i, down: 5 + i, still: 5 + i }))
    const variant = withMetrics((_, i) => ({
      up: 7 + i + noise[i],
      down: 3 + i + noise[i],
      still: 5 + i + noise[i],
    }))
    const { metrics } = compareRuns(baseline, variant)
    expect(metrics["up"]).toMatchObject({ verdict: "higher", n: 8, unit: "s", meaning: "Says up" })
    expect(metrics["down"].verdict).toBe("lower")
    expect(metrics["still"].verdict).toBe("not shown")
    expect(metrics["up"].pHolm!).toBeGreaterThan(metrics["up"].p!)
    expect(metrics["up"].varianceReduction!).toBeGreaterThan(5)
  })

  it("does not take for a difference what one metric in twenty shows by chance", () => {
    const noise = [0.9, -0.3, 0.8, 0.1, 0.9, -0.2, 0.7, 0.6]
    const still = (i: number, by: number) =>
      Object.fromEntries(
        Array.from({ length: 19 }, (_, at) => [`still.${at}`, 1 + by * Math.sin(at + 7 * i)]),
      )
    const baseline = withMetrics((_, i) => ({ ...still(i, 0), one: 5 }))
    const variant = withMetrics((_, i) => ({ ...still(i, 1), one: 5 + noise[i] }))
    const { one } = compareRuns(baseline, variant).metrics
    expect(one.p!).toBeLessThan(0.05)
    expect(one.pHolm!).toBeCloseTo(20 * one.p!, 12)
    expect(one.verdict).toBe("not shown")
  })

  it("tells an effect without chance, and none at all, from what is tested", () => {
    const noise = [0.9, -0.3, 0.8, 0.1, 0.9, -0.2, 0.7, 0.6]
    const baseline = withMetrics((_, i) => ({ cost: 27, rent: i, same: i, one: 5 }))
    const variant = withMetrics((_, i) => ({ cost: 54, rent: i - 2, same: i, one: 5 + noise[i] }))
    const { cost, rent, same, one } = compareRuns(baseline, variant).metrics
    expect(cost).toMatchObject({ basis: "exact", verdict: "higher", difference: 27, pHolm: null })
    expect(rent).toMatchObject({ basis: "exact", verdict: "lower", difference: -2, pHolm: null })
    expect(same).toMatchObject({ basis: "identical", verdict: "identical", pHolm: null })
    // Nothing else is tested, so nothing makes its p larger.
    expect(one).toMatchObject({ basis: "test", pHolm: one.p })
    // Of few replications, equal differences may be an accident.
    const few = (run: RunResult) => ({ ...run, replications: run.replications.slice(0, 4) })
    expect(compareRuns(few(baseline), few(variant)).metrics["cost"]).toMatchObject({
      basis: "test",
      verdict: "not shown",
    })
  })

  it("pairs by replication, and lists what has no pair", () => {
    const baseline = withMetrics((_, i) => ({
      all: i,
      gone: 1,
      ...(i === 0 ? {} : { some: i }),
      ...(i < 4 ? { apart: i } : {}),
    }))
    const variant = withMetrics((_, i) => ({
      all: i,
      come: 1,
      ...(i === 7 ? {} : { some: i + 1 }),
      ...(i < 4 ? {} : { apart: i }),
    }))
    const { metrics, missing } = compareRuns(baseline, variant)
    expect(Object.keys(metrics)).toEqual(["all", "some"])
    expect(metrics["some"]).toMatchObject({ n: 6, difference: 1 })
    expect(missing).toEqual({ gone: "variant", apart: "common replication", come: "baseline" })
    const turned = { ...variant, replications: variant.replications.toReversed() }
    expect(compareRuns(baseline, turned)).toEqual({ isPaired: true, metrics, missing })
  })

  it("gives no verdict on one replication", () => {
    const one = { ...base, replications: base.replications.slice(0, 1) }
    for (const { pHolm, verdict } of Object.values(compareRuns(one, one).metrics)) {
      expect(pHolm).toBe(null)
      expect(verdict).toBe("not shown")
    }
  })

  it("takes runs of two seeds as independent", () => {
    const noise = [0.3, -0.2, 0.1, 0.4, -0.4, 0.2, -0.1, -0.3]
    const baseline = withMetrics((_, i) => ({ wide: 5 + i, near: 5 + noise[i] }))
    const moved = withMetrics((_, i) => ({ wide: 7 + i, near: 7 - noise[i] }))
    const { isPaired, metrics } = compareRuns(baseline, { ...moved, seed: "other" })
    expect(isPaired).toBe(false)
    // In pairs two more each time would be no chance; of independent runs it is lost among the others.
    expect(metrics["wide"]).toMatchObject({ difference: 2, verdict: "not shown" })
    expect(metrics["near"].verdict).toBe("higher")
    expect(compareRuns(baseline, moved).metrics["wide"]).toMatchObject({ verdict: "higher" })
  })

  it("tests what was named beforehand for itself", () => {
    const noise = [0.9, -0.3, 0.8, 0.1, 0.9, -0.2, 0.7, 0.6]
    const others = Object.fromEntries(Array.from({ length: 40 }, (_, k) => [`other${k}`, k]))
    const baseline = withMetrics((_, i) => ({ asked: 5, ...others, still: i }))
    const variant = withMetrics((_, i) => ({
      asked: 5 + noise[i],
      ...Object.fromEntries(
        Object.entries(others).map(([name, k]) => [name, k + noise[(i + k) % 8] - 0.4375]),
      ),
      still: i,
    }))
    const alone = compareRuns(baseline, variant, [{ metric: "asked" }]).metrics["asked"]
    expect(alone).toMatchObject({ role: "primary", verdict: "higher", pHolm: alone.p })
    const among = compareRuns(baseline, variant).metrics["asked"]
    expect(among).toMatchObject({ role: "exploratory", verdict: "not shown" })
  })

  it("calls a difference negligible that is surely smaller than what matters", () => {
    const noise = [0.3, -0.2, 0.1, 0.4, -0.4, 0.2, -0.1, -0.3]
    const baseline = withMetrics((_, i) => ({ m: 100 + i }))
    const variant = withMetrics((_, i) => ({ m: 101 + i + noise[i] }))
    const verdictWith = (size: number, isRelative: boolean) =>
      compareRuns(baseline, variant, [{ metric: "m", smallest: { size, isRelative } }]).metrics["m"]
        .verdict
    expect(verdictWith(0.5, false)).toBe("higher")
    expect(verdictWith(2, false)).toBe("negligible")
    expect(verdictWith(0.02, true)).toBe("negligible")
    expect(verdictWith(0.005, true)).toBe("higher")
  })
})
