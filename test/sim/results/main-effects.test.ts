/** Main effects of a grid, in pairs: what a factor moves, what it leaves alone, and what nobody can tell. */
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import { changeText, countSentence } from "../../../sim/results/models/effect-words.ts"
import type { MainEffects } from "../../../sim/results/models/main-effects.ts"
import { mainEffects } from "../../../sim/results/models/main-effects.ts"
import type { SweepResult } from "../../../sim/results/models/sweep-model.ts"
import { meanInterval } from "../../../sim/statistics/inference/interval.ts"
import { makeSweepResult } from "../../support/sweep-result.ts"

const fees = [500, 1000, 2000]
const nodes = [10, 40]

/** A grid whose replications share their noise at all points, large beside what the fleet does. */
const sharedNoise = (replications: number): SweepResult => {
  const result = makeSweepResult({
    vary: ["economy.feeBps=500,1000,2000", "fleet.nodes=10,40"],
    design: "grid",
    points: fees.flatMap((fee) => nodes.map((count) => [fee, count])),
    replications,
    metrics: {
      "ttft.p99": { unit: "s", of: () => 1 },
      fee: { unit: "share", of: (fee) => fee / 10_000 },
      luck: { unit: "", of: () => 1 },
    },
    noise: 0,
  })
  const stream = openStream("main effects", "noise", 0)
  const shared = Array.from({ length: replications }, () => 10 * stream.next())
  return {
    ...result,
    cells: result.cells.map((cell) => {
      const [, count] = result.points[cell.point].values
      const own = stream.next()
      return {
        ...cell,
        metrics: {
          ...cell.metrics,
          "ttft.p99":
            shared[cell.replication] - Number(count) / 50 + 0.1 * own * Number(count === 40),
          luck: own,
        },
      }
    }),
  }
}

const effectOf = (effects: ReadonlyArray<MainEffects>, factor: string, metric: string) => {
  const found = effects
    .find((own) => own.factor === factor)
    ?.metrics.find((own) => own.metric === metric)
  if (found === undefined) throw new Error(`no effect of ${factor} on ${metric}`)
  return found
}

describe("main effects", () => {
  const effects = mainEffects(sharedNoise(8))

  it("are found in pairs where no interval of a mean would show them", () => {
    const { effect, most, steps } = effectOf(effects, "fleet.nodes", "ttft.p99")
    expect(effect).toBe("moves")
    expect(steps).toHaveLength(1)
    expect(most).toMatchObject({ from: 10, to: 40, verdict: "lower", n: 8 })
    expect(most.difference).toBeGreaterThan(-0.6)
    expect(most.difference).toBeLessThan(-0.45)
    const alone = meanInterval(
      sharedNoise(8)
        .cells.filter(({ point }) => point === 0)
        .map(({ metrics }) => metrics["ttft.p99"]),
    )
    expect(alone.halfWidth).toBeGreaterThan(1)
    expect(most.halfWidth).toBeLessThan(0.1)
  })

  it("are means over the other factors, replication by replication", () => {
    const result = sharedNoise(8)
    const differences = Array.from({ length: 8 }, (_, replication) => {
      const meanAt = (fee: number) => {
        const own = result.cells.filter(
          (cell) => cell.replication === replication && result.points[cell.point].values[0] === fee,
        )
        return own.reduce((sum, { metrics }) => sum + metrics.luck, 0) / own.length
      }
      return meanAt(1000) - meanAt(500)
    })
    const [step] = effectOf(effects, "economy.feeBps", "luck").steps
    const { mean, halfWidth } = meanInterval(differences)
    expect(step.difference).toBeCloseTo(mean, 12)
    expect(step.halfWidth).toBeCloseTo(halfWidth ?? NaN, 12)
  })

  it("tell what is identical from what chance may have moved", () => {
    expect(effectOf(effects, "fleet.nodes", "fee").effect).toBe("identical")
    expect(effectOf(effects, "economy.feeBps", "fee").effect).toBe("moves")
    expect(effectOf(effects, "economy.feeBps", "luck").effect).toBe("not shown")
    const sentence = countSentence(effects[1])
    expect(sentence).toBe(
      "fleet.nodes moves 1 of 3 metrics; 1 are identical at every value, 1 differ by no more than chance may",
    )
  })

  it("of numbers go from each to the next, and from the least to the greatest", () => {
    const { steps, most } = effectOf(effects, "economy.feeBps", "fee")
    expect(steps.map(({ from, to }) => [from, to])).toEqual([
      [500, 1000],
      [1000, 2000],
    ])
    expect(most).toMatchObject({ from: 500, to: 2000 })
    expect(changeText(most, "share")).toBe("+15\u00a0percentage points")
  })

  it("of one replication are none, but for what is identical", () => {
    const single = mainEffects(sharedNoise(1))
    expect(effectOf(single, "economy.feeBps", "fee").effect).toBe("not shown")
    expect(effectOf(single, "fleet.nodes", "fee").effect).toBe("identical")
  })

  it("leave out replications that lack the metric at some point", () => {
    const result = sharedNoise(8)
    const cells = result.cells.map((cell) =>
      cell.index === 0 ? { ...cell, metrics: { luck: 1, fee: 0.05 } } : cell,
    )
    const { steps } = effectOf(mainEffects({ ...result, cells }), "fleet.nodes", "ttft.p99")
    expect(steps[0].n).toBe(7)
  })

  it("are none where factors vary together", () => {
    const result = sharedNoise(8)
    const definition = { ...result.definition, design: "sobol" as const }
    expect(mainEffects({ ...result, definition })).toEqual([])
  })
})

describe("a change in words", () => {
  const change = (difference: number, halfWidth: number | null) =>
    changeText(
      {
        ...effectOf(mainEffects(sharedNoise(2)), "fleet.nodes", "luck").most,
        difference,
        halfWidth,
      },
      "s",
    )

  it("has two digits of its half-width, and no more of itself than anybody reads", () => {
    expect(change(34.1234, 0.8123)).toBe("+34.12 ± 0.81\u00a0s")
    expect(change(-1666.4, 59.2)).toBe("−1,666 ± 59\u00a0s")
    expect(change(0.024997853, 0.000000027)).toBe("+0.025\u00a0s")
    expect(change(0, 0)).toBe("0\u00a0s")
    expect(change(NaN, null)).toBe("?\u00a0s")
  })
})
