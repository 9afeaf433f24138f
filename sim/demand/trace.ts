/**
 * Recorded demand: the Azure LLM inference traces (CSV: TIMESTAMP,ContextTokens,GeneratedTokens) and
 * the Mooncake conversation trace (JSON lines: timestamp in ms, input_length, output_length). The
 * format is told by the first line.
 */
import { FileSystem } from "@effect/platform"
import { Data, Effect, Either } from "effect"

/** Requests in order of time, from the first one on. */
export interface Trace {
  /** µs since the first request. */
  readonly times: Float64Array<ArrayBuffer>
  readonly inputTokens: Int32Array<ArrayBuffer>
  readonly outputTokens: Int32Array<ArrayBuffer>
}

/** A trace that cannot be replayed: which file, which line, what was found, what is allowed. */
export class TraceInvalid extends Data.TaggedError("TraceInvalid")<{
  readonly path: string
  /** Counted from 1; 0: the file as a whole. */
  readonly line: number
  readonly problem: string
}> {
  override get message(): string {
    return this.line === 0
      ? `Trace ${this.path}: ${this.problem}`
      : `Trace ${this.path}, line ${this.line}: ${this.problem}`
  }
}

/** Larger files than this are refused rather than read into memory. */
const maxBytes = 200_000_000
const maxTokens = 10_000_000
const csvHeader = "TIMESTAMP,ContextTokens,GeneratedTokens"

export const loadTrace = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const invalid = (problem: string) => new TraceInvalid({ path, line: 0, problem })
    const info = yield* fs.stat(path).pipe(Effect.mapError(() => invalid("no such file")))
    if (info.type !== "File") return yield* invalid("is not a file")
    if (Number(info.size) > maxBytes)
      return yield* invalid(
        `is ${Number(info.size)} bytes; at most ${maxBytes} are read. Cut it into parts.`,
      )
    const text = yield* fs
      .readFileString(path)
      .pipe(Effect.mapError(() => invalid("cannot be read as text")))
    return yield* parseTrace(text, path)
  })

/** One request of a trace. */
interface Row {
  readonly micros: number
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Parses a whole trace. Rows out of order are put in order; equal stamps keep the file's order. */
export const parseTrace = (text: string, path: string): Either.Either<Trace, TraceInvalid> => {
  const lines = text.split(/\r?\n/)
  const first = lines[0].replace(/^\uFEFF/, "").trim()
  const isCsv = first === csvHeader
  if (!isCsv && !first.startsWith("{"))
    return Either.left(
      new TraceInvalid({
        path,
        line: 1,
        problem: `expected the header ${csvHeader} (Azure), or a JSON object with timestamp, input_length and output_length (Mooncake), found ${shown(first)}`,
      }),
    )
  const parseRow = isCsv ? parseCsvRow : parseJsonRow
  const rows: Array<Row> = []
  for (let i = isCsv ? 1 : 0; i < lines.length; i++) {
    if (lines[i].trim() === "") continue
    const row = parseRow(lines[i])
    if (typeof row === "string")
      return Either.left(new TraceInvalid({ path, line: i + 1, problem: row }))
    rows.push(row)
  }
  if (rows.length === 0)
    return Either.left(new TraceInvalid({ path, line: 0, problem: "holds no requests" }))
  return Either.right(traceOf(rows))
}

const traceOf = (rows: ReadonlyArray<Row>): Trace => {
  const sorted = rows.toSorted((a, b) => a.micros - b.micros)
  const start = sorted[0].micros
  return {
    times: Float64Array.from(sorted, ({ micros }) => micros - start),
    inputTokens: Int32Array.from(sorted, ({ inputTokens }) => inputTokens),
    outputTokens: Int32Array.from(sorted, ({ outputTokens }) => outputTokens),
  }
}

const shown = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** Tokens as a whole number, or what is wrong with them. */
const tokensFrom = (name: string, value: unknown): number | string => {
  const tokens = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof tokens === "number" &&
    Number.isInteger(tokens) &&
    tokens >= 0 &&
    tokens <= maxTokens
    ? tokens
    : `expected ${name} as a whole number, 0 to ${maxTokens}, found ${shown(String(value))}`
}

const rowOf = (micros: number, input: number | string, output: number | string): Row | string => {
  if (typeof input === "string") return input
  if (typeof output === "string") return output
  return { micros, inputTokens: input, outputTokens: output }
}

const stamp = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/

const parseCsvRow = (line: string): Row | string => {
  const cells = line.split(",")
  if (cells.length !== 3) return `expected 3 columns, found ${cells.length}: ${shown(line)}`
  const match = stamp.exec(cells[0].trim())
  if (match === null)
    return `expected a time such as 2023-11-16 18:15:46.6805900, found ${shown(cells[0])}`
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  const micros =
    Date.UTC(year, month - 1, day, hour, minute, second) * 1000 +
    Math.floor(Number((match[7] ?? "").padEnd(9, "0")) / 1000)
  return rowOf(
    micros,
    tokensFrom("ContextTokens", cells[1]),
    tokensFrom("GeneratedTokens", cells[2]),
  )
}

const parseJsonRow = (line: string): Row | string => {
  let row: unknown
  try {
    row = JSON.parse(line)
  } catch {
    return `expected a JSON object, found ${shown(line)}`
  }
  if (typeof row !== "object" || row === null) return `expected a JSON object, found ${shown(line)}`
  const { timestamp, input_length, output_length } = row as Record<string, unknown>
  if (typeof timestamp !== "number" || !(timestamp >= 0) || timestamp > 1e13)
    return `expected timestamp in milliseconds, 0 or more, found ${shown(String(timestamp))}`
  return rowOf(
    Math.round(timestamp * 1000),
    tokensFrom("input_length", input_length),
    tokensFrom("output_length", output_length),
  )
}
