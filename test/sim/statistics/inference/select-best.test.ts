import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { normalQuantile } from "../../../../sim/statistics/distributions/normal.ts"
import { selectBest } from "../../../../sim/statistics/inference/select-best.ts"
import { assertProperty } from "../../../support/property.ts"

const rule = { level: 0.95, indifference: 1, firstStage: 10 }

/** As many observations of each system as the procedure asks for; what it ended with. */
const selected = (
  draw: (system: number, replication: number) => number,
  systems: number,
  own = rule,
) => {
  const observations = Array.from({ length: systems }, (_, system) =>
    Array.from({ length: own.firstStage }, (_, replication) => draw(system, replication)),
  )
  for (;;) {
    const selection = selectBest(observations, own)
    if (selection.best !== null) return selection
    selection.standings.forEach(({ eliminatedAt }, system) => {
      if (eliminatedAt === null)
        observations[system].push(draw(system, observations[system].length))
    })
  }
}

/**
 * How often the best of five normal systems is selected, which is better than the others by the
 * indifference exactly: the hardest case. `shared` is the share of the variance that is common.
 */
const shareCorrect = (macros: number, deviation: number, shared: number) => {
  let correct = 0
  let used = 0
  for (let macro = 0; macro < macros; macro++) {
    const streams = Array.from({ length: 6 }, (_, system) =>
      openStream("select", `normal/${shared}/${system}`, macro),
    )
    const common: Array<number> = []
    const { best, standings } = selected((system, replication) => {
      if (common[replication] === undefined) common[replication] = normalQuantile(streams[5].next())
      const alone = normalQuantile(streams[system].next())
      const noise = Math.sqrt(shared) * common[replication] + Math.sqrt(1 - shared) * alone
      return (system === 3 ? 1 : 0) + deviation * noise
    }, 5)
    if (best === 3) correct += 1
    used += standings.reduce((sum, one) => sum + one.used, 0)
  }
  return { share: correct / macros, used: used / macros }
}

describe("procedure KN", () => {
  it("selects the best as often as it promises, and sooner with common random numbers", () => {
    const macros = 2_000
    // Five standard deviations below 95%: a right procedure fails less than once in 10⁶ runs.
    const least = 0.95 - 5 * Math.sqrt((0.95 * 0.05) / macros)
    const independent = shareCorrect(macros, 2, 0)
    const paired = shareCorrect(macros, 2, 0.8)
    expect(independent.share).toBeGreaterThan(least)
    expect(paired.share).toBeGreaterThan(least)
    expect(paired.used).toBeLessThan(0.6 * independent.used)
    // It does not buy that with needless care: a certain selection would say so.
    expect(independent.share).toBeLessThan(1)
  })

  it("computes the paper's constants and bounds", () => {
    // Two systems, α = 5%, n₀ = 10: η = ½·(0.1^(−2/9) − 1) = 0.33405, h² = 18·η = 6.0129.
    const a = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    const b = a.map((value, r) => value + (r % 2 === 0 ? 1 : -1))
    // S² of the differences ±1 is 10/9, so that h²·S² ÷ δ² = 6.681: less than n₀, it ends at once.
    expect(selectBest([a, b], rule)).toMatchObject({ best: 0, stage: 10, endsBy: 10 })
    // With δ = ½ it is 26.724: it goes on to 27 at the latest.
    const fine = { ...rule, indifference: 0.5 }
    expect(selectBest([a, b], fine)).toMatchObject({ best: null, stage: 10, endsBy: 27 })
    // W(10) = 0.5 ÷ 20 · 16.724 = 0.4181: a lead of 0.42 is enough, one of 0.41 is not.
    const ahead = (lead: number) => b.map((value) => value + lead)
    expect(selectBest([a, ahead(0.42)], fine).best).toBe(1)
    expect(selectBest([a, ahead(0.41)], fine).best).toBeNull()
    expect(selectBest([ahead(0.42), a], fine).standings[1]).toEqual({
      eliminatedAt: 10,
      eliminatedBy: 0,
      used: 10,
    })
  })

  it("waits for its first stage, and selects one of equals in the end", () => {
    expect(selectBest([[1, 2], [3]], rule)).toMatchObject({ best: null, stage: 0, endsBy: null })
    const same = Array.from({ length: 10 }, (_, r) => r)
    expect(selectBest([same, same, same], rule).best).toBe(0)
  })

  it.each([
    [1, rule],
    [3, { ...rule, level: 0.33 }],
    [3, { ...rule, level: 1 }],
    [3, { ...rule, indifference: 0 }],
    [3, { ...rule, indifference: Number.NaN }],
    [3, { ...rule, firstStage: 1 }],
    [3, { ...rule, firstStage: 2.5 }],
  ])("refuses %d systems under %j", (systems, wrong) => {
    expect(() =>
      selectBest(
        Array.from({ length: systems }, () => []),
        wrong,
      ),
    ).toThrow(RangeError)
  })

  const tables = fc
    .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 30 }))
    .chain(([systems, replications]) =>
      fc.array(
        fc.array(fc.integer({ min: -50, max: 50 }), {
          minLength: replications,
          maxLength: replications,
        }),
        { minLength: systems, maxLength: systems },
      ),
    )
  const small = { level: 0.9, indifference: 3, firstStage: 4 }

  it("depends only on what it looks at, and keeps the leader", async () => {
    await assertProperty(
      fc.property(tables, (table) => {
        const whole = selectBest(table, small)
        const cut = table.map((own, i) => own.slice(0, whole.standings[i].used))
        if (whole.stage > 0) expect(selectBest(cut, small)).toEqual(whole)
        const left = whole.standings.filter(({ eliminatedAt }) => eliminatedAt === null)
        expect(left.length).toBeGreaterThan(0)
        expect(whole.best === null).toBe(left.length > 1)
        if (whole.best !== null) expect(whole.stage).toBeLessThanOrEqual(whole.endsBy ?? 0)
        for (const { eliminatedAt, eliminatedBy, used } of whole.standings) {
          expect(used).toBe(eliminatedAt ?? whole.stage)
          expect(eliminatedBy === null).toBe(eliminatedAt === null)
        }
        // At each fall, whoever it fell to had the greater mean.
        whole.standings.forEach(({ eliminatedAt, eliminatedBy }, i) => {
          if (eliminatedAt === null || eliminatedBy === null) return
          const sum = (own: ReadonlyArray<number>) =>
            own.slice(0, eliminatedAt).reduce((total, one) => total + one, 0)
          expect(sum(table[eliminatedBy])).toBeGreaterThanOrEqual(sum(table[i]))
        })
      }),
    )
  })

  it("selects the same whatever is added to all systems alike", async () => {
    await assertProperty(
      fc.property(
        tables,
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 30 }),
        (table, by) => {
          const moved = table.map((own) => own.map((value, r) => value + by[r]))
          expect(selectBest(moved, small)).toEqual(selectBest(table, small))
        },
      ),
    )
  })
})
