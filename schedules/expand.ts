/**
 * A schedule as instants (docs/decisions/0029): when its listing opens and closes, and what of the time
 * that it would be open goes to maintenance. Maintenance wins over availability.
 */
import { momentMicros } from "./moment.ts"
import type { Schedule } from "./schedule.ts"
import { clip, union, without } from "./spans.ts"
import type { Span } from "./spans.ts"
import { isOneOff, isWeekly } from "./written-forms.ts"
import { transitionsOf } from "./transitions.ts"
import { weeklyInstants } from "./weekly-instants.ts"

/** All instants are whole microseconds since 1970-01-01T00:00Z. */
export interface Expansion {
  /** Rise strictly and alternate with `closes`, the first before it. What is open at the start opens there. */
  readonly opens: ReadonlyArray<number>
  /** What is open beyond `until` does not close; what closes at `until` does. */
  readonly closes: ReadonlyArray<number>
  /** Maintenance during the availability, sorted: open and excused time make up the availability, and share nothing. */
  readonly excused: ReadonlyArray<readonly [fromMicros: number, untilMicros: number]>
  /** Nothing is said of what comes after it. */
  readonly until: number
}

/**
 * The instants of a schedule from `fromMicros` up to `untilMicros`. Pieces of a stretch of time say what
 * the whole says. 400 days take some ten milliseconds at most.
 */
export const expand = (schedule: Schedule, fromMicros: number, untilMicros: number): Expansion => {
  const { timezone, availability, maintenance } = schedule
  const instantsOf = weeklyInstants(timezone, fromMicros, untilMicros)
  const available = instantsOf(availability)
  const oneOffs = maintenance
    .filter(isOneOff)
    .map(({ from, until }): Span => [momentMicros(timezone, from), momentMicros(timezone, until)])
  const open = without(available, union([...instantsOf(maintenance.filter(isWeekly)), ...oneOffs]))
  const { begins, ends } = transitionsOf(open, fromMicros, untilMicros)
  return {
    opens: begins,
    closes: ends,
    excused: clip(without(available, open), fromMicros, untilMicros),
    until: untilMicros,
  }
}
