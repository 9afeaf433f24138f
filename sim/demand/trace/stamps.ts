/**
 * The stamps of a trace: dates, or numbers of a unit. A stamp becomes a moment on a scale of its
 * trace's own; only differences of moments mean anything.
 */
import { timeUnits } from "../../scenarios/schema.ts"

/** Whole seconds, and microseconds beside them: together they would not fit a double. */
export interface Moment {
  readonly seconds: number
  readonly micros: number
}

/** Whole microseconds from one moment to another, a tiny error of binary fractions apart. */
export const microsBetween = (from: Moment, to: Moment): number =>
  Math.floor((to.seconds - from.seconds) * 1e6 + to.micros - from.micros + 0.001)

export type TimeUnit = (typeof timeUnits)[number]

const unitsPerSecond = { seconds: 1, milliseconds: 1e3, microseconds: 1e6, nanoseconds: 1e9 }

/** A century: longer than any trace, and from 1970 on later than any stamp. */
const mostSeconds = 36_525 * 86_400

export const mostOf = (unit: TimeUnit): number => mostSeconds * unitsPerSecond[unit]

/** The moment of so many units, which are 0 or more. */
export const momentOfNumber = (value: number, unit: TimeUnit): Moment => ({
  seconds: 0,
  micros: (value / unitsPerSecond[unit]) * 1e6,
})

const year2000Seconds = 946_684_800

/**
 * The unit of a stamp that counts from 1970, as its size tells: in each unit, the years from 2000 on
 * have numbers of their own. `null` for the small numbers of a trace that counts from its own start.
 */
export const unitOfEpochStamp = (value: number): TimeUnit | null =>
  timeUnits.find(
    (unit) =>
      value >= year2000Seconds * unitsPerSecond[unit] &&
      value <= mostSeconds * unitsPerSecond[unit],
  ) ?? null

const date =
  /^(\d{4}-\d{2}-\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9})\d*)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i

/**
 * The moment of a date such as `2023-11-16 18:15:46.6805900` or `2024-05-10T00:00:00.009930+02:00`, or
 * `null`. Without an offset it is taken for UTC. No calendar library and no time zone are asked.
 */
export const momentOfDate = (stamp: string): Moment | null => {
  const match = date.exec(stamp)
  if (match === null) return null
  const days = daysUntil(match[1])
  const hour = Number(match[2])
  const minute = Number(match[3])
  const second = Number(match[4])
  const offset = offsetSeconds(match[6])
  if (days === null || hour > 23 || minute > 59 || second > 59 || offset === null) return null
  return {
    seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset,
    micros: Number((match[5] ?? "").padEnd(9, "0")) / 1000,
  }
}

/** Seconds by which clocks of that offset are ahead of UTC; `null` where no clock is. */
const offsetSeconds = (offset: string | undefined): number | null => {
  if (offset === undefined || /^[a-z]/i.test(offset)) return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(3).replace(":", ""))
  if (hours > 14 || minutes > 59) return null
  return (offset.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60)
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : monthDays[month - 1]

/** Days from the start of the year 0 until a day `YYYY-MM-DD`; `null` where the calendar has none. */
const daysUntil = (text: string): number | null => {
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(5, 7))
  const day = Number(text.slice(8))
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null
  const past = year - 1
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
  let days = 365 * year + leapDays + day - 1
  for (let earlier = 1; earlier < month; earlier++) days += daysInMonth(year, earlier)
  return days
}
