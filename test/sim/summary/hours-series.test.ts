import { describe, expect, it } from "vitest"
import { HoursRecorder } from "../../../sim/recording/hours-recorder.ts"
import { hoursSeries } from "../../../sim/summary/hours-series.ts"

const hour = 3_600e6

/** Two days from midnight, UTC, of a region two hours ahead. */
const recorder = (): HoursRecorder =>
  new HoursRecorder({
    startMicros: 0,
    endMicros: 48 * hour,
    bins: 48,
    binSeconds: 3600,
    regions: [{ name: "athens", localHourAt: (at) => (Math.floor(at / hour) + 2) % 24 }],
  })

describe("use by the hour of the clock", () => {
  it("is that of the region's own clock, after the warm-up, where anything was on offer", () => {
    const hours = recorder()
    const use = (at: number, busy: number) =>
      hours.sampleUse(at * hour, 1, 0, { offered: 4, busy, isPeak: false }, 0)
    // 10 o'clock there: all in use on the first day, a half on the second. 11 o'clock: nothing on the second.
    use(8, 4)
    use(32, 2)
    use(33, 0)
    const series = (firstBin: number) =>
      hoursSeries(hours.recording(), { bins: 48, binSeconds: 3600 }, firstBin)
    const byHour = (firstBin: number) =>
      series(firstBin).find(({ name }) => name === "hours.fillRateByHour")?.values ?? []
    expect(byHour(0).slice(9, 13)).toEqual([null, 0.75, 0, null])
    expect(byHour(24).slice(9, 13)).toEqual([null, 0.5, 0, null])
    const overTime = series(24).find(({ name }) => name === "hours.fillRate")
    expect(overTime).toMatchObject({ key: "athens", unit: "share", binSeconds: 3600 })
    expect(overTime?.values.slice(7, 10)).toEqual([null, 1, null])
  })

  it("is nothing where nobody sells hours", () => {
    expect(hoursSeries(null, { bins: 48, binSeconds: 3600 }, 0)).toEqual([])
  })
})

describe("the recorder of hours", () => {
  it("puts what comes after the end where no metric of the run looks", () => {
    const hours = recorder()
    hours.addListing({ node: 1, strategy: "fixed", isOfParty: false, isInSwarm: false })
    hours.add(47 * hour, "orders", 1)
    hours.add(48 * hour, "orders", 5)
    hours.addEarned(20 * hour, 1, 3)
    hours.addEarned(49 * hour, 1, 7)
    const { sums, listings } = hours.recording()
    expect([...sums.orders.subarray(46)]).toEqual([0, 1, 5])
    expect([...listings[0].earned]).toEqual([3, 0, 7])
  })
})
