/** A sweep made ready: its points and their scenarios, and everything that can be wrong before a run. */
import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import type { SweepRequest } from "../../../sim/sweep/prepare.ts"
import { prepareSweep } from "../../../sim/sweep/prepare.ts"

const prepared = (request: Partial<SweepRequest>) =>
  Effect.runPromise(
    prepareSweep({
      scenario: "base",
      vary: [],
      both: [],
      design: "grid",
      size: 0,
      seed: undefined,
      replications: undefined,
      workers: 2,
      commandOf: () => "npx evenkeel sweep base",
      ...request,
    }).pipe(Effect.either, Effect.provide(NodeContext.layer)),
  )
const ready = async (request: Partial<SweepRequest>) => Either.getOrThrow(await prepared(request))

describe("a prepared sweep", () => {
  it("has every combination, the last factor fastest, and the scenario at each", async () => {
    const { definition, points, planAt } = await ready({
      vary: ["economy.feeBps=500..1500:3", "fleet.nodes=10,20"],
      both: ["horizonDays=0.5"],
    })
    expect(points.map(({ values }) => values)).toEqual([
      [500, 10],
      [500, 20],
      [1000, 10],
      [1000, 20],
      [1500, 10],
      [1500, 20],
    ])
    expect(definition).toMatchObject({ points: 6, size: 6, replications: 8, seed: "1" })
    const { scenario } = await Effect.runPromise(
      planAt(points[3]).pipe(Effect.provide(NodeContext.layer)),
    )
    expect(scenario).toMatchObject({
      horizonDays: 0.5,
      economy: { feeBps: 1000 },
      fleet: { nodes: 20 },
    })
    expect(definition.scenarioYaml).toContain("horizonDays: 0.5")
  })

  it.each([
    ["fleet.nodes=1..2:5", "holds 2 different whole numbers", "fleet.nodes=1..2:2"],
    ["fleet.nodes=log(1..3):9", "holds 3 different whole numbers", "fleet.nodes=1,2,3"],
  ])("refuses %s, whose values would be run twice", async (vary, what, instead) => {
    const refused = Either.getOrThrow(Either.flip(await prepared({ vary: [vary] })))
    expect(refused.message).toContain(what)
    expect(refused.message).toContain(instead)
    expect((await ready({ vary: [instead] })).points.length).toBeGreaterThan(1)
  })

  it("keeps what a varied group would undo, whatever the order", async () => {
    for (const vary of [
      ["economy=pooled,hardened", "economy.feeBps=300,400"],
      ["economy.feeBps=300,400", "economy=pooled,hardened"],
    ]) {
      const { points, planAt } = await ready({ vary, both: ["economy.bounty.maxMultiplier=3"] })
      for (const point of points) {
        const { scenario } = await Effect.runPromise(
          planAt(point).pipe(Effect.provide(NodeContext.layer)),
        )
        expect(point.values).toContain(scenario.economy.feeBps)
        expect(scenario.economy.routing.selection).toBe(
          point.values.includes("hardened") ? "spareLottery" : "leastLoaded",
        )
        expect(scenario.economy.bounty.maxMultiplier).toBe(3)
      }
    }
  })

  it("takes whole numbers where a setting takes nothing else, and any number elsewhere", async () => {
    const { points } = await ready({
      design: "latin",
      size: 12,
      vary: ["fleet.nodes=1..6", "demand.requestsPerSecond=1..6"],
    })
    const nodes = points.map(({ values }) => Number(values[0]))
    expect(nodes.every(Number.isInteger)).toBe(true)
    for (const count of [1, 2, 3, 4, 5, 6])
      expect(nodes.filter((one) => one === count)).toHaveLength(2)
    expect(points.some(({ values }) => !Number.isInteger(values[1]))).toBe(true)
  })

  it("shares random numbers within trajectories and rows, and not between them", async () => {
    const vary = ["fleet.nodes=5..20", "economy.feeBps=0..2000"]
    const morris = await ready({ design: "morris", size: 3, vary })
    expect(morris.points.map(({ block }) => block)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2])
    const saltelli = await ready({ design: "saltelli", size: 2, vary })
    expect(saltelli.points.map(({ block }) => block)).toEqual([0, 1, 0, 0, 1, 2, 3, 2, 2, 3])
  })

  it.each<[Partial<SweepRequest>, string]>([
    [{}, "--vary: must be given at least once"],
    [{ vary: ["economy.feeBps=0..100"] }, "a grid needs to know how many values to take"],
    [
      { vary: ["economy.feeBps=9000..11000:3"] },
      "--vary economy.feeBps=9000..11000:3, at 11000, is not a scenario",
    ],
    [{ vary: ["fleet.nods=1,2"] }, "base at fleet.nods=1 is not a scenario"],
    [{ vary: ["fleet.nodes=0.5..1.5:3"] }, "expected a whole number of nodes"],
    [{ vary: ["seed=1,2"] }, "--vary seed: all points share it; give --seed"],
    [{ vary: ["name=a,b"] }, "--vary name: says nothing about the market"],
    [{ vary: ["fleet.nodes=1,2", "fleet.nodes=3,4"] }, "--vary fleet.nodes: is given twice"],
    [{ vary: ["fleet.nodes=1,2"], both: ["fleet.nodes=3"] }, "--both fleet.nodes: is varied"],
    [{ vary: ["fleet.nodes=1,2"], both: ["nonsense"] }, "--both nonsense is not a scenario"],
    [{ vary: ["fleet.nodes=1,2"], scenario: "nowhere" }, "no such file, and no built-in scenario"],
    [
      { vary: ["fleet.nodes=1..9000:9000", "economy.feeBps=1..9000:9000"] },
      "a design may have 1000000 points at most",
    ],
    [
      { vary: ["fleet.nodes=199000,200000"], both: ["consumers.count=1000000"], workers: 256 },
      "This run needs about",
    ],
  ])("refuses %j", async (request, message) => {
    const outcome = await prepared(request)
    expect(Either.isLeft(outcome) ? outcome.left.message : "accepted").toContain(message)
  })
})
