/** Where nodes' totals are noted, and what nodes did in the stretches between. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { markOf, markSeconds, nodesIn } from "../../../sim/recording/node-marks.ts"
import { firstBinAfter, halvesAfter, warmupSecondsOf } from "../../../sim/recording/warm-up-cut.ts"
import { assertProperty } from "../../support/property.ts"
import { madeUpNode } from "./made-up-node.ts"

const hourly = (hours: number) => ({ bins: hours, binSeconds: 3600 })

describe("the warm-up", () => {
  it("is what the scenario fixes, half of the run at most, or a quarter of the run", () => {
    const days = (warmupDays: number | null, horizonDays: number) =>
      warmupSecondsOf({ warmupDays, horizonDays }) / 86_400
    expect(days(1, 14)).toBe(1)
    expect(days(30, 14)).toBe(7)
    expect(days(null, 14)).toBe(3.5)
    expect(days(0, 14)).toBe(0)
  })
})

describe("the halves of what it leaves", () => {
  it("are of whole weeks, of whole days, or as they come", () => {
    expect(halvesAfter(hourly(24 * 35), 24 * 3)).toEqual([
      { first: 72, end: 72 + 14 * 24 },
      { first: 35 * 24 - 14 * 24, end: 35 * 24 },
    ])
    expect(halvesAfter(hourly(24 * 6), 24)).toEqual([
      { first: 24, end: 72 },
      { first: 96, end: 144 },
    ])
    expect(halvesAfter(hourly(31), 8)).toEqual([
      { first: 8, end: 19 },
      { first: 20, end: 31 },
    ])
  })
})

describe("marks", () => {
  it("lie where the warm-up ends and the halves of what is left begin and end", () => {
    const at = (warmupDays: number | null, hours: number) =>
      markSeconds({ warmupDays, horizonDays: hours / 24 }, hourly(hours)).map(
        (seconds) => seconds / 3600,
      )
    expect(at(0, 96)).toEqual([48])
    expect(at(1, 96)).toEqual([24, 48, 72])
    expect(at(1.01, 96)).toEqual([25, 49, 72])
    expect(at(null, 96)).toEqual([24, 48, 72])
    expect(at(null, 1)).toEqual([])
  })

  it("leave none of the stretches that there can be without one", async () => {
    await assertProperty(
      fc.property(
        fc.record({
          bins: fc.integer({ min: 1, max: 800 }),
          warmupDays: fc.option(fc.double({ min: 0, max: 20, noNaN: true })),
          // The last bin may be shorter.
          shortSeconds: fc.integer({ min: 0, max: 3599 }),
        }),
        ({ bins, warmupDays, shortSeconds }) => {
          const recording = hourly(bins)
          const horizonDays = (bins * 3600 - shortSeconds) / 86_400
          const scenario = { warmupDays, horizonDays }
          const marks = markSeconds(scenario, recording).map((seconds) => markOf(seconds, []))
          const first = firstBinAfter(recording, warmupSecondsOf(scenario))
          const nodes = [madeUpNode({})]
          expect(nodesIn(nodes, marks, { first, end: bins }, recording)).toEqual(nodes)
          for (const half of halvesAfter(recording, first)) {
            expect(half.first).toBeGreaterThanOrEqual(first)
            expect(half.end).toBeGreaterThan(half.first)
            expect(half.end).toBeLessThanOrEqual(bins)
            expect(nodesIn(nodes, marks, half, recording)).toHaveLength(1)
          }
          for (const { atSeconds } of marks) expect(atSeconds / 86_400).toBeLessThan(horizonDays)
        },
      ),
    )
  })
})

describe("what nodes did in a stretch", () => {
  const marks = [3600, 7200].map((seconds) =>
    markOf(seconds, [madeUpNode({ onlineHours: seconds / 3600, shareEarned: seconds, parks: 1 })]),
  )
  const end = madeUpNode({ onlineHours: 24, shareEarned: 50_000, parks: 3, joinedSeconds: 5 })
  const within = (first: number, last: number) =>
    nodesIn([end], marks, { first, end: last }, hourly(24))[0]

  it("is what they totalled at its end less what they did at its start", () => {
    expect(within(0, 24)).toEqual(end)
    expect(within(1, 24)).toEqual({ ...end, onlineHours: 23, shareEarned: 46_400, parks: 2 })
    expect(within(1, 2)).toEqual({ ...end, onlineHours: 1, shareEarned: 3600, parks: 0 })
    expect(within(0, 2)).toEqual({ ...end, onlineHours: 2, shareEarned: 7200, parks: 1 })
  })

  it("cannot be told without a mark", () => {
    expect(() => within(3, 24)).toThrow("no mark at 10800 s")
  })
})
