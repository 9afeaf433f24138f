/**
 * ln Γ(x) for x > 0, to about 14 digits: Stirling's series (NIST Digital Library of Mathematical
 * Functions, 5.11.1) for x ≥ 10, reached from below by Γ(x + 1) = x·Γ(x).
 */
export const logGamma = (x: number): number => {
  let shifted = x
  let product = 1
  while (shifted < 10) {
    product *= shifted
    shifted += 1
  }
  const inverse = 1 / shifted
  const square = inverse * inverse
  // B₂ₖ ÷ (2k·(2k − 1)), k = 1 … 6; the first term left out is below 1e-16 at x = 10.
  const series =
    inverse *
    (1 / 12 +
      square *
        (-1 / 360 +
          square *
            (1 / 1260 + square * (-1 / 1680 + square * (1 / 1188 - (square * 691) / 360360)))))
  const HALF_LOG_TWO_PI = 0.9189385332046728
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LOG_TWO_PI + series - Math.log(product)
  )
}
