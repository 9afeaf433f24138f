/**
 * Several tests at once: p-values adjusted so that, with m hypotheses tested, the probability of
 * rejecting any true one is at most the level at which the adjusted values are read, whatever the
 * tests' dependence (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
 * Journal of Statistics 6, 1979): with p₍₁₎ ≤ … ≤ p₍ₘ₎,
 *
 *   p̃₍ᵢ₎ = max over j ≤ i of min(1, (m − j + 1) · p₍ⱼ₎).
 */

/** The adjusted p-values, in the order of those given. Each given lies in 0…1. O(m log m). */
export const holmAdjusted = (pValues: ReadonlyArray<number>): ReadonlyArray<number> => {
  const adjusted = pValues.map(() => 1)
  let largest = 0
  pValues
    .map((p, at) => ({ p, at }))
    .toSorted((a, b) => a.p - b.p)
    .forEach(({ p, at }, rank) => {
      largest = Math.max(largest, Math.min(1, (pValues.length - rank) * p))
      adjusted[at] = largest
    })
  return adjusted
}
