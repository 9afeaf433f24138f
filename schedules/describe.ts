/** A schedule in words, for those who are to keep to it. */
import { expand } from "./expand.ts"
import { hoursText } from "./hours-text.ts"
import { localClock } from "./local-clock.ts"
import { weeklyMinutes } from "./schedule.ts"
import type { Schedule } from "./schedule.ts"
import { minutesPerWeek, weekdays } from "./week.ts"
import type { Weekday, WeeklyHours } from "./week.ts"
import { isOneOff, isWeekly } from "./written-forms.ts"

const hoursPerWeek = minutesPerWeek / 60

/** Hours of a week, as if each day had 24 hours; maintenance that comes once is not in them. */
export interface WeeklyTotals {
  readonly availableHours: number
  /** Of the available ones. */
  readonly maintenanceHours: number
  readonly openHours: number
  /** Of the 168 hours of a week; 0 to 1. */
  readonly openShare: number
}

export const weeklyTotals = (schedule: Schedule): WeeklyTotals => {
  const { available, open } = weeklyMinutes(schedule)
  return {
    availableHours: available / 60,
    maintenanceHours: (available - open) / 60,
    openHours: open / 60,
    openShare: open / minutesPerWeek,
  }
}

/**
 * Such as "Open Monday to Friday 09:00-17:00 (UTC), except for maintenance Friday 12:00-13:00: 39 h a week,
 * 23.2% of it."
 */
export const describe = (schedule: Schedule): string => {
  const { availableHours, openHours, openShare } = weeklyTotals(schedule)
  const { timezone, availability, maintenance } = schedule
  const hours = availableHours === hoursPerWeek ? "always" : weekText(availability)
  const windows = [
    weekText(maintenance.filter(isWeekly)),
    ...maintenance.filter(isOneOff).map(({ from, until }) => `from ${from} until ${until}`),
  ].filter((text) => text !== "")
  const except = windows.length === 0 ? "" : `, except for maintenance ${listText(windows)}`
  return `Open ${hours} (${timezone})${except}: ${rounded(openHours, 100)} h a week, ${rounded(100 * openShare, 10)}% of it.`
}

/** "Monday to Friday 09:00-17:00, Sunday 22:00-06:00": days in a row with the same hours are told together. */
const weekText = (all: ReadonlyArray<WeeklyHours>): string => {
  const groups: Array<{ readonly days: Array<Weekday>; readonly hours: string }> = []
  for (const weekday of weekdays) {
    const hours = dayText(all.filter((one) => one.weekday === weekday))
    const last = groups.at(-1)
    if (last?.hours === hours) last.days.push(weekday)
    else groups.push({ days: [weekday], hours })
  }
  return groups
    .filter(({ hours }) => hours !== "")
    .map(({ days, hours }) => `${daysText(days)} ${hours}`)
    .join(", ")
}

const dayText = (hours: ReadonlyArray<WeeklyHours>): string =>
  listText([
    ...new Set(hours.toSorted((a, b) => a.fromMinute - b.fromMinute).map((one) => hoursText(one))),
  ])

const daysText = (days: ReadonlyArray<Weekday>): string => {
  const names = days.map(capitalised)
  return names.length > 2 ? `${names[0]} to ${names.at(-1)}` : listText(names)
}

const capitalised = (weekday: Weekday): string =>
  `${weekday.slice(0, 1).toUpperCase()}${weekday.slice(1)}`

const listText = (texts: ReadonlyArray<string>): string =>
  [texts.slice(0, -1).join(", "), ...texts.slice(-1)].filter((text) => text !== "").join(" and ")

/** Without digits that say nothing: 86, 38.5. */
const rounded = (value: number, parts: number): string => String(Math.round(value * parts) / parts)

const microsPerDay = 86_400_000_000
/** What changes at all nearly always does within a week. */
const searchedDays = [8, 400]

/**
 * What holds at an instant (microseconds since 1970-01-01T00:00Z) and until when, such as "Closed until
 * Monday 2026-03-30 09:00 (Europe/Berlin)."
 */
export const describeNext = (schedule: Schedule, atMicros: number): string => {
  const { timezone } = schedule
  for (const days of searchedDays) {
    const { opens, closes, excused } = expand(schedule, atMicros, atMicros + days * microsPerDay)
    const isOpen = opens[0] === atMicros
    const change = isOpen ? closes[0] : opens[0]
    if (change === undefined) continue
    const state = isOpen ? "Open" : excused[0]?.[0] === atMicros ? "In maintenance" : "Closed"
    return `${state} until ${timeText(timezone, change)} (${timezone}).`
  }
  const state = expand(schedule, atMicros, atMicros + 1).opens.length > 0 ? "Open" : "Closed"
  return `${state}, with no change within ${searchedDays.at(-1)} days.`
}

const timeText = (timezone: string, atMicros: number): string => {
  const { date, weekday, hour, minute } = localClock(timezone, atMicros, atMicros)(atMicros)
  return `${capitalised(weekday)} ${date} ${[hour, minute].map((part) => String(part).padStart(2, "0")).join(":")}`
}
