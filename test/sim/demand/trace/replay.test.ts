/** What is replayed of a trace, and when. */
import { Effect } from "effect"
import fc from "fast-check"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { dispersionOfCounts } from "../../../../sim/demand/fit-rate-states.ts"
import { surveyTrace } from "../../../../sim/demand/trace/read-trace.ts"
import type { Replay, ReplaySettings } from "../../../../sim/demand/trace/replay.ts"
import { openReplay } from "../../../../sim/demand/trace/replay.ts"
import type { TraceInvalid } from "../../../../sim/demand/trace/trace-invalid.ts"
import { mooncakeTrace, whereThereIsATrace } from "./trace-files.ts"

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-replay-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const plainly: Omit<ReplaySettings, "path"> = {
  timeUnit: null,
  fromSeconds: 0,
  untilSeconds: null,
  share: 1,
  speed: 1,
  jitterSeconds: 0,
}

/** Opens a trace, and closes it once it has been used. */
const opened = <A>(
  path: string,
  use: (replay: Replay) => Effect.Effect<A, TraceInvalid>,
  changes: Partial<ReplaySettings> = {},
  seed = "s",
): Promise<A> =>
  Effect.gen(function* () {
    const settings = { ...plainly, path, ...changes }
    const survey = yield* surveyTrace(settings)
    const streams = { jitter: openStream(seed, "arrival", 0), share: openStream(seed, "share", 0) }
    return yield* use(yield* openReplay(survey, settings, streams))
  }).pipe(Effect.scoped, Effect.runPromise)

/** The requests of a trace as pairs of a time and a prompt's length, made ready so many at a time. */
const replay = (path: string, changes: Partial<ReplaySettings>, seed = "s", atOnce = 100) =>
  opened(
    path,
    ({ requests, makeReady }) =>
      Effect.gen(function* () {
        const taken: Array<readonly [micros: number, inputTokens: number]> = []
        for (;;) {
          yield* makeReady(atOnce)
          for (let i = 0; i < atOnce; i++) {
            if (requests.nextMicros === Infinity) return taken
            taken.push([requests.nextMicros, requests.inputTokens])
            requests.drop()
          }
        }
      }),
    changes,
    seed,
  )

/** A trace with a request at each of these times, in microseconds; their numbers are their prompts'. */
const fileOf = (times: ReadonlyArray<number>): string => {
  const path = join(folder, "trace.csv")
  const rows = times.map((at, index) => `${at / 1e6},${index},1`)
  writeFileSync(path, ["Timestamp,Request tokens,Response tokens", ...rows].join("\n"))
  return path
}

/** A request every 10 ms for 500 seconds: several pieces of a file. */
const steady = Array.from({ length: 50_000 }, (_, index) => index * 10_000)

describe("a replay", () => {
  it("gives every request in turn, however many are made ready at a time", async () => {
    const path = fileOf(steady)
    const expected = steady.map((at, index) => [at, index])
    for (const atOnce of [1, 777, 100_000])
      expect(await replay(path, {}, "s", atOnce)).toEqual(expected)
  })

  it("goes at the speed that is set", async () => {
    const taken = await replay(fileOf([0, 1e6, 1e6, 5e6]), { speed: 2 })
    expect(taken.map(([at]) => at)).toEqual([0, 500_000, 500_000, 2_500_000])
  })

  it("of a window begins with the window, and keeps its gaps", async () => {
    const window = { fromSeconds: 2, untilSeconds: 5, speed: 0.5 }
    expect(await replay(fileOf([0, 3e6, 4e6, 5e6]), window)).toEqual([
      [2e6, 1],
      [4e6, 2],
    ])
  })

  it("of a share takes each request with that probability, others in each replication", async () => {
    const path = fileOf(steady)
    const quarter = await replay(path, { share: 0.25 })
    // 12,500 on average; five deviations are 484.
    expect(Math.abs(quarter.length - 12_500)).toBeLessThan(484)
    expect(quarter.every(([at, index]) => at === steady[index])).toBe(true)
    expect(await replay(path, { share: 0.25 }, "s", 9999)).toEqual(quarter)
    expect(await replay(path, { share: 0.25 }, "another")).not.toEqual(quarter)
    // Common random numbers: what a smaller share takes, a larger one takes too, with the same delay.
    const jitter = { jitterSeconds: 1 }
    const half = new Map((await replay(path, { share: 0.5, ...jitter })).map(([a, b]) => [b, a]))
    for (const [at, index] of await replay(path, { share: 0.25, ...jitter }))
      expect(half.get(index)).toBe(at)
  })

  it("that is jittered moves each request later by less than the jitter, and stays in order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 1, maxLength: 40 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.integer({ min: 0, max: 5 }),
        fc.string({ maxLength: 3 }),
        async (gaps, speed, jitterSeconds, seed) => {
          let sum = 0
          const times = gaps.map((gap, index) => (sum += index === 0 ? 0 : gap))
          const taken = await replay(fileOf(times), { speed, jitterSeconds }, seed, 3)
          expect(taken.map(([, index]) => index).toSorted((a, b) => a - b)).toEqual([
            ...times.keys(),
          ])
          for (const [place, [at, index]] of taken.entries()) {
            const delay = at - Math.round(times[index] / speed)
            expect(Number.isInteger(at)).toBe(true)
            expect(delay).toBeGreaterThanOrEqual(0)
            expect(delay).toBeLessThanOrEqual(jitterSeconds * 1e6)
            if (place > 0) expect(at).toBeGreaterThanOrEqual(taken[place - 1][0])
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it("holds no more than a piece of the file beyond what it is asked for", async () => {
    const path = fileOf(steady)
    const rowsOfPiece = (256 * 1024) / "0.01,0,1\n".length
    expect(steady.length).toBeGreaterThan(2 * rowsOfPiece * 0.8)
    await opened(path, ({ requests, makeReady }) =>
      Effect.gen(function* () {
        for (let taken = 0; taken < steady.length; taken++) {
          yield* makeReady(1)
          expect(requests.ready).toBeLessThanOrEqual(rowsOfPiece)
          requests.drop()
        }
      }),
    )
  })

  it("fails loudly where more is taken than was made ready", async () => {
    const taken = opened(fileOf(steady), ({ requests, makeReady }) =>
      Effect.gen(function* () {
        yield* makeReady(1)
        while (requests.nextMicros < Infinity) requests.drop()
      }),
    )
    await expect(taken).rejects.toThrow("more requests were taken than had been made ready")
  })

  it.skipIf(!whereThereIsATrace(mooncakeTrace))(
    "spreads Mooncake's batches by a jitter",
    async () => {
      const taken = await replay(mooncakeTrace.path, { jitterSeconds: 3 })
      // Batches every 3 s make counts in one second far from Poisson; spread, they are near it.
      expect(
        dispersionOfCounts(
          Float64Array.from(taken, ([at]) => at),
          1,
        ),
      ).toBeLessThan(2)
    },
  )
})
