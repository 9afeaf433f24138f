/**
 * Traces of real demand, as flat arrays: when each request came, and its sizes.
 *
 * Two formats are read; the first line tells which:
 * - Azure LLM inference traces (Azure Public Dataset, CC-BY): CSV with the header
 *   `TIMESTAMP,ContextTokens,GeneratedTokens` and stamps like `2023-11-16 18:15:46.6805900`
 *   (fraction of up to nine digits or none; a zone, if given, is `Z` or `+00:00`);
 * - Mooncake traces (Qin et al., "Mooncake", arXiv 2407.00079): one JSON object a line with
 *   `timestamp` (milliseconds), `input_length` and `output_length`; other fields are ignored.
 *
 * Requests must be in the order of their stamps, as they are in every published trace: an unordered
 * file is most likely damaged or joined from several, and sorting it would hide that.
 */
import { FileSystem } from "@effect/platform"
import { Data, Effect, Either } from "effect"
import type { Stream } from "../../engine/index.ts"

/** Three arrays of equal length, at least 1. */
export interface Trace {
  /** Microseconds since the first request was recorded, whole, in ascending order. */
  readonly times: Float64Array
  /** Each from 0: a request that failed has no output. */
  readonly inputTokens: Int32Array
  readonly outputTokens: Int32Array
}

export class TraceInvalid extends Data.TaggedError("TraceInvalid")<{
  readonly path: string
  /** Line and column from 1; `null` where the whole file is meant. */
  readonly line: number | null
  readonly column: number | null
  readonly found: string
  readonly allowed: string
}> {
  override get message(): string {
    const place =
      this.line === null ? this.path : `${this.path}, line ${this.line}, column ${this.column}`
    return `${place}: found ${this.found}; allowed is ${this.allowed}`
  }
}

/** A larger file is refused: it would not fit in memory beside the simulation. */
export const MAX_TRACE_BYTES = 100_000_000
const MAX_TOKENS = 10_000_000

/** Reads a whole trace. Cost: O(file); its text and its arrays are in memory at once. */
export const loadTrace = (
  path: string,
): Effect.Effect<Trace, TraceInvalid, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const unreadable = (error: { readonly _tag: string; readonly reason?: string }) => {
      const reason = error.reason === "NotFound" ? "no such file" : (error.reason ?? error._tag)
      return new TraceInvalid({
        path,
        line: null,
        column: null,
        found: reason,
        allowed: "a file that can be read",
      })
    }
    const { size, type } = yield* Effect.mapError(fileSystem.stat(path), unreadable)
    if (type !== "File" || size > MAX_TRACE_BYTES) {
      return yield* new TraceInvalid({
        path,
        line: null,
        column: null,
        found: type === "File" ? `${size} bytes` : `a ${type.toLowerCase()}`,
        allowed: `a file of at most ${MAX_TRACE_BYTES} bytes`,
      })
    }
    const text = yield* Effect.mapError(fileSystem.readFileString(path), unreadable)
    return yield* parseTrace(text, path)
  })

/** Parses a trace's text; `path` is for messages. O(text). */
export const parseTrace = (text: string, path: string): Either.Either<Trace, TraceInvalid> => {
  const lines = linesOf(text)
  const first = lines.length === 0 ? "" : lines[0]
  if (first === AZURE_HEADER) return parseLines(path, lines, 1, parseAzureLine)
  if (first.startsWith("{")) return parseLines(path, lines, 0, parseMooncakeLine)
  return Either.left(
    new TraceInvalid({
      path,
      line: 1,
      column: 1,
      found: first === "" ? "nothing" : quoted(first),
      allowed: `the header "${AZURE_HEADER}", or a JSON object with timestamp, input_length and output_length`,
    }),
  )
}

/**
 * The trace `speed` times as fast. Times stay whole microseconds. `speed` is positive.
 */
export const scaleTime = (trace: Trace, speed: number): Trace => ({
  ...trace,
  times: trace.times.map((micros) => Math.round(micros / speed)),
})

/**
 * Moves each request later by a uniform draw from [0, `jitterMicros`), and sorts again. Spreads
 * stamps that were recorded in batches (Mooncake's come every 3 s) over the time they stand for.
 * O(n log n); the trace given stays as it is.
 */
export const jitterTimes = (trace: Trace, jitterMicros: number, stream: Stream): Trace => {
  const moved = trace.times.map((micros) => Math.floor(micros + jitterMicros * stream.next()))
  const order = Uint32Array.from(moved, (_, index) => index)
  order.sort((one, other) => moved[one] - moved[other] || one - other)
  return {
    times: Float64Array.from(order, (index) => moved[index]),
    inputTokens: Int32Array.from(order, (index) => trace.inputTokens[index]),
    outputTokens: Int32Array.from(order, (index) => trace.outputTokens[index]),
  }
}

// Lines.

const AZURE_HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens"

/** A request as its line has it, or what is wrong with the line. */
type Parsed = (Moment & { readonly input: number; readonly output: number }) | Fault

/** Seconds on a scale of the format's own, and microseconds: together they do not fit a double. */
interface Moment {
  readonly seconds: number
  readonly micros: number
}

