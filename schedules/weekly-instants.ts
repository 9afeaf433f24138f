/** The instants of hours that come every week, from whole microsecond to whole microsecond. */
import { InvariantBroken } from "../engine/index.ts"
import { instantOf, localAt, offsetsOf } from "./offsets.ts"
import { union } from "./spans.ts"
import type { Span, Spans } from "./spans.ts"
import { minutesOfWeeks, minutesPerDay, minutesPerWeek } from "./week.ts"
import type { WeeklyHours } from "./week.ts"

const microsPerMinute = 60_000_000
const microsPerWeek = minutesPerWeek * microsPerMinute
/** Monday 1969-12-29, whose week is week 0. */
const firstMondayMicros = -3 * minutesPerDay * microsPerMinute

/**
 * The spans that hours of a zone take up, as instants: all of those that hold an instant from `fromMicros`
 * to `untilMicros`, whole, and some around them.
 *
 * Local minutes are joined before they become instants. So it does not matter how they are cut into
 * intervals, which it would where a cut falls into a gap of the clock.
 */
export const weeklyInstants = (
  timezone: string,
  fromMicros: number,
  untilMicros: number,
): ((hours: ReadonlyArray<WeeklyHours>) => Spans) => {
  if (
    !Number.isSafeInteger(fromMicros) ||
    !Number.isSafeInteger(untilMicros) ||
    fromMicros > untilMicros
  )
    throw new InvariantBroken("hours are asked for from a whole microsecond to the same or a later")
  const offsets = offsetsOf(
    timezone,
    fromMicros - 2 * microsPerWeek,
    untilMicros + 2 * microsPerWeek,
  )
  const weekOf = (atMicros: number) =>
    Math.floor((localAt(offsets, atMicros) - firstMondayMicros) / microsPerWeek)
  const instantOfMinute = (minute: number) =>
    instantOf(offsets, firstMondayMicros + minute * microsPerMinute)
  const firstWeek = weekOf(fromMicros) - 1
  const lastWeek = weekOf(untilMicros) + 1
  return (hours) =>
    union(
      minutesOfWeeks(hours, firstWeek, lastWeek).map(([from, until]): Span => [
        instantOfMinute(from),
        instantOfMinute(until),
      ]),
    )
}
