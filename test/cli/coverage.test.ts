import { describe, expect, it } from "vitest"
import { coverageSettings } from "../../sim/validation/coverage.ts"
import { evenkeel } from "./evenkeel.ts"

const few = ["coverage", "--macro-replications", "3"]

describe("evenkeel coverage", () => {
  it("measures every setting, the same on any number of workers", async () => {
    const one = await evenkeel([...few, "--workers", "1", "--json"])
    const two = await evenkeel([...few, "--workers", "2", "--json"])
    const document = JSON.parse(two.stdout)
    expect(JSON.parse(one.stdout)).toEqual(document)
    expect(document).toMatchObject({ seed: "evenkeel", macroReplications: 3 })
    expect(document.results).toHaveLength(
      coverageSettings.reduce((count, { quantities }) => count + quantities.length, 0),
    )
    for (const { macroReplications, covered, share, low, high } of document.results) {
      expect(macroReplications).toBe(3)
      expect(share).toBe(covered / 3)
      expect(low).toBeLessThanOrEqual(share)
      expect(high).toBeGreaterThanOrEqual(share)
    }
  })

  it("shows a table with the command that brings it back, and fails only where it is sure", async () => {
    const { code, stdout, stderr } = await evenkeel([...few, "--seed", "a b"])
    // Three intervals prove nothing.
    expect(code).toBe(0)
    expect(stderr).toContain("macro-replications")
    expect(stdout).toMatch(
      /^M\/M\/1, ρ 0\.9 +p99 sojourn +46\.052 +Student t over replications +\d/m,
    )
    expect(stdout).toContain("again  npx evenkeel coverage --macro-replications 3 --seed 'a b'")
  })

  it("refuses a number that is none", async () => {
    const { code, stderr } = await evenkeel(["coverage", "--macro-replications", "1"])
    expect(code).toBe(1)
    expect(stderr).toContain("--macro-replications 1: expected a whole number, 2 to 1000000")
  })
})
