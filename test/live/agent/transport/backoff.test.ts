import { expect, test } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { makeBackoff, pause } from "../../../../live/agent/transport/backoff.ts"

test("each wait lies in the upper half of a ceiling that doubles up to the most", () => {
  for (let seed = 0; seed < 200; seed++) {
    const backoff = makeBackoff({
      firstMillis: 100,
      mostMillis: 1000,
      stream: openStream("backoff", "test", seed),
    })
    for (const ceiling of [100, 200, 400, 800, 1000, 1000, 1000]) {
      const wait = backoff.nextMillis()
      expect(wait).toBeGreaterThan(ceiling / 2)
      expect(wait).toBeLessThanOrEqual(ceiling)
    }
    backoff.reset()
    expect(backoff.nextMillis()).toBeLessThanOrEqual(100)
  }
})

test("two agents do not wait in step", () => {
  expect(makeBackoff().nextMillis()).not.toBe(makeBackoff().nextMillis())
})

test("a pause ends with its signal, and never fails", async () => {
  const controller = new AbortController()
  const paused = pause(60_000, controller.signal)
  controller.abort(new Error("enough"))
  await paused
  await pause(60_000, controller.signal)
  expect(controller.signal.aborted).toBe(true)
})

test("waits come from all of the upper half, so that agents spread out over it", () => {
  const waits = Array.from({ length: 1000 }, (_, seed) =>
    makeBackoff({ firstMillis: 100, stream: openStream("backoff", "test", seed) }).nextMillis(),
  )
  for (let tenth = 0; tenth < 10; tenth++) {
    const from = 50 + tenth * 5
    const here = waits.filter((wait) => wait > from && wait <= from + 5)
    // Of 1000 draws, 100 on average: fewer than 50 or more than 160 have a chance below 10⁻⁷.
    expect(here.length).toBeGreaterThan(50)
    expect(here.length).toBeLessThan(160)
  }
})

test("defaults: the first wait is half a second at most, and none is longer than 30 s", () => {
  const backoff = makeBackoff({ stream: openStream("backoff", "test", 0) })
  expect(backoff.nextMillis()).toBeLessThanOrEqual(500)
  const waits = Array.from({ length: 20 }, () => backoff.nextMillis())
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
  expect(waits.at(-1)).toBeGreaterThan(15_000)
})

test("a pause that has ended leaves nothing on a signal that outlives it", async () => {
  const { signal } = new AbortController()
  let listeners = 0
  const watched = new Proxy(signal, {
    get: (target, name) => {
      if (name === "addEventListener") listeners += 1
      if (name === "removeEventListener") listeners -= 1
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === "function" ? value.bind(target) : value
    },
  })
  await pause(1, watched)
  expect(listeners).toBe(0)
})
