/** From intervals to verdicts. */
import { describe, expect, it } from "vitest"
import {
  estimate,
  estimateRatio,
  joinVerdicts,
  judge,
  judgeAttacks,
  valuesOf,
} from "../../../sim/claims/judge.ts"
import type { ArmResult } from "../../../sim/claims/arm.ts"

const between = (low: number | null, high: number | null) => ({ mean: 1, low, high, n: 8 })
const arm = (...values: ReadonlyArray<Readonly<Record<string, number>>>): ArmResult => ({
  metrics: values,
  failedChecks: [],
  horizonDays: 14,
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
  /** Profits by replication, credits a day, spread a little around their means. */
  const trial = (attacker: number, honest: number, negligible = 0.05) => ({
    gains: [-0.3, -0.1, 0, 0.1, 0.3].map((chance) => attacker - honest + chance),
    negligible,
  })
  const verdicts = (...trials: ReadonlyArray<ReturnType<typeof trial>>) =>
    judgeAttacks(trials).map(({ verdict }) => verdict)

  it("is judged by the difference of profits, whatever their signs", () => {
    // Twice the loss is no gain, although −20 ÷ −10 is 2.
    expect(verdicts(trial(-20, -10))).toEqual(["does not pay"])
    // A profit in place of a loss is one, although 5 ÷ −10 is below 0.
    expect(verdicts(trial(5, -10))).toEqual(["pays"])
    expect(verdicts(trial(-5, -10))).toEqual(["pays"])
    expect(verdicts(trial(3, 0))).toEqual(["pays"])
    expect(verdicts(trial(0, 3))).toEqual(["does not pay"])
    expect(verdicts(trial(12, 10))).toEqual(["pays"])
    expect(verdicts(trial(8, 10))).toEqual(["does not pay"])
  })

  it("that gains what is negligible does not pay, and one that may gain more is undecided", () => {
    expect(verdicts(trial(0, 0, 0.5))).toEqual(["does not pay"])
    expect(verdicts(trial(0, 0, 0.05))).toEqual(["undecided"])
    expect(verdicts(trial(0.2, 0, 0.05))).toEqual(["undecided"])
    expect(judgeAttacks([{ gains: [5], negligible: 0 }])[0]).toMatchObject({
      verdict: "undecided",
      pHolm: null,
    })
  })

  it("without any chance in it is what it is", () => {
    const exactly = (gain: number) => ({ gains: [gain, gain, gain], negligible: 0 })
    expect(
      judgeAttacks([exactly(0), exactly(1), exactly(-1)]).map(({ verdict }) => verdict),
    ).toEqual(["does not pay", "pays", "does not pay"])
  })

  it("pays only as far as that holds for all that were tried; that it does not needs no correction", () => {
    const faint = trial(0.45, 0, 0.05)
    const [alone] = judgeAttacks([faint])
    expect(alone).toMatchObject({ verdict: "pays" })
    expect(alone.gain.low).toBeGreaterThan(0.05)
    const [among] = judgeAttacks([faint, ...Array.from({ length: 50 }, () => trial(-9, 0))])
    expect(among.gain).toEqual(alone.gain)
    expect(among.verdict).toBe("undecided")
    expect(among.pHolm).toBeCloseTo(51 * (alone.pHolm ?? NaN), 12)
    const strong = judgeAttacks(Array.from({ length: 50 }, () => trial(40, 0)))
    expect(new Set(strong.map(({ verdict }) => verdict))).toEqual(new Set(["pays"]))
    const none = judgeAttacks(Array.from({ length: 50 }, () => trial(-0.4, 0)))
    expect(new Set(none.map(({ verdict }) => verdict))).toEqual(new Set(["does not pay"]))
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
