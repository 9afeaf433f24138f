/**
 * Local time and instants. A zone's clock is ahead of UTC by an offset that changes now and then;
 * between two changes, one is the other plus a constant. So the changes of a span are looked up once
 * (about a millisecond each), and all else is arithmetic.
 *
 * A local time is written as the microseconds since 1970-01-01T00:00 on that clock. The clock passes over
 * some local times (a gap) and shows others twice (a fold): one in a gap moves later, by as much as the
 * clock is put forward; one in a fold means the first (RFC 5545, section 3.3.5; "compatible" in
 * Temporal).
 */
import { Temporal } from "temporal-polyfill"

const microsPerMilli = 1000

/** From an instant on, until the next one begins. */
interface Offset {
  readonly fromMicros: number
  readonly offsetMicros: number
}

/** The offsets of a zone, the earliest first; it stands for all time before the second as well. */
export type Offsets = ReadonlyArray<Offset>

const zonedAt = (timezone: string, atMicros: number) =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(atMicros / microsPerMilli)).toZonedDateTimeISO(
    timezone,
  )

const offsetAt = (zoned: Temporal.ZonedDateTime): Offset => ({
  fromMicros: zoned.epochMilliseconds * microsPerMilli,
  offsetMicros: zoned.offsetNanoseconds / 1000,
})

/** The offsets of a zone at all instants from `fromMicros` to `untilMicros`. */
export const offsetsOf = (timezone: string, fromMicros: number, untilMicros: number): Offsets => {
  let zoned = zonedAt(timezone, fromMicros)
  const offsets = [offsetAt(zoned)]
  for (;;) {
    const change = zoned.getTimeZoneTransition("next")
    if (change === null || change.epochMilliseconds * microsPerMilli > untilMicros) return offsets
    offsets.push(offsetAt(change))
    zoned = change
  }
}

/** The local time at an instant. */
export const localAt = (offsets: Offsets, atMicros: number): number => {
  let index = offsets.length - 1
  while (index > 0 && offsets[index].fromMicros > atMicros) index -= 1
  return atMicros + offsets[index].offsetMicros
}

/** The instant of a local time. */
export const instantOf = (offsets: Offsets, localMicros: number): number => {
  let at = localMicros - offsets[0].offsetMicros
  for (const { fromMicros, offsetMicros } of offsets.slice(1)) {
    // Shown before the clock was changed, or passed over by the change.
    if (at < fromMicros || localMicros - offsetMicros < fromMicros) return at
    at = localMicros - offsetMicros
  }
  return at
}
