/**
 * The Kolmogorov–Smirnov distance: the largest gap between two distribution functions (Smirnov,
 * Annals of Mathematical Statistics 19, 1948). Values need not be sorted; none may be NaN.
 */

/** sup |Fₙ(x) − cdf(x)| for the empirical distribution Fₙ of the values. O(n log n). */
export const ksDistance = (values: Iterable<number>, cdf: (x: number) => number): number => {
  const ascending = Float64Array.from(values).sort()
  const n = ascending.length
  let distance = 0
  for (let i = 0; i < n; i++) {
    const expected = cdf(ascending[i])
    distance = Math.max(distance, expected - i / n, (i + 1) / n - expected)
  }
  return distance
}

/** sup |Fₙ(x) − Gₘ(x)| for two samples. O(n log n + m log m). */
export const ksDistanceBetween = (first: Iterable<number>, second: Iterable<number>): number => {
  const a = Float64Array.from(first).sort()
  const b = Float64Array.from(second).sort()
  let distance = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const x = Math.min(a[i], b[j])
    while (i < a.length && a[i] === x) i++
    while (j < b.length && b[j] === x) j++
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length))
  }
  return distance
}
