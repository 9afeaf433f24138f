/** Schedules as they are written: what is read, what is written back, and what is said of mistakes. */
import { Either, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readSchedule, Schedule } from "../../schedules/index.ts"
import { assertProperty } from "../support/property.ts"
import { scheduleCases, zones } from "./random-schedule.ts"

/** 003's own. */
const seed = {
  timezone: "UTC",
  availability: [
    { days: ["monday", "tuesday", "wednesday", "thursday", "friday"], hours: "09:00-17:00" },
    { days: ["saturday", "sunday"], hours: "00:00-24:00" },
  ],
  maintenance_windows: [{ day: "sunday", hours: "02:00-04:00" }],
}

const read = (written: unknown) => Either.getOrThrow(readSchedule(written))
const mistakes = (written: unknown) =>
  Either.match(readSchedule(written), {
    onLeft: ({ message }) => message.split("\n"),
    onRight: () => ["was not refused"],
  })
/** Of a schedule that says nothing wrong but this. */
const mistakesIn = (part: object) => mistakes({ timezone: "UTC", ...part })

describe("a schedule that is written", () => {
  it("as 003 writes it is the same as by weekday", () => {
    const day = ["09:00-17:00"]
    const weekend = ["00:00-24:00"]
    const availability = {
      monday: day,
      tuesday: day,
      wednesday: day,
      thursday: day,
      friday: day,
      saturday: weekend,
      sunday: weekend,
    }
    const written = { timezone: "UTC", availability, maintenance: { sunday: ["02:00-04:00"] } }
    expect(read(seed)).toEqual(read(written))
    expect(Schema.encodeSync(Schedule)(read(seed))).toEqual({
      timezone: "UTC",
      availability,
      maintenance: [{ day: "sunday", hours: ["02:00-04:00"] }],
    })
  })

  it("without availability is open always", () => {
    expect(read({ timezone: "UTC" }).availability).toHaveLength(7)
  })

  it("with an end before its beginning goes on past midnight", () => {
    const { availability } = read({ timezone: "UTC", availability: { sunday: "22:00-06:00" } })
    expect(availability).toEqual([{ weekday: "sunday", fromMinute: 1320, untilMinute: 1800 }])
  })

  it("adds up maintenance under both of its names", () => {
    const { maintenance } = read({ ...seed, maintenance: { monday: ["09:00-10:00"] } })
    expect(maintenance.map((window) => "weekday" in window && window.weekday)).toEqual([
      "monday",
      "sunday",
    ])
  })

  it("is read back as it was", async () => {
    await assertProperty(
      fc.property(scheduleCases(0), ({ schedule }) => {
        const written: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Schedule)(schedule)))
        expect(JSON.stringify(written).length).toBeGreaterThan(0)
        const again = Schema.encodeSync(Schedule)(read(written))
        expect(again).toEqual(written)
        expect(read(written).maintenance).toEqual(schedule.maintenance)
      }),
      { share: 0.3 },
    )
  })

  it("may name every zone that this machine knows, by older and newer names", () => {
    for (const timezone of [...zones, "Asia/Kolkata", "Asia/Calcutta", "US/Pacific", "Etc/GMT-2"])
      expect(read({ timezone }).timezone).toBe(timezone)
  })
})

