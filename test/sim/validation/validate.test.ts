import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import { standardNormal } from "../../../sim/kernel/variates.ts"
import type { ClosedForm } from "../../../sim/validation/closed-form.ts"
import { closedForms } from "../../../sim/validation/closed-forms.ts"
import {
  judge,
  levelOf,
  MAX_RELATIVE_HALF_WIDTH,
  planOf,
  summarise,
} from "../../../sim/validation/validate.ts"

/** A form whose answer is 10, with an error that shrinks with its length. */
const toy = (truth: number, truthHalfWidth = 0): ClosedForm => ({
  name: "toy",
  quantities: [{ name: "mean", truth: () => truth, truthHalfWidth, source: "made up" }],
  replications: 50,
  length: 100,
  lengthUnit: "customers",
  replicate: (seed, replication, length) => {
    const stream = openStream(seed, "toy", replication)
    const control = standardNormal(stream)
    return {
      values: [10 + (control + standardNormal(stream)) / Math.sqrt(length)],
      controls: [control],
    }
  },
})

const replicationsOf = (form: ClosedForm, seed: string, effort: number) => {
  const { length, replications } = planOf(form, effort)
  return Array.from({ length: replications }, (_, i) => form.replicate(seed, i, length))
}

const validate = (forms: ReadonlyArray<ClosedForm>, effort: number, seed = "toy") =>
  summarise(
    forms.flatMap((form) => judge(form, replicationsOf(form, seed, effort), levelOf(forms))),
    forms,
    effort,
  )

describe("validation", () => {
  // The full length is for the command line; a fiftieth of it covers the truth just as often.
  it.each(closedForms)("finds $name right, and would find it wrong", (form) => {
    const replications = replicationsOf(form, "short", 0.02)
    for (const result of judge(form, replications, levelOf(closedForms))) {
      expect(result.verdict).not.toBe("contradicts")
      expect(result.n).toBe(form.replications)
      expect(result.relativeHalfWidth).toBeLessThan(0.15)
    }
    for (const factor of [0.75, 1.33]) {
      const quantities = form.quantities.map((quantity) => ({
        ...quantity,
        truth: () => quantity.truth() * factor,
      }))
      for (const result of judge({ ...form, quantities }, replications, levelOf(closedForms))) {
        expect(result.verdict).toBe("contradicts")
      }
    }
  })

  it("takes each interval at the level that holds for all of them", () => {
    const count = closedForms.reduce((sum, { quantities }) => sum + quantities.length, 0)
    expect(count).toBeGreaterThanOrEqual(30)
    expect(levelOf(closedForms)).toBeCloseTo(1 - 0.01 / count, 12)
    expect(validate([toy(10)], 1)).toMatchObject({ familyLevel: 0.99, level: 0.99 })
  })

  it("tells what agrees from what is too wide and from what contradicts", () => {
    const forms = [toy(10), toy(10.1)]
    const narrow = validate(forms, 100)
    expect(narrow.results.map(({ verdict }) => verdict)).toEqual(["agrees", "contradicts"])
    expect(narrow.verdicts).toEqual({ agrees: 1, "too wide": 0, contradicts: 1 })
    const wide = validate(forms, 0.1)
    expect(wide.results.map(({ verdict }) => verdict)).toEqual(["too wide", "too wide"])
    expect(wide.results[0].relativeHalfWidth).toBeGreaterThan(MAX_RELATIVE_HALF_WIDTH)
  })

  it("fails on a contradiction always, and on too wide an interval from effort 1 on", () => {
    const [wide] = validate([toy(10)], 0.1).results
    const agreeing = { ...wide, verdict: "agrees" } as const
    const contradicting = { ...wide, verdict: "contradicts" } as const
    const ok = (results: ReadonlyArray<typeof wide>, effort: number) =>
      summarise(results, [], effort).ok
    expect(ok([agreeing, wide], 0.99)).toBe(true)
    expect(ok([agreeing, wide], 1)).toBe(false)
    expect(ok([agreeing], 1)).toBe(true)
    expect(ok([agreeing, contradicting], 0.001)).toBe(false)
    expect(ok([], 1)).toBe(false)
  })

  it("shortens replications down to a fiftieth, and then leaves replications out", () => {
    const form = { ...toy(10), replications: 100, length: 1000 }
    expect(planOf(form, 2)).toEqual({ length: 2000, replications: 100 })
    expect(planOf(form, 0.02)).toEqual({ length: 20, replications: 100 })
    expect(planOf(form, 0.01)).toEqual({ length: 20, replications: 50 })
    expect(planOf(form, 0.001)).toEqual({ length: 20, replications: 10 })
  })

  it("gives the same answer for the same seed, and another for another", () => {
    const forms = closedForms.slice(0, 1)
    const run = (seed: string) => validate(forms, 0.01, seed).results
    expect(run("a")).toEqual(run("a"))
    expect(run("a")[0].estimate).not.toBe(run("b")[0].estimate)
  })

  it("judges replications alike, in whatever order they come", () => {
    const form = closedForms.find(({ quantities }) => quantities.length === 3)!
    const replications = replicationsOf(form, "order", 0.002)
    const forwards = judge(form, replications, 0.95)
    const backwards = judge(form, [...replications].reverse(), 0.95)
    forwards.forEach((result, i) => {
      expect(backwards[i].estimate / result.estimate).toBeCloseTo(1, 9)
      expect(backwards[i].halfWidth / result.halfWidth).toBeCloseTo(1, 6)
    })
  })

  it("draws nothing twice: forms and replications have streams of their own", () => {
    const names = closedForms.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const [form] = closedForms
    expect(form!.replicate("s", 0, 50).values).not.toEqual(form!.replicate("s", 1, 50).values)
  })
})
