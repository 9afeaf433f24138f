/** From intervals to verdicts: a bound holds where the whole interval is within it, and fails where none is. */
import type { ArmResult } from "./arm.ts"
import type {
  AttackVerdict,
  Bound,
  ClaimVerdict,
  Estimated,
  Verdict,
} from "../results/models/claims-model.ts"
import { studentTTail } from "../statistics/distributions/student-t.ts"
import { holmAdjusted } from "../statistics/inference/holm.ts"
import { meanInterval } from "../statistics/inference/interval.ts"
import { tallyOf } from "../statistics/samples/tally.ts"
import { ratioInterval } from "../statistics/inference/ratio-interval.ts"

export const estimate = (values: ReadonlyArray<number>): Estimated => {
  const { mean, halfWidth, n } = meanInterval(values)
  const has = halfWidth !== null
  return { mean, low: has ? mean - halfWidth : null, high: has ? mean + halfWidth : null, n }
}

/** Values of a metric by replication; a replication that saw nothing of it has none. */
export const valuesOf = ({ metrics }: ArmResult, metric: string): ReadonlyArray<number> =>
  metrics.flatMap((one) => (metric in one ? [one[metric]] : []))

/** Ratio of the means of two metrics, replication by replication. */
export const estimateRatio = (
  numerator: readonly [ArmResult, string],
  denominator: readonly [ArmResult, string],
): Estimated => {
  const pairs = numerator[0].metrics.flatMap((one, index) => {
    const top = one[numerator[1]]
    const bottom = denominator[0].metrics[index]?.[denominator[1]]
    return top === undefined || bottom === undefined
      ? []
      : [{ numerator: top, denominator: bottom }]
  })
  const { ratio, low, high, n } = ratioInterval(pairs)
  return { mean: ratio, low, high, n }
}

/** How much a metric differs between two arms in each replication that has it in both: the first less the second. */
export const differencesOf = (
  one: ArmResult,
  other: ArmResult,
  metric: string,
): ReadonlyArray<number> =>
  one.metrics.flatMap((values, index) => {
    const against = other.metrics[index]
    return metric in values && against !== undefined && metric in against
      ? [values[metric] - against[metric]]
      : []
  })

export const judge = ({ low, high }: Estimated, { atLeast, atMost }: Bound): Verdict => {
  if (low === null || high === null) return "undecided"
  const isWithin = (atLeast === null || low >= atLeast) && (atMost === null || high <= atMost)
  if (isWithin) return "holds"
  const isWithout = (atLeast !== null && high < atLeast) || (atMost !== null && low > atMost)
  return isWithout ? "fails" : "undecided"
}

/** One way of an attack: what it gained in each replication, and what counts as nothing. */
export interface Trial {
  readonly gains: ReadonlyArray<number>
  readonly negligible: number
}

export interface JudgedTrial {
  readonly gain: Estimated
  /** `null` below two replications. */
  readonly pHolm: number | null
  readonly verdict: AttackVerdict
}

/** The probability that any attack is said to pay that does not. */
const familyError = 0.05

/**
 * Which attacks pay, of all that were tried.
 *
 * An attack does not pay where the whole 95% interval of its gain is negligible; that none of them pays is
 * as sure as the least sure of these, without a correction (Berger, "Multiparameter hypothesis testing and
 * acceptance sampling", Technometrics 24, 1982). That one pays is another matter: of many that gain
 * nothing some seem to by chance. So an attack pays where the interval is above what is negligible, and the
 * one-sided test of it is passed after Holm's correction for all.
 */
export const judgeAttacks = (trials: ReadonlyArray<Trial>): ReadonlyArray<JudgedTrial> => {
  const tested = trials.flatMap((trial, at) => {
    const p = pOfGain(trial)
    return p === null ? [] : [{ p, at }]
  })
  const adjusted = holmAdjusted(tested.map(({ p }) => p))
  const pHolmOf = new Map(tested.map(({ at }, rank) => [at, adjusted[rank]]))
  return trials.map(({ gains, negligible }, at) => {
    const gain = estimate(gains)
    const pHolm = pHolmOf.get(at) ?? null
    return { gain, pHolm, verdict: verdictOf(gain, negligible, pHolm) }
  })
}

const verdictOf = (
  { low, high }: Estimated,
  negligible: number,
  pHolm: number | null,
): AttackVerdict => {
  if (high !== null && high <= negligible) return "does not pay"
  return low !== null && low > negligible && pHolm !== null && pHolm <= familyError
    ? "pays"
    : "undecided"
}

/** One-sided, of the hypothesis that the mean gain is negligible. */
const pOfGain = ({ gains, negligible }: Trial): number | null => {
  const { n, mean, deviation } = tallyOf(gains)
  if (deviation === null) return null
  const above = mean - negligible
  // The same in every replication: chance has no part in it.
  if (deviation === 0) return above > 0 ? 0 : 1
  const tail = studentTTail((Math.abs(above) * Math.sqrt(n)) / deviation, n - 1)
  return above > 0 ? tail : 1 - tail
}

/** All hold, all fail, or it depends. */
export const joinVerdicts = (verdicts: ReadonlyArray<Verdict>): ClaimVerdict => {
  if (verdicts.every((one) => one === "holds")) return "holds"
  if (verdicts.every((one) => one === "fails")) return "fails"
  if (verdicts.includes("fails")) return "depends"
  return "undecided"
}
