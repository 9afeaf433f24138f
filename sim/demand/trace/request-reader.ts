/**
 * The text of a trace, piece by piece, as requests in order of time. What was read is kept no longer
 * than the line under way, so that a trace may be of any size.
 *
 * Requests must be in the order of their stamps, as they are in every published trace: an unordered
 * file is most likely damaged or joined from several, and sorting it would hide that.
 */
import { timeUnits } from "../../scenarios/schema.ts"
import { quotesIn, splitRecord } from "./csv.ts"
import { knownLayouts } from "./layouts.ts"
import type { Row, RowFault, RowFormat } from "./rows.ts"
import { formatOf, strayQuote } from "./rows.ts"
import type { Moment, TimeUnit } from "./stamps.ts"
import { microsBetween, momentOfDate, momentOfNumber, mostOf, unitOfEpochStamp } from "./stamps.ts"
import { quoted, TraceInvalid } from "./trace-invalid.ts"

/** What of a trace is read, and how. */
export interface ReadSettings {
  readonly path: string
  /** What its stamps count; `null`: the trace tells. */
  readonly timeUnit: TimeUnit | null
  /** The window, in seconds from its first request; `null`: to the end. */
  readonly fromSeconds: number
  readonly untilSeconds: number | null
}

/** Takes a request of the window; its time is whole microseconds from the window's start. */
export type Take = (micros: number, inputTokens: number, outputTokens: number) => void

/** Characters; a request with the hashes of ten million tokens has fewer. */
const longestRecord = 16_000_000

export class RequestReader {
  private readonly settings: ReadSettings
  private readonly take: Take
  private readonly fromMicros: number
  private readonly untilMicros: number
  /** The line under way, as far as it has come. */
  private rest = ""
  private line = 0
  /** A record whose quoted field goes on in the next line. */
  private open: { readonly line: number; text: string; quotes: number } | null = null
  private format: RowFormat | null = null
  private unit: TimeUnit | "date" | null = null
  /** Whether the layout alone tells the unit. */
  private isUnitAssumed = false
  private start: Moment | null = null
  private last = 0
  private isAtStart = true
  /** Whether all that comes now is after the window. */
  isPast = false

  constructor(settings: ReadSettings, take: Take) {
    this.settings = settings
    this.take = take
    this.fromMicros = Math.round(settings.fromSeconds * 1e6)
    this.untilMicros = Math.round((settings.untilSeconds ?? Infinity) * 1e6)
  }

  /** Which layout it is, and what its stamps are. */
  get description(): string {
    return `${this.format?.places.layout.name ?? "no"} layout, ${this.unit === "date" ? "dates" : this.unit}`
  }

  /** Reads on. Throws `TraceInvalid`. */
  push(text: string): void {
    let from = 0
    if (this.isAtStart && text !== "") {
      this.isAtStart = false
      if (text.startsWith("\uFEFF")) from = 1
    }
    for (let end = text.indexOf("\n", from); end >= 0 && !this.isPast;) {
      const line = this.rest + text.slice(from, end)
      this.rest = ""
      this.onLine(line.endsWith("\r") ? line.slice(0, -1) : line)
      from = end + 1
      end = text.indexOf("\n", from)
    }
    if (this.isPast) return
    this.rest += text.slice(from)
    this.refuseLong(this.rest.length)
  }

  /** The text has ended. Throws `TraceInvalid`. */
  end(): void {
    if (this.isPast) return
    if (this.rest !== "") this.onLine(this.rest.replace(/\r$/, ""))
    this.rest = ""
    if (this.open !== null) {
      const { line, text } = this.open
      this.refuse({ ...strayQuote(text.lastIndexOf('"')), column: 1 }, line)
    }
    if (this.start !== null) return
    const allowed = this.format === null ? knownLayouts : "at least one request"
    this.refuse({ column: 1, found: "nothing", allowed }, this.line + 1)
  }

