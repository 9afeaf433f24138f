/**
 * A worker thread that measures interval coverage: the entry that `cli/coverage.ts` starts. It takes a
 * macro-replication as a task and answers with what its intervals covered.
 */
import { WorkerRunner } from "@effect/platform"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Effect, Layer } from "effect"
import type { CoverageTask } from "./validation/coverage.ts"
import { runCoverageTask } from "./validation/coverage.ts"

WorkerRunner.layer((task: CoverageTask) => Effect.sync(() => runCoverageTask(task))).pipe(
  Layer.provide(NodeWorkerRunner.layer),
  WorkerRunner.launch,
  NodeRuntime.runMain,
)
