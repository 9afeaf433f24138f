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
