/** Products and inverses of small dense matrices, as arrays of rows. */
export type Matrix = ReadonlyArray<ReadonlyArray<number>>

/** a·b. O(n³). */
export const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => {
    const product = new Array<number>(b[0].length).fill(0)
    row.forEach((factor, k) => {
      if (factor === 0) return
      const other = b[k]
      for (let j = 0; j < product.length; j++) product[j] += factor * other[j]
    })
    return product
  })

/**
 * a⁻¹ by Gauss and Jordan with partial pivoting. Throws a RangeError where a pivot is below 1e-12
 * of the largest entry: then a is singular, or nothing of the inverse could be trusted. O(n³).
 */
export const inverse = (a: Matrix): Matrix => {
  const n = a.length
  const largest = Math.max(...a.map((row) => Math.max(...row.map(Math.abs))))
  const rows = a.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i
    }
    const top = rows[pivot]
    rows[pivot] = rows[k]
    rows[k] = top
    const head = top[k]
    if (!(Math.abs(head) > 1e-12 * largest))
      throw new RangeError("a singular matrix has no inverse")
    for (let j = k; j < 2 * n; j++) top[j] /= head
    rows.forEach((row, i) => {
      const factor = row[k]
      if (i === k || factor === 0) return
      for (let j = k; j < 2 * n; j++) row[j] -= factor * top[j]
    })
  }
  return rows.map((row) => row.slice(n))
}
