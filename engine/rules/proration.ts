/**
 * Largest-remainder split: a whole amount in parts proportional to whole weights, each part within
 * one minor unit of its exact quota, the parts summing to the amount. Ties go to the lower index.
 * In BigInt throughout: an hour's claims together may leave the safe range.
 */
import { invariant } from "../core/invariant.ts"

/**
 * `weights` are whole numbers with a positive sum. O(n log n). The index order of `weights` settles
 * ties, so the caller orders them by account.
 */
export const prorate = (amount: number, weights: ReadonlyArray<number>): ReadonlyArray<number> => {
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n)
  invariant(total > 0n, "what is prorated has somebody to go to")
  invariant(amount >= 0, "what is prorated is at least 0")
  const parts = weights.map((weight) => Number((BigInt(amount) * BigInt(weight)) / total))
  let left = amount - parts.reduce((sum, part) => sum + part, 0)
  invariant(left >= 0 && left < weights.length, "each part is within one unit of its quota")
  if (left === 0) return parts
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: remainderOf(amount, weight, total) }))
    .toSorted((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1,
    )
  for (const { index } of byRemainder) {
    if (left === 0) break
    parts[index] += 1
    left--
  }
  invariant(left === 0, "the parts add up to the amount")
  return parts
}

const remainderOf = (amount: number, weight: number, total: bigint): bigint =>
  (BigInt(amount) * BigInt(weight)) % total
