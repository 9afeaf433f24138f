/**
 * Where replications run: on worker threads, or on this one. Either gives the same results, since a
 * replication depends on nothing but its task.
 */
import { Worker as PlatformWorker } from "@effect/platform"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Context, Data, Effect, Layer, Stream } from "effect"
import { startThread } from "../../platform/worker.ts"
import type { ReplicationNews, ReplicationTask, Stopped } from "./task.ts"
import { runTask } from "./task.ts"

/**
 * A replication that ended before its time: a thread died or ran out of memory, or its scenario could
 * not go on.
 */
export class ReplicationFailed extends Data.TaggedError("ReplicationFailed")<{
  readonly index: number
  readonly cause: unknown
}> {
  override get message(): string {
    const isMemory = String(this.cause).includes("ERR_WORKER_OUT_OF_MEMORY")
    return isMemory
      ? `Replication ${this.index} ran out of memory. Fewer nodes, a shorter horizon or fewer workers need less; NODE_OPTIONS=--max-old-space-size=… allows more.`
      : `Replication ${this.index} stopped: ${messageOf(this.cause)}`
  }
}

const messageOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "message" in cause
    ? String(cause.message)
    : String(cause)

export class Replicators extends Context.Tag("evenkeel/Replicators")<
  Replicators,
  {
    /** How many replications run at once. */
    readonly workers: number
    readonly run: (task: ReplicationTask) => Stream.Stream<ReplicationNews, ReplicationFailed>
  }
>() {}

const cannotCross = new Error(
  "extensions are functions, which cannot cross to another thread; provide layerInline in place of layerThreads",
)

/** On this thread, one at a time. */
export const layerInline: Layer.Layer<Replicators> = Layer.succeed(Replicators, {
  workers: 1,
  run: (task) =>
    runTask(task).pipe(
      Stream.mapError((cause) => new ReplicationFailed({ index: task.index, cause })),
    ),
})

/** On `workers` threads of their own. */
export const layerThreads = (workers: number): Layer.Layer<Replicators> =>
  Layer.scoped(
    Replicators,
    PlatformWorker.makePool<ReplicationTask, ReplicationNews, Stopped>({ size: workers }).pipe(
      Effect.map((pool) => ({
        workers,
        run: (task: ReplicationTask) =>
          task.extensions === undefined
            ? pool.execute(task).pipe(
                Stream.mapError(
                  (cause) =>
                    new ReplicationFailed({
                      index: task.index,
                      cause: "cause" in cause ? (cause.cause ?? cause) : cause,
                    }),
                ),
              )
            : Stream.fail(new ReplicationFailed({ index: task.index, cause: cannotCross })),
      })),
      Effect.orDie,
    ),
  ).pipe(Layer.provide(NodeWorker.layer(() => startThread("sim/replication-worker.js"))))
