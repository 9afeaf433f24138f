/** The store of a sweep: what is added stays, once; what is foreign is refused with the reason. */
import { plainFacts } from "../../../support/run-result.ts"
import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import fc from "fast-check"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { exportSweep, sweepDigest } from "../../../../sim/results/export/sweep-export.ts"
import type {
  Shard,
  SweepCell,
  SweepDefinition,
  SweepPoint,
} from "../../../../sim/results/models/sweep-model.ts"
import { cellsOf, isOfShard, wholeSweep } from "../../../../sim/results/models/sweep-model.ts"
import { missingCells, openSweep, readSweep } from "../../../../sim/results/store/sweep-store.ts"

let folder = ""
let database = ""
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-sweep-store-"))
  database = join(folder, "sweep.sqlite")
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const definition: SweepDefinition = {
  version: "0.0.0",
  scenario: "made-up",
  title: "A made-up sweep",
  scenarioYaml: "name: made-up\nfleet:\n  nodes: 5\n",
  traceDigest: null,
  both: [],
  vary: ["economy.feeBps=1,2,3", "economy=pooled"],
  design: "grid",
  size: 3,
  points: 3,
  replications: 2,
  seed: "1",
  command: "npx evenkeel sweep made-up",
}
const points: ReadonlyArray<SweepPoint> = [1, 2, 3].map((fee, index) => ({
  index,
  values: [fee, "pooled"],
  coordinates: [fee / 3, 0.5],
}))
const facts = {
  "a.share": { ...plainFacts, unit: "share", meaning: "A share" },
  "b.rare": { ...plainFacts, unit: "1/s", meaning: "Not always there" },
}
const cellOf = (index: number): SweepCell => ({
  index,
  point: Math.floor(index / 2),
  replication: index % 2,
  digest: `digest ${index}`,
  requests: 10 + index,
  events: 100 + index,
  warmupSeconds: 0.1 * index,
  failedChecks: [],
  metrics: { "a.share": 1 / (index + 3), ...(index % 2 === 0 ? { "b.rare": 1e-17 * index } : {}) },
})
const all = [0, 1, 2, 3, 4, 5]

const run = <A, E>(effect: Effect.Effect<A, E, NodeContext.NodeContext>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeContext.layer)))

/** Opens the store, adds the cells in groups, and closes it. Gives the indices that were there before. */
const add = (
  groups: ReadonlyArray<ReadonlyArray<number>>,
  { path = database, shard = wholeSweep, as = definition } = {},
) =>
  run(
    Effect.scoped(
      Effect.gen(function* () {
        const store = yield* openSweep(path, as, points, shard)
        for (const group of groups) yield* store.add(group.map(cellOf), facts)
        return [...store.present].sort((a, b) => a - b)
      }),
    ),
  )
const messageOf = async <A, E extends { readonly message: string }>(
  effect: Effect.Effect<A, E, NodeContext.NodeContext>,
) => {
  const outcome = await run(Effect.either(effect))
  return Either.isLeft(outcome) ? outcome.left.message : ""
}
const exported = async () => {
  const { result } = await run(readSweep(database))
  await run(exportSweep(result, folder))
  return Promise.all(
    ["cells.csv", "results.json"].map((name) => readFile(join(folder, name), "utf8")),
  )
}

