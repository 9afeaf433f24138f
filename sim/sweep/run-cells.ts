/** The cells of a sweep that are not there yet, run and stored one by one. */
import { Data, Effect, Ref, Stream } from "effect"
import type { Finished } from "../recording/replicated.ts"
import { warmupSecondsOf } from "../recording/warm-up-cut.ts"
import { metricFactsOf, metricsAfter } from "../metrics/of-replication.ts"
import { Replicators } from "../experiment/replicators.ts"
import type { Shard, SweepCell } from "../results/models/sweep-model.ts"
import { cellsOf, isOfShard, pathOfFactor } from "../results/models/sweep-model.ts"
import type { Scenario } from "../scenarios/schema.ts"
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

interface MissingCell {
  readonly point: PreparedPoint
  readonly replication: number
}

const missingCells = (
  { definition: { replications }, points }: PreparedSweep,
  shard: Shard,
  present: ReadonlySet<number>,
): ReadonlyArray<MissingCell> =>
  points
    .filter(({ index }) => isOfShard(shard, index))
    .flatMap((point) =>
      Array.from({ length: replications }, (_, replication) => ({ point, replication })).filter(
        ({ replication }) => !present.has(point.index * replications + replication),
      ),
    )

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

    const replicate = ({ point, replication }: MissingCell) =>
      Effect.gen(function* () {
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
                point.values,
              ),
              reason: error.message,
            }),
        ),
      )

    const runCell = (missing: MissingCell) =>
      // From the replication's end to its stored cell nothing may come between.
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const { plan, done } = yield* restore(replicate(missing))
          const cell = cellOf(plan.scenario, done, missing, definition.replications)
          yield* store.add([cell], metricFactsOf(plan.scenario, done.result.mixedStrategies))
          yield* Effect.sync(() => underWay.delete(cell.index))
          yield* Ref.update(finished, (count) => count + 1)
          yield* report
        }),
      )

    yield* Effect.forEach(missingCells(sweep, shard, store.present), runCell, {
      concurrency: workers,
      discard: true,
    })
  })

const cellOf = (
  scenario: Scenario,
  finished: Finished,
  { point, replication }: MissingCell,
  each: number,
): SweepCell => {
  const { digest, requests, events, checks } = finished.result
  return {
    index: point.index * each + replication,
    point: point.index,
    replication,
    digest,
    requests,
    events,
    warmupSeconds: warmupSecondsOf(scenario),
    failedChecks: Object.entries(checks).flatMap(([name, { ok }]) => (ok ? [] : [name])),
    metrics: metricsAfter(scenario, finished),
  }
}
