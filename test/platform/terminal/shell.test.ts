import fc from "fast-check"
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { PROPERTY_RUNS } from "../../support/property-runs.ts"
import { quoteForShell } from "../../../platform/terminal/shell.ts"

describe("quoteForShell", () => {
  it("leaves plain words as they are", () => {
    for (const word of ["quickstart", "horizonDays=0.5", "a/b.yaml", "50%"])
      expect(quoteForShell(word)).toBe(word)
  })

  it("gives a shell back every text, as one word", () => {
    // NUL cannot stand in an argument at all. One shell reads all words: starting one costs more.
    const texts = fc.sample(
      fc
        .oneof(
          fc.string({ unit: "grapheme" }),
          fc.string({ unit: fc.constantFrom(...`$(x)\`'"\\ \n;&|*~!#-=`) }),
        )
        .filter((text) => !text.includes("\0")),
      PROPERTY_RUNS,
    )
    const words = ["", "a b", "$(x)", "it's", "-5", ...texts]
    const script = `printf '%s\\0' ${words.map(quoteForShell).join(" ")}`
    const { stdout } = spawnSync("sh", { input: script, encoding: "utf8" })
    expect(stdout.split("\0").slice(0, -1)).toEqual(words)
  })
})
