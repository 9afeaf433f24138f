/** The text of a trace as requests: each layout, each unit, and whatever may be wrong. */
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ReadSettings } from "../../../../sim/demand/trace/request-reader.ts"
import { RequestReader } from "../../../../sim/demand/trace/request-reader.ts"
import { TraceInvalid } from "../../../../sim/demand/trace/trace-invalid.ts"

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens"

interface Requests {
  readonly times: ReadonlyArray<number>
  readonly inputTokens: ReadonlyArray<number>
  readonly outputTokens: ReadonlyArray<number>
}

/** All requests of a text that comes in pieces of so many characters. */
const read = (
  text: string,
  settings: Partial<ReadSettings> = {},
  pieceLength = text.length,
): Requests => {
  const times: Array<number> = []
  const inputTokens: Array<number> = []
  const outputTokens: Array<number> = []
  const whole = { path: "t.csv", timeUnit: null, fromSeconds: 0, untilSeconds: null, ...settings }
  const reader = new RequestReader(whole, (micros, input, output) => {
    times.push(micros)
    inputTokens.push(input)
    outputTokens.push(output)
  })
  for (let at = 0; at < text.length; at += pieceLength)
    reader.push(text.slice(at, at + pieceLength))
  reader.end()
  return { times, inputTokens, outputTokens }
}

const parse = (...lines: ReadonlyArray<string>): Requests => read(lines.join("\n"))

/** Why a text is refused. */
const problemWith = (text: string, settings: Partial<ReadSettings> = {}): TraceInvalid => {
  const outcome = Either.try({
    try: () => read(text, settings),
    catch: (error) => error,
  })
  if (Either.isLeft(outcome) && outcome.left instanceof TraceInvalid) return outcome.left
  throw new Error("was not refused", { cause: outcome })
}

const problem = (...lines: ReadonlyArray<string>): TraceInvalid => problemWith(lines.join("\n"))

const azure = (...lines: ReadonlyArray<string>) => [HEADER, ...lines]

describe("an Azure trace", () => {
  it("becomes times from the first request, and sizes", () => {
    const trace = parse(
      ...azure(
        "2023-11-16 18:15:46.6805900,374,44",
        "2023-11-16 18:15:46.6805905,1,2",
        "2023-11-16 18:15:50.9951690,396,109",
      ),
    )
    expect([...trace.times]).toEqual([0, 0, 4_314_579])
    expect([...trace.inputTokens]).toEqual([374, 1, 396])
    expect([...trace.outputTokens]).toEqual([44, 2, 109])
  })

  it("may end its lines as Windows does, begin with a byte-order mark, and end with blank lines", () => {
    const text = `\uFEFF${HEADER}\r\n2023-11-16 00:00:01,5,6\r\n2023-11-16 00:00:02,7,8\r\n\r\n`
    const trace = read(text)
    expect([...trace.times]).toEqual([0, 1e6])
    expect([...trace.outputTokens]).toEqual([6, 8])
  })

  it("may write its zone, and leave the fraction out", () => {
    const trace = parse(...azure("2024-05-12 00:00:00+00:00,1,1", "2024-05-12T00:00:00.25Z,1,1"))
    expect([...trace.times]).toEqual([0, 250_000])
  })

  it.each([
    ["2023-12-31 23:59:59.5", "2024-01-01 00:00:00.5", 1],
    ["2024-02-28 12:00:00", "2024-03-01 12:00:00", 2 * 86_400],
    ["2023-02-28 12:00:00", "2023-03-01 12:00:00", 86_400],
    ["1900-02-28 00:00:00", "1900-03-01 00:00:00", 86_400],
    ["2000-02-28 00:00:00", "2000-03-01 00:00:00", 2 * 86_400],
    ["2023-01-01 00:00:00", "2024-01-01 00:00:00", 365 * 86_400],
    ["2023-10-31 00:00:00", "2023-11-01 01:02:03", 86_400 + 3723],
  ])("crosses from %s to %s in %d seconds", (from, to, seconds) => {
    expect(parse(...azure(`${from},1,1`, `${to},1,1`)).times[1]).toBe(seconds * 1e6)
  })
})

