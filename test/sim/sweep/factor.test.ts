import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Factor } from "../../../sim/sweep/factor.ts"
import { factorText, gridCoordinates, parseFactor, valueAt } from "../../../sim/sweep/factor.ts"

const factorOf = (text: string): Factor => Either.getOrThrow(parseFactor(text))
const gridOf = (text: string) => {
  const factor = factorOf(text)
  return gridCoordinates(factor)?.map((coordinate) => valueAt(factor, coordinate))
}

describe("a factor", () => {
  it.each([
    ["economy.feeBps=500..2000:4", ["500", "1000", "1500", "2000"]],
    ["a=0.1..0.3:3", ["0.1", "0.2", "0.3"]],
    ["a=-1..1:3", ["-1", "0", "1"]],
    ["a=log(1..100):3", ["1", "10", "100"]],
    ["fleet.nodes=10,20,40", ["10", "20", "40"]],
    ["economy=pooled,hardened", ["pooled", "hardened"]],
    ["models=[{name: a, b: 1}],[]", ["[{name: a, b: 1}]", "[]"]],
    ['a="x,y",z', ['"x,y"', "z"]],
  ])("%s takes %j in a grid", (text, values) => {
    expect(gridOf(text)).toEqual(values)
  })

  it("of a range alone has no grid, and any of its values", () => {
    expect(gridOf("a=1..5")).toBeUndefined()
    expect(valueAt(factorOf("a=1..5"), 0.25)).toBe("2")
    expect(valueAt(factorOf("a=log(1..100)"), 0.5)).toBe("10")
  })

  it.each([
    ["nonsense", "expected PATH=VALUES"],
    ["a=", "expected PATH=VALUES"],
    ["a=5..1", "from a lower to a higher"],
    ["a=1..1", "from a lower to a higher"],
    ["a=log(0..1)", "must begin above 0"],
    ["a=1..x", "expected a range as"],
    ["a=1..5:1", "expected 2 to 10000 values"],
    ["a=1,,2", "is empty"],
    ["a=1,1", "stands in it twice"],
    ["a=10,20,10.0", "stands in it twice"],
  ])("refuses %s", (text, message) => {
    const error = Either.getOrThrow(Either.flip(parseFactor(text)))
    expect(error.message).toContain(`--vary ${text}`)
    expect(error.message).toContain(message)
  })

  it("stays within its range, goes up with the coordinate, and is written as it was read", () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(
        fc.tuple(finite, finite).filter(([a, b]) => a !== b),
        fc.option(fc.integer({ min: 2, max: 50 }), { nil: null }),
        fc.boolean(),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }),
        (ends, levels, isLogarithmic, coordinates) => {
          const [low, high] = ends
            .map((end) => (isLogarithmic ? Math.abs(end) + 1e-3 : end))
            .sort((a, b) => a - b)
          fc.pre(low < high)
          const range = isLogarithmic ? `log(${low}..${high})` : `${low}..${high}`
          const factor = factorOf(`a.b=${range}${levels === null ? "" : `:${levels}`}`)
          expect(factorOf(factorText(factor))).toEqual(factor)
          const values = coordinates
            .toSorted((a, b) => a - b)
            .map((one) => Number(valueAt(factor, one)))
          for (const [at, value] of values.entries()) {
            expect(value).toBeGreaterThanOrEqual(low)
            expect(value).toBeLessThanOrEqual(high)
            if (at > 0) expect(value).toBeGreaterThanOrEqual(values[at - 1])
          }
        },
      ),
    )
  })

  it("of whole numbers takes each of them equally often", () => {
    const factor: Factor = { ...factorOf("a=3..7"), isWhole: true } as Factor
    const values = Array.from({ length: 500 }, (_, at) => valueAt(factor, (at + 0.5) / 500))
    for (const value of ["3", "4", "5", "6", "7"])
      expect(values.filter((one) => one === value)).toHaveLength(100)
    expect(valueAt(factor, 1)).toBe("7")
  })
})