describe("the store of a sweep", () => {
  it("gives back what was added, to the last digit", async () => {
    expect(await add([[0], [1], [4, 5]])).toEqual([])
    expect(await add([[2, 3]])).toEqual([0, 1, 4, 5])
    const { result, shard } = await run(readSweep(database))
    expect(result.definition).toEqual(definition)
    expect(result.points).toEqual(points)
    expect(result.cells).toEqual(all.map(cellOf))
    expect(result.metrics).toEqual(facts)
    expect(result.factors).toEqual(["economy.feeBps", "economy"])
    expect(shard).toEqual(wholeSweep)
    expect(missingCells(result, wholeSweep)).toEqual([])
  })

  it("exports the same bytes in whatever order and groups the cells came", async () => {
    await add(all.map((index) => [index]))
    const expected = await exported()
    const digest = sweepDigest((await run(readSweep(database))).result)
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(all, { minLength: 6 }),
        fc.integer({ min: 1, max: 6 }),
        async (order, size) => {
          await rm(database)
          for (let at = 0; at < order.length; at += size) await add([order.slice(at, at + size)])
          expect(await exported()).toEqual(expected)
          expect(sweepDigest((await run(readSweep(database))).result)).toBe(digest)
        },
      ),
      { numRuns: 12 },
    )
    expect(expected[0].split("\n")[1]).toBe("0,0,0,1,pooled,digest 0,10,100,0,0.3333333333333333,0")
    expect(expected[0].split("\n")[2]).toMatch(/,$/)
    expect(JSON.parse(expected[1]).results[2]).toMatchObject({
      values: { "economy.feeBps": 3, economy: "pooled" },
      metrics: { "a.share": { n: 2 }, "b.rare": { n: 1, halfWidth: null } },
    })
  })

  it("takes a group of cells whole or not at all, and none twice", async () => {
    await add([[0]])
    const again = Effect.scoped(
      Effect.flatMap(openSweep(database, definition, points, wholeSweep), (store) =>
        store.add([cellOf(1), cellOf(0)], facts),
      ),
    )
    expect(await messageOf(again)).toContain("UNIQUE")
    expect((await run(readSweep(database))).result.cells.map(({ index }) => index)).toEqual([0])
  })

  it("refuses another sweep and says what differs", async () => {
    await add([[0]])
    const other: SweepDefinition = {
      ...definition,
      seed: "2",
      vary: ["economy.feeBps=1,2,4", "economy=pooled"],
      scenarioYaml: "name: made-up\nfleet:\n  nodes: 6\n",
    }
    const message = await messageOf(Effect.scoped(openSweep(database, other, points, wholeSweep)))
    expect(message).toContain(`${database} holds another sweep:`)
    expect(message).toContain("fleet.nodes: 5 there, 6 now")
    expect(message).toContain("seed: 1 there, 2 now")
    expect(message).toContain("--vary: economy.feeBps=1,2,3 economy=pooled there")
    expect(message).toContain("or another folder with --out")
    const shard: Shard = { index: 1, count: 2 }
    expect(
      await messageOf(Effect.scoped(openSweep(database, definition, points, shard))),
    ).toContain("--shard: 1/1 there, 1/2 now")
  })

  it("lets one program at a time work on a file", async () => {
    const both = Effect.scoped(
      Effect.zipRight(
        openSweep(database, definition, points, wholeSweep),
        openSweep(database, definition, points, wholeSweep),
      ),
    )
    expect(await messageOf(both)).toContain("another sweep is at work on this file")
    expect(await add([[0]])).toEqual([])
  })

  it("refuses what is no sweep", async () => {
    expect(await messageOf(readSweep(database))).toContain("There is no file at")
    await writeFile(database, "not a database, but long enough to be looked at".repeat(20))
    const opened = Effect.scoped(openSweep(database, definition, points, wholeSweep))
    for (const message of [await messageOf(readSweep(database)), await messageOf(opened)])
      expect(message).toContain("is not an Evenkeel results file")
  })
})

describe("shards", () => {
  it("have every point once, and as many cells as they say", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        (pointCount, count, replications) => {
          const shards = Array.from({ length: count }, (_, at) => ({ index: at + 1, count }))
          const own = { ...definition, points: pointCount, replications }
          for (let point = 0; point < pointCount; point++)
            expect(shards.filter((shard) => isOfShard(shard, point))).toHaveLength(1)
          for (const shard of shards)
            expect(Math.max(0, cellsOf(own, shard))).toBe(
              replications *
                Array.from({ length: pointCount }, (_, at) => at).filter((at) =>
                  isOfShard(shard, at),
                ).length,
            )
        },
      ),
    )
  })
})
