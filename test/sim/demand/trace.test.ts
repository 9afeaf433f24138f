import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import fc from "fast-check"
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import { azureConversationRates } from "../../../sim/demand/azure-conversation.ts"
import { dispersionOfCounts, fitRateStates } from "../../../sim/demand/fit-rate-states.ts"
import {
  jitterTimes,
  loadTrace,
  MAX_TRACE_BYTES,
  parseTrace,
  scaleTime,
  TraceInvalid,
  type Trace,
} from "../../../sim/demand/trace.ts"
import {
  azureCodeTrace,
  azureConversationTrace,
  mooncakeTrace,
  whereThereIsATrace,
} from "./trace-files.ts"

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens"

const parse = (...lines: ReadonlyArray<string>): Trace =>
  Either.getOrThrow(parseTrace(lines.join("\n"), "t.csv"))

const problem = (...lines: ReadonlyArray<string>): TraceInvalid =>
  Either.getOrThrow(Either.flip(parseTrace(lines.join("\n"), "t.csv")))

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
    const trace = Either.getOrThrow(parseTrace(text, "t.csv"))
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

describe("a Mooncake trace", () => {
  it("becomes times from the first request, and sizes; other fields are ignored", () => {
    const trace = parse(
      '{"timestamp": 3000, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}',
      '{"output_length": 3, "input_length": 7, "timestamp": 5999.5}',
    )
    expect([...trace.times]).toEqual([0, 2_999_500])
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
        const jsonl = parse(
          ...requests.map(({ at, input, output }) =>
            JSON.stringify({ timestamp: at / 1000, input_length: input, output_length: output }),
          ),
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

  it("keeps its pairs and its order when it is played faster and jittered", () => {
    fc.assert(
      fc.property(
        arbitraryRequests,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.integer({ min: 0, max: 5_000_000 }),
        fc.integer(),
        (requests, speed, jitter, seed) => {
          const trace: Trace = {
            times: Float64Array.from(requests, ({ at }) => at),
            inputTokens: Int32Array.from(requests, (_, i) => i),
            outputTokens: Int32Array.from(requests, ({ output }) => output),
          }
          const scaled = scaleTime(trace, speed)
          const jittered = jitterTimes(scaled, jitter, openStream(String(seed), "jitter", 0))
          const again = jitterTimes(scaled, jitter, openStream(String(seed), "jitter", 0))
          expect(again).toEqual(jittered)
          expect([...jittered.inputTokens].sort((a, b) => a - b)).toEqual([...trace.inputTokens])
          for (const [place, request] of jittered.inputTokens.entries()) {
            expect(jittered.outputTokens[place]).toBe(trace.outputTokens[request])
            const moved = jittered.times[place] - Math.round(trace.times[request] / speed)
            expect(moved).toBeGreaterThanOrEqual(0)
            expect(moved).toBeLessThanOrEqual(jitter)
            expect(Number.isInteger(jittered.times[place])).toBe(true)
            const before = place === 0 ? 0 : jittered.times[place - 1]
            expect(jittered.times[place]).toBeGreaterThanOrEqual(before)
          }
        },
      ),
    )
  })
})

describe("a broken trace", () => {
  const good = "2023-11-16 18:15:46.68,374,44"
  const goodJson = '{"timestamp": 0, "input_length": 5, "output_length": 5}'

  it.each<readonly [string, ReadonlyArray<string>, number, number, string, string]>([
    ["an empty file", [""], 1, 1, "nothing", HEADER],
    ["another header", ["time,in,out"], 1, 1, '"time,in,out"', HEADER],
    ["a header alone", [HEADER], 2, 1, "nothing", "at least one request"],
    ["a missing field", azure(good, "2023-11-16 18:15:47.1,12"), 3, 25, "2 fields", "three"],
    ["a field too many", azure(good, `${good},9`), 3, 32, "4 fields", "three"],
    ["a truncated last line", azure(good, "2023-11-16 18:1"), 3, 16, "1 fields", "three"],
    ["a blank line inside", azure(good, "", good), 3, 1, "an empty line", "three"],
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
    ["a JSON array", [goodJson, "[1, 2, 3]"], 2, 1, "timestamp missing", "milliseconds"],
    ["a JSON number", [goodJson, "7"], 2, 1, '"7"', "JSON object"],
    [
      "a size as text",
      ['{"timestamp": 0, "input_length": "5", "output_length": 5}'],
      1,
      18,
      'input_length "\\"5\\""',
      "whole number",
    ],
    ["no output", ['{"timestamp": 0, "input_length": 5}'], 1, 1, "output_length missing", "whole"],
    [
      "a negative time",
      ['{"timestamp": -1, "input_length": 5, "output_length": 5}'],
      1,
      2,
      "-1",
      "milliseconds from 0",
    ],
    [
      "an endless time",
      ['{"timestamp": 1e300, "input_length": 5, "output_length": 5}'],
      1,
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

describe("a trace file", () => {
  let folder = ""
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "trace-"))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const load = (path: string) =>
    Effect.runPromise(Effect.either(loadTrace(path)).pipe(Effect.provide(NodeContext.layer)))
  const message = async (path: string): Promise<string> =>
    Either.getOrThrow(Either.flip(await load(path))).message

  it("is read from disk", async () => {
    const path = join(folder, "good.csv")
    writeFileSync(path, `${HEADER}\n2023-11-16 18:15:46.68,374,44\n`)
    expect(Either.getOrThrow(await load(path)).inputTokens[0]).toBe(374)
  })

  it("that is missing, a folder, or too large says so", async () => {
    expect(await message(join(folder, "none.csv"))).toBe(
      `${join(folder, "none.csv")}: found no such file; allowed is a file that can be read`,
    )
    expect(await message(folder)).toContain("found a directory")
    const large = join(folder, "large.csv")
    writeFileSync(large, "")
    truncateSync(large, MAX_TRACE_BYTES + 1)
    expect(await message(large)).toContain(
      `found ${MAX_TRACE_BYTES + 1} bytes; allowed is a file of at`,
    )
  })

  it("that is broken names itself and the line", async () => {
    const path = join(folder, "broken.csv")
    writeFileSync(path, `${HEADER}\nnow,1,1\n`)
    expect(await message(path)).toContain(`${path}, line 2, column 1: found "now"`)
  })
})

describe("the published traces (skipped where ../shared/data/traces is absent)", () => {
  const mean = (values: Int32Array): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length

  it.skipIf(!whereThereIsATrace(azureConversationTrace))("Azure conversation", async () => {
    const { times, inputTokens, outputTokens } = await azureConversationTrace.load()
    expect(times.length).toBe(19_366)
    expect(Math.round(times[times.length - 1] / 1e6)).toBe(3502)
    expect(Math.round(mean(inputTokens))).toBe(1155)
    expect(Math.round(mean(outputTokens))).toBe(211)
    expect(dispersionOfCounts(times, 10)).toBeCloseTo(3.86, 2)
    const { requestsPerSecond, states } = fitRateStates(times)
    expect(requestsPerSecond).toBeCloseTo(5.53, 2)
    for (const [i, { rate, meanSeconds }] of states.entries()) {
      expect(azureConversationRates[i].rate).toBeCloseTo(rate, 4)
      expect(azureConversationRates[i].meanSeconds).toBeCloseTo(meanSeconds, 1)
    }
  })

  it.skipIf(!whereThereIsATrace(azureCodeTrace))("Azure code", async () => {
    const { times, inputTokens, outputTokens } = await azureCodeTrace.load()
    expect(times.length).toBe(8819)
    expect(Math.round(times[times.length - 1] / 1e6)).toBe(3436)
    expect(Math.round(mean(inputTokens))).toBe(2048)
    expect(Math.round(mean(outputTokens))).toBe(28)
  })

  it.skipIf(!whereThereIsATrace(mooncakeTrace))(
    "Mooncake, whose batches a jitter spreads",
    async () => {
      const trace = await mooncakeTrace.load()
      expect(trace.times.length).toBe(12_031)
      const jittered = jitterTimes(trace, 3e6, openStream("t", "jitter", 0))
      // Batches of ten every 3 s make counts in one second far from Poisson; spread, they are near it.
      expect(dispersionOfCounts(trace.times, 1)).toBeGreaterThan(5)
      expect(dispersionOfCounts(jittered.times, 1)).toBeLessThan(2)
    },
  )
})

describe("the fit of rate states", () => {
  it("gives one rate for arrivals that are no burstier than Poisson", () => {
    const even = Float64Array.from({ length: 10_000 }, (_, i) => i * 100_000)
    const { states, requestsPerSecond } = fitRateStates(even)
    expect(requestsPerSecond).toBeCloseTo(10, 6)
    expect(states[0].rate).toBeCloseTo(1, 9)
    expect(states[1].rate).toBeCloseTo(1, 9)
  })
})
