/** Schedules as instants: weeks whose hours are known, and days on which a clock is changed. */
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { expand, localClock, peaks, readSchedule } from "../../schedules/index.ts"

const read = (written: unknown) => Either.getOrThrow(readSchedule(written))
const at = (text: string): number => Date.parse(text) * 1000
const text = (micros: number): string => new Date(micros / 1000).toISOString().slice(0, 16)
const hours = (spans: ReadonlyArray<readonly [number, number]>): number =>
  spans.reduce((sum, [from, until]) => sum + until - from, 0) / 3.6e9

const shown = (written: unknown, from: string, until: string) => {
  const { opens, closes, excused } = expand(read(written), at(from), at(until))
  return {
    opens: opens.map(text),
    closes: closes.map(text),
    excused: excused.map((span) => span.map(text)),
  }
}

describe("a schedule's instants", () => {
  it("of 003's week are 86 of 168 hours", () => {
    const schedule = read({
      timezone: "UTC",
      availability: [
        { days: ["monday", "tuesday", "wednesday", "thursday", "friday"], hours: "09:00-17:00" },
        { days: ["saturday", "sunday"], hours: "00:00-24:00" },
      ],
      maintenance_windows: [{ day: "sunday", hours: "02:00-04:00" }],
    })
    const { opens, closes, excused } = expand(
      schedule,
      at("2026-06-01T00:00Z"),
      at("2026-06-08T00:00Z"),
    )
    expect(hours(opens.map((open, index) => [open, closes[index]!]))).toBe(86)
    expect(excused.map((span) => span.map(text))).toEqual([
      ["2026-06-07T02:00", "2026-06-07T04:00"],
    ])
    // The weekend is one.
    expect(opens.map(text).slice(5)).toEqual(["2026-06-06T00:00", "2026-06-07T04:00"])
  })

  it("that is always open are one, even where clocks are changed", () => {
    const { opens, closes } = expand(
      read({ timezone: "Europe/Berlin" }),
      at("2026-01-01T00:00Z"),
      at("2027-02-05T00:00Z"),
    )
    expect([opens, closes]).toEqual([[at("2026-01-01T00:00Z")], []])
  })

  const sundays = {
    timezone: "Europe/Berlin",
    availability: { sunday: ["00:00-24:00"] },
    maintenance: [{ day: "sunday", hours: "02:00-04:00" }],
  }

  it("on a day that loses an hour are 23 hours, 1 of them maintenance from 02:00 to 04:00", () => {
    expect(shown(sundays, "2026-03-28T12:00Z", "2026-03-30T12:00Z")).toEqual({
      opens: ["2026-03-28T23:00", "2026-03-29T02:00"],
      closes: ["2026-03-29T01:00", "2026-03-29T22:00"],
      excused: [["2026-03-29T01:00", "2026-03-29T02:00"]],
    })
  })

  it("on a day that gains an hour are 25 hours, 3 of them maintenance from 02:00 to 04:00", () => {
    expect(shown(sundays, "2026-10-24T12:00Z", "2026-10-26T12:00Z")).toEqual({
      opens: ["2026-10-24T22:00", "2026-10-25T03:00"],
      closes: ["2026-10-25T00:00", "2026-10-25T23:00"],
      excused: [["2026-10-25T00:00", "2026-10-25T03:00"]],
    })
  })

  it("of local times that a clock passes over are later, and hours without any are none", () => {
    const day = ["2026-03-28T23:00Z", "2026-03-29T22:00Z"] as const
    const within = (availability: string) =>
      shown({ timezone: "Europe/Berlin", availability: { sunday: availability } }, ...day)
    expect(within("02:15-02:45").opens).toEqual(["2026-03-29T01:15"])
    expect(within("02:00-03:00").opens).toEqual([])
    expect(within("02:30-03:00").opens).toEqual([])
  })

  it("do not depend on how hours are cut, where a clock passes over the cut as well", () => {
    const day = ["2026-03-28T23:00Z", "2026-03-29T22:00Z"] as const
    const of = (...sunday: ReadonlyArray<string>) =>
      shown({ timezone: "Europe/Berlin", availability: { sunday } }, ...day)
    expect(of("02:00-02:30", "02:30-03:00")).toEqual(of("02:00-03:00"))
    expect(of("01:00-02:45", "02:30-04:00", "03:00-03:30")).toEqual(of("01:00-04:00"))
  })

  it("cross midnights, Sundays and the ends of years, and belong to the day that they begin on", () => {
    const nights = { timezone: "America/New_York", availability: { sunday: ["22:00-06:00"] } }
    expect(shown(nights, "2026-12-25T00:00Z", "2027-01-05T00:00Z")).toMatchObject({
      opens: ["2026-12-28T03:00", "2027-01-04T03:00"],
      closes: ["2026-12-28T11:00", "2027-01-04T11:00"],
    })
  })

  it("of maintenance that comes once are local, or those that it names", () => {
    const once = (from: string, until: string) =>
      shown(
        { timezone: "Asia/Tokyo", maintenance: [{ from, until }] },
        "2026-05-01T00:00Z",
        "2026-05-03T00:00Z",
      ).excused
    expect(once("2026-05-01T12:00", "2026-05-01T13:30")).toEqual([
      ["2026-05-01T03:00", "2026-05-01T04:30"],
    ])
    expect(once("2026-05-01T12:00Z", "2026-05-01T15:30+02:00")).toEqual([
      ["2026-05-01T12:00", "2026-05-01T13:30"],
    ])
  })

  it("are not to be had backwards, nor from half a microsecond", () => {
    const always = read({ timezone: "UTC" })
    expect(() => expand(always, 2, 1)).toThrow("from a whole microsecond")
    expect(() => expand(always, 0.5, 1)).toThrow("from a whole microsecond")
  })

  it("of 400 days and as many hours as may be named take far less than a second", () => {
    const all = Array.from({ length: 24 }, (_, hour) => {
      const two = String(hour).padStart(2, "0")
      return `${two}:00-${two}:30`
    })
    const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    const availability = Object.fromEntries(days.map((day) => [day, all]))
    const schedule = read({ timezone: "Europe/Berlin", availability })
    const before = process.cpuUsage()
    const from = at("2026-03-01T00:00Z")
    const { opens } = expand(schedule, from, from + 400 * 86_400e6)
    const { user, system } = process.cpuUsage(before)
    expect(opens.length).toBeGreaterThan(9590)
    expect((user + system) / 1e6).toBeLessThan(0.5)
  })
})

