/**
 * When a listing is to be had (docs/decisions/0029): hours of the week on the clock of a zone, and what of
 * them goes to maintenance.
 */
import { Data, Either, ParseResult, Schema } from "effect"
import { Settings } from "../engine/index.ts"
import { lengthOf, without } from "./spans.ts"
import { everyDay, minutesOfWeek, minutesPerDay } from "./week.ts"
import type { WeeklyHours } from "./week.ts"
import { Availability, group, isWeekly, Maintenance, mostEntries } from "./written-forms.ts"
import type { Window } from "./written-forms.ts"
import { Timezone } from "./zone.ts"

export interface Schedule {
  /** Such as Europe/Berlin. */
  readonly timezone: string
  readonly availability: ReadonlyArray<WeeklyHours>
  /** Wins over availability. */
  readonly maintenance: ReadonlyArray<Window>
}

/** Minutes of a week, as if each day had 24 hours. Windows that come once are in none. */
export const weeklyMinutes = ({
  availability,
  maintenance,
}: Omit<Schedule, "timezone">): { readonly available: number; readonly open: number } => {
  const available = minutesOfWeek(availability)
  const open = without(available, minutesOfWeek(maintenance.filter(isWeekly)))
  return { available: lengthOf(available), open: lengthOf(open) }
}

const always = everyDay({ fromMinute: 0, untilMinute: minutesPerDay })

/** Windows under the name that 003 has for them. */
const seedName = "maintenance_windows"

/** What no setting says alone. */
const mistakeOf = ({ availability, maintenance }: Schedule) => {
  const most = `expected at most ${mostEntries} hours in all, each day counted`
  if (availability.length > mostEntries) return { path: ["availability"], message: most }
  if (maintenance.length > mostEntries) return { path: ["maintenance"], message: most }
  const { available, open } = weeklyMinutes({ availability, maintenance })
  if (available === 0)
    return {
      path: ["availability"],
      message: "is never open: name some hours, or leave it out to be open always",
    }
  if (open === 0)
    return { path: ["maintenance"], message: "takes all of the availability: it is never open" }
  return undefined
}

const Written = group(
  {
    timezone: Settings.setting(Timezone, {
      meaning: "The zone whose clock the hours are told by.",
      source: "003: timezone",
    }),
    availability: Schema.optionalWith(
      Settings.setting(Availability, {
        meaning: "The hours of the week that are open; all of them where it is left out.",
        unit: "local time",
        source: "003: availability",
      }),
      { exact: true },
    ),
    maintenance: Schema.optionalWith(
      Settings.setting(Maintenance, {
        meaning: "Hours of the week, and windows that come once, that are closed all the same.",
        unit: "local time",
        source: "003: maintenance_windows",
      }),
      { exact: true },
    ),
    [seedName]: Schema.optionalWith(
      Settings.setting(Maintenance, {
        meaning: "The same as maintenance, under 003's name; what both name is added up.",
        unit: "local time",
        source: "003: maintenance_windows",
      }),
      { exact: true },
    ),
  },
  'a schedule, such as {"timezone": "UTC", "availability": {"monday": ["09:00-17:00"]}}',
)

/** A schedule as it is written in settings and requests. */
export const Schedule = Schema.transform(
  Written,
  Schema.Struct({
    timezone: Schema.String,
    availability: Schema.typeSchema(Availability),
    maintenance: Schema.typeSchema(Maintenance),
  }).pipe(Schema.filter(mistakeOf)),
  {
    strict: true,
    decode: ({ timezone, availability = always, maintenance = [], [seedName]: more = [] }) => ({
      timezone,
      availability,
      maintenance: [...maintenance, ...more],
    }),
    encode: (schedule) => schedule,
  },
)

/** A schedule that cannot be kept: every place that is wrong, and what is allowed there. */
export class ScheduleInvalid extends Data.TaggedError("ScheduleInvalid")<{
  readonly issues: ReadonlyArray<{
    /** Dotted path of the value; empty for the whole. */
    readonly path: string
    readonly message: string
  }>
}> {
  override get message(): string {
    return this.issues
      .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
      .join("\n")
  }
}

const decode = Schema.decodeUnknownEither(Schedule, { errors: "all" })

/** The schedule that something written stands for. */
export const readSchedule = (written: unknown): Either.Either<Schedule, ScheduleInvalid> =>
  Either.mapLeft(
    decode(written),
    (error) =>
      new ScheduleInvalid({
        issues: ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path, message }) => ({
          path: path.map(String).join("."),
          message,
        })),
      }),
  )
