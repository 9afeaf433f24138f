/**
 * One replication as a task that any thread can run, and what it says while it does.
 */
import { Effect, Option, Stream } from "effect"
import type { MarketService } from "../../engine/index.ts"
import { layer, MarketEngine } from "../../engine/index.ts"
import { openSource } from "../demand/open-source.ts"
import type { Trace } from "../demand/trace.ts"
import { offerTable } from "../fleet/offers.ts"
import type { Finished } from "../recording/replicated.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { Replication } from "../driver/replication.ts"
import type { Extensions } from "../driver/stage/extensions.ts"
import { LedgerFull } from "../driver/stage/ledger-full.ts"

export interface ReplicationTask {
  readonly index: number
  readonly scenario: Scenario
  /** The whole trace that is replayed, where the scenario replays one. */
  readonly trace: Trace | undefined
  readonly seed: string
  readonly isChecked: boolean
  /** Values that cannot cross threads. */
  readonly extensions?: Extensions
}

export type ReplicationNews =
  { readonly _tag: "Progress"; readonly index: number; readonly share: number } | Finished

/** Why a replication cannot go on, where its scenario is to blame. Plain data: it crosses threads. */
export interface Stopped {
  readonly _tag: "Stopped"
  readonly message: string
}

/** Events between two chances to stop, and to say how far it has come. */
const batch = 20_000

/** A batch of events; false once there are no more. */
const advance = (replication: Replication): Effect.Effect<boolean, Stopped> =>
  Effect.try({
    try: () => replication.advance(batch),
    catch: (cause) => {
      // All else is a mistake in the simulator.
      if (!(cause instanceof LedgerFull)) throw cause
      return { _tag: "Stopped", message: cause.message }
    },
  })

/** Runs the task in batches; interrupting the stream stops it after the batch under way. */
export const runTask = (task: ReplicationTask): Stream.Stream<ReplicationNews, Stopped> => {
  // A replication's seed is its own, and the same whatever else is run beside it.
  const seed = `${task.seed}#${task.index}`
  return Stream.unwrap(Effect.map(MarketEngine, (engine) => newsOf(task, seed, engine))).pipe(
    Stream.provideLayer(layer(task.scenario.economy, seed)),
  )
}

const newsOf = (
  { index, scenario, trace, isChecked, extensions }: ReplicationTask,
  seed: string,
  engine: MarketService,
): Stream.Stream<ReplicationNews, Stopped> => {
  const began = performance.now()
  const replication = new Replication({
    engine,
    scenario,
    seed,
    offers: offerTable(scenario),
    openArrivals: openSource(scenario, trace),
    isChecked,
    ...(extensions === undefined ? {} : { extensions }),
  })
  const wallSeconds = () => (performance.now() - began) / 1000
  return Stream.unfoldEffect("running" as "running" | "over", (state) =>
    state === "over"
      ? Effect.succeedNone
      : advance(replication).pipe(
          // Between batches the thread's own messages get their turn, an interruption among them.
          Effect.zipLeft(Effect.sleep(0)),
          Effect.map((isRunning): readonly [ReplicationNews, "running" | "over"] =>
            isRunning
              ? [{ _tag: "Progress", index, share: replication.progress }, "running"]
              : [
                  {
                    _tag: "Done",
                    index,
                    wallSeconds: wallSeconds(),
                    result: replication.finish(),
                  },
                  "over",
                ],
          ),
          Effect.map(Option.some),
        ),
  )
}
