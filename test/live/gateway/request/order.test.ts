import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bodyCheck } from "../../../../live/gateway/request/bodies.ts"
import type { CallOrder } from "../../../../live/gateway/call/call.ts"
import type { JobKind } from "../../../../live/protocol/delivery.ts"
import { orderOf } from "../../../../live/gateway/request/order.ts"
import type { ModelRecord } from "../../../../live/directory/records.ts"
import type { TestMarket } from "../../support/market.ts"
import { openTestMarket } from "../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

const ordered = (
  kind: JobKind,
  body: Record<string, unknown>,
  model: Partial<ModelRecord> = {},
): Promise<CallOrder> => {
  const market = openTestMarket()
  market.listModel({ name: "m", kind: kind === "embedding" ? "embedding" : "text", ...model })
  return orderIn(market, kind, { model: "m", ...body })
}

const orderIn = async (
  market: TestMarket,
  kind: JobKind,
  body: Record<string, unknown>,
): Promise<CallOrder> =>
  await orderOf(market, 0, kind, Either.getOrThrow(bodyCheck(kind)(body)), {})

const asked = ({ body }: CallOrder): number => body["max_tokens"] as number

/** What an honest server adds to a prompt: a beginning, and some tokens around each message. */
const overheads = fc.record({
  beginning: fc.integer({ min: 0, max: 50 }),
  message: fc.integer({ min: 0, max: 8 }),
  tokenizer: fc.double({ min: 0, max: 0.03, noNaN: true }),
})

const conversation = fc
  .array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 40, size: "small" })
  .map((lengths) => lengths.map((words) => ({ role: "user", content: "word ".repeat(words) })))

describe("the longest answer that a host is asked for", () => {
  it("fits the context by an honest server's own count, whatever is asked", async () => {
    // One market for all cases: it lives until the test is over.
    const market = openTestMarket()
    const modelOf = (contextTokens: number): string => {
      const name = `of-${contextTokens}`
      if (market.directory.modelByName(name) === undefined)
        market.listModel({ name, contextTokens })
      return name
    }
    await assertProperty(
      fc.asyncProperty(
        conversation,
        fc.integer({ min: 2048, max: 32_768 }),
        fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
        fc.constantFrom("max_tokens", "max_completion_tokens"),
        overheads,
        async (messages, contextTokens, wish, field, overhead) => {
          const order = await orderIn(market, "chat", {
            model: modelOf(contextTokens),
            messages,
            ...(wish === undefined ? {} : { [field]: wish }),
          }).catch(() => undefined)
          // Longer than the context by anybody's count.
          if (order === undefined) return
          const { inputTokens } = order
          const theirs =
            inputTokens * (1 + overhead.tokenizer) +
            overhead.beginning +
            messages.length * overhead.message
          expect(order.maxTokens).toBe(Math.min(wish ?? 1024, contextTokens - inputTokens))
          expect(asked(order)).toBeGreaterThanOrEqual(1)
          expect(asked(order)).toBeLessThanOrEqual(wish ?? 1024)
          if (theirs + 1 <= contextTokens)
            expect(Math.floor(theirs) + asked(order)).toBeLessThanOrEqual(contextTokens)
        },
      ),
    )
  })

  it("is what was asked for where there is room, and is held as asked", async () => {
    const messages = [{ role: "user", content: "Hi" }]
    const short = await ordered("chat", { messages, max_tokens: 100 })
    expect([asked(short), short.maxTokens]).toEqual([100, 100])
    const all = await ordered("chat", { messages, max_tokens: 8192 })
    expect(all.maxTokens).toBe(8192 - all.inputTokens)
    expect(asked(all)).toBeLessThan(all.maxTokens - 64)
    expect(asked(all)).toBeGreaterThan(all.maxTokens - 100)
  })

  it("has more room where there are tools, which a template introduces", async () => {
    const messages = [{ role: "user", content: "Hi" }]
    const tools = [{ type: "function", function: { name: "f" } }]
    const without = await ordered("chat", { messages, max_tokens: 8192 })
    const order = await ordered("chat", { messages, tools, max_tokens: 8192 })
    expect(order.maxTokens - asked(order)).toBeGreaterThan(without.maxTokens - asked(without) + 200)
  })

  it("is 1 at least: what fits is not refused for the room's sake, and small contexts work", async () => {
    const prompt = Array.from({ length: 4095 }, () => 1)
    const full = await ordered("completion", { prompt }, { contextTokens: 4096 })
    expect([asked(full), full.maxTokens]).toEqual([1, 1])
    await expect(
      ordered("completion", { prompt: [...prompt, 1] }, { contextTokens: 4096 }),
    ).rejects.toMatchObject({ status: 400, param: "prompt" })
    const small = await ordered("completion", { prompt: [1, 2] }, { contextTokens: 32 })
    expect(asked(small)).toBeGreaterThan(20)
  })

  it("is no less than the shortest that is asked for", async () => {
    const body = { prompt: "a", min_tokens: 5000, max_tokens: 10 }
    expect((await ordered("completion", body)).body).toMatchObject({
      min_tokens: 10,
      max_tokens: 10,
    })
  })
})

describe("a developer's message", () => {
  const messages = [
    { role: "developer", content: "Be brief.", name: "x" },
    { role: "user", content: "Hi" },
  ]

  it("goes to hosts as the system's, unless the model keeps it", async () => {
    const asSystem = [{ ...messages[0], role: "system" }, messages[1]]
    expect((await ordered("chat", { messages })).body["messages"]).toEqual(asSystem)
    expect(
      (await ordered("chat", { messages }, { developerRole: "system" })).body["messages"],
    ).toEqual(asSystem)
    expect(
      (await ordered("chat", { messages }, { developerRole: "keep" })).body["messages"],
    ).toEqual(messages)
  })
})