  private onLine(line: string): void {
    this.line++
    const { open } = this
    if (open !== null) {
      open.text += `\n${line}`
      open.quotes += quotesIn(line)
      this.refuseLong(open.text.length)
      if (open.quotes % 2 !== 0) return
      this.open = null
      this.onRecord(open.text, open.line)
    } else if (line.trim() !== "") {
      const delimiter = this.format?.delimiter ?? null
      if (delimiter === null || !line.includes('"')) this.onRecord(line, this.line)
      else if (splitRecord(line, delimiter)._tag === "Open")
        this.open = { line: this.line, text: line, quotes: quotesIn(line) }
      else this.onRecord(line, this.line)
    }
  }

  private onRecord(record: string, line: number): void {
    if (this.format === null) {
      const format = formatOf(record)
      if ("found" in format) return this.refuse(format, line)
      this.format = format
      if (format.hasHeader) return
    }
    const row = this.format.read(record)
    if ("found" in row) return this.refuse(row, line)
    this.onRow(row, record, line)
  }

  private onRow(row: Row, record: string, line: number): void {
    const moment = this.momentOf(row.stamp, record, line)
    this.start ??= moment
    const micros = microsBetween(this.start, moment)
    if (micros < this.last)
      this.refuseStamp(record, line, {
        found: "a time before that of the request above",
        allowed: "requests in the order of their times",
      })
    this.last = micros
    if (micros >= this.untilMicros) this.isPast = true
    else if (micros >= this.fromMicros)
      this.take(micros - this.fromMicros, row.inputTokens, row.outputTokens)
  }

  private momentOf(stamp: string | number, record: string, line: number): Moment {
    const unit = (this.unit ??= this.unitOf(stamp, record, line))
    const moment =
      unit === "date"
        ? typeof stamp === "string"
          ? momentOfDate(stamp)
          : null
        : typeof stamp === "number" && stamp >= 0 && stamp <= mostOf(unit)
          ? momentOfNumber(stamp, unit)
          : null
    if (moment === null)
      return this.refuseStamp(record, line, {
        found: typeof stamp === "number" ? `the time ${stamp}` : quoted(stamp),
        allowed:
          unit === "date"
            ? 'a time like "2023-11-16 18:15:46.6805900"'
            : `${unit} from 0 to ${mostOf(unit)}`,
      })
    if (this.isUnitAssumed && this.format?.isTypical(record) === false)
      return this.askForUnit(stamp, record, line)
    return moment
  }

  /** The unit of all stamps, from the first. */
  private unitOf(stamp: string | number, record: string, line: number): TimeUnit | "date" {
    const { timeUnit } = this.settings
    if (typeof stamp === "string") {
      if (timeUnit !== null && momentOfDate(stamp) !== null)
        return this.refuseStamp(record, line, {
          found: `${quoted(stamp)}, and demand.trace.timeUnit=${timeUnit}`,
          allowed: "a unit for stamps that are numbers; leave it out: dates need none",
        })
      return timeUnit ?? "date"
    }
    const known = timeUnit ?? unitOfEpochStamp(stamp)
    if (known !== null) return known
    const assumed = this.format?.places.layout.unit ?? null
    if (assumed === null) return this.askForUnit(stamp, record, line)
    this.isUnitAssumed = true
    return assumed
  }

  private askForUnit(stamp: string | number, record: string, line: number): never {
    return this.refuseStamp(record, line, {
      found: `the time ${stamp}, and nothing that tells its unit`,
      allowed: `demand.trace.timeUnit=UNIT, one of ${timeUnits.join(", ")}`,
    })
  }

  private refuseStamp(record: string, line: number, fault: Omit<RowFault, "column">): never {
    return this.refuse({ column: this.format?.columnOfStamp(record) ?? 1, ...fault }, line)
  }

  private refuseLong(length: number): void {
    if (length > longestRecord)
      this.refuse(
        {
          column: 1,
          found: `more than ${longestRecord} characters without an end`,
          allowed: "a request a line, and quotes that are closed",
        },
        this.open?.line ?? this.line + 1,
      )
  }

  private refuse(fault: RowFault, line: number): never {
    throw new TraceInvalid({ path: this.settings.path, line, ...fault })
  }
}
