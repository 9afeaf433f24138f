/**
 * Hours that come every week, by the local clock. They are counted in minutes from a Monday's 00:00, as if
 * each day had 24 hours; what a change of the clock makes of them is seen when they become instants.
 */
import { clip, union } from "./spans.ts"
import type { Span, Spans } from "./spans.ts"

export const weekdays = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const
export type Weekday = (typeof weekdays)[number]

/** A time of day, in minutes from midnight. */
export interface Hours {
  /** 0 to 1439. */
  readonly fromMinute: number
  /** Above `fromMinute`, by a day at most; above 1440 where it is past midnight. */
  readonly untilMinute: number
}

/** Hours of a weekday: of the one that they begin on. */
export interface WeeklyHours extends Hours {
  readonly weekday: Weekday
}

export const minutesPerDay = 1440
export const minutesPerWeek = 7 * minutesPerDay

export const everyDay = (hours: Hours): ReadonlyArray<WeeklyHours> =>
  weekdays.map((weekday) => ({ weekday, ...hours }))

/**
 * What some hours hold from one week to another, itself included, in minutes from the Monday of week 0.
 * Hours that overlap or touch are one span, over midnights and Sundays too.
 */
export const minutesOfWeeks = (
  hours: ReadonlyArray<WeeklyHours>,
  firstWeek: number,
  lastWeek: number,
): Spans => {
  const spans: Array<Span> = []
  for (let week = firstWeek; week <= lastWeek; week += 1)
    for (const { weekday, fromMinute, untilMinute } of hours) {
      const midnight = week * minutesPerWeek + weekdays.indexOf(weekday) * minutesPerDay
      spans.push([midnight + fromMinute, midnight + untilMinute])
    }
  return union(spans)
}

/** What some hours hold of any one week, of which the hours after a Sunday's midnight are the first. */
export const minutesOfWeek = (hours: ReadonlyArray<WeeklyHours>): Spans =>
  clip(minutesOfWeeks(hours, -1, 0), 0, minutesPerWeek)
