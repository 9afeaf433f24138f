import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import { openSource } from "../../../sim/demand/open-source.ts"
import { WaitingRequests } from "../../../sim/demand/trace/waiting-requests.ts"
import { loadScenario } from "../../../sim/scenarios/load.ts"

const HOUR = 3_600_000_000
const START = 8 * 24 * HOUR

interface Request {
  readonly at: number
  readonly model: number
  readonly input: number
  readonly output: number
}

/** All requests of a scenario in its first `hours`. */
const requestsOf = async (
  assignments: ReadonlyArray<string>,
  hours: number,
  recorded?: WaitingRequests,
): Promise<ReadonlyArray<Request>> => {
  const scenario = await Effect.runPromise(
    loadScenario("base", assignments).pipe(Effect.provide(NodeContext.layer)),
  )
  const streams = {
    arrival: openStream("s", "arrival", 0),
    model: openStream("s", "model", 0),
    size: openStream("s", "size", 0),
  }
  const source = openSource(scenario, recorded)(streams, START, START + hours * HOUR)
  const requests: Array<Request> = []
  for (let at = source.nextMicros(); at < Infinity; at = source.nextMicros()) {
    source.read()
    requests.push({
      at,
      model: source.model,
      input: source.inputTokens,
      output: source.outputTokens,
    })
  }
  return requests
}

const twoModels = [
  "models=[{name: llama-3-8b, quantisation: q4, inputPricePerMtok: 1, outputPricePerMtok: 1, popularity: 3, initialSupply: 1}, " +
    "{name: qwen3-32b, quantisation: q4, inputPricePerMtok: 1, outputPricePerMtok: 1, popularity: 1, initialSupply: 1}]",
]

describe("generated requests", () => {
  it.each(["poisson", "gamma", "mmpp"])("come from %s arrivals at the mean rate", async (kind) => {
    const sets = [...twoModels, "demand.requestsPerSecond=2", `demand.arrivals=${kind}`]
    const requests = await requestsOf(sets, 24)
    expect(requests.length / (2 * 86_400)).toBeGreaterThan(0.95)
    expect(requests.length / (2 * 86_400)).toBeLessThan(1.05)
    expect(requests.every(({ at }) => at >= START && at <= START + 24 * HOUR)).toBe(true)
    const first = requests.filter(({ model }) => model === 0).length
    expect(first / requests.length).toBeCloseTo(0.75, 1)
  })

  it("have sizes within the scenario's limits, of either kind", async () => {
    for (const kind of ["log-normal", "azure-conversation"]) {
      const limits = ["demand.sizes.maxInputTokens=900", "demand.sizes.maxOutputTokens=200"]
      const requests = await requestsOf([...limits, `demand.sizes.kind=${kind}`], 1)
      const inputs = requests.map(({ input }) => input)
      const outputs = requests.map(({ output }) => output)
      expect(Math.min(...inputs)).toBeGreaterThanOrEqual(1)
      expect(Math.max(...inputs)).toBe(900)
      expect(Math.max(...outputs)).toBe(200)
      expect(Math.min(...outputs)).toBeGreaterThanOrEqual(1)
    }
  })

  it("swell in a flash crowd for one model, and for the other model stay as they were", async () => {
    const crowd =
      "demand.flashCrowds=[{atHours: 2, durationHours: 1, multiplier: 9, model: qwen3-32b}]"
    const requests = await requestsOf([...twoModels, "demand.requestsPerSecond=2", crowd], 4)
    const count = (model: number, hour: number): number =>
      requests.filter(
        (request) => request.model === model && Math.floor((request.at - START) / HOUR) === hour,
      ).length
    // Poisson counts: 5,400 and 1,800 an hour, 16,200 in the crowd; five deviations.
    for (const hour of [0, 1, 2, 3]) {
      expect(Math.abs(count(0, hour) - 5400)).toBeLessThan(370)
    }
    for (const hour of [0, 1, 3]) expect(Math.abs(count(1, hour) - 1800)).toBeLessThan(215)
    expect(Math.abs(count(1, 2) - 16_200)).toBeLessThan(640)
  })

  it("follow the day where the scenario says so", async () => {
    const requests = await requestsOf(
      [...twoModels, "demand.requestsPerSecond=2", "demand.daily=1"],
      24,
    )
    const at = (hour: number): number =>
      requests.filter((request) => Math.floor((request.at - START) / HOUR) === hour).length
    expect(at(20) / at(4)).toBeGreaterThan(3.2)
    expect(at(20) / at(4)).toBeLessThan(4.4)
  })
})

describe("replayed requests", () => {
  const replay = "demand.trace={path: t}"
  const recorded = (...hours: ReadonlyArray<number>): WaitingRequests => {
    const requests = new WaitingRequests()
    for (const [index, hour] of hours.entries())
      requests.add(hour * HOUR, 10 * (index + 1), index % 3)
    requests.release(Infinity)
    return requests
  }

  it("are the trace's, and of one token at least", async () => {
    const requests = await requestsOf([...twoModels, replay], 3, recorded(0, 1, 1, 2))
    expect(requests.map(({ at, input, output }) => [at - START, input, output])).toEqual([
      [0, 10, 1],
      [HOUR, 20, 1],
      [HOUR, 30, 2],
      [2 * HOUR, 40, 1],
    ])
  })

  it("are for the model that a crowd wants, while it is there", async () => {
    const crowd =
      "demand.flashCrowds=[{atHours: 2, durationHours: 1, multiplier: 1e9, model: qwen3-32b}]"
    const requests = await requestsOf([...twoModels, replay, crowd], 20, recorded(0, 2, 2.9, 13))
    expect(requests.slice(1, 3).map(({ model }) => model)).toEqual([1, 1])
    expect([requests[0].model, requests[3].model]).toContain(0)
  })
})
