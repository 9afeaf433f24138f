/** Metrics of prices that hosts set, from what a recording holds of them. */
import { describe, expect, it } from "vitest"
import { priceMetrics } from "../../../sim/metrics/price-metrics.ts"
import type { Window } from "../../../sim/metrics/window.ts"
import { windowOf } from "../../../sim/metrics/window.ts"
import { Recorder } from "../../../sim/recording/recorder.ts"
import { madeUpNode } from "../recording/made-up-node.ts"

const hour = 3600e6

/** Three hours of a model whose mean price is 100, 200 and 100, and of a few calls. */
const window = (): Window => {
  const recorder = new Recorder({
    startMicros: 0,
    horizonSeconds: 3 * 24 * 3600,
    binSeconds: 3600,
    models: 1,
    floorTokensPerSecond: 5,
    classOfDevice: ["consumer"],
    hasHostPrices: true,
  })
  for (const [at, price] of [100, 200, 100].entries()) {
    recorder.turn(at * hour)
    const asked = { low: price, median: price, high: price, mean: price, variation: 0.1 * at }
    recorder.samplePrices(0, asked)
    recorder.notePrice(0, 1000, price / 1000, 0.25 * at)
  }
  const nodes = [
    madeUpNode({ node: 0, outputTokens: 3000, shareEarned: 5e6, costCredits: 2 }),
    madeUpNode({ node: 1, outputTokens: 1000, shareEarned: 1e6, costCredits: 2 }),
  ]
  return windowOf(
    recorder.recording(),
    nodes,
    { first: 0, end: 3 },
    {
      horizonSeconds: 3 * 24 * 3600,
      scale: 6,
      strategies: ["stay", "stay"],
      priceStrategies: ["undercutter", "premium"],
      parties: [],
      hours: null,
    },
  )
}

const values = (): Readonly<Record<string, number>> => {
  const seen = window()
  return Object.fromEntries(
    priceMetrics(["m"], ["undercutter", "premium"]).map(({ name, valueOf }) => [
      name,
      valueOf(seen),
    ]),
  )
}

describe("metrics of prices", () => {
  it("are what was asked over time, and what was paid by token", () => {
    expect(values()["price.asked.m"]).toBeCloseTo(400 / 3, 9)
    expect(values()["price.paid.m"]).toBeCloseTo((0.4 / 3000) * 1e6, 9)
  })

  it("say how far apart prices are, and how restless", () => {
    expect(values()["price.dispersion.m"]).toBeCloseTo(0.1, 9)
    // Up by the factor 2 and down again: changes of ± ln 2 an hour, √24 times as many a day.
    expect(values()["price.volatility.m"]).toBeCloseTo(Math.SQRT2 * Math.LN2 * Math.sqrt(24), 9)
  })

  it("are the Lerner index of the calls served", () => {
    expect(values()["price.lerner"]).toBeCloseTo(0.25, 9)
  })

  it("tell shares and profits by price strategy", () => {
    expect(values()["price.share.by.undercutter"]).toBe(0.75)
    expect(values()["price.share.by.premium"]).toBe(0.25)
    const days = 3 / 24
    expect(values()["price.profit.by.undercutter"]).toBeCloseTo(3 / days, 6)
    expect(values()["price.profit.by.premium"]).toBeCloseTo(-1 / days, 6)
  })
})
