/**
 * Replications summed up as one value with its uncertainty: the mean, and around it a 95% Student-t
 * interval for the mean from three values on. Two values give their minimum and maximum (a t
 * interval with one degree of freedom is 12.7 standard errors wide: true, and useless), one value
 * gives nothing.
 */
import { studentTQuantile } from "../sim/statistics/distributions/student-t.ts"

export interface Spread {
  readonly mean: number
  /** `null` where there is one value only. */
  readonly low: number | null
  readonly high: number | null
}

export type SpreadKind = "interval" | "range" | "none"

const spreadKind = (n: number): SpreadKind => (n >= 3 ? "interval" : n === 2 ? "range" : "none")

/** The spread of finite `values`; `undefined` where there are none. O(values). */
export const spreadOf = (values: ReadonlyArray<number>): Spread | undefined => {
  const n = values.length
  if (n === 0) return undefined
  const mean = meanOf(values)
  switch (spreadKind(n)) {
    case "none":
      return { mean, low: null, high: null }
    case "range":
      return { mean, low: Math.min(...values), high: Math.max(...values) }
    case "interval": {
      const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0)
      const halfWidth = studentTQuantile(0.975, n - 1) * Math.sqrt(squares / (n - 1) / n)
      return { mean, low: mean - halfWidth, high: mean + halfWidth }
    }
  }
}

export const meanOf = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The sentence under a chart that says what its band is. */
export const spreadNote = (n: number): string => {
  switch (spreadKind(n)) {
    case "none":
      return "One replication: no band can be given."
    case "range":
      return "Mean of 2 replications; the band runs from the lower to the higher of the two."
    case "interval":
      return `Mean of ${n} replications; the band is a 95% Student-t interval for the mean.`
  }
}
