/**
 * What a sweep leaves behind: a scenario at many points of a design, each replicated, each replication
 * reduced to its metrics. A cell is one replication at one point.
 */
import { Schema } from "effect"
import type { MetricFacts } from "./metric-facts.ts"

/** All that the results follow from. Two sweeps of one definition have the same results. */
export const SweepDefinition = Schema.Struct({
  /** Evenkeel's version. */
  version: Schema.String,
  /** The scenario's own name, and its sentence. */
  scenario: Schema.String,
  title: Schema.String,
  /** The whole scenario but for what varies, as YAML. */
  scenarioYaml: Schema.String,
  /** SHA-256 of the trace that is replayed, where there is one. */
  traceDigest: Schema.NullOr(Schema.String),
  /** Settings of every point, as `path=value`. */
  both: Schema.Array(Schema.String),
  /** The factors as they were written. */
  vary: Schema.Array(Schema.String),
  design: Schema.Literal("grid", "latin", "sobol", "morris", "saltelli"),
  /** Points of the design; trajectories or rows, where it consists of such. */
  size: Schema.Number,
  points: Schema.Number,
  replications: Schema.Number,
  seed: Schema.String,
  /** Shell command that reproduces the results. */
  command: Schema.String,
})
export type SweepDefinition = typeof SweepDefinition.Type

/** A factor's setting at a point: a number, or a choice as YAML text. */
export const FactorValue = Schema.Union(Schema.Number, Schema.String)
export type FactorValue = typeof FactorValue.Type

export interface SweepPoint {
  readonly index: number
  /** In the order of the factors. */
  readonly values: ReadonlyArray<FactorValue>
  /** In [0, 1], as the design has them. */
  readonly coordinates: ReadonlyArray<number>
}

export interface SweepCell {
  /** point · replications + replication */
  readonly index: number
  readonly point: number
  readonly replication: number
  /** Digest over all commands of the kernel, hexadecimal. */
  readonly digest: string
  readonly requests: number
  readonly events: number
  readonly warmupSeconds: number
  /** Names of the replication's checks that did not hold. */
  readonly failedChecks: ReadonlyArray<string>
  /** Metric name → value; metrics of which the replication saw nothing are left out. */
  readonly metrics: Readonly<Record<string, number>>
}

export interface SweepResult {
  readonly definition: SweepDefinition
  /** Paths of the factors, in their order. */
  readonly factors: ReadonlyArray<string>
  readonly points: ReadonlyArray<SweepPoint>
  /** In order of index; short of the whole while the sweep is not finished. */
  readonly cells: ReadonlyArray<SweepCell>
  /** In order of their first appearance. */
  readonly metrics: Readonly<Record<string, MetricFacts>>
}

/** Part `index` (from 1) of `count`: the points whose index leaves `index` − 1 when divided by it. */
export interface Shard {
  readonly index: number
  readonly count: number
}

export const wholeSweep: Shard = { index: 1, count: 1 }

export const isOfShard = ({ index, count }: Shard, point: number): boolean =>
  point % count === index - 1

/** The path of a factor as it was written. */
export const pathOfFactor = (text: string): string => text.slice(0, text.indexOf("=")).trim()

/** Cells that the shard has to have. */
export const cellsOf = ({ points, replications }: SweepDefinition, shard: Shard): number =>
  Math.ceil((points - (shard.index - 1)) / shard.count) * replications
