/**
 * The cells of a sweep that are not there yet, run and stored one by one.
 *
 * Where a point's scenario fixes the warm-up, a cell is finished with its replication. Where the
 * warm-up is to be found, MSER-5 looks at all replications of the point together, so its cells are
 * finished, and stored, together.
 */
import { Data, Effect, Ref, Stream } from "effect"
import type { Finished } from "../recording/replicated.ts"
import { summarise } from "../summary/summary.ts"
import { Replicators } from "../experiment/replicators.ts"
import type { RunResult } from "../results/models/run-model.ts"
import type { Shard, SweepCell } from "../results/models/sweep-model.ts"
import { cellsOf, isOfShard, pathOfFactor } from "../results/models/sweep-model.ts"
import type { SweepStore } from "../results/store/sweep-store.ts"
import type { PreparedPoint, PreparedSweep } from "./prepare.ts"
import { pointText } from "./prepare.ts"

/** A cell that could not be finished, and why. */
export class CellFailed extends Data.TaggedError("CellFailed")<{
  readonly point: string
  readonly reason: string
}> {
  override get message(): string {
    return `At ${this.point}: ${this.reason}`
  }
}

/** What is stored together: a replication of a point, or all of them. */
interface Unit {
  readonly point: PreparedPoint
  readonly replications: ReadonlyArray<number>
}

const unitsOf = (
  { definition, points }: PreparedSweep,
  shard: Shard,
  present: ReadonlySet<number>,
): ReadonlyArray<Unit> =>
  points
    .filter(({ index }) => isOfShard(shard, index))
    .flatMap((point) => {
      const missing = Array.from({ length: definition.replications }, (_, at) => at).filter(
        (replication) => !present.has(point.index * definition.replications + replication),
      )
      if (missing.length === 0) return []
      return point.isWarmupFixed
        ? missing.map((replication) => ({ point, replications: [replication] }))
        : [{ point, replications: missing }]
    })

/**
 * Runs what is missing of the shard on the `Replicators` at hand. `onProgress` is told the share of the
 * shard's work that is done, 0…1, and its finished cells.
 */
export const runCells = (
  sweep: PreparedSweep,
  store: SweepStore,
  shard: Shard,
  onProgress: (share: number, finished: number) => Effect.Effect<void>,
) =>
  Effect.gen(function* () {
    const { workers, run } = yield* Replicators
    const { definition, planAt } = sweep
    const total = cellsOf(definition, shard)
    const finished = yield* Ref.make(store.present.size)
    const underWay = new Map<number, number>()
    const report = Effect.flatMap(Ref.get(finished), (done) =>
      onProgress(
        Math.min(1, ([...underWay.values()].reduce((sum, share) => sum + share, 0) + done) / total),
        done,
      ),
    )

    const replicate = (unit: Unit, replication: number) =>
      Effect.gen(function* () {
        const { point } = unit
        const cell = point.index * definition.replications + replication
        const plan = yield* planAt(point)
        const ended = yield* Ref.make<Finished | undefined>(undefined)
        yield* Stream.runForEach(
          run({
            index: point.block * definition.replications + replication,
            scenario: plan.scenario,
            trace: plan.trace,
            seed: definition.seed,
            isChecked: false,
          }),
          (news) =>
            news._tag === "Done"
              ? Ref.set(ended, { ...news, index: replication })
              : Effect.zipRight(
                  Effect.sync(() => underWay.set(cell, news.share)),
                  report,
                ),
        )
        return yield* Effect.flatMap(Ref.get(ended), (done) =>
          done === undefined
            ? Effect.dieMessage("a replication ended without a result")
            : Effect.succeed({ plan, done }),
        )
      }).pipe(
        Effect.catchTag(
          "ReplicationFailed",
          (error) =>
            new CellFailed({
              point: pointText(
                definition.vary.map((text) => ({ path: pathOfFactor(text) })),
                unit.point.values,
              ),
              reason: error.message,
            }),
        ),
      )

    const runUnit = (unit: Unit) =>
      // From the last replication's end to its stored cells nothing may come between.
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const all = yield* restore(
            Effect.forEach(unit.replications, (replication) => replicate(unit, replication), {
              concurrency: workers,
            }),
          )
          const { scenario } = all[0].plan
          const result = summarise(
            scenario,
            all.map(({ done }) => done),
            { replications: all.length, seed: definition.seed, command: "" },
            0,
          )
          const cells = cellsFrom(result, unit.point, definition.replications)
          yield* store.add(cells, result.metrics)
          yield* Effect.sync(() => cells.forEach(({ index }) => underWay.delete(index)))
          yield* Ref.update(finished, (done) => done + cells.length)
          yield* report
        }),
      )

    yield* Effect.forEach(unitsOf(sweep, shard, store.present), runUnit, {
      concurrency: workers,
      discard: true,
    })
  })

const cellsFrom = (
  { warmupSeconds, replications }: RunResult,
  point: PreparedPoint,
  each: number,
): ReadonlyArray<SweepCell> =>
  replications.map(({ index, digest, requests, events, checks, metrics }) => ({
    index: point.index * each + index,
    point: point.index,
    replication: index,
    digest,
    requests,
    events,
    warmupSeconds,
    failedChecks: Object.entries(checks).flatMap(([name, { ok }]) => (ok ? [] : [name])),
    metrics,
  }))
