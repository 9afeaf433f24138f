/**
 * How much each factor of a scenario matters for a metric, by Morris' elementary effects or Sobol'
 * indices: what `evenkeel sensitivity` finds, and the reports draw.
 */
import type { SweepDefinition } from "./sweep-model.ts"

/** A value with a 95% interval; without bounds where none can be given. */
export interface Bounded {
  readonly value: number
  readonly low: number | null
  readonly high: number | null
}

export interface FactorEffects {
  readonly factor: string
  /** Mean size of the change that the factor's whole range makes, in the metric's unit. */
  readonly muStar: Bounded
  /** Mean of that change, with its sign. */
  readonly mu: Bounded
  /** Standard deviation of that change: interactions and curvature. */
  readonly sigma: Bounded
}

export interface FactorIndices {
  /** A factor's path, or `chance` for the random numbers of the simulation. */
  readonly factor: string
  /** Part of the metric's variance that the factor makes alone. */
  readonly first: Bounded
  /** Part of the metric's variance that would be left if all but the factor were known. */
  readonly total: Bounded
}

/** Factors in order of importance. */
export type MetricSensitivity = {
  /** A few words for it. */
  readonly label: string
  readonly unit: string
  readonly meaning: string
} & (
  | { readonly method: "morris"; readonly factors: ReadonlyArray<FactorEffects> }
  | { readonly method: "sobol"; readonly factors: ReadonlyArray<FactorIndices> }
)

export interface Sensitivity {
  readonly definition: SweepDefinition
  /** Digest over all cells. */
  readonly digest: string
  readonly metrics: Readonly<Record<string, MetricSensitivity>>
}
