/** The hours of the day in which prices are higher, by a zone's own clock, as instants. */
import { transitionsOf } from "./transitions.ts"
import type { Transitions } from "./transitions.ts"
import { everyDay, minutesPerDay } from "./week.ts"
import { weeklyInstants } from "./weekly-instants.ts"

/**
 * The instants, in microseconds since 1970-01-01T00:00Z, at which the hours from `fromHour` to `untilHour`
 * of each day (0 to 24, on the clock of `timezone`) begin and end, from `fromMicros` up to `untilMicros`.
 * From 21 to 9 is the night; from an hour to itself is no time. What has begun before `fromMicros` begins
 * there.
 */
export const peaks = (
  timezone: string,
  fromHour: number,
  untilHour: number,
  fromMicros: number,
  untilMicros: number,
): Transitions => {
  const fromMinute = fromHour * 60
  const untilMinute = untilHour * 60 + (untilHour < fromHour ? minutesPerDay : 0)
  const instantsOf = weeklyInstants(timezone, fromMicros, untilMicros)
  return transitionsOf(instantsOf(everyDay({ fromMinute, untilMinute })), fromMicros, untilMicros)
}
