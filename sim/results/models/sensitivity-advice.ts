/** What a sensitivity analysis cannot tell as it stands, and what would help. */
import type { FactorIndices, MetricSensitivity } from "./sensitivity-model.ts"

/** Sentences on one metric, from so many trajectories or rows; none where the analysis is sound. */
export const adviceOn = (
  metric: string,
  one: MetricSensitivity,
  samples: number,
): ReadonlyArray<string> => {
  if (isConstant(one))
    return [
      `${metric} is the same at every point: no number of samples helps. Widen the ranges, vary other settings, or choose another metric.`,
    ]
  const noisy = one.method === "sobol" ? one.factors.filter(isAloneAboveTotal) : []
  return [
    ...(noisy.length > 0
      ? [
          `What a setting makes alone is part of what it makes with others; that the estimates for ${noisy.map(({ factor }) => factor).join(", ")} say otherwise is noise.`,
        ]
      : []),
    ...(isUnresolved(one)
      ? [
          `The intervals are wide even for the setting that matters most to ${metric}: four times the samples halve them (--samples ${moreSamples(one.method, samples)}, in another folder).`,
        ]
      : []),
  ]
}

/** Whether the metric never varied. */
const isConstant = (one: MetricSensitivity): boolean =>
  one.method === "morris"
    ? one.factors.every(({ muStar }) => muStar.value === 0)
    : one.factors.every(({ total }) => Number.isNaN(total.value))

const isAloneAboveTotal = ({ first, total }: FactorIndices): boolean => first.value > total.value

/** Whether the interval of the most important factor is wider than its value. */
const isUnresolved = (one: MetricSensitivity): boolean => {
  const strongest = one.method === "morris" ? one.factors[0].muStar : one.factors[0].total
  const { value, low, high } = strongest
  return low === null || high === null || !(high - low <= value)
}

const moreSamples = (method: MetricSensitivity["method"], samples: number): number =>
  method === "sobol" ? 2 ** Math.ceil(Math.log2(4 * samples)) : 4 * samples

/**
 * Why a number of points of a Sobol sequence is a bad one, and which are good; `undefined` for a power of
 * two. The sequence is balanced, each part of the space as often as any other, at these alone (Owen, "On
 * dropping the first Sobol' point", 2020).
 */
export const sobolSizeAdvice = (option: string, size: number): string | undefined => {
  const lower = 2 ** Math.floor(Math.log2(size))
  return lower === size
    ? undefined
    : `${option} ${size} is no power of two: a Sobol sequence covers the settings evenly at ${option} ${lower} or ${2 * lower}.`
}
