/** Cells as they are run and stored: each once, whatever fails beside it. */
import { NodeContext } from "@effect/platform-node"
import { Effect, Either, Layer, Stream } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { runTask } from "../../../sim/experiment/task.ts"
import { layerInline, ReplicationFailed, Replicators } from "../../../sim/experiment/replicators.ts"
import { wholeSweep } from "../../../sim/results/models/sweep-model.ts"
import { openSweep, readSweep } from "../../../sim/results/store/sweep-store.ts"
import { prepareSweep } from "../../../sim/sweep/prepare.ts"
import { CellFailed, runCells } from "../../../sim/sweep/run-cells.ts"

let folder = ""
let database = ""
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-run-cells-"))
  database = join(folder, "sweep.sqlite")
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const preparing = (both: ReadonlyArray<string> = [], design: "grid" | "morris" = "grid") =>
  prepareSweep({
    scenario: "base",
    vary: design === "grid" ? ["economy.feeBps=500,1000,1500"] : ["economy.feeBps=500..1500"],
    both: ["horizonDays=0.01", "fleet.nodes=2", "warmupDays=0", ...both],
    design,
    size: 3,
    seed: "cells",
    replications: 2,
    workers: 1,
    commandOf: () => "",
  })

/** Runs what is missing, and gives how that went and the indices of the tasks that were run. */
const run = (
  prepare: ReturnType<typeof preparing>,
  failsAt: (task: { readonly index: number; readonly feeBps: number }) => boolean = () => false,
) => {
  const tasks: Array<number> = []
  const shares: Array<number> = []
  const replicators = Layer.succeed(Replicators, {
    workers: 1,
    run: (task) => {
      tasks.push(task.index)
      return failsAt({ index: task.index, feeBps: task.scenario.economy.feeBps })
        ? Stream.fail(new ReplicationFailed({ index: task.index, cause: new Error("no more") }))
        : Stream.mapError(
            runTask(task),
            (cause) => new ReplicationFailed({ index: task.index, cause }),
          )
    },
  })
  const program = Effect.scoped(
    Effect.gen(function* () {
      const sweep = yield* prepare
      const store = yield* openSweep(database, sweep.definition, sweep.points, wholeSweep)
      return yield* Effect.either(
        runCells(sweep, store, wholeSweep, (share) => Effect.sync(() => shares.push(share))),
      )
    }),
  )
  return Effect.runPromise(
    program.pipe(Effect.provide(replicators), Effect.provide(NodeContext.layer)),
  ).then((outcome) => ({ outcome, tasks, shares }))
}
const stored = () =>
  Effect.runPromise(readSweep(database).pipe(Effect.provide(NodeContext.layer))).then(
    ({ result }) => result.cells,
  )

describe("the cells of a sweep", () => {
  it("are all run once, in order, with progress up to the end", async () => {
    const { outcome, tasks, shares } = await run(preparing())
    expect(Either.isRight(outcome)).toBe(true)
    // Common random numbers: both replications of every point draw the same.
    expect(tasks).toEqual([0, 1, 0, 1, 0, 1])
    expect((await stored()).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5])
    expect(shares.at(-1)).toBe(1)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect((await run(preparing())).tasks).toEqual([])
  })

  it("of trajectories draw on their own, with the points of a trajectory together", async () => {
    const { tasks } = await run(preparing([], "morris"))
    expect(tasks).toEqual([0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5])
  })

  it("that failed say where, keep those before them, and are run again", async () => {
    const failed = await run(preparing(), ({ index, feeBps }) => feeBps === 1000 && index === 1)
    const error = Either.getOrThrow(Either.flip(failed.outcome))
    expect(error).toBeInstanceOf(CellFailed)
    expect(error.message).toBe("At economy.feeBps=1000: Replication 1 stopped: no more")
    const before = await stored()
    expect(before.map(({ index }) => index)).toEqual([0, 1, 2])
    const again = await run(preparing())
    expect(again.tasks).toEqual([1, 0, 1])
    expect((await stored()).slice(0, 3)).toEqual(before)
  })

  it("do not depend on the threads that they run on", async () => {
    await run(preparing())
    const one = await stored()
    await rm(database)
    const program = Effect.scoped(
      Effect.gen(function* () {
        const sweep = yield* preparing()
        const store = yield* openSweep(database, sweep.definition, sweep.points, wholeSweep)
        yield* runCells(sweep, store, wholeSweep, () => Effect.void)
      }),
    )
    await Effect.runPromise(
      program.pipe(Effect.provide(Layer.merge(layerInline, NodeContext.layer))),
    )
    expect(await stored()).toEqual(one)
  })
})
