/**
 * A run whose results are kept whatever ends it: its own end, a signal, a dying thread. What was
 * finished by then is stored, and the user is told where.
 */
import { Effect, Ref } from "effect"
import type { Finished } from "../../recording/replicated.ts"
import type { RunOptions } from "../../experiment/experiment.ts"
import { runExperiment } from "../../experiment/experiment.ts"
import type { Plan } from "../../experiment/plan.ts"
import { summarise } from "../../summary/summary.ts"
import { layerThreads } from "../../experiment/replicators.ts"
import type { RunResult } from "../../results/models/run-model.ts"
import { writeRun } from "../../results/store/store.ts"
import { note } from "../../../platform/terminal/output.ts"
import { makeProgress } from "./progress.ts"

export interface KeptRunOptions extends Omit<RunOptions, "onProgress"> {
  readonly workers: number
  /** The file that the results are stored in. */
  readonly database: string
  /** Called as the run stops early with results stored: what was stored, for the user. */
  readonly onKept: (what: string) => string
}

/** Runs the plan's replications and stores them. Gives the result, and what each replication left. */
export const keptRun = (plan: Plan, options: KeptRunOptions) =>
  Effect.gen(function* () {
    const { replications, workers, database } = options
    // Where a run may end before its cap, the cap is all that is known of its length.
    const counted = options.stopsAt === undefined ? "replications" : "replications at most"
    const began = performance.now()
    const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
    const progress = yield* makeProgress(replications, process.stderr, { noun: counted })
    let stopped = "Stopped before a replication was finished: nothing was kept."

    const keep = (result: RunResult, what: string) =>
      Effect.gen(function* () {
        stopped = "Nothing was kept."
        yield* writeRun(database, result)
        stopped = options.onKept(what)
      })
    const keepFinished = Effect.gen(function* () {
      const done = yield* Ref.get(finished)
      if (done.length === 0) return
      const wallSeconds = (performance.now() - began) / 1000
      yield* keep(
        summarise(plan.scenario, done, options, wallSeconds),
        `${done.length} of ${replications} ${counted} were finished and are kept`,
      )
    })
    const experiment = Effect.zipRight(
      progress.update(0, 0),
      runExperiment(plan, { ...options, onProgress: progress.update }, finished),
    )
    // From a replication's end to its stored results nothing may come between.
    const result = yield* Effect.uninterruptibleMask((restore) =>
      restore(experiment).pipe(
        Effect.tapErrorCause(() => Effect.catchAll(keepFinished, (error) => note(error.message))),
        Effect.tap((whole) => keep(whole, "The results are kept")),
      ),
    ).pipe(
      Effect.provide(layerThreads(Math.min(workers, replications))),
      Effect.ensuring(progress.end),
      Effect.onError(() => note(stopped)),
    )
    return { result, finished: yield* Ref.get(finished) }
  })
