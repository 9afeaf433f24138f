/** Settings that do nothing while a trace is replayed are refused, and no others. */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { loadScenario } from "../../../sim/scenarios/load.ts"

/** What is wrong with a scenario with these settings. */
const issues = (name: string, ...settings: ReadonlyArray<string>) =>
  loadScenario(name, settings).pipe(
    Effect.as([]),
    Effect.catchTag("ScenarioInvalid", (error) => Effect.succeed(error.issues)),
    Effect.provide(NodeContext.layer),
    Effect.runPromise,
  )

const pathsRefused = async (...settings: ReadonlyArray<string>) =>
  (await issues("trace", ...settings)).map(({ path }) => path)

describe("with a trace", () => {
  it.each([
    ["horizonDays", 3],
    ["demand.requestsPerSecond", 5],
    ["demand.arrivals", "gamma"],
    ["demand.burstiness", 2],
    ["demand.growthPerDay", 0.1],
    ["demand.daily", 1],
    ["demand.weekly", 1],
    ["demand.sizes.kind", "azure-conversation"],
    ["demand.sizes.medianInputTokens", 5],
    ["demand.sizes.medianOutputTokens", 5],
    ["demand.sizes.spread", 0.1],
    ["demand.sizes.maxInputTokens", 5],
    ["demand.sizes.maxOutputTokens", 5],
  ])("%s is refused, as it would do nothing", async (path, value) => {
    const found = await issues("trace", `${path}=${value}`)
    expect(found.map((one) => one.path)).toEqual([path])
    expect(found[0].message).toContain("does nothing where demand.trace is replayed (")
    // The same setting, where the generator is there to read it.
    expect(await issues("trace", `${path}=${value}`, "demand.trace=null")).toEqual([])
  })

  it("every such setting is named at once, wherever it was written", async () => {
    const found = await issues("newcomer", "demand.trace.path=x.csv", "demand.daily=0.5")
    expect(found.map(({ path }) => path)).toContain("horizonDays")
    expect(found.map(({ path }) => path)).toContain("demand.daily")
  })

  it("says what does it instead, and the default that may stay", async () => {
    const [{ message }] = await issues("trace", "demand.requestsPerSecond=5")
    expect(message).toBe(
      "does nothing where demand.trace is replayed (demand.trace.speed and demand.trace.share change how many requests come); leave it out, or at 1",
    )
    expect(await pathsRefused("demand.requestsPerSecond=1", "horizonDays=7")).toEqual([])
  })

  it("what replayed requests do obey stays allowed", async () => {
    for (const setting of [
      "demand.abortShare=0.1",
      "demand.badInputShare=0.1",
      "demand.maxTokensHeadroom=3",
      "consumers.signUpsPerDay=4",
      "warmupDays=0.01",
      "replications=3",
      "seed=5",
    ])
      expect(await pathsRefused(setting), setting).toEqual([])
  })

  it("a crowd turns requests to a model that it names, and can do nothing else", async () => {
    const crowd = (more: string) =>
      `demand.flashCrowds=[{ atHours: 0.1, durationHours: 0.1, multiplier: 5${more} }]`
    const other =
      "models.1={ name: qwen3-32b, quantisation: q4, inputPricePerMtok: 1, outputPricePerMtok: 1, popularity: 1, initialSupply: 1 }"
    expect(await pathsRefused(crowd(", model: llama-3-8b"))).toEqual(["demand.flashCrowds.0"])
    expect(await pathsRefused(other, crowd(""))).toEqual(["demand.flashCrowds.0"])
    expect(await pathsRefused(other, crowd(", model: qwen3-32b"))).toEqual([])
  })

  it("a window ends after it begins", async () => {
    expect(
      await pathsRefused("demand.trace.fromSeconds=60", "demand.trace.untilSeconds=60"),
    ).toEqual(["demand.trace.untilSeconds"])
    expect(
      await pathsRefused("demand.trace.fromSeconds=60", "demand.trace.untilSeconds=61"),
    ).toEqual([])
  })
})
