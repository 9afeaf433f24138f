/**
 * Validation: does the event kernel reproduce the closed forms?
 *
 * Each quantity gets one of three verdicts. It agrees where its interval contains the truth and is
 * narrower than ±1% of it; it is too wide where the interval contains the truth but shows no more;
 * it contradicts where the interval leaves the truth out. The intervals are simultaneous: with some
 * thirty of them at 95% each, one or two would miss by chance; Bonferroni's inequality gives each a
 * level at which a correct kernel has all of them right with probability 99% at least. A truth that
 * was itself measured is allowed its own half-width.
 */
import { controlledInterval } from "../statistics/inference/control-variates.ts"
import { simultaneousLevel } from "../statistics/inference/interval.ts"
import type { ClosedForm, Replication } from "./closed-form.ts"

/** No interval may be wider than this share of the truth on either side. */
export const MAX_RELATIVE_HALF_WIDTH = 0.01

/** The probability that a correct kernel has all its intervals right. */
const FAMILY_LEVEL = 0.99

/**
 * The shortest run, as a share of that at effort 1. What is shorter is biased rather than wide: the
 * p99 of eighty customers in a row lies a quarter below that of all.
 */
const LEAST_LENGTH_SHARE = 0.02

/** Fewer replications leave an interval at so high a level nothing to stand on. */
const LEAST_REPLICATIONS = 10

export type ValidationVerdict = "agrees" | "too wide" | "contradicts"

export interface ValidationResult {
  readonly name: string
  readonly truth: number
  readonly estimate: number
  readonly halfWidth: number
  /** Replications. */
  readonly n: number
  readonly relativeHalfWidth: number
  readonly verdict: ValidationVerdict
  readonly source: string
}

export interface Validation {
  readonly results: ReadonlyArray<ValidationResult>
  /** The level of all intervals together, and of each. */
  readonly familyLevel: number
  readonly level: number
  /** How many results have each verdict. */
  readonly verdicts: Readonly<Record<ValidationVerdict, number>>
  /**
   * Nothing contradicts; and with an effort of 1 or more, at which intervals are meant to be narrow
   * enough, nothing is too wide either.
   */
  readonly ok: boolean
}

/** What is simulated of a form. */
export interface ValidationPlan {
  readonly replications: number
  /** Of each replication, in the form's unit. */
  readonly length: number
}

/** The level of each interval of a family of forms. */
export const levelOf = (forms: ReadonlyArray<ClosedForm>): number =>
  simultaneousLevel(
    FAMILY_LEVEL,
    forms.reduce((count, form) => count + form.quantities.length, 0),
  )

/**
 * What the given effort simulates: it multiplies the length of each replication, and where that
 * would become too short, their number.
 */
export const planOf = (form: ClosedForm, effort: number): ValidationPlan => {
  const share = Math.max(effort, LEAST_LENGTH_SHARE)
  return {
    length: Math.ceil(form.length * share),
    replications: Math.max(
      LEAST_REPLICATIONS,
      Math.round((form.replications * Math.min(effort, share)) / share),
    ),
  }
}

/** The verdict on each quantity of a form, from its replications in any order. */
export const judge = (
  form: ClosedForm,
  replications: ReadonlyArray<Replication>,
  level: number,
): ReadonlyArray<ValidationResult> =>
  form.quantities.map((quantity, index) => {
    const interval = controlledInterval(
      replications.map(({ values }) => values[index]),
      (replications[0]?.controls ?? []).map((_, control) =>
        replications.map(({ controls }) => controls[control]),
      ),
      level,
    )
    const truth = quantity.truth()
    const halfWidth = interval.halfWidth ?? Infinity
    const relativeHalfWidth = halfWidth / truth
    const covers = Math.abs(interval.mean - truth) <= halfWidth + quantity.truthHalfWidth
    const isNarrow = relativeHalfWidth <= MAX_RELATIVE_HALF_WIDTH
    return {
      name: `${form.name}: ${quantity.name}`,
      truth,
      estimate: interval.mean,
      halfWidth,
      n: interval.n,
      relativeHalfWidth,
      verdict: covers ? (isNarrow ? "agrees" : "too wide") : "contradicts",
      source: quantity.source,
    }
  })

/** The results of a family of forms at the given effort, put together. */
export const summarise = (
  results: ReadonlyArray<ValidationResult>,
  forms: ReadonlyArray<ClosedForm>,
  effort: number,
): Validation => {
  const count = (asked: ValidationVerdict): number =>
    results.filter(({ verdict }) => verdict === asked).length
  const verdicts = {
    agrees: count("agrees"),
    "too wide": count("too wide"),
    contradicts: count("contradicts"),
  }
  return {
    results,
    familyLevel: FAMILY_LEVEL,
    level: levelOf(forms),
    verdicts,
    ok:
      results.length > 0 &&
      verdicts.contradicts === 0 &&
      (effort < 1 || verdicts["too wide"] === 0),
  }
}
