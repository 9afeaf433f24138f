/**
 * The binomial distribution, as the rules of order statistics and the intervals of shares need it.
 *
 * The probabilities are built outwards from the mode by their ratio P(k + 1) ÷ P(k) =
 * (n − k) ÷ (k + 1) · p ÷ (1 − p), and divided by their sum: no large factorials, no cancellation,
 * and no more terms than count, O(√n).
 */
import { normalQuantile } from "./normal.ts"

/** The counts of a Binomial(n, p) that are not negligible, and their probabilities. */
export interface BinomialTerms {
  /** probabilities[i] is that of the count first + i. */
  readonly first: number
  readonly probabilities: Float64Array
}

/** Terms below this share of the largest one are left out; all of them together are below 1e-15. */
const NEGLIGIBLE = 1e-22

/** The terms of Binomial(n, p), n a whole number ≥ 0, 0 < p < 1. Throws a RangeError elsewhere. */
export const binomialTerms = (n: number, p: number): BinomialTerms => {
  if (!(Number.isSafeInteger(n) && n >= 0 && p > 0 && p < 1))
    throw new RangeError(`a binomial needs a whole n ≥ 0 and 0 < p < 1, not ${n} and ${p}`)
  const mode = Math.min(n, Math.floor((n + 1) * p))
  const odds = p / (1 - p)
  const below: Array<number> = []
  for (let k = mode, term = 1; k > 0; k--) {
    term *= k / ((n - k + 1) * odds)
    if (term < NEGLIGIBLE) break
    below.push(term)
  }
  const above: Array<number> = []
  for (let k = mode, term = 1; k < n; k++) {
    term *= ((n - k) * odds) / (k + 1)
    if (term < NEGLIGIBLE) break
    above.push(term)
  }
  const terms = Float64Array.from([...below.toReversed(), 1, ...above])
  const total = terms.reduce((sum, term) => sum + term, 0)
  return { first: mode - below.length, probabilities: terms.map((term) => term / total) }
}

export interface ShareInterval {
  readonly share: number
  readonly low: number
  readonly high: number
}

/**
 * Wilson's score interval for the probability behind `successes` of `trials` independent trials
 * (Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927).
 * Unlike share ± z·√(…) it stays within 0 … 1, and is sound near either end.
 */
export const wilsonInterval = (successes: number, trials: number, level = 0.95): ShareInterval => {
  if (!(trials >= 1 && successes >= 0 && successes <= trials))
    throw new RangeError(`a share needs 0 … n successes of n ≥ 1, not ${successes} of ${trials}`)
  const share = successes / trials
  const z = normalQuantile(1 - (1 - level) / 2)
  const shrunk = z * z
  const centre = (share + shrunk / (2 * trials)) / (1 + shrunk / trials)
  const half =
    (z / (1 + shrunk / trials)) *
    Math.sqrt((share * (1 - share)) / trials + shrunk / (4 * trials * trials))
  // At 0 and 1 the bound is exact; rounding must not push it past.
  return {
    share,
    low: successes === 0 ? 0 : centre - half,
    high: successes === trials ? 1 : centre + half,
  }
}