const hashes = (count: number): string => Array.from({ length: count }, (_, i) => i).join(", ")

describe("a Mooncake trace", () => {
  it("becomes times from the first request, and sizes; other fields are ignored", () => {
    const trace = parse(
      `{"timestamp": 3000, "input_length": 6758, "output_length": 500, "hash_ids": [${hashes(14)}]}`,
      '{"output_length": 3, "hash_ids": [7], "input_length": 7, "timestamp": 5999}',
    )
    expect([...trace.times]).toEqual([0, 2_999_000])
    expect([...trace.inputTokens]).toEqual([6758, 7])
    expect([...trace.outputTokens]).toEqual([500, 3])
  })
})

describe("any trace", () => {
  const arbitraryRequests = fc
    .array(
      fc.record({
        gap: fc.integer({ min: 0, max: 100_000_000 }),
        input: fc.integer({ min: 0, max: 200_000 }),
        output: fc.integer({ min: 0, max: 200_000 }),
      }),
      { minLength: 1, maxLength: 30 },
    )
    .map((requests) => {
      let at = 0
      return requests.map(({ gap, input, output }, i) => ({
        at: (at += i === 0 ? 0 : gap),
        input,
        output,
      }))
    })
  const two = (value: number): string => String(value).padStart(2, "0")

  it("comes back as it was written, from either format", () => {
    fc.assert(
      fc.property(arbitraryRequests, (requests) => {
        const stampOf = (micros: number): string => {
          const seconds = Math.floor(micros / 1e6)
          const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor).map(two)
          return `2023-11-16 ${clock.join(":")}.${String(micros % 1e6).padStart(6, "0")}0`
        }
        const csv = parse(
          ...azure(...requests.map(({ at, input, output }) => `${stampOf(at)},${input},${output}`)),
        )
        const jsonl = read(
          requests
            .map(({ at, input, output }) =>
              JSON.stringify({ timestamp: at / 1000, input_length: input, output_length: output }),
            )
            .join("\n"),
          { timeUnit: "milliseconds" },
        )
        for (const trace of [csv, jsonl]) {
          expect([...trace.inputTokens]).toEqual(requests.map(({ input }) => input))
          expect([...trace.outputTokens]).toEqual(requests.map(({ output }) => output))
        }
        expect([...csv.times]).toEqual(requests.map(({ at }) => at))
        for (const [i, { at }] of requests.entries()) {
          expect(Math.abs(jsonl.times[i] - at)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})

const plain = (...stamps: ReadonlyArray<string | number>): string =>
  stamps
    .map((stamp) => `{"timestamp": ${stamp}, "input_length": 100, "output_length": 20}`)
    .join("\n")

const csv = (...stamps: ReadonlyArray<string>): string =>
  [HEADER, ...stamps.map((stamp) => `${stamp},100,20`)].join("\n")

describe("the unit of stamps", () => {
  it.each([
    ["relative stamps", plain(0, 400, 800)],
    ["fractions", plain("0.0", "400.0")],
    ["numbers under Azure's header", csv("0", "400")],
    ["Mooncake's names in CSV", "timestamp,input_length,output_length\n0,1,1"],
    [
      "hashes of blocks that are not Mooncake's",
      '{"timestamp": 0, "input_length": 100, "output_length": 20, "hash_ids": [1, 2]}',
    ],
    [
      "hashes as Mooncake's, but fractions",
      '{"timestamp": 0.0, "input_length": 100, "output_length": 20, "hash_ids": [1]}',
    ],
  ])("is asked for where nothing tells it: %s", (_, text) => {
    const { found, allowed } = problemWith(text)
    expect(found).toContain("nothing that tells its unit")
    expect(allowed).toBe(
      "demand.trace.timeUnit=UNIT, one of seconds, milliseconds, microseconds, nanoseconds",
    )
  })

  it("is asked for at a later line of Mooncake's layout that is not like Mooncake's", () => {
    const line = (stamp: string) =>
      `{"timestamp": ${stamp}, "input_length": 100, "output_length": 20, "hash_ids": [1]}`
    const { line: at, found } = problemWith([line("0"), line("61.114")].join("\n"))
    expect(at).toBe(2)
    expect(found).toContain("61.114")
  })

  it.each([
    ["seconds", 1e6],
    ["milliseconds", 1e3],
    ["microseconds", 1],
    ["nanoseconds", 1e-3],
  ] as const)("may be given: %s", (timeUnit, micros) => {
    const { times } = read(plain(1000, 5000), { timeUnit })
    expect(times).toEqual([0, 4000 * micros])
    expect(read(csv("1000", "5000"), { timeUnit }).times).toEqual(times)
  })

  it.each([
    ["seconds", "1700000000.5", "1700003600.75"],
    ["milliseconds", "1700000000500", "1700003600750"],
    ["microseconds", "1700000000500000", "1700003600750000"],
    ["nanoseconds", "1700000000500000000", "1700003600750000000"],
  ])("is told by stamps that count %s from 1970", (_, first, second) => {
    expect(read(plain(first, second)).times).toEqual([0, 3_600_250_000])
    expect(read(csv(first, second)).times).toEqual([0, 3_600_250_000])
  })

  it("is seconds in Alibaba's layout, to the microsecond", () => {
    const line = (stamp: string) =>
      `{"chat_id": 1, "parent_chat_id": -1, "timestamp": ${stamp}, "input_length": 521, "output_length": 132, "type": "text", "turn": 1, "hash_ids": [1]}`
    expect(read([line("0.0"), line("61.114"), line("61.115")].join("\n")).times).toEqual([
      0, 61_114_000, 61_115_000,
    ])
  })

  it("is not needed for dates, and refused with them", () => {
    const { found, allowed } = problemWith(csv("2023-11-16 18:15:46"), { timeUnit: "seconds" })
    expect(found).toContain("demand.trace.timeUnit=seconds")
    expect(allowed).toContain("dates need none")
    expect(read(plain('"2024-05-10T00:00:00Z"', '"2024-05-10T00:00:01Z"')).times).toEqual([0, 1e6])
  })

  it("is the same for all stamps of a trace", () => {
    expect(problemWith(csv("2023-11-16 18:15:46", "5")).line).toBe(3)
    expect(problemWith(csv("5", "2023-11-16 18:15:46"), { timeUnit: "seconds" }).line).toBe(3)
  })
})

describe("a BurstGPT trace", () => {
  const rows = ["5,ChatGPT,472,18,490,Conversation log", "45,ChatGPT,1087,0,1087,API log"]
  const header = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type"

  it("counts seconds; requests that failed have no response tokens", () => {
    const { times, inputTokens, outputTokens } = parse(header, ...rows)
    expect(times).toEqual([0, 40e6])
    expect(inputTokens).toEqual([472, 1087])
    expect(outputTokens).toEqual([18, 0])
  })

  it("may have sessions and times that elapsed as well", () => {
    const trace = parse(
      "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type",
      "0.5,a,1.25,GPT-4,1,2,3,API log",
      "0.75,,,GPT-4,4,5,9,API log",
    )
    expect(trace).toEqual({ times: [0, 250_000], inputTokens: [1, 4], outputTokens: [2, 5] })
  })
})

describe("CSV", () => {
  const plainly = parse(
    HEADER,
    "2024-05-10 00:00:00.009930+00:00,2162,5",
    "2024-05-10 00:00:01,3,4",
  )

  it.each([
    [
      "quoted",
      '"TIMESTAMP","ContextTokens","GeneratedTokens"\n"2024-05-10 00:00:00.009930+00:00","2162","5"\n"2024-05-10 00:00:01","3","4"',
    ],
    [
      "partly quoted, with blanks",
      'TIMESTAMP, "ContextTokens", GeneratedTokens\n2024-05-10 00:00:00.009930+00:00, "2162", 5\n2024-05-10 00:00:01,3 ,4',
    ],
    [
      "with semicolons",
      "TIMESTAMP;ContextTokens;GeneratedTokens\n2024-05-10 00:00:00,009930;2162;5\n2024-05-10 00:00:01;3;4",
    ],
    [
      "with tabs",
      "TIMESTAMP\tContextTokens\tGeneratedTokens\n2024-05-10 00:00:00.009930\t2162\t5\n2024-05-10 00:00:01\t3\t4",
    ],
    [
      "with bars",
      "TIMESTAMP|ContextTokens|GeneratedTokens\n2024-05-10 00:00:00.009930|2162|5\n2024-05-10 00:00:01|3|4",
    ],
    [
      "with other names' case, order and columns",
      'generated_tokens,Prompt,context_tokens,timestamp\n5,"a, ""b""\nc",2162,2024-05-10 00:00:00.009930\n4,"",3,2024-05-10 00:00:01',
    ],
    [
      "with blank lines",
      `\n${HEADER}\n\n2024-05-10 00:00:00.009930,2162,5\n  \n2024-05-10 00:00:01,3,4\n\n`,
    ],
    [
      "with counts as data frames write them",
      `${HEADER}\n2024-05-10 00:00:00.009930,2162.0,5.\n2024-05-10 00:00:01,3e0,4.000`,
    ],
    [
      "with offsets",
      `${HEADER}\n2024-05-10 02:00:00.009930+02:00,2162,5\n2024-05-09T19:30:01-0430,3,4`,
    ],
  ])("%s is read as it is plainly", (_, text) => {
    expect(read(text)).toEqual(plainly)
    expect(read(`\uFEFF${text.replaceAll("\n", "\r\n")}\r\n`)).toEqual(plainly)
    for (const pieceLength of [1, 2, 7]) expect(read(text, {}, pieceLength)).toEqual(plainly)
  })

  it("says in which line a record began that goes over several", () => {
    const text = 'TIMESTAMP,ContextTokens,GeneratedTokens,Text\n2024-05-10 00:00:00,1,2,"a\nb"\n'
    expect(problemWith(`${text}2024-05-10 00:00:01,-1,2,"c\n"`).line).toBe(4)
    expect(problemWith(`${text}2024-05-10 00:00:01,1,2,"c\n\n`)).toMatchObject({
      line: 4,
      found: "a quote that begins or ends no field",
    })
  })

  it.each([
    ['2024-05-10 00:00:00,1"2,3', 22],
    ['2024-05-10 00:00:00,"1"2,3', 23],
  ])("refuses a stray quote: %s", (row, column) => {
    expect(problem(HEADER, row)).toMatchObject({ line: 2, column })
  })

  it.each([
    ["-3", 21],
    ["NaN", 21],
    ["Infinity", 21],
    ["0x10", 21],
    ["1e400", 21],
    ['"1,000"', 21],
  ])("refuses %s tokens, and says where", (tokens, column) => {
    expect(problem(HEADER, "", `2024-05-10 00:00:00,${tokens},3`)).toMatchObject({
      line: 3,
      column,
    })
  })

  it.each(["-5", "NaN", "-0.001"])("refuses %s seconds", (stamp) => {
    const error = problem("Timestamp,Request tokens,Response tokens", "0,1,1", `${stamp},1,1`)
    expect(error).toMatchObject({ line: 3, column: 1, allowed: "seconds from 0 to 3155760000" })
  })
})

describe("a window", () => {
  const text = csv(
    ...[0, 10, 20, 30].map((second) => `2023-11-16 18:15:${String(second).padStart(2, "0")}`),
  )

  it("begins at its start, and ends before its end", () => {
    expect(read(text, { fromSeconds: 10, untilSeconds: 30 }).times).toEqual([0, 10e6])
    expect(read(text, { fromSeconds: 5 }).times).toEqual([5e6, 15e6, 25e6])
    expect(read(text, { untilSeconds: 10.000_001 }).times).toEqual([0, 10e6])
  })

  it("reads nothing of what comes after it", () => {
    expect(read(`${text}\nnonsense`, { untilSeconds: 25 }).times).toEqual([0, 10e6, 20e6])
  })
})

describe("a broken trace", () => {
  const good = "2023-11-16 18:15:46.68,374,44"
  const goodJson = '{"timestamp": 0, "input_length": 5, "output_length": 5, "hash_ids": [0]}'

  it.each<readonly [string, ReadonlyArray<string>, number, number, string, string]>([
    ["an empty file", [""], 1, 1, "nothing", HEADER],
    ["another header", ["time,in,out"], 1, 1, '"time,in,out"', HEADER],
    ["a header alone", [HEADER], 2, 1, "nothing", "at least one request"],
    [
      "a missing field",
      azure(good, "2023-11-16 18:15:47.1,12"),
      3,
      25,
      "2 fields",
      "3, as in the header",
    ],
    ["a field too many", azure(good, `${good},9`), 3, 32, "4 fields", "3, as in the header"],
    [
      "a truncated last line",
      azure(good, "2023-11-16 18:1"),
      3,
      16,
      "1 fields",
      "3, as in the header",
    ],
    ["a bad stamp", azure("16/11/2023 18:15,1,1"), 2, 1, '"16/11/2023 18:15"', "2023-11-16"],
    ["a day that is not", azure("2023-02-29 00:00:00,1,1"), 2, 1, "2023-02-29", "a time like"],
    ["a month that is not", azure("2023-13-01 00:00:00,1,1"), 2, 1, "2023-13-01", "a time like"],
    ["an hour that is not", azure("2023-01-01 24:00:00,1,1"), 2, 1, "24:00:00", "a time like"],
    ["a negative size", azure("2023-11-16 18:15:46,-3,1"), 2, 21, '"-3"', "0 to 10000000"],
    ["no number", azure("2023-11-16 18:15:46,12,many"), 2, 24, '"many"', "0 to 10000000"],
    ["a fraction", azure("2023-11-16 18:15:46,1.5,1"), 2, 21, '"1.5"', "whole number"],
    ["an empty field", azure("2023-11-16 18:15:46,,1"), 2, 21, '""', "whole number"],
    ["a huge size", azure("2023-11-16 18:15:46,1,99999999"), 2, 23, '"99999999"', "10000000"],
    [
      "time running back",
      azure(good, "2023-11-16 18:15:46.67,1,1"),
      3,
      1,
      "before",
      "in the order",
    ],
    ["half a JSON object", [goodJson, '{"timestamp": 1, "inp'], 2, 1, "inp", "JSON object"],
    ["a JSON array", [goodJson, "[1, 2, 3]"], 2, 1, "[1, 2, 3]", "one whole JSON object"],
    ["no time", [goodJson, '{"input_length": 5, "output_length": 5}'], 2, 1, "missing", "a unit"],
    ["a JSON number", [goodJson, "7"], 2, 1, '"7"', "JSON object"],
    [
      "a size as text",
      ['{"timestamp": 0, "input_length": "5", "output_length": 5}'],
      1,
      18,
      'input_length "\\"5\\""',
      "whole number",
    ],
    [
      "no output",
      [goodJson, '{"timestamp": 0, "input_length": 5}'],
      2,
      1,
      "output_length missing",
      "whole",
    ],
    [
      "a negative time",
      [goodJson, '{"timestamp": -1, "input_length": 5, "output_length": 5}'],
      2,
      2,
      "-1",
      "milliseconds from 0",
    ],
    [
      "an endless time",
      [goodJson, '{"timestamp": 1e300, "input_length": 5, "output_length": 5}'],
      2,
      2,
      "1e+300",
      "milliseconds from 0",
    ],
  ])(
    "with %s is refused: where, what, and what is allowed",
    (_, lines, line, column, found, allowed) => {
      const error = problem(...lines)
      expect(error).toBeInstanceOf(TraceInvalid)
      expect([error.line, error.column]).toEqual([line, column])
      expect(error.found).toContain(found)
      expect(error.allowed).toContain(allowed)
      expect(error.message).toContain(`t.csv, line ${line}, column ${column}: found`)
    },
  )

  it("shows only the start of a long line", () => {
    expect(problem(`x${"y".repeat(1e6)}`).message.length).toBeLessThan(400)
  })
})
