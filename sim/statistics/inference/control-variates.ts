/**
 * Control variates: an interval for a mean made narrower by quantities observed along with it whose
 * means are known, such as the average service time that was drawn.
 *
 * Lavenberg and Welch, "A perspective on the use of control variables to increase the efficiency of
 * Monte Carlo simulations", Management Science 27 (1981): regress the response on the controls'
 * deviations from their known means, over replications; the intercept estimates the mean, and its
 * standard error with n − q − 1 degrees of freedom gives the interval.
 */
import { meanInterval, type Interval } from "./interval.ts"
import { inverse } from "./matrix.ts"
import { studentTQuantile } from "../distributions/student-t.ts"

/**
 * The interval for the mean of `values` (one for a replication), given for each of q controls its
 * `deviations`: observed minus known mean, one for a replication. Controls that never vary are of
 * no use and are left out; with too few replications to fit all others, the plain interval is
 * given. Throws a RangeError on controls that depend linearly on each other. O(n·q²).
 */
export const controlledInterval = (
  values: ReadonlyArray<number>,
  deviations: ReadonlyArray<ReadonlyArray<number>>,
  level = 0.95,
): Interval => {
  const n = values.length
  const columns = [values.map(() => 1), ...deviations.filter(varies).map(scaled)]
  const freedom = n - columns.length
  if (freedom < 1) return meanInterval(values, level)
  const spread = inverse(columns.map((a) => columns.map((b) => dot(a, b))))
  const moments = columns.map((column) => dot(column, values))
  const coefficients = spread.map((row) => dot(row, moments))
  const mean = coefficients[0]
  let residuals = 0
  for (let i = 0; i < n; i++) {
    let fitted = 0
    for (let j = 0; j < columns.length; j++) fitted += coefficients[j] * columns[j][i]
    const residual = values[i] - fitted
    residuals += residual * residual
  }
  const variance = (residuals / freedom) * spread[0][0]
  const t = studentTQuantile(1 - (1 - level) / 2, freedom)
  return { mean, halfWidth: t * Math.sqrt(variance), n }
}

const varies = (values: ReadonlyArray<number>): boolean =>
  values.some((value) => value !== values[0])

/** Scaled to unit mean square, so that the elimination compares like with like. */
const scaled = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const scale = Math.sqrt(dot(values, values) / values.length)
  return values.map((value) => value / scale)
}

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
