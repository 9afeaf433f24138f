/**
 * Schedules as people write them. Hours stand by weekday, `{"monday": ["09:00-17:00"]}`, or as a list of
 * days and their hours, `[{"days": ["monday"], "hours": "09:00-17:00"}]`; maintenance may also be a
 * window that comes once, `{"from": "2026-03-29T02:00", "until": "2026-03-29T04:00"}`.
 *
 * What is read in two forms is written back in one: availability by weekday, maintenance as a list.
 * Hours that overlap are no mistake, as a week is often said by a rule and what is added to it: they
 * are joined. The same hours or the same day twice in one list are: one of them was to be another.
 */
import { ParseResult, Schema } from "effect"
import type { Effect } from "effect"
import { isTree, Settings } from "../engine/index.ts"
import { HoursText, hoursText } from "./hours-text.ts"
import { hasOffset, isBefore, isMoment } from "./moment.ts"
import { weekdays } from "./week.ts"
import type { Hours, Weekday, WeeklyHours } from "./week.ts"

/** Of any list. Nobody keeps more than a week of hourly changes, and each is instants in a journal. */
export const mostEntries = 168

/** What is not of the right kind at all is answered with what is expected. */
const expecting = (allowed: string) => ({
  message: ({ actual }: ParseResult.ParseIssue) =>
    `expected ${allowed}, got ${Settings.shown(actual)}`,
})

export const group = <F extends Schema.Struct.Fields>(fields: F, allowed: string) =>
  Schema.Struct(fields).annotations({
    parseOptions: { onExcessProperty: "error" },
    ...expecting(allowed),
  })

const listOf = <A, I>(entry: Schema.Schema<A, I>, allowed: string) =>
  Schema.Array(entry)
    .annotations(expecting(allowed))
    .pipe(
      Schema.filter(({ length }) =>
        length <= mostEntries
          ? undefined
          : `expected at most ${mostEntries} entries, got ${length}`,
      ),
    )

const distinctListOf = <A, I>(
  entry: Schema.Schema<A, I>,
  allowed: string,
  textOf: (entry: A) => string,
) =>
  listOf(entry, allowed).pipe(
    Schema.filter((entries) => {
      const texts = entries.map(textOf)
      return texts.flatMap((text, index) =>
        texts.indexOf(text) === index ? [] : [{ path: [index], message: `${text} stands twice` }],
      )
    }),
  )

/** A list, of which each entry may stand for several of `all`. */
const flatListOf = <A, I>(
  entry: Schema.Schema<ReadonlyArray<A>, I>,
  all: Schema.Schema<ReadonlyArray<A>>,
  allowed: string,
) =>
  Schema.transform(listOf(entry, allowed), all, {
    strict: true,
    decode: (entries) => entries.flat(),
    encode: (values) => values.map((value) => [value]),
  })

/** Of two forms, the one that was meant: what is wrong is said of it alone. */
const eitherForm = <A, I, J>(
  first: Schema.Schema<A, I>,
  second: Schema.Schema<A, J>,
  isFirst: (written: unknown) => boolean,
  isWrittenAsFirst: (value: A) => boolean = () => false,
): Schema.Schema<A, I | J> =>
  Schema.declare([first, second] as const, {
    decode:
      (one, other) =>
      (written, options): Effect.Effect<A, ParseResult.ParseIssue> =>
        isFirst(written)
          ? ParseResult.decodeUnknown(one)(written, options)
          : ParseResult.decodeUnknown(other)(written, options),
    encode:
      (one, other) =>
      (value, options): Effect.Effect<I | J, ParseResult.ParseIssue> =>
        isWrittenAsFirst(value as A)
          ? ParseResult.encodeUnknown(one)(value, options)
          : ParseResult.encodeUnknown(other)(value, options),
  })

const HoursList = distinctListOf(
  HoursText,
  'hours, such as "09:00-17:00", or a list of them',
  hoursText,
)
const OneHours = Schema.transform(HoursText, Schema.typeSchema(HoursList), {
  strict: true,
  decode: (hours) => [hours],
  encode: ([hours]) => hours,
})
const HoursOfDay = eitherForm(OneHours, HoursList, (written) => typeof written === "string")

const WeekdayName: Schema.Schema<Weekday> = Settings.oneOf(...weekdays)

const WeeklyHoursEntry: Schema.Schema<WeeklyHours> = Schema.Struct({
  weekday: WeekdayName,
  fromMinute: Schema.Number,
  untilMinute: Schema.Number,
})
const WeeklyHoursList = Schema.Array(WeeklyHoursEntry)

