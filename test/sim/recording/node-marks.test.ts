/** Where nodes' totals are noted, so that any warm-up finds a mark, and what is left after one. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { markOf, markSeconds, nodesAfter } from "../../../sim/recording/node-marks.ts"
import { firstBinAfter, fixedWarmupSeconds } from "../../../sim/recording/warm-up-cut.ts"
import { warmUp } from "../../../sim/statistics/samples/warm-up.ts"
import { assertProperty } from "../../support/property.ts"
import { madeUpNode } from "../summary/made-up-node.ts"

const hourly = (hours: number) => ({ bins: hours, binSeconds: 3600 })

describe("marks", () => {
  it("are one for a fixed warm-up, at the end of the bin in which it ends; none for no warm-up", () => {
    const at = (warmupDays: number) =>
      markSeconds({ warmupDays, horizonDays: 4 }, hourly(96)).map((seconds) => seconds / 3600)
    expect(at(0)).toEqual([])
    expect(at(1)).toEqual([24])
    expect(at(1.01)).toEqual([25])
    expect(at(30)).toEqual([48])
  })

  it("are ten at most where the warm-up is to be found, up to the half or just beyond it", () => {
    const at = (hours: number) =>
      markSeconds({ warmupDays: null, horizonDays: hours / 24 }, hourly(hours)).map(
        (seconds) => seconds / 3600,
      )
    expect(at(4)).toEqual([])
    expect(at(48)).toEqual([5, 10, 15, 20, 25])
    expect(at(336)).toEqual([20, 40, 60, 80, 100, 120, 140, 160, 180])
    expect(at(1000).length).toBe(10)
  })

  it("leave none of the warm-ups that there can be without one", async () => {
    await assertProperty(
      fc.property(
        fc.integer({ min: 1, max: 300 }).chain((bins) =>
          fc.record({
            levels: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: bins, maxLength: bins }),
            warmupDays: fc.option(fc.double({ min: 0, max: 20, noNaN: true })),
            // The last bin may be shorter.
            shortSeconds: fc.integer({ min: 0, max: 3599 }),
          }),
        ),
        ({ levels, warmupDays, shortSeconds }) => {
          const recording = hourly(levels.length)
          const horizonDays = (levels.length * 3600 - shortSeconds) / 86_400
          const scenario = { warmupDays, horizonDays }
          const warmupSeconds = fixedWarmupSeconds(scenario) ?? warmUp(levels).truncated * 3600
          const marks = markSeconds(scenario, recording).map((seconds) => markOf(seconds, []))
          const cut = firstBinAfter(recording, warmupSeconds) * recording.binSeconds
          const nodes = [madeUpNode({})]
          expect(nodesAfter(nodes, marks, cut)).toEqual(nodes)
          for (const { atSeconds } of marks) expect(atSeconds / 86_400).toBeLessThan(horizonDays)
        },
      ),
    )
  })
})

describe("what is left after a warm-up", () => {
  const marks = [3600, 7200].map((seconds) =>
    markOf(seconds, [madeUpNode({ onlineHours: seconds / 3600, shareEarned: seconds, parks: 1 })]),
  )
  const end = madeUpNode({ onlineHours: 24, shareEarned: 50_000, parks: 3, joinedSeconds: 5 })

  it("is what there was in the end less what there was at the first mark after it", () => {
    const after = (seconds: number) => nodesAfter([end], marks, seconds)[0]
    expect(after(0)).toEqual(end)
    expect(after(3600)).toEqual({ ...end, onlineHours: 23, shareEarned: 46_400, parks: 2 })
    expect(after(3601)).toEqual({ ...end, onlineHours: 22, shareEarned: 42_800, parks: 2 })
  })

  it("cannot be told without a mark", () => {
    expect(() => nodesAfter([end], marks, 7201)).toThrow("no mark at or after 7201 s")
  })
})
