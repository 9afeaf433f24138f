import { describe, expect, it } from "vitest"
import type { Answer } from "../../../sim/validation/coverage.ts"
import {
  coverageOf,
  coverageSettings,
  runCoverageTask,
  SOUND_SHARES,
} from "../../../sim/validation/coverage.ts"

const [first] = coverageSettings
const settingOf = (part: string) => coverageSettings.findIndex(({ name }) => name.includes(part))
const answers = (covered: number, of: number): ReadonlyArray<ReadonlyArray<Answer>> =>
  Array.from({ length: of }, (_, macro) =>
    first.quantities.map(() => ({
      covers: macro < covered,
      relativeHalfWidth: 0.02,
      relativeError: macro % 2 === 0 ? 0.01 : -0.03,
    })),
  )
const verdictOf = (covered: number, of: number) =>
  coverageOf(first, answers(covered, of))[0].verdict

describe("measured coverage", () => {
  it("is the share that covers, with its own interval and a verdict", () => {
    const results = coverageOf(first, answers(950, 1000))
    expect(results.map(({ quantity }) => quantity)).toEqual(["mean sojourn", "p99 sojourn"])
    for (const result of results) {
      expect(result).toMatchObject({ macroReplications: 1000, covered: 950, share: 0.95 })
      expect(result.low).toBeCloseTo(0.9347, 4)
      expect(result.high).toBeCloseTo(0.9619, 4)
      expect(result.relativeHalfWidth).toBeCloseTo(0.02, 12)
      expect(result.relativeBias).toBeCloseTo(-0.01, 12)
    }
    expect([930, 970].map((covered) => verdictOf(covered, 1000))).toEqual(["ok", "ok"])
    // Outside, but not for sure; and for sure.
    expect([929, 971].map((covered) => verdictOf(covered, 1000))).toEqual(["unclear", "unclear"])
    expect([890, 990].map((covered) => verdictOf(covered, 1000))).toEqual(["missed", "missed"])
    expect(verdictOf(20, 20)).toBe("unclear")
    expect(SOUND_SHARES).toEqual({ low: 0.93, high: 0.97 })
  })

  it("knows the truths of M/M/1 at 0.8 and 0.9", () => {
    const truths = coverageSettings.slice(0, 2).map(({ truths: own }) => own)
    expect(truths[0][0]).toBeCloseTo(5, 12)
    expect(truths[0][1]).toBeCloseTo(Math.log(100) / 0.2, 12)
    expect(truths[1][0]).toBeCloseTo(10, 12)
    expect(truths[1][1]).toBeCloseTo(Math.log(100) / 0.1, 12)
  })

  it("is made of answers that follow from setting, seed and macro-replication", () => {
    for (const name of ["too short", "independent", "consecutive"]) {
      const setting = settingOf(name)
      const task = { setting, seed: "a", macro: 3 }
      const own = runCoverageTask(task)
      expect(own).toHaveLength(coverageSettings[setting].quantities.length)
      expect(runCoverageTask(task)).toEqual(own)
      expect(runCoverageTask({ ...task, macro: 4 })).not.toEqual(own)
      expect(runCoverageTask({ ...task, seed: "b" })).not.toEqual(own)
      for (const { relativeHalfWidth, relativeError, covers } of own) {
        expect(Math.abs(relativeError)).toBeLessThan(0.9)
        expect(relativeHalfWidth).toBeGreaterThan(0)
        expect(relativeHalfWidth).toBeLessThan(1)
        // Symmetric intervals; those of order statistics are not.
        if (name === "too short") expect(covers).toBe(Math.abs(relativeError) <= relativeHalfWidth)
      }
    }
  })

  it("tells independent customers from consecutive ones", () => {
    const macros = 200
    const shareOf = (name: string) => {
      const setting = settingOf(name)
      return coverageOf(
        coverageSettings[setting],
        Array.from({ length: macros }, (_, macro) =>
          runCoverageTask({ setting, seed: "apart", macro }),
        ),
      )[0]
    }
    const independent = shareOf("independent customers")
    const consecutive = shareOf("consecutive customers")
    expect(independent.share).toBeGreaterThan(0.95 - 5 * Math.sqrt((0.95 * 0.05) / macros))
    expect(consecutive.share).toBeLessThan(0.5)
    expect(consecutive.verdict).toBe("not sound")
  })
})
