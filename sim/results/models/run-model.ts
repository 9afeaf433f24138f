/**
 * What a run leaves behind: the shapes that the simulator writes, the store keeps, the exports
 * flatten and the reports draw. Reports depend on this file and on nothing else of the simulator.
 *
 * Units: times are seconds of virtual time from the start of the run, money is whole minor units
 * (1 credit = 10^scale minor units) unless the name or the unit says credits, rates are per second
 * unless the unit says otherwise, shares and probabilities are 0…1.
 */
import { Schema } from "effect"
import { MetricFacts } from "./metric-facts.ts"

/** How a metric moves within a replication: what its second half has on its first. */
export const Trend = Schema.Struct({ difference: Schema.Number, halfWidth: Schema.Number })
export type Trend = typeof Trend.Type

/**
 * An estimate over replications: a mean with a 95% interval that respects the metric's bounds
 * (sim/statistics/inference/skewed-interval.ts). One replication has none: its ends are `null`. Where replications
 * agree to the last digit (`same`) both ends are the mean, which says nothing of chance.
 */
export const Estimate = Schema.Struct({
  mean: Schema.Number,
  low: Schema.NullOr(Schema.Number),
  high: Schema.NullOr(Schema.Number),
  /** Half of the interval's length. */
  halfWidth: Schema.NullOr(Schema.Number),
  /** Replications that have the metric. */
  n: Schema.Number,
  basis: Schema.Literal("interval", "one", "same"),
  /**
   * `null` where the metric is not shown to move; else it is no steady state's, and the mean is that of
   * the stretch it was taken over.
   */
  trend: Schema.NullOr(Trend),
  ...MetricFacts.fields,
})
export type Estimate = typeof Estimate.Type

export const Check = Schema.Struct({ ok: Schema.Boolean, detail: Schema.String })
export type Check = typeof Check.Type

/**
 * A time series of one replication: `values[i]` belongs to the bin
 * [i · binSeconds, (i + 1) · binSeconds). `null` marks a bin without an observation.
 * `key` is what the series is split by: a model, a device class, a destination; "" when it is not.
 */
export const Series = Schema.Struct({
  name: Schema.String,
  key: Schema.String,
  unit: Schema.String,
  binSeconds: Schema.Number,
  values: Schema.Array(Schema.NullOr(Schema.Number)),
})
export type Series = typeof Series.Type

/** `counts[i]` observations fell in [edges[i], edges[i + 1]); `edges` has one entry more. */
export const Histogram = Schema.Struct({
  name: Schema.String,
  key: Schema.String,
  unit: Schema.String,
  edges: Schema.Array(Schema.Number),
  counts: Schema.Array(Schema.Number),
})
export type Histogram = typeof Histogram.Type

/**
 * One node in one replication. Hours, counts and money are those after the warm-up, so that they
 * agree with the metrics. What was posted to it is whole minor units; what it cost its operator is an
 * estimate in credits (`costCredits`), for no ledger knows it.
 */
export const NodeOutcome = Schema.Struct({
  node: Schema.Number,
  operator: Schema.Number,
  device: Schema.String,
  /** consumer | datacenter | apple */
  deviceClass: Schema.String,
  /** The model served last. */
  model: Schema.String,
  joinedSeconds: Schema.Number,
  /** `null`: still there at the end. */
  leftSeconds: Schema.NullOr(Schema.Number),
  onlineHours: Schema.Number,
  busySlotHours: Schema.Number,
  slots: Schema.Number,
  requests: Schema.Number,
  failures: Schema.Number,
  outputTokens: Schema.Number,
  shareEarned: Schema.Number,
  bountyEarned: Schema.Number,
  withheld: Schema.Number,
  costCredits: Schema.Number,
  parks: Schema.Number,
  switches: Schema.Number,
  /** Health score at the end, 0…1. */
  health: Schema.Number,
})
export type NodeOutcome = typeof NodeOutcome.Type

export const ReplicationResult = Schema.Struct({
  index: Schema.Number,
  /** Digest over all commands of the kernel, hexadecimal. */
  digest: Schema.String,
  requests: Schema.Number,
  events: Schema.Number,
  wallSeconds: Schema.Number,
  /** Metric name → value in this replication. */
  metrics: Schema.Record({ key: Schema.String, value: Schema.Number }),
  checks: Schema.Record({ key: Schema.String, value: Check }),
  series: Schema.Array(Series),
  histograms: Schema.Array(Histogram),
  nodes: Schema.Array(NodeOutcome),
})
export type ReplicationResult = typeof ReplicationResult.Type

export const RunResult = Schema.Struct({
  /** Evenkeel's version, from package.json. */
  version: Schema.String,
  scenario: Schema.String,
  title: Schema.String,
  /** What there is to see in it, in a few sentences; "" where the scenario says nothing. */
  about: Schema.String,
  /** The whole scenario after `extends` and `--set`, as YAML: enough to run it again. */
  scenarioYaml: Schema.String,
  economy: Schema.String,
  /** Decimal places of a credit in minor units (6: 1 credit = 1,000,000). */
  scale: Schema.Number,
  /** What a credit is worth, US dollars. */
  creditUsd: Schema.Number,
  seed: Schema.String,
  /** Shell command that reproduces the run. */
  command: Schema.String,
  horizonSeconds: Schema.Number,
  /** Seconds cut from the front of each replication before metrics are taken. */
  warmupSeconds: Schema.Number,
  /** Replications asked for; `replications.length` were finished. */
  replicationsAsked: Schema.Number,
  /** Digest over the replications' digests, in order of index. */
  digest: Schema.String,
  requests: Schema.Number,
  events: Schema.Number,
  wallSeconds: Schema.Number,
  /** When the run ended: a date and time of day in UTC, ISO 8601. */
  finishedAt: Schema.String,
  metrics: Schema.Record({ key: Schema.String, value: Estimate }),
  checks: Schema.Record({ key: Schema.String, value: Check }),
  replications: Schema.Array(ReplicationResult),
})
export type RunResult = typeof RunResult.Type

/** A run without its replications: what a list of runs shows, and what tells one run from another. */
export const RunSummary = RunResult.omit("replications")
export type RunSummary = typeof RunSummary.Type
