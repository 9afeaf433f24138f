/**
 * Rows of a trace as requests: from a line of CSV, or from a JSON object, to a stamp and two sizes. What
 * is wrong with a row is a value, with its column from 1.
 */
import { delimiters, fieldStart, splitRecord } from "./csv.ts"
import type { Places } from "./layouts.ts"
import { hasMooncakeHashes, knownLayouts, mooncake, placesIn } from "./layouts.ts"
import { quoted } from "./trace-invalid.ts"

export interface Row {
  /** A date's text, or a number of the trace's unit. */
  readonly stamp: string | number
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface RowFault {
  readonly column: number
  readonly found: string
  readonly allowed: string
}

/** How the rows of one trace are read. */
export interface RowFormat {
  readonly places: Places
  /** Whether its first line is a header. */
  readonly hasHeader: boolean
  readonly read: (record: string) => Row | RowFault
  /** Where the stamp of a record begins, from 1. */
  readonly columnOfStamp: (record: string) => number
  /** Whether this is a row such as its layout's own: another one may be in another unit. */
  readonly isTypical: (record: string) => boolean
  /** What separates fields, where they may be quoted. */
  readonly delimiter: string | null
}

const mostTokens = 10_000_000

const isTokens = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= mostTokens

const tokensFault = (column: number, found: string): RowFault => ({
  column,
  found,
  allowed: `a whole number of tokens from 0 to ${mostTokens}`,
})

const decimal = /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i

/** The number that a text is, `NaN` where it is none. Data frames write whole numbers as `374.0`. */
const numberIn = (text: string): number => (decimal.test(text) ? Number(text) : NaN)

const csvFormat = (places: Places, fieldCount: number, delimiter: string): RowFormat => {
  const columnOf = (record: string, index: number) => fieldStart(record, delimiter, index) + 1
  return {
    places,
    hasHeader: true,
    delimiter,
    columnOfStamp: (record) => columnOf(record, places.time),
    isTypical: () => true,
    read: (record) => {
      const split = splitRecord(record, delimiter)
      if (split._tag !== "Fields") return strayQuote(split._tag === "Stray" ? split.at : 0)
      const { fields } = split
      if (fields.length !== fieldCount)
        return {
          column: record.length + 1,
          found: `${fields.length} fields in ${quoted(record)}`,
          allowed: `${fieldCount}, as in the header`,
        }
      const stamp = fields[places.time].trim()
      const number = numberIn(stamp)
      const inputTokens = numberIn(fields[places.input].trim())
      if (!isTokens(inputTokens))
        return tokensFault(columnOf(record, places.input), quoted(fields[places.input]))
      const outputTokens = numberIn(fields[places.output].trim())
      if (!isTokens(outputTokens))
        return tokensFault(columnOf(record, places.output), quoted(fields[places.output]))
      return { stamp: Number.isNaN(number) ? stamp : number, inputTokens, outputTokens }
    },
  }
}

export const strayQuote = (at: number): RowFault => ({
  column: at + 1,
  found: "a quote that begins or ends no field",
  allowed: 'fields quoted as a whole, and quotes in them doubled: "a ""b"" c"',
})

const jsonFormat = (places: Places, names: ReadonlyArray<string>): RowFormat => {
  const [time, input, output] = [places.time, places.input, places.output].map((at) => names[at])
  const hashes = names.find((name) => name.toLowerCase() === mooncake.mark)
  return {
    places,
    hasHeader: false,
    delimiter: null,
    columnOfStamp: (line) => columnOfName(line, time),
    isTypical: (line) => {
      if (places.layout !== mooncake || hashes === undefined) return true
      const object = objectIn(line) ?? {}
      return wholeStamp.test(line) && hasMooncakeHashes(object[hashes], Number(object[input]))
    },
    read: (line) => {
      const object = objectIn(line)
      if (object === null)
        return { column: 1, found: quoted(line), allowed: "one whole JSON object a line" }
      const stamp = object[time]
      if (typeof stamp !== "number" && typeof stamp !== "string")
        return {
          column: columnOfName(line, time),
          found: `${time} ${shown(stamp)}`,
          allowed: "a number of a unit of time, or a date",
        }
      const inputTokens = object[input]
      if (!isTokens(inputTokens))
        return tokensFault(columnOfName(line, input), `${input} ${shown(inputTokens)}`)
      const outputTokens = object[output]
      if (!isTokens(outputTokens))
        return tokensFault(columnOfName(line, output), `${output} ${shown(outputTokens)}`)
      return { stamp, inputTokens, outputTokens }
    },
  }
}

const wholeStamp = /"timestamp"\s*:\s*\d+\s*[,}]/i

const columnOfName = (line: string, name: string): number =>
  Math.max(0, line.indexOf(JSON.stringify(name))) + 1

const objectIn = (line: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null
  } catch {
    return null
  }
}

const shown = (value: unknown): string =>
  value === undefined ? "missing" : quoted(JSON.stringify(value))

/** The format that the first line of a trace tells. */
export const formatOf = (line: string): RowFormat | RowFault => {
  if (line.trimStart().startsWith("{")) {
    const object = objectIn(line)
    const names = Object.keys(object ?? {})
    const places = placesIn(names)
    if (places !== null) return jsonFormat(places, names)
    // What is wrong with the object itself says more than that its fields are unknown.
    if (object === null)
      return { column: 1, found: quoted(line), allowed: "one whole JSON object a line" }
  } else {
    for (const delimiter of delimiters) {
      const split = splitRecord(line, delimiter)
      const names = split._tag === "Fields" ? split.fields : []
      const places = placesIn(names)
      if (places !== null) return csvFormat(places, names.length, delimiter)
    }
  }
  return { column: 1, found: quoted(line), allowed: knownLayouts }
}
