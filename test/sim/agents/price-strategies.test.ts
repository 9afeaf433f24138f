/** What each price strategy answers to what an operator sees. */
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import type { PriceView } from "../../../sim/agents/prices/price-view.ts"
import { priceStrategies } from "../../../sim/agents/prices/strategies.ts"

const numbers = { step: 0.1, margin: 0.5, expectedUtilisation: 0.25, factor: 2 }
const stream = () => openStream("prices", "draw", 0)
const view: PriceView = {
  price: 100,
  listPrice: 120,
  leastPrice: 1,
  breakEvenPrice: 40,
  rivals: [
    { price: 50, instances: 1, hasRoom: false },
    { price: 80, instances: 2, hasRoom: true },
    { price: 200, instances: 1, hasRoom: true },
  ],
  believedProfitAt: () => null,
  temperatureCreditsPerDay: 10,
}
const ask = (name: keyof typeof priceStrategies, patch: Partial<PriceView> = {}): number =>
  priceStrategies[name]({ ...view, ...patch }, numbers, stream())

describe("an undercutter", () => {
  it("goes a step below the cheapest rival with room", () => {
    expect(ask("undercutter")).toBeCloseTo(72, 9)
  })

  it("never goes below its own cost", () => {
    expect(ask("undercutter", { breakEvenPrice: 75 })).toBe(75)
  })

  it("asks the list price where nobody else has room", () => {
    const full = view.rivals.map((rival) => ({ ...rival, hasRoom: false }))
    expect(ask("undercutter", { rivals: full })).toBe(120)
  })
})

describe("cost-plus", () => {
  it("spreads its cost over what it expects to sell, and adds a margin", () => {
    expect(ask("cost-plus")).toBeCloseTo((40 / 0.25) * 1.5, 9)
  })
})

describe("premium", () => {
  it("asks a factor above what the middle host asks", () => {
    expect(ask("premium")).toBe(160)
    expect(ask("premium", { rivals: [] })).toBe(240)
  })
})

describe("probing", () => {
  it("begins at the list price, and stays until a price has been tried", () => {
    expect(ask("probing", { price: null })).toBe(120)
    expect(ask("probing")).toBe(100)
  })

  it("stays with what earned more, and tries what it never did as often as what it knows", () => {
    const count = (believed: PriceView["believedProfitAt"]) => {
      const lots = stream()
      const asked = Array.from({ length: 3000 }, () =>
        priceStrategies.probing({ ...view, believedProfitAt: believed }, numbers, lots),
      )
      return [asked.filter((price) => price < 99).length, asked.filter((p) => p > 101).length]
    }
    // One temperature more is e times as likely: 1 : 1 : e.
    const [less, more] = count((price) => (price > 101 ? 10 : 0))
    expect(Math.abs(less / 3000 - 1 / (2 + Math.E))).toBeLessThan(0.05)
    expect(Math.abs(more / 3000 - Math.E / (2 + Math.E))).toBeLessThan(0.05)
    const [untriedLess, untriedMore] = count((price) => (price === 100 ? 5 : null))
    expect(Math.abs(untriedLess - 1000)).toBeLessThan(150)
    expect(Math.abs(untriedMore - 1000)).toBeLessThan(150)
  })
})

describe("attacks", () => {
  it("dump while there are rivals, and jump once they have left", () => {
    expect(ask("predator")).toBeCloseTo(108, 9)
    const dumping = priceStrategies.predator(view, { ...numbers, step: 1 }, stream())
    expect(dumping).toBe(view.leastPrice)
    expect(ask("predator", { rivals: [] })).toBe(240)
  })

  it("flicker between a price below the list and one above it", () => {
    expect(ask("flicker", { price: null })).toBeCloseTo(108, 9)
    expect(ask("flicker", { price: 108 })).toBe(240)
    expect(ask("flicker", { price: 240 })).toBeCloseTo(108, 9)
  })
})
