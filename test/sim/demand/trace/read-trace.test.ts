/** Files of traces: what is in them whatever they are called, and the published ones. */
import { Effect, Either } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { azureConversationRates } from "../../../../sim/demand/azure-conversation.ts"
import { dispersionOfCounts, fitRateStates } from "../../../../sim/demand/fit-rate-states.ts"
import type { TraceSurvey } from "../../../../sim/demand/trace/read-trace.ts"
import { loadTrace, surveyTrace } from "../../../../sim/demand/trace/read-trace.ts"
import {
  azureCodeTrace,
  azureConversationTrace,
  mooncakeTrace,
  whereThereIsATrace,
} from "./trace-files.ts"

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens"

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-trace-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const fileOf = (name: string, content: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const settingsOf = (path: string) => ({
  path,
  timeUnit: null,
  fromSeconds: 0,
  untilSeconds: null,
})
const surveyOf = (path: string): Promise<TraceSurvey> =>
  Effect.runPromise(surveyTrace(settingsOf(path)))
const messageFor = async (path: string): Promise<string> =>
  Either.getOrThrow(
    Either.flip(await Effect.runPromise(Effect.either(surveyTrace(settingsOf(path))))),
  ).message

describe("a trace file", () => {
  it("is read from disk", async () => {
    const path = fileOf("good.csv", `${HEADER}\n2023-11-16 18:15:46.68,374,44\n`)
    expect((await Effect.runPromise(loadTrace(path))).inputTokens[0]).toBe(374)
  })

  it("that is missing or a folder says so", async () => {
    expect(await messageFor(join(folder, "none.csv"))).toBe(
      `${join(folder, "none.csv")}: found no such file; allowed is a file that can be read`,
    )
    expect(await messageFor(folder)).toBe(`${folder}: found a directory; allowed is a file`)
    expect(await messageFor("/dev/null")).toContain("found no plain file")
  })

  it("that is broken names itself and the line", async () => {
    const path = fileOf("broken.csv", `${HEADER}\nnow,1,1\n`)
    expect(await messageFor(path)).toContain(`${path}, line 2, column 1: found "now"`)
  })

  it.each<readonly [string, Buffer]>([
    ["a zip archive", Buffer.from("PK\u0003\u0004and so on")],
    ["a Parquet file", Buffer.from("PAR1and so on")],
    ["Zstandard data", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1])],
    ["text in UTF-16", Buffer.from(`\uFEFF${HEADER}`, "utf16le")],
    ["binary data", Buffer.from([1, 2, 0, 3])],
    ["gzip data within gzip data", gzipSync(gzipSync(HEADER))],
  ])("that is %s says so", async (what, content) => {
    expect(await messageFor(fileOf("other.csv", content))).toContain(
      `found ${what}; allowed is text in UTF-8, compressed with gzip or not`,
    )
  })
})

describe("a compressed trace", () => {
  // Two and a half pieces of a file, so that lines and characters lie across their ends.
  const rows = Array.from(
    { length: 16_000 },
    (_, i) =>
      `2023-11-16 18:${String(Math.floor(i / 600) + 10)}:${String(Math.floor(i / 10) % 60).padStart(2, "0")},${i},1,"é – ${i}"`,
  )
  const text = [`${HEADER},Text`, ...rows].join("\n")

  it("is known by its content, and the same as it was before", async () => {
    const plain = await surveyOf(fileOf("plain.gz", text))
    expect(plain.requests).toBe(16_000)
    const half = text.indexOf("\n", text.length / 2) + 1
    const members = [text.slice(0, half), text.slice(half)].map((part) => gzipSync(part))
    for (const content of [gzipSync(text), Buffer.concat(members)]) {
      const { requests, digest } = await surveyOf(fileOf("compressed.csv", content))
      expect([requests, digest]).toEqual([plain.requests, plain.digest])
    }
  })

  it("that was cut off or damaged says so", async () => {
    const whole = gzipSync(text)
    expect(await messageFor(fileOf("cut.gz", whole.subarray(0, whole.length / 2)))).toContain(
      "found damaged gzip data (unexpected end of file)",
    )
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, 1000, 1100)
    expect(await messageFor(fileOf("damaged.gz", damaged))).toContain("found damaged gzip data")
  })
})

describe("the digest of a trace", () => {
  it("is that of the requests in the window, and of nothing else in the file", async () => {
    const digestOf = async (...rows: ReadonlyArray<string>) =>
      (
        await surveyOf(
          fileOf("digest.csv", ["Timestamp,Request tokens,Response tokens", ...rows].join("\n")),
        )
      ).digest
    const one = await digestOf("5,1,2", "7,3,4")
    expect(await digestOf("1005,1,2", "", "1007.0,3.0,4")).toBe(one)
    expect(await digestOf("5,1,2", "7,3,5")).not.toBe(one)
    expect(await digestOf("5,1,2", "8,3,4")).not.toBe(one)
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

  it.skipIf(!whereThereIsATrace(mooncakeTrace))("Mooncake, in batches", async () => {
    const { times } = await mooncakeTrace.load()
    expect(times.length).toBe(12_031)
    expect(dispersionOfCounts(times, 1)).toBeGreaterThan(5)
  })
})
