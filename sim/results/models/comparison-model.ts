/** What two runs beside each other say: the shape that the command makes and the reports draw. */
import type { Basis, Verdict as JudgedVerdict } from "../../statistics/inference/judged-pairs.ts"
import type { MetricFacts } from "./metric-facts.ts"
import type { RunResult } from "./run-model.ts"

/** `negligible`: surely smaller than what matters. `not shown`: neither a difference nor that there is none. */
export type Verdict = JudgedVerdict | "negligible"

/** Whether the metric was named beforehand, and so tested without regard to the others, or just looked at. */
export type Role = "primary" | "exploratory"

export interface MetricComparison extends MetricFacts {
  readonly role: Role
  /** Replications of the baseline that were compared; pairs, where they are paired. */
  readonly n: number
  readonly baseline: number
  readonly variant: number
  /** Mean of variant less baseline, and the ends of its 95% interval; `null` below two replications. */
  readonly difference: number
  readonly low: number | null
  readonly high: number | null
  readonly halfWidth: number | null
  /** The difference as a share of the baseline's size; `null` where that is 0. */
  readonly relative: number | null
  /** Of the hypothesis that the mean difference is 0; `null` below two replications. */
  readonly p: number | null
  /** p adjusted for all metrics of its role that were tested, by Holm's procedure; `null` for the others. */
  readonly pHolm: number | null
  /** The smallest difference that matters, in the metric's unit. */
  readonly smallestDifference: number
  readonly basis: Basis
  readonly verdict: Verdict
  /** How many times smaller pairing made the difference's variance; `null` where it cannot be told. */
  readonly varianceReduction: number | null
}

export type Missing = "baseline" | "variant" | "common replication"

export interface Comparison {
  /** Whether replication i of both shares its random numbers, and was compared with its counterpart. */
  readonly isPaired: boolean
  /** By name, in the order of the registry. */
  readonly metrics: Readonly<Record<string, MetricComparison>>
  /** Metrics that cannot be compared: which side never had them, or that no replication of both did. */
  readonly missing: Readonly<Record<string, Missing>>
}

/** A comparison, and what was compared. */
export interface ComparisonResult {
  /** What the variant is, as a reader says it: its settings, or its folder. */
  readonly baselineName: string
  readonly variantName: string
  readonly baseline: RunResult
  readonly variant: RunResult
  readonly command: string
  readonly comparison: Comparison
}