describe("a mistake in a schedule", () => {
  const zone = "timezone: expected UTC or the IANA name of a zone, such as Europe/Berlin, got"
  const form = 'expected hours as "HH:MM-HH:MM", of which only the end may be 24:00, got'

  it("in its zone is answered with the one that was likely meant", () => {
    expect(mistakes({})).toEqual(["timezone: is missing"])
    expect(mistakes({ timezone: 5 })).toEqual([`${zone} 5`])
    expect(mistakes({ timezone: "Mars/Base" })).toEqual([`${zone} "Mars/Base"`])
    for (const [timezone, meant] of [
      ["Europe/Berln", "Europe/Berlin"],
      ["Berlin", "Europe/Berlin"],
      ["New York", "America/New_York"],
      ["europe/berlin", "Europe/Berlin"],
    ])
      expect(mistakes({ timezone })).toEqual([`${zone} "${timezone}"; did you mean ${meant}?`])
    expect(mistakes({ timezone: "utc" })).toEqual([
      `${zone} "utc", which stands for UTC: write that, or the place that is meant`,
    ])
    // What these stand for, if anything, is up to the machine's zone data.
    for (const timezone of ["EST", "CET", "PST", "Japan"])
      expect(mistakes({ timezone })[0]).toContain(`${zone} "${timezone}"`)
    expect(mistakes({ timezone: "+02:00" })).toEqual([
      `${zone} "+02:00"; an offset knows no summer time, a zone does`,
    ])
  })

  it("in its hours is named by its place", () => {
    expect(
      mistakesIn({
        availability: { monday: ["9-5", "09:00-09:00", 9], friday: ["24:00-06:00", "09:00-24:30"] },
      }),
    ).toEqual([
      `availability.monday.0: ${form} "9-5"`,
      'availability.monday.1: "09:00-09:00" lasts no time; a whole day is "00:00-24:00"',
      `availability.monday.2: ${form} 9`,
      `availability.friday.0: ${form} "24:00-06:00"`,
      `availability.friday.1: ${form} "09:00-24:30"`,
    ])
  })

  it("in its days is named by its place", () => {
    expect(mistakesIn({ availability: { mondey: [] } })).toEqual([
      'availability.mondey: is unexpected, expected: "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday"',
    ])
    expect(
      mistakesIn({
        availability: [
          { day: "Monday", hours: "09:00-17:00" },
          { days: [], hours: "09:00-17:00" },
          { day: "monday", days: ["tuesday"], hours: "09:00-17:00" },
          { days: ["monday", "monday"], hours: ["09:00-17:00", "09:00-17:00"] },
        ],
      }),
    ).toEqual([
      'availability.0.day: expected one of monday, tuesday, wednesday, thursday, friday, saturday, sunday, got "Monday"',
      "availability.1: expected either `day`, or `days` with at least one",
      "availability.2: expected either `day`, or `days` with at least one",
      "availability.3.days.1: monday stands twice",
      "availability.3.hours.1: 09:00-17:00 stands twice",
    ])
  })

  it("in a window that comes once is named by its place", () => {
    const moment =
      'expected a date and time of 1970 to 2199, such as "2026-03-29T02:00", or with an offset "2026-03-29T02:00+01:00", got'
    expect(
      mistakesIn({
        maintenance: [
          { from: "2026-02-30T02:00", until: "tomorrow" },
          { from: "2026-03-29T04:00", until: "2026-03-29T02:00" },
          { from: "2026-03-29T02:00", until: "2026-03-29T04:00Z" },
          { from: "2026-03-29T02:00", until: "2026-03-29T04:00", day: "sunday" },
        ],
      }),
    ).toEqual([
      `maintenance.0.from: ${moment} "2026-02-30T02:00"`,
      `maintenance.0.until: ${moment} "tomorrow"`,
      "maintenance.1.until: expected a time after 2026-03-29T04:00, got 2026-03-29T02:00",
      "maintenance.2: expected `from` and `until` both with an offset, or both without",
      'maintenance.3.day: is unexpected, expected: "from" | "until"',
    ])
  })

  it("that leaves it closed for ever is refused, and so is one without end", () => {
    expect(mistakesIn({ availability: { monday: [] } })).toEqual([
      "availability: is never open: name some hours, or leave it out to be open always",
    ])
    expect(
      mistakesIn({
        availability: { monday: ["09:00-10:00"] },
        maintenance: { monday: ["08:00-12:00"] },
      }),
    ).toEqual(["maintenance: takes all of the availability: it is never open"])
    const everyDay = { days: ["monday", "tuesday"], hours: "09:00-10:00" }
    expect(mistakesIn({ availability: Array.from({ length: 85 }, () => everyDay) })).toEqual([
      "availability: expected at most 168 hours in all, each day counted",
    ])
  })

  it("in its kind is answered with what is expected", () => {
    expect(mistakes("always")).toEqual([
      'expected a schedule, such as {"timezone": "UTC", "availability": {"monday": ["09:00-17:00"]}}, got "always"',
    ])
    expect(mistakesIn({ availability: "always", maintenance: 3 })).toEqual([
      'availability: expected hours by weekday, such as {"monday": ["09:00-17:00"]}, got "always"',
      "maintenance: expected a list of windows, got 3",
    ])
  })
})