describe("the peak of prices", () => {
  it("begins and ends by the local clock", () => {
    const { begins, ends } = peaks(
      "Europe/Berlin",
      9,
      21,
      at("2026-03-28T10:00Z"),
      at("2026-03-30T00:00Z"),
    )
    expect(begins.map(text)).toEqual(["2026-03-28T10:00", "2026-03-29T07:00"])
    expect(ends.map(text)).toEqual(["2026-03-28T20:00", "2026-03-29T19:00"])
  })

  it("may be the night, the whole day or never", () => {
    const day = [at("2026-06-01T12:00Z"), at("2026-06-02T12:00Z")] as const
    const night = peaks("UTC", 21, 9, ...day)
    expect([night.begins.map(text), night.ends.map(text)]).toEqual([
      ["2026-06-01T21:00"],
      ["2026-06-02T09:00"],
    ])
    expect(peaks("UTC", 0, 24, ...day)).toEqual({ begins: [day[0]], ends: [] })
    expect(peaks("UTC", 9, 9, ...day)).toEqual({ begins: [], ends: [] })
  })
})

describe("a local clock", () => {
  it("tells the day, and the hour of the week from Monday on", () => {
    const clock = localClock("Europe/Berlin", at("2026-03-29T00:00Z"), at("2026-10-26T00:00Z"))
    expect(clock(at("2026-03-29T00:59Z"))).toEqual({
      date: "2026-03-29",
      weekday: "sunday",
      hour: 1,
      minute: 59,
      hourOfWeek: 145,
    })
    expect(clock(at("2026-03-29T01:00Z"))).toMatchObject({ hour: 3, hourOfWeek: 147 })
    expect(clock(at("2026-10-25T00:30Z"))).toMatchObject({ hour: 2, minute: 30 })
    expect(clock(at("2026-10-25T01:30Z"))).toMatchObject({ hour: 2, minute: 30 })
    expect(clock(at("2026-10-25T23:00Z"))).toMatchObject({ date: "2026-10-26", hourOfWeek: 0 })
  })

  it("knows days before 1970 as well", () => {
    const before = at("1969-12-31T23:00Z")
    expect(localClock("UTC", before, before)(before)).toMatchObject({
      date: "1969-12-31",
      weekday: "wednesday",
      hour: 23,
    })
  })
})
