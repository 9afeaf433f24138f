/** Hours as text: "09:00-17:00". "24:00" is the next midnight; "22:00-06:00" ends on the next day. */
import { ParseResult, Schema } from "effect"
import { Settings } from "../engine/index.ts"
import { minutesPerDay } from "./week.ts"
import type { Hours } from "./week.ts"

const allowed = 'hours as "HH:MM-HH:MM", of which only the end may be 24:00'
const form = /^(?:([01]\d|2[0-3]):([0-5]\d))-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/

/** The hours that a text names, or what is wrong with it. */
const read = (text: string): Hours | string => {
  const match = form.exec(text)
  if (match === null) return `expected ${allowed}, got ${Settings.shown(text)}`
  const [fromHour, fromPart, untilHour, untilPart] = match.slice(1).map(Number)
  const fromMinute = fromHour * 60 + fromPart
  const untilMinute = match[3] === undefined ? minutesPerDay : untilHour * 60 + untilPart
  if (fromMinute === untilMinute)
    return `${Settings.shown(text)} lasts no time; a whole day is "00:00-24:00"`
  return {
    fromMinute,
    untilMinute: untilMinute < fromMinute ? untilMinute + minutesPerDay : untilMinute,
  }
}

const twoDigits = (value: number): string => String(value).padStart(2, "0")
const timeText = (minute: number): string =>
  `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`

export const hoursText = ({ fromMinute, untilMinute }: Hours): string =>
  `${timeText(fromMinute)}-${timeText(untilMinute > minutesPerDay ? untilMinute - minutesPerDay : untilMinute)}`

export const HoursText: Schema.Schema<Hours, string> = Schema.transformOrFail(
  Settings.allowing(Schema.String, allowed),
  Schema.Struct({ fromMinute: Schema.Number, untilMinute: Schema.Number }),
  {
    strict: true,
    decode: (text, _options, ast) => {
      const hours = read(text)
      return typeof hours === "string"
        ? ParseResult.fail(new ParseResult.Type(ast, text, hours))
        : ParseResult.succeed(hours)
    },
    encode: (hours) => ParseResult.succeed(hoursText(hours)),
  },
)
