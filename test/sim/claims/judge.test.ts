/** From intervals to verdicts. */
import { describe, expect, it } from "vitest"
import {
  estimate,
  estimateRatio,
  joinVerdicts,
  judge,
  judgeAttack,
  valuesOf,
} from "../../../sim/claims/judge.ts"
import type { ArmResult } from "../../../sim/claims/arm.ts"

const between = (low: number | null, high: number | null) => ({ mean: 1, low, high, n: 8 })
const arm = (...values: ReadonlyArray<Readonly<Record<string, number>>>): ArmResult => ({
  metrics: values,
  failedChecks: [],
  command: "",
})

describe("a bound", () => {
  it("holds where the whole interval is within it, its ends included", () => {
    expect(judge(between(0.9, 1), { atLeast: null, atMost: 1 })).toBe("holds")
    expect(judge(between(1, 1.2), { atLeast: 1, atMost: null })).toBe("holds")
    expect(judge(between(0.95, 1.05), { atLeast: 0.9, atMost: 1.1 })).toBe("holds")
  })

  it("fails where the whole interval is without it, on one side", () => {
    expect(judge(between(1.01, 1.2), { atLeast: null, atMost: 1 })).toBe("fails")
    expect(judge(between(0.5, 0.8), { atLeast: 0.9, atMost: 1.1 })).toBe("fails")
  })

  it("is undecided where the interval lies across it, or there is none", () => {
    expect(judge(between(0.9, 1.1), { atLeast: null, atMost: 1 })).toBe("undecided")
    // Wider than the bounds on both sides.
    expect(judge(between(0.5, 1.5), { atLeast: 0.9, atMost: 1.1 })).toBe("undecided")
    expect(judge(between(null, null), { atLeast: null, atMost: 9 })).toBe("undecided")
  })
})

describe("an attack", () => {
  it("does not pay where no honest profit could be less, and pays where it must be", () => {
    expect(judgeAttack(between(0.8, 1))).toBe("does not pay")
    expect(judgeAttack(between(1.01, 1.2))).toBe("pays")
    // Read to the hundredth.
    expect(judgeAttack(between(0.98, 1.004))).toBe("does not pay")
    expect(judgeAttack(between(0.98, 1.006))).toBe("undecided")
    expect(judgeAttack(between(1.001, 1.2))).toBe("undecided")
    expect(judgeAttack(between(0.9, 1.1))).toBe("undecided")
    expect(judgeAttack(between(null, null))).toBe("undecided")
  })
})

describe("a promise", () => {
  it("is kept in all of its experiments, in none, or in some", () => {
    expect(joinVerdicts(["holds", "holds"])).toBe("holds")
    expect(joinVerdicts(["fails", "fails"])).toBe("fails")
    expect(joinVerdicts(["holds", "fails"])).toBe("depends")
    expect(joinVerdicts(["undecided", "fails"])).toBe("depends")
    expect(joinVerdicts(["holds", "undecided"])).toBe("undecided")
  })
})

describe("estimates", () => {
  it("are of the replications that saw the metric", () => {
    const result = arm({ a: 1 }, { b: 5 }, { a: 3 })
    expect(valuesOf(result, "a")).toEqual([1, 3])
    expect(estimate(valuesOf(result, "a"))).toMatchObject({ mean: 2, n: 2 })
    expect(estimate([7])).toEqual({ mean: 7, low: null, high: null, n: 1 })
  })

  it("pair the replications of a ratio by their index", () => {
    const one = arm({ p: 2 }, {}, { p: 6 })
    const other = arm({ p: 1 }, { p: 100 }, { p: 3 })
    expect(estimateRatio([one, "p"], [other, "p"])).toMatchObject({ mean: 2, n: 2 })
  })
})
