/** The list of published prices: one for each model of the catalogue, dated. */
import { expect, it } from "vitest"
import { models } from "../../../sim/fleet/models.ts"
import { publishedPrices } from "../../../sim/fleet/published-prices.ts"

it("has each model of the catalogue once", () => {
  expect(publishedPrices.map(({ model }) => model)).toEqual(models.map(({ name }) => name))
})

it("dates each price, and none asks less for output than for input", () => {
  for (const { date, inputUsdPerMtok, outputUsdPerMtok } of publishedPrices) {
    expect(date).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/)
    expect(inputUsdPerMtok).toBeGreaterThan(0)
    expect(outputUsdPerMtok).toBeGreaterThanOrEqual(inputUsdPerMtok)
  }
})
