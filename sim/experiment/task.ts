/**
 * One replication as a task that any thread can run, and what it says while it does.
 */
import { Effect, Option, Stream } from "effect"
import type { MarketService } from "../../engine/index.ts"
import { layer, MarketEngine, openStream } from "../../engine/index.ts"
import { openSource } from "../demand/open-source.ts"
import type { TraceSurvey } from "../demand/trace/read-trace.ts"
import type { Replay } from "../demand/trace/replay.ts"
import { openReplay } from "../demand/trace/replay.ts"
import type { TraceInvalid } from "../demand/trace/trace-invalid.ts"
import { offerTable } from "../fleet/offers.ts"
import type { Finished } from "../recording/replicated.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { Replication } from "../driver/replication.ts"
import type { Extensions } from "../driver/stage/extensions.ts"
import { LedgerFull } from "../driver/stage/ledger-full.ts"

export interface ReplicationTask {
  readonly index: number
  readonly scenario: Scenario
  /** What is known of the trace that is replayed, where the scenario replays one. */
  readonly trace: TraceSurvey | undefined
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

const stopped = ({ message }: TraceInvalid): Stopped => ({ _tag: "Stopped", message })

/** The trace that the task replays, with the requests of a first batch ready. */
const replayOf = ({ scenario, trace }: ReplicationTask, seed: string) =>
  Effect.gen(function* () {
    const settings = scenario.demand.trace
    if (trace === undefined || settings === null) return undefined
    const replay = yield* openReplay(trace, settings, {
      jitter: openStream(seed, "arrival", 0),
      share: openStream(seed, "share", 0),
    }).pipe(Effect.mapError(stopped))
    yield* makeReady(replay)
    return replay
  })

/** An event takes one request at most, and looks at the next. */
const makeReady = (replay: Replay | undefined): Effect.Effect<void, Stopped> =>
  replay === undefined ? Effect.void : Effect.mapError(replay.makeReady(batch + 1), stopped)

/** Runs the task in batches; interrupting the stream stops it after the batch under way. */
export const runTask = (task: ReplicationTask): Stream.Stream<ReplicationNews, Stopped> => {
  // A replication's seed is its own, and the same whatever else is run beside it.
  const seed = `${task.seed}#${task.index}`
  return Stream.unwrapScoped(
    Effect.gen(function* () {
      return newsOf(task, seed, yield* MarketEngine, yield* replayOf(task, seed))
    }),
  ).pipe(Stream.provideLayer(layer(task.scenario.economy, seed)))
}

const newsOf = (
  { index, scenario, isChecked, extensions }: ReplicationTask,
  seed: string,
  engine: MarketService,
  replay: Replay | undefined,
): Stream.Stream<ReplicationNews, Stopped> => {
  const began = performance.now()
  const replication = new Replication({
    engine,
    scenario,
    seed,
    offers: offerTable(scenario),
    openArrivals: openSource(scenario, replay?.requests),
    isChecked,
    ...(extensions === undefined ? {} : { extensions }),
  })
  const wallSeconds = () => (performance.now() - began) / 1000
  return Stream.unfoldEffect("running" as "running" | "over", (state) =>
    state === "over"
      ? Effect.succeedNone
      : Effect.zipRight(makeReady(replay), advance(replication)).pipe(
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
