/** Schedules in words. */
import { Either } from "effect"
import { describe as group, expect, it } from "vitest"
import { describe, describeNext, readSchedule, weeklyTotals } from "../../schedules/index.ts"

const read = (written: unknown) => Either.getOrThrow(readSchedule(written))
const seed = read({
  timezone: "UTC",
  availability: [
    { days: ["monday", "tuesday", "wednesday", "thursday", "friday"], hours: "09:00-17:00" },
    { days: ["saturday", "sunday"], hours: "00:00-24:00" },
  ],
  maintenance_windows: [{ day: "sunday", hours: "02:00-04:00" }],
})
const at = (text: string): number => Date.parse(text) * 1000

group("a schedule in words", () => {
  it("of 003 is open for 86 hours a week, 51.2% of it", () => {
    expect(weeklyTotals(seed)).toEqual({
      availableHours: 88,
      maintenanceHours: 2,
      openHours: 86,
      openShare: 86 / 168,
    })
    expect(describe(seed)).toBe(
      "Open Monday to Friday 09:00-17:00, Saturday and Sunday 00:00-24:00 (UTC), except for maintenance Sunday 02:00-04:00: 86 h a week, 51.2% of it.",
    )
  })

  it("that is always open says so", () => {
    expect(describe(read({ timezone: "Asia/Tokyo" }))).toBe(
      "Open always (Asia/Tokyo): 168 h a week, 100% of it.",
    )
  })

  it("counts hours that overlap once, and tells those that cross midnight and those that come once", () => {
    const schedule = read({
      timezone: "UTC",
      availability: { sunday: ["22:00-06:00"], monday: ["12:30-14:00", "05:00-07:00"] },
      maintenance: [{ from: "2026-03-29T02:00", until: "2026-03-29T04:00" }],
    })
    expect(describe(schedule)).toBe(
      "Open Monday 05:00-07:00 and 12:30-14:00, Sunday 22:00-06:00 (UTC), except for maintenance from 2026-03-29T02:00 until 2026-03-29T04:00: 10.5 h a week, 6.3% of it.",
    )
  })
})

group("what comes next", () => {
  it("is when it opens or closes, on the local clock", () => {
    const next = (text: string) => describeNext(seed, at(text))
    expect(next("2026-06-05T12:00Z")).toBe("Open until Friday 2026-06-05 17:00 (UTC).")
    expect(next("2026-06-05T17:00Z")).toBe("Closed until Saturday 2026-06-06 00:00 (UTC).")
    expect(next("2026-06-07T03:00Z")).toBe("In maintenance until Sunday 2026-06-07 04:00 (UTC).")
    const berlin = read({ timezone: "Europe/Berlin", availability: { monday: ["09:00-17:00"] } })
    expect(describeNext(berlin, at("2026-03-28T12:00Z"))).toBe(
      "Closed until Monday 2026-03-30 09:00 (Europe/Berlin).",
    )
  })

  it("may be months away, or nothing", () => {
    const yearly = read({
      timezone: "UTC",
      maintenance: [{ from: "2026-12-24T00:00", until: "2026-12-27T00:00" }],
    })
    expect(describeNext(yearly, at("2026-06-01T00:00Z"))).toBe(
      "Open until Thursday 2026-12-24 00:00 (UTC).",
    )
    expect(describeNext(yearly, at("2027-01-01T00:00Z"))).toBe(
      "Open, with no change within 400 days.",
    )
  })
})
