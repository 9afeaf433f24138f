/** The simulator's public surface: `evenkeel/sim`. */
export type { Comparison, MetricComparison } from "./comparison.ts"
export { compareRuns } from "./comparison.ts"
export type { Finished, ReplicationNews, ReplicationTask } from "./driver/task.ts"
export type { RunOptions } from "./experiment.ts"
export { runExperiment } from "./experiment.ts"
export type { Plan } from "./plan.ts"
export { makePlan, NotEnoughMemory } from "./plan.ts"
export type { MetricTarget, PrecisionGoal, PrecisionReport } from "./precision.ts"
export { PrecisionWatch } from "./precision.ts"
export { summarise } from "./recording/summary.ts"
export { layerInline, layerThreads, ReplicationFailed, Replicators } from "./replicators.ts"
export {
  Check,
  Estimate,
  Histogram,
  NodeOutcome,
  ReplicationResult,
  RunResult,
  Series,
} from "./results/model.ts"
export { readRun, writeRun } from "./results/store.ts"
export { exportRun } from "./results/export.ts"
export { exportSweep } from "./results/sweep-export.ts"
export type { SweepCell, SweepDefinition, SweepPoint, SweepResult } from "./results/sweep-model.ts"
export { readSweep } from "./results/sweep-store.ts"
export { builtInScenarios, loadScenario } from "./scenarios/load.ts"
export type { Policy, SelectionOptions, SelectionOutcome } from "./selection.ts"
export { selectPolicy } from "./selection.ts"
export type { QuantileInterval } from "./statistics/quantile-interval.ts"
export { sketchQuantileInterval } from "./statistics/quantile-interval.ts"
export { Scenario } from "./scenarios/schema.ts"
export { ScenarioInvalid } from "./scenarios/scenario-error.ts"
