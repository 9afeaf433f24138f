/**
 * A run: replications of one scenario, and what they say together. Replications that were finished
 * are kept whatever happens to the others.
 */
import { Deferred, Effect, Ref, Stream } from "effect"
import type { Extensions } from "../driver/stage/extensions.ts"
import { ExtensionsInvalid, issuesOfExtensions } from "../driver/stage/extensions.ts"
import type { Finished } from "../recording/replicated.ts"
import type { ReplicationNews } from "./task.ts"
import type { Plan } from "./plan.ts"
import { Replicators } from "./replicators.ts"
import { summarise } from "../summary/summary.ts"

export interface RunOptions {
  /**
   * Number of replications, or the most of them where `stopsAt` may end the run before; common random
   * numbers: replication i of any scenario shares its draws.
   */
  readonly replications: number
  /** The index of the first of them; 0 by default. A replication is the same whatever is run beside it. */
  readonly firstReplication?: number
  /**
   * Asked after each replication, with those finished so far in order of index: how many of them, from
   * the first on, are enough; `null`: more are needed. It must not matter to it which others are
   * finished. By default all replications are run.
   */
  readonly stopsAt?: (finished: ReadonlyArray<Finished>) => number | null
  readonly seed: string
  readonly isChecked: boolean
  /**
   * Strategies, kinds of consumers and a source of demand of one's own. They are functions, which stay
   * on their thread: provide `layerInline`.
   */
  readonly extensions?: Extensions
  /** The shell command that reproduces the run, for the report. */
  readonly command: string
  /** Called with the share of all work that is done, 0…1, and the replications that are finished. */
  readonly onProgress: (share: number, finished: number) => Effect.Effect<void>
}

/**
 * Runs the replications on the `Replicators` at hand. `finished` is filled as they end, so that an
 * interrupted run can still be summarised.
 */
const runReplications = (
  plan: Plan,
  options: RunOptions,
  finished: Ref.Ref<ReadonlyArray<Finished>>,
) =>
  Effect.gen(function* () {
    const { workers, run } = yield* Replicators
    const first = options.firstReplication ?? 0
    const shares = new Float64Array(options.replications)
    const enough = yield* Deferred.make<number>()
    const look = Effect.flatMap(Ref.get(finished), (done) => {
      const count = options.stopsAt?.(done) ?? null
      return count === null ? Effect.void : Deferred.succeed(enough, count)
    })
    const report = Effect.flatMap(Ref.get(finished), (done) =>
      options.onProgress(
        shares.reduce((sum, share) => sum + share, 0) / options.replications,
        done.length,
      ),
    )
    const take = (news: ReplicationNews) =>
      news._tag === "Progress"
        ? Effect.zipRight(
            Effect.sync(() => {
              shares[news.index - first] = news.share
            }),
            report,
          )
        : Effect.zipRight(
            Ref.update(finished, (done) => {
              shares[news.index - first] = 1
              return [...done, news].toSorted((a, b) => a.index - b.index)
            }),
            Effect.zipRight(report, look),
          )
    const all = Effect.forEach(
      Array.from({ length: options.replications }, (_, at) => first + at),
      (index) =>
        Stream.runForEach(
          run({
            index,
            scenario: plan.scenario,
            trace: plan.trace,
            seed: options.seed,
            isChecked: options.isChecked,
            ...(options.extensions === undefined ? {} : { extensions: options.extensions }),
          }),
          take,
        ),
      { concurrency: workers, discard: true },
    )
    // Replications that are under way when there are enough are given up.
    yield* Effect.raceFirst(all, Deferred.await(enough))
    if (yield* Deferred.isDone(enough)) {
      const count = yield* Deferred.await(enough)
      yield* Ref.update(finished, (done) => done.slice(0, count))
    }
  })

/**
 * A whole run. Interrupted, it fails with the interruption; what was finished is in `finished` for
 * the caller to keep.
 */
export const runExperiment = (
  plan: Plan,
  options: RunOptions,
  finished: Ref.Ref<ReadonlyArray<Finished>>,
) =>
  Effect.gen(function* () {
    const issues = issuesOfExtensions(options.extensions ?? {})
    if (issues.length > 0) return yield* new ExtensionsInvalid({ issues })
    const began = performance.now()
    yield* runReplications(plan, options, finished)
    const done = yield* Ref.get(finished)
    const wallSeconds = (performance.now() - began) / 1000
    return summarise(plan.scenario, done, { ...options, replications: done.length }, wallSeconds)
  })
