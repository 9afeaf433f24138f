/** What is looked at before a run begins: the trace, the fleet, the memory. */
import { NodeContext } from "@effect/platform-node"
import { Cause, Effect, Exit } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { Plan } from "../../../sim/experiment/plan.ts"
import { makePlan } from "../../../sim/experiment/plan.ts"

let folder = ""
let trace = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-plan-"))
  trace = join(folder, "trace.csv")
  writeFileSync(
    trace,
    [
      "TIMESTAMP,ContextTokens,GeneratedTokens",
      "2023-11-16 18:15:46.6805900,374,44",
      "2023-11-16 18:16:46.6805900,396,109",
      "2023-11-16 18:25:46.6805900,879,55",
    ].join("\n"),
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const gigabyte = 1e9

const planned = (
  name: string,
  sets: ReadonlyArray<string> = [],
  workers = 1,
  freeBytes = 64 * gigabyte,
  { threadBytes = Infinity, ...options }: { threadBytes?: number; replications?: number } = {},
) =>
  Effect.runPromiseExit(
    makePlan(name, sets, workers, { ...options, memory: { freeBytes, threadBytes } }).pipe(
      Effect.provide(NodeContext.layer),
    ),
  )

const plan = async (...parts: Parameters<typeof planned>): Promise<Plan> => {
  const exit = await planned(...parts)
  if (Exit.isFailure(exit)) throw new Error(Cause.pretty(exit.cause))
  return exit.value
}

/** The error that a user gets, its tag and its message; a defect is none. */
const refusal = async (...parts: Parameters<typeof planned>) => {
  const exit = await planned(...parts)
  if (Exit.isSuccess(exit)) throw new Error("was not refused")
  if (exit.cause._tag !== "Fail") throw new Error(Cause.pretty(exit.cause))
  const { _tag, message } = exit.cause.error
  return { _tag, message }
}

describe("a plan", () => {
  it("holds the scenario, and no trace where none is replayed", async () => {
    const { scenario, trace: recorded } = await plan("newcomer", ["horizonDays=3"])
    expect(scenario.horizonDays).toBe(3)
    expect(recorded).toBeUndefined()
  })

  it("looks at the machine's memory where nobody says how much there is", async () => {
    const made = makePlan("base", ["fleet.nodes=1"], 1).pipe(Effect.provide(NodeContext.layer))
    expect((await Effect.runPromise(made)).scenario.name).toBe("base")
  })

  it("fails with what is wrong with the scenario", async () => {
    expect((await refusal("nothing"))._tag).toBe("ScenarioInvalid")
  })
})

describe("a trace", () => {
  it("is as long as the run: to its last request, and a second more", async () => {
    const made = await plan("trace", [`demand.trace.path=${trace}`])
    expect(made.scenario.horizonDays * 86_400).toBeCloseTo(601, 6)
    expect(made.trace).toMatchObject({
      path: trace,
      requests: 3,
      lastMicros: 600e6,
      description: "Azure layout, dates",
    })
  })

  it("that is replayed faster, or spread by a jitter, is as long as that", async () => {
    const sets = [
      `demand.trace.path=${trace}`,
      "demand.trace.speed=2",
      "demand.trace.jitterSeconds=5",
    ]
    const { scenario } = await plan("trace", sets)
    expect(scenario.horizonDays * 86_400).toBeCloseTo(306, 6)
  })

  it("of which a window is replayed is as long as that", async () => {
    const window = [
      `demand.trace.path=${trace}`,
      "demand.trace.fromSeconds=30",
      "demand.trace.untilSeconds=600",
    ]
    const { scenario, trace: seen } = await plan("trace", window)
    expect(scenario.horizonDays * 86_400).toBeCloseTo(31, 6)
    expect(seen?.requests).toBe(1)
    const empty = [...window, "demand.trace.untilSeconds=50"]
    expect((await refusal("trace", empty)).message).toBe(
      `${trace}: found no request from 30 to 50 seconds; allowed is a window with at least one`,
    )
  })

  it("whose stamps tell no unit is asked for it", async () => {
    const path = join(folder, "seconds.jsonl")
    const lines = [0, 400, 3600].map(
      (at) => `{"timestamp": ${at}.0, "input_length": 100, "output_length": 20}`,
    )
    writeFileSync(path, lines.join("\n"))
    const sets = [`demand.trace.path=${path}`]
    expect((await refusal("trace", sets)).message).toContain("demand.trace.timeUnit=UNIT")
    const { scenario } = await plan("trace", [...sets, "demand.trace.timeUnit=seconds"])
    expect(scenario.horizonDays * 86_400).toBeCloseTo(3601, 6)
  })

  it("that is replayed too slowly to end is refused", async () => {
    const sets = [`demand.trace.path=${trace}`, "demand.trace.speed=0.000001"]
    expect(await refusal("trace", sets)).toEqual({
      _tag: "ScenarioInvalid",
      message:
        "trace is not a scenario that can be run:\n" +
        "  demand.trace: replayed like this, the trace takes 6945 days, and a run 3660 at most",
    })
  })

  it("that is not there is asked for by its path", async () => {
    const { _tag, message } = await refusal("trace")
    expect(_tag).toBe("TraceInvalid")
    expect(message).toContain("trace.csv")
  })
})

describe("a fleet", () => {
  it("with a device that fits none of the models is refused", async () => {
    const sets = [
      "models.0.name=llama-3-70b",
      "fleet.devices=[{ device: H100 SXM, weight: 1 }, { device: RTX 4090, weight: 1 }]",
    ]
    expect(await refusal("base", sets)).toEqual({
      _tag: "ScenarioInvalid",
      message:
        "base is not a scenario that can be run:\n" +
        "  fleet.devices: RTX 4090 can serve none of the models that have an initialSupply, at 5 tokens/s",
    })
    // A device that never comes may be anything.
    const without = sets[1].replace("RTX 4090, weight: 1", "RTX 4090, weight: 0")
    expect((await plan("base", [sets[0], without])).scenario.fleet.devices.length).toBe(2)
  })

  it("with a device that fits only what nobody serves at first is refused too", async () => {
    const small =
      "models.1={ name: llama-3.2-3b, quantisation: q4, inputPricePerMtok: 1, outputPricePerMtok: 1, popularity: 1, initialSupply: 0 }"
    const sets = ["models.0.name=llama-3-70b", small, "fleet.devices.0.device=RTX 4090"]
    expect((await refusal("base", sets)).message).toContain("RTX 4090 can serve none of the models")
    const supplied = small.replace("initialSupply: 0", "initialSupply: 0.1")
    expect((await plan("base", [sets[0], supplied, sets[2]])).scenario.models.length).toBe(2)
  })

  it("has to reach the floor of its own economy", async () => {
    const { message } = await refusal("base", ["economy.floor.tokensPerSecond=2000"])
    expect(message).toContain("RTX 4090 can serve none of the models")
    expect(message).toContain("at 2000 tokens/s")
  })
})

describe("memory", () => {
  const large = ["fleet.nodes=200000", "horizonDays=3650"]

  it("for 200,000 nodes over ten years is not there on a small machine", async () => {
    const { _tag, message } = await refusal("base", large, 1, gigabyte)
    expect(_tag).toBe("NotEnoughMemory")
    expect(message).toMatch(
      /^This run needs about \d+ MB of memory, and 1000 MB are free\. Fewer fleet\.nodes, .* need less\.$/,
    )
    expect((await plan("base", large, 1, 64 * gigabyte)).scenario.fleet.nodes).toBe(200_000)
  })

  /** What a run is reckoned to need, MB, from what it is told of. */
  const needed = async (
    sets: ReadonlyArray<string>,
    workers: number,
    replications = 1,
  ): Promise<number> => {
    const { message } = await refusal("base", sets, workers, 0, { replications })
    return Number(/needs about (\d+) MB/.exec(message)?.[1])
  }

  it("grows with the nodes, with those who come, and with the consumers", async () => {
    const calm = await needed([], 1)
    expect(calm).toBeLessThan(500)
    const perNode = ((await needed(["fleet.nodes=100050"], 1)) - calm) / 100_000
    expect(perNode).toBeGreaterThan(0.005)
    const joining = ["churn.joinsPerDay=10000", "horizonDays=10"]
    expect(await needed(joining, 1)).toBeCloseTo(calm + 100_000 * perNode, -1)
    expect(await needed(["consumers.count=1000000"], 1)).toBeGreaterThan(calm + 100)
    const signingUp = ["consumers.signUpsPerDay=100000", "horizonDays=10"]
    expect(await needed(signingUp, 1)).toBeCloseTo(await needed(["consumers.count=1000000"], 1), -1)
  })

  it("is for as many replications as run at once", async () => {
    const one = await needed([], 1)
    expect(await needed([], 4, 4)).toBeCloseTo(4 * one, -1)
    expect(await needed([], 4, 2)).toBeCloseTo(2 * one, -1)
    // What is asked for counts, and the scenario's own number where nothing is.
    expect(await needed(["replications=1"], 4, 4)).toBeCloseTo(4 * one, -1)
    const { message } = await refusal("base", ["replications=2"], 4, 0)
    expect(Number(/about (\d+) MB/.exec(message)?.[1])).toBeCloseTo(2 * one, -1)
  })

  it("is also for the results of all that were run", async () => {
    const growth = ((await needed([], 1, 100_000)) - (await needed([], 1, 1))) / 100_000
    // A week of hours and 50 nodes: some 0.4 MB.
    expect(growth).toBeGreaterThan(0.3)
    expect(growth).toBeLessThan(0.6)
    expect((await refusal("base", [], 1, 16 * gigabyte, { replications: 100_000 }))._tag).toBe(
      "NotEnoughMemory",
    )
    expect(await needed(["horizonDays=28"], 1, 1000)).toBeGreaterThan(
      2 * (await needed([], 1, 1000)),
    )
  })

  it("has to suffice for each thread as well", async () => {
    const threadBytes = gigabyte
    const many = { threadBytes, replications: 10_000 }
    expect((await refusal("base", [], 1, 64 * gigabyte, many)).message).toMatch(
      /^A thread of this run needs about \d+ MB of memory, and Node gives it 1000 MB; NODE_OPTIONS=.* need less\.$/,
    )
    const large = ["fleet.nodes=100000"]
    const few = { threadBytes, replications: 1 }
    expect((await refusal("base", large, 1, 64 * gigabyte, few))._tag).toBe("NotEnoughMemory")
    expect((await plan("base", [], 1, 64 * gigabyte, few)).scenario.name).toBe("base")
  })

  it("is not more than a container may use", async () => {
    const limited = vi.spyOn(process, "constrainedMemory")
    const tried = (bytes: number) => {
      limited.mockReturnValue(bytes)
      return Effect.runPromiseExit(
        makePlan("base", [], 1).pipe(Effect.provide(NodeContext.layer)),
      ).then(Exit.isSuccess)
    }
    // This very process takes more than that.
    expect(await tried(10e6)).toBe(false)
    // No limit, as Node says it: nothing, or more than any machine has.
    expect(await tried(0)).toBe(true)
    expect(await tried(2 ** 64)).toBe(true)
    limited.mockRestore()
  })
})