const optional = { exact: true } as const
type ByWeekday = { readonly [weekday in Weekday]?: ReadonlyArray<Hours> }
const dayFields = Object.fromEntries(
  weekdays.map((weekday) => [weekday, Schema.optionalWith(HoursOfDay, optional)]),
) as Record<Weekday, Schema.optionalWith<typeof HoursOfDay, typeof optional>>

const hoursOn = (weekday: Weekday, all: ReadonlyArray<WeeklyHours>): ReadonlyArray<Hours> =>
  all
    .filter((hours) => hours.weekday === weekday)
    .map(({ fromMinute, untilMinute }) => ({ fromMinute, untilMinute }))

/** `{"monday": ["09:00-17:00"]}`. A day that is left out, or has an empty list, has no hours. */
const HoursByWeekday = Schema.transform(
  group(dayFields, 'hours by weekday, such as {"monday": ["09:00-17:00"]}'),
  WeeklyHoursList,
  {
    strict: true,
    decode: (byWeekday: ByWeekday) =>
      weekdays.flatMap((weekday) =>
        (byWeekday[weekday] ?? []).map((hours) => ({ weekday, ...hours })),
      ),
    encode: (all): ByWeekday =>
      Object.fromEntries(
        weekdays
          .map((weekday) => [weekday, hoursOn(weekday, all)] as const)
          .filter(([, hours]) => hours.length > 0),
      ),
  },
)

const daysWithHoursForm =
  'days and their hours, such as {"days": ["monday"], "hours": "09:00-17:00"}'

/** `{"days": ["monday", "tuesday"], "hours": "09:00-17:00"}`, or `day` where it is one. */
const DaysWithHours = Schema.transform(
  group(
    {
      day: Schema.optionalWith(WeekdayName, optional),
      days: Schema.optionalWith(
        distinctListOf(WeekdayName, "a list of weekdays", String),
        optional,
      ),
      hours: HoursOfDay,
    },
    daysWithHoursForm,
  ).pipe(
    Schema.filter(({ day, days = [] }) =>
      (day === undefined) === days.length > 0
        ? undefined
        : "expected either `day`, or `days` with at least one",
    ),
  ),
  WeeklyHoursList,
  {
    strict: true,
    decode: ({ day, days = [], hours }) =>
      (day === undefined ? days : [day]).flatMap((weekday) =>
        hours.map((one) => ({ weekday, ...one })),
      ),
    encode: ([{ weekday, fromMinute, untilMinute }]) => ({
      day: weekday,
      hours: [{ fromMinute, untilMinute }],
    }),
  },
)

const Moment = Settings.allowing(
  Schema.String.pipe(Schema.filter(isMoment)),
  'a date and time of 1970 to 2199, such as "2026-03-29T02:00", or with an offset "2026-03-29T02:00+01:00"',
)

/** A stretch of time that comes once: local times, or with an offset instants. */
export interface OneOff {
  readonly from: string
  readonly until: string
}

export type Window = WeeklyHours | OneOff

export const isOneOff = (window: Window): window is OneOff => "from" in window
export const isWeekly = (window: Window): window is WeeklyHours => !isOneOff(window)

const Windows: Schema.Schema<ReadonlyArray<Window>> = Schema.Array(
  Schema.Union(WeeklyHoursEntry, Schema.Struct({ from: Schema.String, until: Schema.String })),
)

const OneOffWindow = Schema.transform(
  group({ from: Moment, until: Moment }, "a window from one time until another").pipe(
    Schema.filter(({ from, until }) => {
      if (hasOffset(from) !== hasOffset(until))
        return "expected `from` and `until` both with an offset, or both without"
      return isBefore(from, until)
        ? undefined
        : { path: ["until"], message: `expected a time after ${from}, got ${until}` }
    }),
  ),
  Windows,
  {
    strict: true,
    decode: (window) => [window],
    encode: (windows) => windows.filter(isOneOff)[0],
  },
)

const WeeklyWindow = Schema.transform(DaysWithHours, Windows, {
  strict: true,
  decode: (hours) => hours,
  encode: (windows) => windows.filter(isWeekly),
})

/** A window of maintenance, or the same one on several days. */
const WindowEntry = eitherForm(
  OneOffWindow,
  WeeklyWindow,
  (written) => isTree(written) && ("from" in written || "until" in written),
  (windows) => windows.some(isOneOff),
)

export const Availability = eitherForm(
  flatListOf(DaysWithHours, WeeklyHoursList, `a list of ${daysWithHoursForm}`),
  HoursByWeekday,
  Array.isArray,
)

export const Maintenance = eitherForm(
  Schema.transform(HoursByWeekday, Windows, {
    strict: true,
    decode: (hours) => hours,
    encode: (windows) => windows.filter(isWeekly),
  }),
  flatListOf(WindowEntry, Windows, "a list of windows"),
  isTree,
)
