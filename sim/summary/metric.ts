/** What a metric is: a figure of one replication, its unit, and a line that says what it means. */
import type { PartyOutcome } from "../recording/replicated.ts"
import type { NodeOutcome } from "../results/models/run-model.ts"
import type { Channel, Recording } from "../recording/recorder.ts"

export interface MetricFacts {
  readonly unit: string
  readonly meaning: string
}

/** A replication as metrics see it: what is left after the warm-up. */
export interface Window {
  readonly recording: Recording
  readonly nodes: ReadonlyArray<NodeOutcome>
  /** By node: what its operator goes by; "" for those of a party. */
  readonly strategies: ReadonlyArray<string>
  readonly parties: ReadonlyArray<PartyOutcome>
  readonly days: number
  /** Of the whole run, its warm-up included: days, and requests that were served. */
  readonly horizonDays: number
  readonly servedInAll: number
  readonly minor: number
  /** Sum of a channel over the bins after the warm-up. */
  readonly sum: (channel: Channel) => number
  readonly firstBin: number
  readonly firstDay: number
}

export interface Metric extends MetricFacts {
  readonly name: string
  /** NaN where the replication saw nothing to measure. */
  readonly valueOf: (window: Window) => number
}

export const metric = (
  name: string,
  unit: string,
  meaning: string,
  valueOf: (window: Window) => number,
): Metric => ({ name, unit, meaning, valueOf })

export const sumOf = (values: Float64Array): number => values.reduce((total, one) => total + one, 0)
