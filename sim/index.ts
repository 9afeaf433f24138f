/** The simulator's public surface: `evenkeel/sim`. */
export type { ConsumerKind } from "./agents/consumer-kinds.ts"
export { consumerKinds, plainConsumer } from "./agents/consumer-kinds.ts"
export { logit } from "./agents/logit.ts"
export { strategies } from "./agents/strategies/catalogue.ts"
export type { Strategy } from "./agents/strategy.ts"
export { ownedMachine } from "./agents/strategy.ts"
export type { Decide, Decision, ModelOutlook, OperatorView } from "./agents/view.ts"
export { expectedIncome, others, stays } from "./agents/view.ts"
export type { DemandStreams, OpenSource } from "./demand/open-source.ts"
export type { ArrivalSource } from "./demand/source.ts"
export type { Extensions } from "./driver/stage/extensions.ts"
export { ExtensionsInvalid } from "./driver/stage/extensions.ts"
export type { Comparison, MetricComparison } from "./results/models/comparison-model.ts"
export { compareRuns } from "./experiment/comparison.ts"
export type { Finished } from "./recording/replicated.ts"
export type { ReplicationNews, ReplicationTask } from "./experiment/task.ts"
export type { RunOptions } from "./experiment/experiment.ts"
export { runExperiment } from "./experiment/experiment.ts"
export type { Plan } from "./experiment/plan.ts"
export { makePlan, NotEnoughMemory } from "./experiment/plan.ts"
export type { MetricTarget, PrecisionGoal, PrecisionReport } from "./experiment/precision.ts"
export { PrecisionWatch } from "./experiment/precision.ts"
export { summarise } from "./summary/summary.ts"
export {
  layerInline,
  layerThreads,
  ReplicationFailed,
  Replicators,
} from "./experiment/replicators.ts"
export {
  Check,
  Estimate,
  Histogram,
  NodeOutcome,
  ReplicationResult,
  RunResult,
  Series,
} from "./results/models/run-model.ts"
export { readRun, writeRun } from "./results/store/store.ts"
export { exportRun } from "./results/export/export.ts"
export { exportSweep } from "./results/export/sweep-export.ts"
export type {
  SweepCell,
  SweepDefinition,
  SweepPoint,
  SweepResult,
} from "./results/models/sweep-model.ts"
export { readSweep } from "./results/store/sweep-store.ts"
export { builtInScenarios, loadScenario } from "./scenarios/load.ts"
export type { Policy, SelectionOptions, SelectionOutcome } from "./experiment/selection.ts"
export { selectPolicy } from "./experiment/selection.ts"
export type { QuantileInterval } from "./statistics/inference/quantile-interval.ts"
export { sketchQuantileInterval } from "./statistics/inference/quantile-interval.ts"
export { Scenario } from "./scenarios/schema.ts"
export { ScenarioInvalid } from "./settings/scenario-error.ts"
