/**
 * A date and time as ISO 8601 writes them: with an offset, an instant; without one, a local time of some
 * zone. Where a zone's clock passes over it or shows it twice, the rules are those of all local times.
 */
import { Temporal } from "temporal-polyfill"

/** Years that instants in whole microseconds reach, with some to spare. */
const form = /^(19[7-9]|20\d|21\d)\d-\d\d-\d\dT\d\d:\d\d(:\d\d)?(?<offset>Z|[+-]\d\d:\d\d)?$/

/** Is it a date and time that there is? */
export const isMoment = (text: string): boolean => {
  if (!form.test(text)) return false
  try {
    Temporal.PlainDateTime.from(text.replace(/Z$/, ""))
    return true
  } catch {
    return false
  }
}

export const hasOffset = (text: string): boolean =>
  form.exec(text)?.groups?.["offset"] !== undefined

/** The instant of a date and time, in microseconds since 1970-01-01T00:00Z. */
export const momentMicros = (timezone: string, text: string): number =>
  (hasOffset(text)
    ? Temporal.Instant.from(text)
    : Temporal.PlainDateTime.from(text).toZonedDateTime(timezone, { disambiguation: "compatible" })
  ).epochMilliseconds * 1000

/** Is one before the other, on one clock? Both have an offset, or neither. */
export const isBefore = (one: string, other: string): boolean =>
  momentMicros("UTC", one) < momentMicros("UTC", other)
