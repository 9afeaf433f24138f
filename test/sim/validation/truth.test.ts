import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { erlangB, erlangC, erlangWait } from "../../../sim/validation/truth/erlang.ts"
import { powerOfTwoSojourn, tailShare } from "../../../sim/validation/truth/power-of-two.ts"
import { shortestOfTwoSojourn } from "../../../sim/validation/truth/shortest-of-two.ts"
import {
  meanSojourn,
  meanWait,
  sharedSojourn,
  sojournQuantile,
} from "../../../sim/validation/truth/single-server.ts"
import { assertProperty } from "../../support/property.ts"

const utilisation = fc.double({ min: 0.05, max: 0.95, noNaN: true })
const servers = fc.integer({ min: 1, max: 40 })

describe("the closed forms' truths", () => {
  it("are the published values", () => {
    expect([0.5, 0.8, 0.9].map(meanSojourn).map((w) => w.toFixed(9))).toEqual([
      "2.000000000",
      "5.000000000",
      "10.000000000",
    ])
    expect([0.5, 0.8, 0.9].map((rho) => sojournQuantile(rho, 0.99).toFixed(3))).toEqual([
      "9.210",
      "23.026",
      "46.052",
    ])
    expect([0, 0.25, 1, 4].map((cv2) => meanWait(0.8, cv2).toFixed(9))).toEqual([
      "2.000000000",
      "2.500000000",
      "4.000000000",
      "10.000000000",
    ])
    expect(sharedSojourn(0.8, 4)).toBeCloseTo(20, 12)
    expect([erlangC(2, 1.8), erlangC(10, 8), erlangC(10, 9)].map((c) => c.toFixed(6))).toEqual([
      "0.852632",
      "0.409180",
      "0.668732",
    ])
    expect([erlangWait(2, 1.8), erlangWait(10, 8)].map((w) => w.toFixed(6))).toEqual([
      "4.263158",
      "0.204590",
    ])
    expect([erlangB(1, 0.5), erlangB(10, 5), erlangB(10, 8)].map((b) => b.toFixed(7))).toEqual([
      "0.3333333",
      "0.0183846",
      "0.1216611",
    ])
    // Mitzenmacher's predictions for two choices.
    expect([0.5, 0.7, 0.9].map((rho) => powerOfTwoSojourn(rho).toFixed(6))).toEqual([
      "1.265686",
      "1.614454",
      "2.614057",
    ])
    // The shortest of two queues, as from the series of Adan, Wessels and Zijm.
    expect([0.5, 0.8, 0.9].map((rho) => shortestOfTwoSojourn(rho).toFixed(6))).toEqual([
      "1.426321",
      "2.955737",
      "5.474913",
    ])
  })

  it("Erlang's formulas are the sums that define them", async () => {
    await assertProperty(
      fc.property(servers, utilisation, (c, rho) => {
        const load = c * rho
        let term = 1
        let sum = 1
        for (let n = 1; n <= c; n++) {
          term *= load / n
          sum += term
        }
        expect(erlangB(c, load)).toBeCloseTo(term / sum, 12)
        // With a line, the states from c on weigh term·(1 + ρ + ρ² + …).
        const busy = term / (1 - rho)
        expect(erlangC(c, load)).toBeCloseTo(busy / (sum - term + busy), 12)
      }),
    )
  })

  it("agree where one model is another's special case", async () => {
    await assertProperty(
      fc.property(utilisation, (rho) => {
        expect(erlangWait(1, rho) + 1).toBeCloseTo(meanSojourn(rho), 9)
        expect(meanWait(rho, 1)).toBeCloseTo(erlangWait(1, rho), 9)
        expect(tailShare(rho, 1)).toBeCloseTo(rho, 12)
      }),
    )
  })

  it("order the policies: a shared line, the shortest of two lines, lines chosen blindly", async () => {
    const range = fc.double({ min: 0.1, max: 0.9, noNaN: true })
    await assertProperty(
      fc.property(range, (rho) => {
        const shortest = shortestOfTwoSojourn(rho)
        expect(shortest).toBeGreaterThan(1 + erlangWait(2, 2 * rho))
        expect(shortest).toBeLessThan(meanSojourn(rho))
      }),
      { share: 0.02 },
    )
  })

  it("the shortest of two queues solves the balance equations in the queues' own lengths", () => {
    // Gauss–Seidel on P(i, j), which the solution by levels knows nothing of.
    const rho = 0.5
    const size = 30
    const arrival = 2 * rho
    const p = Array.from({ length: size }, () => new Array<number>(size).fill(1))
    const at = (i: number, j: number) => p[i]?.[j] ?? 0
    for (let sweep = 0; sweep < 2000; sweep++) {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const into =
            at(i + 1, j) +
            at(i, j + 1) +
            arrival * at(i - 1, j) * (i - 1 < j ? 1 : i - 1 === j ? 0.5 : 0) +
            arrival * at(i, j - 1) * (j - 1 < i ? 1 : j - 1 === i ? 0.5 : 0)
          p[i][j] = into / (arrival + (i > 0 ? 1 : 0) + (j > 0 ? 1 : 0))
        }
      }
    }
    let total = 0
    let customers = 0
    p.forEach((row, i) =>
      row.forEach((probability, j) => {
        total += probability
        customers += probability * (i + j)
      }),
    )
    expect(customers / total / arrival).toBeCloseTo(shortestOfTwoSojourn(rho), 6)
  })
})
