import { expect, it } from "vitest"
import { studentT975 } from "../../reports/student-t.ts"

it.each([
  // NIST/SEMATECH e-Handbook 1.3.6.7.2, and R's qt(0.975, n) beyond its table.
  [1, 12.706],
  [2, 4.303],
  [9, 2.262],
  [30, 2.042],
  [31, 2.0395134],
  [40, 2.0210754],
  [99, 1.984217],
  [999, 1.9623415],
])("has the 97.5%% quantile of %i degrees at %d", (degrees, quantile) => {
  expect(studentT975(degrees)).toBeCloseTo(quantile, degrees > 30 ? 6 : 3)
})

it("falls towards the normal quantile", () => {
  for (let degrees = 1; degrees < 200; degrees++) {
    expect(studentT975(degrees + 1)).toBeLessThan(studentT975(degrees))
    expect(studentT975(degrees)).toBeGreaterThan(1.95996)
  }
})
