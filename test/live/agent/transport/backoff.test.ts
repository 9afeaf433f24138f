import {
  Chunk,
  Clock,
  Duration,
  Effect,
  Fiber,
  Random,
  Schedule,
  TestClock,
  TestContext,
} from "effect"
import { expect, test } from "vitest"
import { backoff } from "../../../../live/agent/transport/backoff.ts"
import type { BackoffOptions } from "../../../../live/agent/transport/backoff.ts"

/** The first waits, ms. */
const waits = (count: number, options?: BackoffOptions): Effect.Effect<ReadonlyArray<number>> =>
  Schedule.run(Schedule.delays(backoff(options)), 0, Array.from({ length: count })).pipe(
    Effect.map((all) => Chunk.toReadonlyArray(Chunk.map(all, Duration.toMillis))),
  )
const waitsOf = (seed: number, count: number, options?: BackoffOptions): ReadonlyArray<number> =>
  Effect.runSync(Effect.withRandom(waits(count, options), Random.make(seed)))

/** Instants are doubles of ms. */
const slack = 1e-6

test("each wait lies in the upper half of a ceiling that doubles up to the most", () => {
  const ceilings = [100, 200, 400, 800, 1000, 1000, 1000]
  for (let seed = 0; seed < 200; seed++) {
    const all = waitsOf(seed, ceilings.length, { firstMillis: 100, mostMillis: 1000 })
    expect(all).toHaveLength(ceilings.length)
    all.forEach((wait, index) => {
      expect(wait).toBeGreaterThan(ceilings[index]! / 2 - slack)
      expect(wait).toBeLessThanOrEqual(ceilings[index]! + slack)
    })
  }
})

test("two agents do not wait in step", () => {
  expect(Effect.runSync(waits(1))).not.toEqual(Effect.runSync(waits(1)))
})

test("waits come from all of the upper half, so that agents spread out over it", () => {
  const all = Array.from({ length: 1000 }, (_, seed) => waitsOf(seed, 1, { firstMillis: 100 })[0]!)
  for (let tenth = 0; tenth < 10; tenth++) {
    const from = 50 + tenth * 5
    const here = all.filter((wait) => wait > from && wait <= from + 5)
    // Of 1000 draws, 100 on average: fewer than 50 or more than 160 have a chance below 10⁻⁷.
    expect(here.length).toBeGreaterThan(50)
    expect(here.length).toBeLessThan(160)
  }
})

test("defaults: the first wait is half a second at most, and none is longer than 30 s", () => {
  const all = waitsOf(0, 2000)
  expect(all[0]).toBeLessThanOrEqual(500)
  expect(Math.max(...all)).toBeLessThanOrEqual(30_000 + slack)
  // Also after so many that a doubled number would be infinite.
  expect(Math.min(...all.slice(20))).toBeGreaterThan(15_000 - slack)
})

test("whoever retries by it tries at once, after each wait, and from the first wait again once it went well", async () => {
  const instants: Array<number> = []
  const attempt = Effect.gen(function* () {
    instants.push(yield* Clock.currentTimeMillis)
    // The fourth try of all goes well, and so does the sixth.
    if (instants.length !== 4 && instants.length !== 6) return yield* Effect.fail("no answer")
  })
  const seed = Random.make(1)
  const program = Effect.gen(function* () {
    const calls = Effect.retry(attempt, backoff()).pipe(Effect.repeatN(1))
    const fiber = yield* Effect.fork(Effect.withRandom(calls, seed))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(fiber)
  })
  await Effect.runPromise(Effect.provide(program, TestContext.TestContext))
  const between = instants.slice(1).map((at, index) => at - instants[index]!)
  const ceilings = [500, 1000, 2000, 0, 500]
  expect(instants[0]).toBe(0)
  expect(between).toHaveLength(ceilings.length)
  between.forEach((wait, index) => {
    expect(wait).toBeGreaterThanOrEqual(ceilings[index]! / 2 - slack)
    expect(wait).toBeLessThanOrEqual(ceilings[index]! + slack)
  })
})
