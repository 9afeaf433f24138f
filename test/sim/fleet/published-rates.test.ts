/** The list of published rates: one for each device of the catalogue that anybody rents out, dated. */
import { expect, it } from "vitest"
import { devices } from "../../../sim/fleet/devices.ts"
import { publishedRateOf, publishedRates } from "../../../sim/fleet/published-rates.ts"

it("has each device once that is rented out, within what it is rented at", () => {
  const rented = devices.filter(({ rentUsdPerHour }) => rentUsdPerHour !== null)
  expect(publishedRates.map(({ device }) => device)).toEqual(rented.map(({ name }) => name))
  // Where a source gives one figure for a rent, sources differ by half.
  for (const { name, rentUsdPerHour } of rented) {
    expect(publishedRateOf(name)).toBeGreaterThanOrEqual((rentUsdPerHour?.low ?? Infinity) / 1.5)
    expect(publishedRateOf(name)).toBeLessThanOrEqual((rentUsdPerHour?.high ?? 0) * 1.5)
  }
  expect(publishedRateOf("Apple M4 Max 40c")).toBeUndefined()
})

it("dates each rate", () => {
  for (const { date, usdPerHour } of publishedRates) {
    expect(date).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/)
    expect(usdPerHour).toBeGreaterThan(0)
  }
})
