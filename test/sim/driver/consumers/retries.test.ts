/** A refused consumer comes back after ever longer pauses, a few times, and then gives up. */
import { describe, expect, it } from "vitest"
import type { World } from "../small-world.ts"
import { metricsOf } from "../../metrics/metrics-of.ts"
import {
  advanceTo,
  advanceWhile,
  hour,
  modelCalled,
  openQuietWorld,
  runToEnd,
  setClock,
} from "../small-world.ts"

const second = 1_000_000
/** Nobody serves the second model. */
const models = [modelCalled("llama-3-8b"), modelCalled("llama-3.2-3b", { initialSupply: 0 })]
const total = (world: World, channel: keyof World["recorder"]["sums"]): number =>
  world.recorder.sums[channel].reduce((sum, one) => sum + one, 0)

const metricsOptions = {
  warmupSeconds: 0,
  horizonSeconds: 86_400,
  models: ["llama-3-8b", "llama-3.2-3b"].map((name) => ({ name, crowdSeconds: null })),
  scale: 6,
  strategies: [],
  priceStrategies: [],
  hours: null,
  mixedStrategies: [],
  parties: [],
}

/** When a request that nobody can serve comes back, seconds after it first came. */
const returns = (maxRetries: number, retrySeconds: number): ReadonlyArray<number> => {
  const consumers = { maxRetries, retrySeconds }
  const { replication, world } = openQuietWorld({ models, consumers }, [{ at: 100, model: 1 }])
  advanceTo(replication, 100 * second)
  const times: Array<number> = []
  for (let asked = world.askedRequests; total(world, "refused.NoInstance") === 0;) {
    advanceWhile(replication, () => world.askedRequests === asked)
    asked = world.askedRequests
    times.push((world.now - world.startMicros) / second - 100)
  }
  expect(total(world, "retried")).toBe(times.length)
  const result = runToEnd(replication)
  expect(total(world, "refused.NoInstance")).toBe(1)
  expect(result.checks["flowBalance"].ok).toBe(true)
  // However often it came back, it was one request, and one rejection.
  const metrics = metricsOf(result.recording, result.nodes, metricsOptions)
  expect(metrics["requests.perSecond"] * 86_400).toBeCloseTo(1, 9)
  expect(metrics["requests.rejectedShare"]).toBe(1)
  expect(metrics["requests.retriesPerRequest"]).toBe(times.length)
  return times
}

describe("retries", () => {
  it("wait twice as long each time", () => {
    expect(returns(1, 5)).toEqual([5])
    expect(returns(4, 5)).toEqual([5, 15, 35, 75])
    expect(returns(8, 0.5)).toEqual([0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 127.5])
  })

  it("end, however short the pause", () => {
    expect(returns(2, 1e-9).map((seconds) => Math.round(seconds * 1e6))).toEqual([1, 3])
  })

  it("count in the time to the first token, and end in one answer", () => {
    const { replication, world } = openQuietWorld(
      { models, churn: { onlineHours: 1e6, awayHours: 1e6 }, consumers: { maxRetries: 3 } },
      [{ at: 100 }],
    )
    setClock(world, 0, "awayAt", 50 * second)
    advanceTo(replication, 50 * second)
    setClock(world, 0, "returnAt", 110 * second)
    runToEnd(replication)
    expect(total(world, "retried")).toBe(2)
    expect(total(world, "served")).toBe(1)
    expect(total(world, "arrived")).toBe(1)
    expect(total(world, "ttftSeconds")).toBeGreaterThan(15)
    expect(total(world, "ttftSeconds")).toBeLessThan(16)
  })

  it("are not used up by buying credits for the request", () => {
    // The grant of 5 credits does not hold a call that may cost 6.
    const dear = { ...models[1], outputPricePerMtok: 30_000 }
    const { replication, world } = openQuietWorld(
      { models: [models[0], dear], consumers: { maxRetries: 1 } },
      [{ at: 100, model: 1, outputTokens: 100 }],
    )
    runToEnd(replication)
    expect(total(world, "bought")).toBe(250)
    expect(total(world, "retried")).toBe(1)
    expect(total(world, "refused.NoInstance")).toBe(1)
  })

  it("go on after the horizon until the consumer gives up", () => {
    const consumers = { maxRetries: 2, retrySeconds: 600 }
    const asked = [{ at: 86_399, model: 1 }]
    const { replication, world } = openQuietWorld({ models, consumers }, asked)
    const result = runToEnd(replication)
    expect(world.now - world.endMicros).toBeGreaterThanOrEqual(1799 * second)
    expect(world.now - world.endMicros).toBeLessThan(hour)
    const { bins, sums } = result.recording
    expect(sums["refused.NoInstance"][bins]).toBe(1)
    expect(sums.arrived[bins]).toBe(0)
  })
})
