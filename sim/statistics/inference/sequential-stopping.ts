/**
 * How many replications are enough: the replications algorithm of Hoad, Robinson and Davies,
 * "Automated selection of the number of replications for a discrete-event simulation", Journal of
 * the Operational Research Society 61 (2010).
 *
 * After every replication the precision of the cumulative mean is looked at: the half-width of its
 * Student-t interval, as a share of the mean or as it is. Once it is within its target after n
 * replications, it has to stay so for a look-ahead of kLimit more (kLimit · n ÷ 100 from n = 100 on):
 * a few replications that happen to lie close must not end a run. If it does not, the search goes on
 * from where it was lost. With several targets all of them have to be met, and stay so, at once.
 *
 * Stopping at a moment that the data chose makes the last interval cover a little less often than
 * its nominal level; the look-ahead is there to keep that little.
 */
import type { SkewedInterval } from "./skewed-interval.ts"

/** The look-ahead that the paper recommends, replications. */
export const K_LIMIT = 5

/** The fewest replications that the paper starts from. */
export const LEAST_REPLICATIONS = 3

export interface PrecisionTarget {
  /** Whether the half-width is taken as a share of the mean's size, or in the unit of the mean. */
  readonly isRelative: boolean
  /** The half-width that is allowed, above 0. */
  readonly halfWidth: number
}

type Measured = Pick<SkewedInterval, "mean" | "halfWidth" | "basis">

/**
 * What an interval achieves, in the terms of its target: ∞ where there is none, where nothing has varied so
 * far (what is rare may yet come), and for a relative target around a mean of 0, of which nothing is a share.
 */
export const precisionOf = (
  { mean, halfWidth, basis }: Measured,
  target: PrecisionTarget,
): number => {
  if (halfWidth === null || basis === "same") return Infinity
  if (!target.isRelative) return halfWidth
  return mean === 0 ? Infinity : halfWidth / Math.abs(mean)
}

export const isPrecise = (interval: Measured, target: PrecisionTarget): boolean =>
  precisionOf(interval, target) <= target.halfWidth

/** How many replications further precision has to hold, reached after n. */
export const lookAhead = (n: number, kLimit = K_LIMIT): number =>
  Math.floor((kLimit * Math.max(n, 100)) / 100)

export interface StoppingRule {
  /** The first number of replications that is looked at; the entries of a history begin there. */
  readonly least: number
  /** The cap: so many are run at most. */
  readonly most: number
  readonly kLimit?: number
}

/** After how many replications precision was reached that has held since; `null`: it does not hold. */
export const heldSince = (
  history: ReadonlyArray<boolean>,
  { least }: Pick<StoppingRule, "least">,
): number | null => {
  const lost = history.lastIndexOf(false)
  return lost === history.length - 1 ? null : least + lost + 1
}

export type Decision = "go on" | "reached" | "capped"

/**
 * What to do after n = least + history.length − 1 replications. `history[i]` says whether all
 * targets were met after least + i of them; an empty history, that nothing was looked at yet.
 * O(length).
 */
export const decide = (history: ReadonlyArray<boolean>, rule: StoppingRule): Decision => {
  const n = rule.least + history.length - 1
  const since = heldSince(history, rule)
  if (since !== null && n >= since + lookAhead(since, rule.kLimit)) return "reached"
  return history.length > 0 && n >= rule.most ? "capped" : "go on"
}
