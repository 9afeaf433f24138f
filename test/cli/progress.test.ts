import { Effect } from "effect"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { durationText, makeProgress } from "../../sim/cli/execution/progress.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] })
  vi.stubEnv("TERM", "xterm")
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

/** What is written while the shares are reported, `millis` apart. */
const written = (
  output: { readonly isTTY?: boolean; readonly columns?: number },
  shares: ReadonlyArray<number>,
  millis = 1_000,
): ReadonlyArray<string> => {
  const texts: Array<string> = []
  const progress = Effect.runSync(makeProgress(8, { ...output, write: (text) => texts.push(text) }))
  for (const share of shares) {
    vi.advanceTimersByTime(millis)
    Effect.runSync(progress.update(share, Math.floor(share * 8)))
  }
  Effect.runSync(progress.end)
  return texts
}

const hundredths = Array.from({ length: 101 }, (_, i) => i / 100)

describe("progress off a terminal", () => {
  it("is a line for each tenth, with the time that is left", () => {
    const lines = written({}, hundredths)
    expect(lines).toHaveLength(10)
    expect(lines[0]).toBe("10%  0 of 8 replications, about 99 s left\n")
    expect(lines[9]).toBe("100%  8 of 8 replications\n")
  })

  it("holds no control characters", () => {
    expect(written({}, hundredths).join("")).toMatch(/^[\x20-\x7e\n]*$/)
  })
})

describe("progress on a terminal", () => {
  it("draws over its own line and clears it at the end", () => {
    const texts = written({ isTTY: true, columns: 100 }, [0, 0.5, 1])
    expect(texts).toHaveLength(4)
    for (const text of texts) {
      expect(text.startsWith("\r")).toBe(true)
      expect(text.endsWith("\u001b[K")).toBe(true)
    }
    expect(texts[0]).toContain(`${"░".repeat(30)} 0%  0 of 8 replications`)
    expect(texts[1]).toContain(`${"█".repeat(15)}${"░".repeat(15)} 50%  4 of 8`)
    expect(texts[3]).toBe("\r\u001b[K")
  })

  it("is drawn ten times a second at most", () => {
    expect(written({ isTTY: true, columns: 100 }, hundredths, 10).length).toBeLessThanOrEqual(12)
  })

  it("never reaches the last column, however narrow the terminal", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1 }),
        (columns, share) => {
          const [line = ""] = written({ isTTY: true, columns }, [share])
          expect(line.replace(/^\r/, "").replace("\u001b[K", "").length).toBeLessThan(
            Math.max(2, columns),
          )
        },
      ),
    )
  })

  it("takes a terminal of unknown width for one of 80 columns", () => {
    const [line = ""] = written({ isTTY: true, columns: 0 }, [0.5])
    expect(line).toContain("█".repeat(15))
  })

  it("is plain lines where the terminal cannot move its cursor", () => {
    vi.stubEnv("TERM", "dumb")
    expect(written({ isTTY: true, columns: 80 }, hundredths).join("")).not.toContain("\u001b")
  })
})

describe("durationText", () => {
  it("grows coarser as it grows longer, and never promises too little", () => {
    expect([0, 0.2, 119.5, 121, 7_200, 7_201, 90_000].map(durationText)).toEqual([
      "0 s",
      "1 s",
      "120 s",
      "3 min",
      "120 min",
      "3 h",
      "25 h",
    ])
  })
})
