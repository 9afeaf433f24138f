import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import { standardNormal } from "../../../sim/kernel/variates.ts"
import type { ClosedForm } from "../../../sim/validation/closed-form.ts"
import { closedForms } from "../../../sim/validation/closed-forms.ts"
import {
  judge,
  lengthOf,
  levelOf,
  MAX_RELATIVE_HALF_WIDTH,
  runClosedForm,
  validate,
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

describe("validation", () => {
  // The full length is for the command line; a fiftieth of it covers the truth just as often.
  it.each(closedForms)("finds $name right, and would find it wrong", (form) => {
    const replications = Array.from({ length: form.replications }, (_, replication) =>
      form.replicate("short", replication, lengthOf(form, 0.02)),
    )
    for (const result of judge(form, replications, levelOf(closedForms))) {
      expect(result).toMatchObject({ covers: true, n: form.replications })
      expect(result.relativeHalfWidth).toBeLessThan(0.15)
    }
    for (const factor of [0.75, 1.33]) {
      const quantities = form.quantities.map((quantity) => ({
        ...quantity,
        truth: () => quantity.truth() * factor,
      }))
      for (const result of judge({ ...form, quantities }, replications, levelOf(closedForms))) {
        expect(result).toMatchObject({ covers: false, ok: false })
      }
    }
  })

  it("takes each interval at the level that holds for all of them", () => {
    const count = closedForms.reduce((sum, { quantities }) => sum + quantities.length, 0)
    expect(count).toBeGreaterThanOrEqual(30)
    expect(levelOf(closedForms)).toBeCloseTo(1 - 0.01 / count, 12)
    expect(validate({ forms: [toy(10)] })).toMatchObject({ familyLevel: 0.99, level: 0.99 })
  })

  it("passes what is both right and narrow, and nothing else", () => {
    const [right] = runClosedForm(toy(10), "toy", 1, 0.99)
    expect(right).toMatchObject({ name: "toy: mean", truth: 10, n: 50, covers: true })
    expect(right!.ok).toBe(right!.relativeHalfWidth <= MAX_RELATIVE_HALF_WIDTH)
    expect(validate({ forms: [toy(10)], effort: 100 }).ok).toBe(true)
    const wide = validate({ forms: [toy(10)], effort: 0.1 })
    expect(wide.results[0]).toMatchObject({ covers: true, ok: false })
    expect(wide.ok).toBe(false)
    const biased = validate({ forms: [toy(10), toy(10.1)], effort: 100 })
    expect(biased.results.map(({ ok }) => ok)).toEqual([true, false])
    expect(biased.ok).toBe(false)
    expect(validate({ forms: [] }).ok).toBe(false)
  })

  it("allows a measured truth its own half-width", () => {
    const [without] = runClosedForm(toy(10.1), "toy", 100, 0.99)
    const [within] = runClosedForm(toy(10.1, 0.1), "toy", 100, 0.99)
    expect([without!.covers, within!.covers]).toEqual([false, true])
  })

  it("gives the same answer for the same seed, and another for another", () => {
    const forms = closedForms.slice(0, 1)
    const run = (seed: string) => validate({ forms, seed, effort: 0.01 }).results
    expect(run("a")).toEqual(run("a"))
    expect(run("a")[0].estimate).not.toBe(run("b")[0].estimate)
  })

  it("judges replications alike, in whatever order they come", () => {
    const form = closedForms.find(({ quantities }) => quantities.length === 3)!
    const length = lengthOf(form, 0.002)
    const replications = Array.from({ length: 10 }, (_, i) => form.replicate("order", i, length))
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

  it("tells how far it is", () => {
    const seen: Array<string> = []
    const forms = [toy(10), toy(10)]
    validate({
      forms,
      onProgress: (done, total, form) => seen.push(`${done}/${total} ${form?.name ?? "done"}`),
    })
    expect(seen).toEqual(["0/2 toy", "1/2 toy", "2/2 done"])
    expect(levelOf(forms)).toBeCloseTo(0.995, 12)
  })
})
