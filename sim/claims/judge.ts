/** From intervals to verdicts: a bound holds where the whole interval is within it, and fails where none is. */
import type { ArmResult } from "./arm.ts"
import type {
  AttackVerdict,
  Bound,
  ClaimVerdict,
  Estimated,
  Verdict,
} from "../results/models/claims-model.ts"
import { meanInterval } from "../statistics/inference/interval.ts"
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

export const judge = ({ low, high }: Estimated, { atLeast, atMost }: Bound): Verdict => {
  if (low === null || high === null) return "undecided"
  const isWithin = (atLeast === null || low >= atLeast) && (atMost === null || high <= atMost)
  if (isWithin) return "holds"
  const isWithout = (atLeast !== null && high < atLeast) || (atMost !== null && low > atMost)
  return isWithout ? "fails" : "undecided"
}

/** Ratios are read to the hundredth: 1.004 is 1.00, what no attacker would run an attack for. */
const hundredth = 0.01

/** Does the attack pay? Not where no ratio of the whole interval is above 1.00. */
export const judgeAttack = ({ low, high }: Estimated): AttackVerdict =>
  high !== null && high < 1 + hundredth / 2
    ? "does not pay"
    : low !== null && low >= 1 + hundredth / 2
      ? "pays"
      : "undecided"

/** All hold, all fail, or it depends. */
export const joinVerdicts = (verdicts: ReadonlyArray<Verdict>): ClaimVerdict => {
  if (verdicts.every((one) => one === "holds")) return "holds"
  if (verdicts.every((one) => one === "fails")) return "fails"
  if (verdicts.includes("fails")) return "depends"
  return "undecided"
}
