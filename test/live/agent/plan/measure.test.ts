import { describe, expect, test } from "vitest"
import type { Backend } from "../../../../live/agent/backends/backend.ts"
import { simulatedBackend } from "../../../../live/agent/backends/simulated.ts"
import { measure } from "../../../../live/agent/plan/measure.ts"
import { chunkOf } from "../support/local-server.ts"

const simulated = (tokensPerSecond: number, slots: number): Backend =>
  simulatedBackend({ models: ["m"], tokensPerSecond, slots, timeToFirstTokenMillis: 5 })

describe("measuring", () => {
  test("finds the speed of one stream, and the streams that stay at the floor", async () => {
    const { slots, singleTokensPerSecond, tokensPerSecond, rungs } = await measure(
      simulated(200, 2),
      "m",
      { tokens: 12, floorTokensPerSecond: 60 },
    )
    // 200 tokens/s in two streams, 100 each in four, 50 each in eight.
    expect(slots).toBe(4)
    expect(singleTokensPerSecond).toBeGreaterThan(150)
    expect(singleTokensPerSecond).toBeLessThan(230)
    expect(tokensPerSecond).toBeGreaterThan(200)
    expect(rungs.map(({ streams }) => streams)).toEqual([1, 2, 4])
    expect(rungs[0]?.timeToFirstTokenMillis).toBeGreaterThan(4)
  })

  test("stops at the most streams, and when time is up keeps what it has", async () => {
    expect((await measure(simulated(2000, 64), "m", { tokens: 4, mostStreams: 4 })).slots).toBe(4)
    const slow = await measure(simulated(100, 1), "m", {
      tokens: 12,
      limitMillis: 300,
      floorTokensPerSecond: 1,
    })
    expect(slow.slots).toBeLessThanOrEqual(2)
  })

  test("an answer in one piece counts by the whole time", async () => {
    const backend: Backend = {
      ...simulated(1, 1),
      async *generate() {
        await new Promise((resolve) => {
          setTimeout(resolve, 100)
        })
        yield { ...chunkOf("all of it", "stop"), usage: { completion_tokens: 10 } }
      },
    }
    const { singleTokensPerSecond } = await measure(backend, "m", { mostStreams: 1 })
    expect(singleTokensPerSecond).toBeGreaterThan(50)
    expect(singleTokensPerSecond).toBeLessThanOrEqual(101)
  })

  /** 500 tokens a second, of which the first do not show; it ends where `max_tokens` ends it. */
  const reasoning = (
    hidden: number,
    more: { length?: number; counts?: boolean } = {},
  ): Backend => ({
    ...simulated(1, 1),
    async *generate({ body }) {
      const { length = Infinity, counts = true } = more
      const most = Math.min(Number(body["max_tokens"]), length)
      yield { choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }
      for (let token = 0; token < most; token++) {
        if (token % 10 === 0) await new Promise((resolve) => void setTimeout(resolve, 20))
        if (token >= hidden) yield chunkOf(" word")
      }
      yield chunkOf("", most < length ? "length" : "stop")
      if (counts) yield { choices: [], usage: { completion_tokens: most } }
    },
  })
  test.each([
    [3, {}],
    [46, {}],
    [100, {}],
    [100, { counts: false }],
    [300, {}],
    [10_000, {}],
  ])("a model that hides its first %i tokens is measured", async (hidden, more) => {
    const { slots, singleTokensPerSecond } = await measure(reasoning(hidden, more), "m", {
      mostStreams: 2,
    })
    expect(slots).toBe(2)
    // Never more than it is; a busy machine makes it less.
    expect(singleTokensPerSecond).toBeGreaterThan(100)
    expect(singleTokensPerSecond).toBeLessThan(700)
  })

  test("a model that shows nothing and counts nothing is not", async () => {
    const silent = reasoning(10_000, { counts: false })
    await expect(measure(silent, "m")).rejects.toThrow("the answer was empty")
    await expect(measure(reasoning(50, { length: 40 }), "m")).rejects.toThrow(
      "the answer was empty",
    )
  })

  test("what cannot be measured is an error that says so", async () => {
    await expect(
      measure(simulated(20, 1), "m", { tokens: 4, floorTokensPerSecond: 30 }),
    ).rejects.toThrow(
      /m could not be measured: a single stream makes \d+\.\d tokens\/s; the market's floor is 30/,
    )
    const broken = simulatedBackend({ models: ["m"], failProbability: 1 })
    await expect(measure(broken, "m")).rejects.toThrow("a simulated failure")
    await expect(measure(simulated(1, 1), "m", { limitMillis: 60 })).rejects.toThrow(
      "nothing was measured within 0.06 s",
    )
  })

  test("a stop ends it", async () => {
    const reason = new Error("enough")
    await expect(
      measure(simulated(1, 1), "m", {}, AbortSignal.any([AbortSignal.abort(reason)])),
    ).rejects.toBe(reason)
  })
})
