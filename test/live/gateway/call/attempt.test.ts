import { expect, it } from "vitest"
import type { AttemptEnd } from "../../../../live/gateway/call/attempt.ts"
import { startAttempt } from "../../../../live/gateway/call/attempt.ts"
import type { JsonObject } from "../../../../platform/json/json-object.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { fakeCourier } from "./fake-courier.ts"

const second = 1_000_000

/** An answer with these deltas and this usage, as it ends. `waits`: before the first of them. */
const endOf = (deltas: ReadonlyArray<JsonObject>, usage: JsonObject, waits = 0): AttemptEnd => {
  const courier = fakeCourier()
  let ended: AttemptEnd | undefined
  const timeouts = { firstTokenMicros: 30 * second, betweenTokensMicros: 15 * second }
  const job = {
    request: 1,
    attempt: 0,
    instance: 1,
    kind: "chat",
    body: {},
    inputTokens: 1,
    maxTokens: 5000,
  } as const
  const clock = manualClock()
  startAttempt(clock, timeouts, courier, job, {
    chunk: () => {},
    end: (end) => {
      ended = end
    },
  })
  const { sink } = courier.last()
  // A sign of life, or who speaks, is no text yet.
  if (waits > 0) sink.chunk({ choices: [{ index: 0, delta: { role: "assistant" } }] })
  clock.pass(waits)
  for (const delta of deltas) sink.chunk({ choices: [{ index: 0, delta }] })
  sink.chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })
  sink.chunk({ choices: [], usage })
  sink.end({ outcome: "completed" })
  return ended!
}
const withReasoning = (completion_tokens: number, reasoning_tokens: number): JsonObject => ({
  completion_tokens,
  completion_tokens_details: { reasoning_tokens },
})
const content = { content: "word ".repeat(40) }
const reasoning_content = "thought ".repeat(40)

it("a host that counts reasoning which nobody was shown, and says so, claims no more than it delivers", () => {
  const end = endOf([content], withReasoning(1040, 1000))
  expect(end.outputTokens).toBeGreaterThan(30)
  expect(end.reportedTokens).toBe(end.outputTokens)
})

it("what was shown as reasoning is no excuse, nor is what is no reasoning", () => {
  const shown = endOf([{ reasoning_content }, content], withReasoning(1080, 40))
  expect(shown.reportedTokens).toBeGreaterThan(1000)
  const hidden = endOf([content], withReasoning(1040, 100))
  expect(hidden.reportedTokens).toBe(940)
  const silent = endOf([content], { completion_tokens: 1040 })
  expect(silent.reportedTokens).toBe(1040)
})

it("reasoning that came within the text costs an honest host nothing", () => {
  const end = endOf([content], withReasoning(45, 30))
  expect(end.reportedTokens).toBe(end.outputTokens)
})

it("the first token is timed from the start of the attempt, and where there is none, nothing is", () => {
  expect(endOf([content, content], { completion_tokens: 80 }, 3 * second).firstTokenMicros).toBe(
    3 * second,
  )
  expect(endOf([], { completion_tokens: 0 }).firstTokenMicros).toBeUndefined()
})
