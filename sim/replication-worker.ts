/**
 * A worker thread that runs replications: the entry that `replicators.ts` starts. It takes a task and
 * answers with its progress and its result.
 */
import { WorkerRunner } from "@effect/platform"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Layer } from "effect"
import type { ReplicationTask } from "./experiment/task.ts"
import { runTask } from "./experiment/task.ts"

WorkerRunner.layer((task: ReplicationTask) => runTask(task)).pipe(
  Layer.provide(NodeWorkerRunner.layer),
  WorkerRunner.launch,
  NodeRuntime.runMain,
)
