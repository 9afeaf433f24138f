/**
 * The 97.5% quantile of Student's t, which makes 95% two-sided intervals.
 *
 * Up to 30 degrees of freedom from the published table (NIST/SEMATECH e-Handbook of Statistical
 * Methods, 1.3.6.7.2); beyond, by the Cornish-Fisher expansion about the normal quantile
 * (Abramowitz & Stegun, 26.7.5), there exact to six digits.
 */

const table = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
]

const z = 1.959963984540054

/** The expansion's polynomials in z, of falling odd powers, each over its divisor. */
const expansion: ReadonlyArray<readonly [divisor: number, coefficients: ReadonlyArray<number>]> = [
  [4, [1, 1]],
  [96, [5, 16, 3]],
  [384, [3, 19, 17, -15]],
  [92_160, [79, 776, 1_482, -1_920, -945]],
]

/** `degrees` ≥ 1. */
export const studentT975 = (degrees: number): number => {
  const tabulated = table[degrees - 1]
  if (tabulated !== undefined) return tabulated
  let quantile = z
  let power = 1
  for (const [divisor, coefficients] of expansion) {
    power *= degrees
    const polynomial = coefficients.reduce((sum, coefficient) => sum * z * z + coefficient, 0) * z
    quantile += polynomial / (divisor * power)
  }
  return quantile
}
