/** Requests on their way: first tokens, ends at one instant, flaws, failures, and who pays for what. */
import { describe, expect, it } from "vitest"
import { instanceView } from "../../../engine/index.ts"
import type { World } from "./small-world.ts"
import type { Asked, Patch } from "./small-world.ts"
import { advanceTo, advanceWhile, modelCalled, openQuietWorld, runToEnd } from "./small-world.ts"

const second = 1_000_000
const models = [modelCalled("llama-3-8b")]
const total = (world: World, channel: keyof World["recorder"]["sums"]): number =>
  world.recorder.sums[channel].reduce((sum, one) => sum + one, 0)

const ran = (patch: Patch, requests: ReadonlyArray<Asked>) => {
  const { replication, world } = openQuietWorld({ models, ...patch }, requests)
  const result = runToEnd(replication)
  expect(result.checks["flowBalance"].ok).toBe(true)
  return { world, result }
}

describe("a request", () => {
  it("has its first token when its prompt is read, and its last when the server says so", () => {
    const { replication, world } = openQuietWorld({ models }, [
      { at: 1, inputTokens: 1000, outputTokens: 500 },
    ])
    advanceTo(replication, second)
    const firstAt = world.servers.nextEventMicros(0) - world.startMicros
    advanceTo(replication, firstAt)
    const lastAt = world.servers.nextEventMicros(0) - world.startMicros
    expect(lastAt).toBeGreaterThan(firstAt + second)
    advanceTo(replication, lastAt)
    expect(total(world, "served")).toBe(1)
    expect(total(world, "ttftSeconds")).toBeCloseTo(firstAt / second - 1, 9)
    expect(total(world, "sojournSeconds")).toBeCloseTo(lastAt / second - 1, 9)
    expect(total(world, "inputTokens")).toBe(1000)
    expect(total(world, "outputTokens")).toBe(500)
    // The stream's rate is that from its first token to its last.
    const [sketch] = world.recorder.recording().decodeRates.consumer
    expect(sketch.max).toBeCloseTo((499 * second) / (lastAt - firstAt), 6)
  })

  it("that ends at the same instant as another is settled like it", () => {
    const empty = { at: 1, inputTokens: 0, outputTokens: 300 }
    const { world, result } = ran({}, [empty, empty, empty])
    expect(total(world, "served")).toBe(3)
    expect(result.nodes[0]).toMatchObject({ requests: 3, outputTokens: 900 })
    expect(Object.values(result.checks).every(({ ok }) => ok)).toBe(true)
  })

  it("is charged for what was delivered, and the node paid its share", () => {
    // 1,000 input tokens at 20 and 500 output tokens at 60 credits a million.
    const { world, result } = ran({}, [{ at: 1, inputTokens: 1000, outputTokens: 500 }])
    expect(total(world, "gross")).toBeCloseTo(0.05, 12)
    expect(total(world, "promotionsSpent")).toBeCloseTo(0.05, 12)
    expect(total(world, "share")).toBeCloseTo(0.044, 12)
    expect(total(world, "fee") + total(world, "poolFee")).toBeCloseTo(0.006, 12)
    expect(result.nodes[0].shareEarned).toBe(44_000)
  })
})

describe("a consumer that leaves", () => {
  it("pays for what it got, which is between one token and all", () => {
    const requests = Array.from({ length: 60 }, (_, i) => ({ at: 20 * i, outputTokens: 100 }))
    const { world } = ran({ demand: { abortShare: 1 } }, requests)
    expect(total(world, "aborted")).toBe(60)
    expect(total(world, "served")).toBe(60)
    expect(total(world, "failedAttempts")).toBe(0)
    // Half on average; five standard errors are 19 tokens of a hundred.
    expect(Math.abs(total(world, "outputTokens") / 60 - 50.5)).toBeLessThan(19)
    expect(total(world, "gross")).toBeCloseTo(
      (60 * 100 * 20 + total(world, "outputTokens") * 60) / 1e6,
      9,
    )
  })
})

describe("a request that is wrong in itself", () => {
  it("is answered, costs nothing, and is no fault of the node's", () => {
    const requests = Array.from({ length: 10 }, (_, i) => ({ at: 1 + i }))
    const { replication, world } = openQuietWorld(
      { models, demand: { badInputShare: 1 } },
      requests,
    )
    const health = instanceView(world.market, 0)?.health
    advanceTo(replication, 20 * second)
    expect(total(world, "badInput")).toBe(10)
    expect(total(world, "served")).toBe(0)
    expect(total(world, "gross")).toBe(0)
    expect(total(world, "failedAttempts")).toBe(0)
    expect(instanceView(world.market, 0)).toMatchObject({ parks: 0, health })
  })
})

describe("a request that is longer than its node's memory", () => {
  it("is answered like any other 4xx: told apart, free, tried once, and no fault of the node's", () => {
    // More context than any 4090 holds, at a price that the grant covers.
    const cheap = [modelCalled("llama-3-8b", { inputPricePerMtok: 1, outputPricePerMtok: 1 })]
    const { replication, world } = openQuietWorld(
      { models: cheap, fleet: { nodes: 2 }, consumers: { maxRetries: 2 } },
      [{ at: 1, inputTokens: 900_000, outputTokens: 10 }],
    )
    const healths = [0, 1].map((node) => instanceView(world.market, node)?.health)
    advanceWhile(replication, () => total(world, "attempts") === 0)
    for (const node of [0, 1])
      expect(instanceView(world.market, node)).toMatchObject({
        reason: "Eligible",
        health: healths[node],
        parks: 0,
      })
    const { checks, nodes } = runToEnd(replication)
    expect(total(world, "tooLong")).toBe(1)
    for (const channel of ["badInput", "served", "failedAttempts", "retried", "gross"] as const)
      expect([channel, total(world, channel)]).toEqual([channel, 0])
    expect(total(world, "attempts")).toBe(1)
    expect(nodes.map(({ failures }) => failures)).toEqual([0, 0])
    expect(checks["flowBalance"]).toMatchObject({
      ok: true,
      detail: "1 arrived = 0 served + 1 answered with a 4xx + 0 rejected + 0 open",
    })
  })
})

describe("a failed attempt", () => {
  it("is tried on other nodes, none twice, before the request is given up", () => {
    const fleet = { nodes: 5, establishedDays: 14 }
    const patch = { faults: { failureShare: 1 }, fleet, consumers: { maxRetries: 0 } }
    const { world, result } = ran(patch, [{ at: 1 }])
    expect(total(world, "attempts")).toBe(3)
    expect(total(world, "failedAttempts")).toBe(3)
    expect(total(world, "refused.AttemptFailed")).toBe(1)
    expect(result.nodes.map(({ failures }) => failures).toSorted()).toEqual([0, 0, 1, 1, 1])
  })

  it("takes a fifth of a second to be told", () => {
    const patch = { faults: { failureShare: 1 } }
    const { world } = ran(patch, [{ at: 1 }])
    expect(total(world, "inFlightSeconds")).toBeCloseTo(0.2, 9)
  })

  it("happens in about the share of the attempts that the scenario says", () => {
    const requests = Array.from({ length: 2000 }, (_, i) => ({ at: 10 * i, outputTokens: 1 }))
    const fleet = { nodes: 20, establishedDays: 14 }
    const { world } = ran({ faults: { failureShare: 0.2 }, fleet }, requests)
    const attempts = total(world, "attempts")
    // Five standard errors.
    expect(Math.abs(total(world, "failedAttempts") / attempts - 0.2)).toBeLessThan(
      5 * Math.sqrt(0.16 / attempts),
    )
  })
})
