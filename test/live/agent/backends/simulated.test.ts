import { countTokens as countCl100k } from "gpt-tokenizer/encoding/cl100k_base"
import { countTokens as countO200k } from "gpt-tokenizer/encoding/o200k_base"
import { expect, test } from "vitest"
import type { SimulatedBackendOptions } from "../../../../live/agent/backends/simulated.ts"
import { simulatedBackend } from "../../../../live/agent/backends/simulated.ts"
import { chat, finishOf, generated, textOf } from "../support/generated.ts"

const backendWith = (over: Partial<SimulatedBackendOptions> = {}) =>
  simulatedBackend({
    models: ["sim"],
    tokensPerSecond: 10_000,
    timeToFirstTokenMillis: 0,
    seed: "test",
    ...over,
  })

test("answers follow from the prompt, and say what they are", async () => {
  const one = await generated(backendWith(), chat())
  const two = await generated(backendWith(), chat())
  const other = await generated(
    backendWith(),
    chat({ messages: [{ role: "user", content: "Bye" }] }),
  )
  expect(textOf(one.chunks)).toBe(textOf(two.chunks))
  expect(textOf(one.chunks)).not.toBe(textOf(other.chunks))
  expect(textOf(one.chunks)).toMatch(/^simulated: /)
  expect(one.chunks.every((chunk) => chunk["system_fingerprint"] === "evenkeel-simulated")).toBe(
    true,
  )
  expect(backendWith().description).toContain("no GPU")
})

test("a piece is a token, as gateways count", async () => {
  for (let length = 1; length < 60; length += 7) {
    const { chunks } = await generated(backendWith(), chat({ max_tokens: length }))
    const text = textOf(chunks)
    expect(countO200k(text)).toBe(length)
    expect(countCl100k(text)).toBe(length)
    expect(chunks.at(-1)).toMatchObject({ usage: { completion_tokens: length } })
    expect(finishOf(chunks)).toBe("length")
  }
  const whole = await generated(backendWith({ answerTokens: 10 }), chat())
  expect(finishOf(whole.chunks)).toBe("stop")
})

test("it keeps its pace, and more streams than slots share it", async () => {
  const backend = backendWith({ tokensPerSecond: 100, slots: 1, timeToFirstTokenMillis: 20 })
  const startedMillis = performance.now()
  await generated(backend, chat({ max_tokens: 11 }))
  const alone = performance.now() - startedMillis
  await Promise.all([1, 2, 3].map(() => generated(backend, chat({ max_tokens: 11 }))))
  const together = performance.now() - startedMillis - alone
  expect(alone).toBeGreaterThan(110)
  expect(together).toBeGreaterThan(2 * alone)
})

test("it fails, and lies, as often as it is told", async () => {
  const calls = 400
  const ends = { before: 0, after: 0, lies: 0 }
  const backend = backendWith({
    tokensPerSecond: 1e6,
    answerTokens: 8,
    failProbability: 0.3,
    lieProbability: 0.2,
  })
  for (let i = 0; i < calls; i++) {
    const { chunks, error } = await generated(backend, chat())
    if (error !== undefined) ends[chunks.length === 0 ? "before" : "after"]++
    else if (JSON.stringify(chunks.at(-1)).includes('"completion_tokens":16')) ends.lies++
  }
  // Five standard deviations around what is expected.
  const near = (count: number, share: number): void =>
    expect(Math.abs(count - calls * share)).toBeLessThan(5 * Math.sqrt(calls * share * (1 - share)))
  near(ends.before, 0.15)
  near(ends.after, 0.15)
  near(ends.lies, 0.7 * 0.2)
})

test("a stall lasts until it is given up", async () => {
  const controller = new AbortController()
  const reason = new Error("stalled")
  setTimeout(() => controller.abort(reason), 50)
  const { chunks, error } = await generated(
    backendWith({ stallProbability: 1, answerTokens: 8 }),
    chat(),
    controller.signal,
  )
  expect(error).toBe(reason)
  expect(chunks).toHaveLength(4)
})

test("embeddings follow from the text", async () => {
  const job = { kind: "embedding", body: { model: "sim", input: ["a", "b", "a"] } } as const
  const { chunks } = await generated(backendWith(), job)
  const data = chunks[0]?.["data"] as ReadonlyArray<{ readonly embedding: ReadonlyArray<number> }>
  expect(data[0]?.embedding).toEqual(data[2]?.embedding)
  expect(data[0]?.embedding).not.toEqual(data[1]?.embedding)
})
