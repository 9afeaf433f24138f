/**
 * From the cells of a Morris or Saltelli design to how much each factor matters for a metric. The
 * response at a point is the metric's mean over the point's replications.
 */
import { Data, Either } from "effect"
import type { MetricSensitivity } from "../results/models/sensitivity-model.ts"
import { cellsByPoint, valuesOf } from "../results/export/sweep-export.ts"
import type { SweepResult } from "../results/models/sweep-model.ts"
import { tallyOf } from "../statistics/samples/tally.ts"
import { elementaryEffects } from "./morris.ts"
import { sobolIndices } from "./sobol-indices.ts"

/** The metric has no value at some point, so that nothing can be said about it. */
export class MetricUnseen extends Data.TaggedError("MetricUnseen")<{
  readonly metric: string
  readonly points: number
  readonly of: number
}> {
  override get message(): string {
    return `${this.metric} has no value at ${this.points} of ${this.of} points, where the market gave nothing to measure it by. Choose another metric, or ranges within which it always has one; the finished cells stay.`
  }
}

/** The factors of a whole result by how much they matter for the metric, the most important first. */
export const sensitivityOf = (
  result: SweepResult,
  metric: string,
): Either.Either<MetricSensitivity, MetricUnseen> => {
  const { definition, factors, points } = result
  const means = cellsByPoint(result).flatMap(({ cells }) => {
    const values = valuesOf(cells, metric)
    return values.length < definition.replications ? [] : [tallyOf(values).mean]
  })
  const missing = points.length - means.length
  if (missing > 0)
    return Either.left(new MetricUnseen({ metric, points: missing, of: points.length }))
  const { label, unit, meaning } = result.metrics[metric]
  if (definition.design === "morris") {
    const effects = elementaryEffects(
      points.map(({ coordinates }) => coordinates),
      means,
    )
    const named = effects.map(({ muStar, mu, sigma }, at) => ({
      factor: factors[at],
      muStar,
      mu,
      sigma,
    }))
    return Either.right({
      label,
      unit,
      meaning,
      method: "morris",
      factors: named.toSorted((a, b) => b.muStar.value - a.muStar.value),
    })
  }
  const indices = sobolIndices(means, factors.length, definition.seed)
  const named = indices.map(({ first, total }, at) => ({
    factor: factors[at] ?? "chance",
    first,
    total,
  }))
  return Either.right({
    label,
    unit,
    meaning,
    method: "sobol",
    factors: named.toSorted((a, b) => b.total.value - a.total.value),
  })
}
