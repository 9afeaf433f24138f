/** Random schedules of all zones, and random spans, of which most hold a change of the zone's clock. */
import { Either } from "effect"
import fc from "fast-check"
import { Temporal } from "temporal-polyfill"
import { readSchedule } from "../../schedules/index.ts"
import type { Schedule } from "../../schedules/index.ts"

export const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")]
const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
const dayMillis = 86_400_000

const two = (value: number) => String(value).padStart(2, "0")
const clock = (minute: number) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`

/** Minutes of a day; half of them at night, when clocks are changed. */
const minute = fc.oneof(
  fc.integer({ min: 0, max: 1439 }),
  fc.integer({ min: 0, max: 16 }).map((n) => n * 15),
)
const hours = fc
  .tuple(minute, fc.oneof(minute, fc.constant(1440)))
  .filter(([from, until]) => from !== until)
  .map(([from, until]) => `${clock(from)}-${clock(until)}`)
const week = (most: number) =>
  fc.dictionary(fc.constantFrom(...weekdays), fc.uniqueArray(hours, { maxLength: 3 }), {
    maxKeys: most,
    size: "max",
  })

const zoneAndInstant = fc
  .record({
    zone: fc.constantFrom(...zones),
    millis: fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2037, 0, 1) }),
    nearChange: fc.nat(3),
    later: fc.integer({ min: -2 * dayMillis, max: dayMillis }),
  })
  .map(({ zone, millis, nearChange, later }) => {
    const zoned = Temporal.Instant.fromEpochMilliseconds(millis).toZonedDateTimeISO(zone)
    const change = nearChange === 0 ? null : zoned.getTimeZoneTransition("next")
    return { timezone: zone, millis: (change?.epochMilliseconds ?? millis) + later }
  })

/** A window that comes once, near an instant: told in local time, or in UTC. */
const oneOff = (millis: number) =>
  fc
    .tuple(fc.integer({ min: -4000, max: 4000 }), fc.integer({ min: 1, max: 4000 }), fc.boolean())
    .map(([from, minutes, isUtc]) => {
      const text = (offset: number) =>
        `${new Date(millis + offset * 60_000).toISOString().slice(0, 16)}${isUtc ? "Z" : ""}`
      return { from: text(from), until: text(from + minutes) }
    })

export interface Case {
  readonly schedule: Schedule
  readonly fromMicros: number
  readonly untilMicros: number
}

/** Spans of up to `mostDays`, which do not begin or end with a minute. */
export const scheduleCases = (mostDays: number): fc.Arbitrary<Case> =>
  zoneAndInstant.chain(({ timezone, millis }) =>
    fc
      .record({
        availability: fc.oneof(
          { weight: 9, arbitrary: week(7) },
          { weight: 1, arbitrary: fc.constant(undefined) },
        ),
        weekly: week(2),
        oneOffs: fc.array(oneOff(millis), { maxLength: 2 }),
        span: fc.integer({ min: 0, max: mostDays * dayMillis }),
        micros: fc.integer({ min: 0, max: 999 }),
      })
      .map(({ availability, weekly, oneOffs, span, micros }) => ({
        schedule: readSchedule({
          timezone,
          ...(availability === undefined ? {} : { availability }),
          maintenance: [
            ...Object.entries(weekly).flatMap(([day, all]) =>
              all.map((one) => ({ day, hours: one })),
            ),
            ...oneOffs,
          ],
        }),
        fromMicros: millis * 1000 + micros,
        untilMicros: (millis + span) * 1000 + micros,
      }))
      // Those that would never be open are refused.
      .filter(({ schedule }) => Either.isRight(schedule))
      .map((one) => ({ ...one, schedule: Either.getOrThrow(one.schedule) })),
  )