interface Fault {
  readonly column: number
  readonly found: string
  readonly allowed: string
}

const parseLines = (
  path: string,
  lines: ReadonlyArray<string>,
  headerLines: number,
  parseLine: (line: string) => Parsed,
): Either.Either<Trace, TraceInvalid> => {
  const count = lines.length - headerLines
  const times = new Float64Array(count)
  const inputTokens = new Int32Array(count)
  const outputTokens = new Int32Array(count)
  const invalid = (line: number, fault: Fault) =>
    Either.left(new TraceInvalid({ path, line, ...fault }))
  if (count === 0) {
    return invalid(2, { column: 1, found: "nothing", allowed: "at least one request" })
  }
  let start: Moment = { seconds: 0, micros: 0 }
  for (let i = 0; i < count; i++) {
    const parsed = parseLine(lines[i + headerLines])
    if ("found" in parsed) return invalid(i + headerLines + 1, parsed)
    if (i === 0) start = parsed
    times[i] = Math.floor((parsed.seconds - start.seconds) * 1e6 + parsed.micros - start.micros)
    inputTokens[i] = parsed.input
    outputTokens[i] = parsed.output
    if (times[i] < (i === 0 ? 0 : times[i - 1])) {
      return invalid(i + headerLines + 1, {
        column: 1,
        found: "a time before that of the line above",
        allowed: "requests in the order of their times",
      })
    }
  }
  return Either.right({ times, inputTokens, outputTokens })
}

/** Without a byte-order mark, line ends of either kind, and the empty rest after the last one. */
const linesOf = (text: string): ReadonlyArray<string> => {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/)
  while (lines.length > 0 && lines[lines.length - 1] === "") lines.pop()
  return lines
}

const parseAzureLine = (line: string): Parsed => {
  const fields = line.split(",")
  if (fields.length !== 3) {
    return {
      column: line.length + 1,
      found: line === "" ? "an empty line" : `${fields.length} fields in ${quoted(line)}`,
      allowed: "three: a time, context tokens and generated tokens",
    }
  }
  const [stamp, context, generated] = fields
  const moment = momentOf(stamp)
  if (moment === null) {
    return {
      column: 1,
      found: quoted(stamp),
      allowed: 'a time like "2023-11-16 18:15:46.6805900"',
    }
  }
  const inputColumn = stamp.length + 2
  const input = /^\d+$/.test(context) ? Number(context) : NaN
  if (!isTokens(input)) return tokensFault(inputColumn, quoted(context))
  const output = /^\d+$/.test(generated) ? Number(generated) : NaN
  if (!isTokens(output)) return tokensFault(inputColumn + context.length + 1, quoted(generated))
  return { ...moment, input, output }
}

const parseMooncakeLine = (line: string): Parsed => {
  const value = parseJson(line)
  if (typeof value !== "object" || value === null) {
    return {
      column: 1,
      found: line === "" ? "an empty line" : quoted(line),
      allowed: "one whole JSON object a line",
    }
  }
  const field = (name: string): unknown => Object.getOwnPropertyDescriptor(value, name)?.value
  const columnOf = (name: string): number => Math.max(0, line.indexOf(`"${name}"`)) + 1
  const timestamp = field("timestamp")
  if (typeof timestamp !== "number" || !(timestamp >= 0 && timestamp <= MAX_MILLIS)) {
    return {
      column: columnOf("timestamp"),
      found: `timestamp ${shown(timestamp)}`,
      allowed: `milliseconds from 0 to ${MAX_MILLIS}`,
    }
  }
  const input = field("input_length")
  if (!isTokens(input)) {
    return tokensFault(columnOf("input_length"), `input_length ${shown(input)}`)
  }
  const output = field("output_length")
  if (!isTokens(output)) {
    return tokensFault(columnOf("output_length"), `output_length ${shown(output)}`)
  }
  return { seconds: 0, micros: timestamp * 1000, input, output }
}

/** A century. */
const MAX_MILLIS = 36_525 * 86_400_000

const isTokens = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_TOKENS

const tokensFault = (column: number, found: string): Fault => ({
  column,
  found,
  allowed: `a whole number of tokens from 0 to ${MAX_TOKENS}`,
})

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const quoted = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

const shown = (value: unknown): string =>
  value === undefined ? "missing" : quoted(JSON.stringify(value))

const STAMP = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|\+00:00)?$/

/** The moment of a stamp, or `null`. No calendar library and no time zone are asked. */
const momentOf = (stamp: string): Moment | null => {
  const match = STAMP.exec(stamp)
  if (match === null) return null
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59) return null
  return {
    seconds: daysBefore(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second,
    micros: Number((match[7] ?? "").padEnd(9, "0")) / 1000,
  }
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : MONTH_DAYS[month - 1]

/** Days before that one, since the start of the year 0. */
const daysBefore = (year: number, month: number, day: number): number => {
  const past = year - 1
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
  let days = 365 * year + leapDays + day - 1
  for (let earlier = 1; earlier < month; earlier++) days += daysInMonth(year, earlier)
  return days
}
