/**
 * Validation: does the event kernel reproduce the closed forms?
 *
 * A quantity passes when its interval both contains the truth and is narrower than ±1% of it. The
 * intervals are simultaneous: with some thirty of them at 95% each, one or two would miss by
 * chance; Bonferroni's inequality gives each a level at which a correct kernel has all of them
 * right with probability 99% at least. A truth that was itself measured is allowed its own
 * half-width.
 */
import { controlledInterval } from "../statistics/inference/control-variates.ts"
import { simultaneousLevel } from "../statistics/inference/interval.ts"
import type { ClosedForm, Replication } from "./closed-form.ts"
import { closedForms } from "./closed-forms.ts"

/** No interval may be wider than this share of the truth on either side. */
export const MAX_RELATIVE_HALF_WIDTH = 0.01

/** The probability that a correct kernel has all its intervals right. */
export const FAMILY_LEVEL = 0.99

export interface ValidationResult {
  readonly name: string
  readonly truth: number
  readonly estimate: number
  readonly halfWidth: number
  /** Replications. */
  readonly n: number
  readonly relativeHalfWidth: number
  /** Whether the interval contains the truth. */
  readonly covers: boolean
  /** Whether it does and is narrow enough. */
  readonly ok: boolean
  readonly source: string
}

export interface Validation {
  readonly results: ReadonlyArray<ValidationResult>
  /** The level of all intervals together, and of each. */
  readonly familyLevel: number
  readonly level: number
  readonly ok: boolean
}

export interface ValidationOptions {
  readonly seed?: string
  /** Multiplies every run's length. Below 1 intervals may be wider than they should. */
  readonly effort?: number
  readonly forms?: ReadonlyArray<ClosedForm>
  /** Called before each form, and once at the end with `form` undefined. */
  readonly onProgress?: (done: number, total: number, form: ClosedForm | undefined) => void
}

/** Runs all forms, one after the other. Synchronous; about two minutes of one core at effort 1. */
export const validate = ({
  seed = "evenkeel",
  effort = 1,
  forms = closedForms,
  onProgress,
}: ValidationOptions = {}): Validation => {
  const results = forms.flatMap((form, index) => {
    onProgress?.(index, forms.length, form)
    return runClosedForm(form, seed, effort, levelOf(forms))
  })
  onProgress?.(forms.length, forms.length, undefined)
  return summarise(results, forms)
}

/** The level of each interval of a family of forms. */
export const levelOf = (forms: ReadonlyArray<ClosedForm>): number =>
  simultaneousLevel(
    FAMILY_LEVEL,
    forms.reduce((count, form) => count + form.quantities.length, 0),
  )

/** Runs one form: all its replications, and the verdict on each of its quantities. */
export const runClosedForm = (
  form: ClosedForm,
  seed: string,
  effort: number,
  level: number,
): ReadonlyArray<ValidationResult> => {
  const length = lengthOf(form, effort)
  const replications = Array.from({ length: form.replications }, (_, replication) =>
    form.replicate(seed, replication, length),
  )
  return judge(form, replications, level)
}

/** How long one replication is at the given effort. */
export const lengthOf = (form: ClosedForm, effort: number): number =>
  Math.max(1, Math.ceil(form.length * effort))

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
    return {
      name: `${form.name}: ${quantity.name}`,
      truth,
      estimate: interval.mean,
      halfWidth,
      n: interval.n,
      relativeHalfWidth,
      covers,
      ok: covers && relativeHalfWidth <= MAX_RELATIVE_HALF_WIDTH,
      source: quantity.source,
    }
  })

/** The results of a family of forms, put together. */
export const summarise = (
  results: ReadonlyArray<ValidationResult>,
  forms: ReadonlyArray<ClosedForm>,
): Validation => ({
  results,
  familyLevel: FAMILY_LEVEL,
  level: levelOf(forms),
  ok: results.length > 0 && results.every(({ ok }) => ok),
})
