/** What hosts ask at a moment, in a few figures. */
import { describe, expect, it } from "vitest"
import { askedPrices } from "../../../sim/recording/price-samples.ts"

describe("asked prices", () => {
  it("are quantiles of prices that somebody asks, a mean, and how far apart they are", () => {
    const asked = askedPrices([
      { price: 10, instances: 1 },
      { price: 20, instances: 8 },
      { price: 30, instances: 1 },
    ])
    expect(asked).toMatchObject({ low: 10, median: 20, high: 20, mean: 20 })
    // Two of ten are 10 away from 20: √(200 / 10) / 20.
    expect(asked?.variation).toBeCloseTo(Math.sqrt(20) / 20, 12)
  })

  it("of one price are that price, and no distance", () => {
    const asked = { low: 7, median: 7, high: 7, mean: 7, variation: 0 }
    expect(askedPrices([{ price: 7, instances: 3 }])).toEqual(asked)
  })

  it("are none where nobody asks", () => {
    expect(askedPrices([])).toBeUndefined()
  })
})
