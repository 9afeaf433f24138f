import { describe, expect, it } from "vitest"
import { coverageSettings } from "../../sim/validation/coverage.ts"
import { evenkeel } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

const few = ["coverage", "--macro-replications", "2", "--seed", "a b"]

describe("evenkeel coverage", () => {
  it("measures every setting, the same on any number of workers, as a document or a table", async () => {
    const two = await evenkeel([...few, "--workers", "2", "--json"])
    // Two intervals prove nothing: it fails only where it is sure.
    expect(two.code).toBe(0)
    const document = JSON.parse(two.stdout)
    expect(document).toMatchObject({ seed: "a b", macroReplications: 2 })
    expect(document.results).toHaveLength(
      coverageSettings.reduce((count, { quantities }) => count + quantities.length, 0),
    )
    for (const { macroReplications, covered, share, low, high } of document.results) {
      expect(macroReplications).toBe(2)
      expect(share).toBe(covered / 2)
      expect(low).toBeLessThanOrEqual(share)
      expect(high).toBeGreaterThanOrEqual(share)
    }

    const one = await evenkeelHere([...few, "--workers", "1"])
    expect(one.code).toBe(0)
    expect(one.stderr).toContain("macro-replications")
    const [head, ...rows] = one.stdout.split("\n").slice(0, 1 + document.results.length)
    expect(head).toMatch(/^data +quantity +truth +interval +covers/)
    for (const [at, result] of document.results.entries()) {
      const { setting, quantity, method, share, relativeHalfWidth, relativeBias } = result
      const percents = [
        (100 * share).toFixed(1),
        (100 * relativeHalfWidth).toFixed(1),
        (100 * relativeBias).toFixed(2),
      ].map((percent) => `${percent}%`)
      for (const part of [setting, quantity, method, ...percents]) expect(rows[at]).toContain(part)
    }
    expect(one.stdout).toMatch(/^M\/M\/1, ρ 0\.9 +p99 sojourn +46\.052 +t over replications +\d/m)
    expect(one.stdout).toContain("again  npx evenkeel coverage --macro-replications 2 --seed 'a b'")
  })

  it("refuses a number that is none", async () => {
    const { code, stderr } = await evenkeelHere(["coverage", "--macro-replications", "1"])
    expect(code).toBe(2)
    expect(stderr).toContain("--macro-replications 1: expected a whole number, 2 to 1000000")
  })
})
