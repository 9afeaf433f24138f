import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import {
  accountView,
  booksView,
  countOpenRequests,
  instanceView,
} from "../../../../engine/index.ts"
import type { Command } from "../../../../engine/index.ts"
import { makeAssembler } from "../../../../live/gateway/answer/answer.ts"
import type { CallEnd, Consumer } from "../../../../live/gateway/call/call.ts"
import type { Asker } from "../../../../live/gateway/call/receipts.ts"
import { makeCalls } from "../../../../live/gateway/call/calls.ts"
import { countTokens } from "../../../../live/gateway/answer/token-count.ts"
import { manualClock } from "../../support/manual-clock.ts"
import type { MarketOptions } from "../../support/market.ts"
import { openTestMarket } from "../../support/market.ts"
import { fakeCourier } from "./fake-courier.ts"

const second = 1_000_000
const inputTokens = 10
const maxTokens = 50

interface Options extends MarketOptions {
  readonly hosts?: number
  readonly isStreaming?: boolean
  /** Default: where it does not stream. */
  readonly hearsCharge?: boolean
  readonly asker?: Asker
  readonly minor?: number
  readonly maxTokens?: number
}

/** A market with one call open in it. */
const openCall = (options: Options = {}) => {
  const clock = manualClock()
  const market = openTestMarket({ clock, ...options })
  const courier = fakeCourier()
  const calls = makeCalls(market, courier.couriers)
  const model = market.listModel({ name: "small" })
  const { account } = market.openAccount({ minor: options.minor ?? 1_000_000_000 })
  const before = accountView(market.driver.market, account.id)!
  const hosts = Array.from({ length: options.hosts ?? 2 }, () => market.startHost({ model }))
  const texts: Array<string> = []
  const ends: Array<CallEnd> = []
  let answer: unknown
  const { isStreaming = true } = options
  const consumer: Consumer = {
    isStreaming,
    hearsCharge: options.hearsCharge ?? !isStreaming,
    ...(isStreaming ? {} : { assembler: () => makeAssembler("chat", "float") }),
    chunk: (chunk) => {
      const [choice] = chunk["choices"] as [{ delta: { content?: string } }]
      texts.push(choice.delta.content ?? "")
    },
    end: (end, assembler) => {
      ends.push(end)
      if (end._tag === "Served")
        answer = assembler?.answer({ id: "x", created: 0, model: "small" }, end.usage)
    },
  }
  const call = calls.open(
    {
      account: account.id,
      model,
      kind: "chat",
      body: { messages: [] },
      inputTokens,
      maxTokens: options.maxTokens ?? maxTokens,
      ...(options.asker === undefined ? {} : { asker: options.asker }),
    },
    consumer,
  )
  const commands = (): ReadonlyArray<Command> =>
    market.journal.entries.flatMap((entry) => entry.commands)
  const of = <T extends Command["_tag"]>(tag: T) =>
    commands().filter((one): one is Extract<Command, { readonly _tag: T }> => one._tag === tag)
  const attemptsEnded = () =>
    market.journal.entries.flatMap(({ event }) => (event._tag === "AttemptEnded" ? [event] : []))
  /** What must hold when all is over, however it went. */
  const expectOver = (): void => {
    expect(calls.size(), "calls under way").toBe(0)
    expect(of("Finish").length + of("Refuse").length, "ends in the kernel").toBe(1)
    expect(attemptsEnded().length, "attempts ended").toBe(of("Dispatch").length)
    for (const { instance } of hosts)
      expect(instanceView(market.driver.market, instance.id)?.inFlight).toBe(0)
    expect(booksView(market.driver.market).held, "held credits").toBe(0)
    expect(countOpenRequests(market.driver.market), "requests under way").toBe(0)
    const [finish] = of("Finish")
    const after = accountView(market.driver.market, account.id)!
    expect(before.gift + before.bought - after.gift - after.bought).toBe(finish?.charge ?? 0)
  }
  return {
    clock,
    market,
    account,
    courier,
    calls,
    call,
    texts,
    ends,
    hosts,
    of,
    attemptsEnded,
    expectOver,
    answer: () => answer,
    settled: () => new Promise((resume) => setImmediate(resume)),
  }
}

const priceOf = (outputTokens: number): number => inputTokens + 2 * outputTokens

describe("a call that streams", () => {
  it("goes out as it comes and is charged by the gateway's count", async () => {
    const t = openCall()
    await t.settled()
    const host = t.courier.last()
    expect(host.job).toMatchObject({ attempt: 0, kind: "chat", inputTokens, maxTokens })
    expect(host.job.body["model"]).toBe("small")
    t.clock.pass(second)
    host.say("Hello")
    t.clock.pass(second)
    host.say(" world, again")
    expect(t.texts).toEqual(["Hello", " world, again"])
    t.clock.pass(second)
    host.finish(4)
    expect(t.ends).toEqual([
      {
        _tag: "Served",
        usage: {
          promptTokens: inputTokens,
          completionTokens: 4,
          cost: priceOf(4) / 1_000_000,
        },
        chargeMinor: priceOf(4),
      },
    ])
    expect(t.attemptsEnded()[0]).toMatchObject({
      outcome: "completed",
      outputTokens: 4,
      reportedTokens: 4,
      decodeMicros: second,
    })
    t.expectOver()
  })

  it("sends nothing before the hold is on disk, and ends only after it", async () => {
    let write = (): void => {}
    const t = openCall({ durable: () => new Promise((resolve) => (write = resolve)) })
    t.courier.last().say("Hello")
    t.courier.last().finish()
    await t.settled()
    expect(t.texts).toEqual([])
    expect(t.attemptsEnded()).toEqual([])
    write()
    await t.settled()
    expect(t.texts).toEqual(["Hello", ""])
    expect(t.ends[0]?._tag).toBe("Served")
    t.expectOver()
  })

  it("ends as a fault of the gateway where the hold cannot be written", async () => {
    const t = openCall({ durable: () => Promise.reject(new Error("disk full")) })
    t.courier.last().say("Hello")
    await t.settled()
    expect(t.texts).toEqual([])
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.ends).toMatchObject([{ _tag: "Failed", error: { status: 500, code: "store_broken" } }])
    t.expectOver()
  })

  it("is tried on another host as long as nothing went out", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().sink.chunk({ choices: [{ index: 0, delta: { role: "assistant" } }] })
    t.courier.last().fail("connectFailed")
    expect(t.courier.deliveries).toHaveLength(2)
    const [first, next] = t.courier.deliveries
    expect(next!.job.attempt).toBe(1)
    expect(next!.job.instance).not.toBe(first!.job.instance)
    next!.say("Hi")
    next!.finish()
    // The role that the first host named is not in the answer of the second.
    expect(t.texts).toEqual(["Hi", ""])
    expect(t.ends[0]?._tag).toBe("Served")
    t.expectOver()
  })

  it("ends with an error where the host dies after the first byte, and is not tried again", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().say("Hello there")
    t.courier.last().fail("truncated")
    expect(t.courier.deliveries).toHaveLength(1)
    expect(t.ends).toMatchObject([
      { _tag: "Failed", error: { status: 502, code: "upstream_failed" } },
    ])
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "truncated", outputTokens: 2 })
    t.expectOver()
  })

  it("takes a stream without a finish reason for cut off", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().say("Hello")
    t.courier.last().sink.end({ outcome: "completed" })
    expect(t.attemptsEnded()[0]?.outcome).toBe("truncated")
    expect(t.ends[0]?._tag).toBe("Failed")
    t.expectOver()
  })

  it.each([
    ["choices that are no list", { choices: 5 }, "malformed"],
    ["a choice that is no object", { choices: [5] }, "malformed"],
    ["an error in the stream", { error: { message: "out of memory" } }, "upstreamError"],
  ] as const)("stops a host that sends %s", async (_name, chunk, outcome) => {
    const t = openCall({ hosts: 1 })
    await t.settled()
    t.courier.last().sink.chunk(chunk)
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.attemptsEnded()[0]?.outcome).toBe(outcome)
    expect(t.ends).toMatchObject([{ _tag: "Failed", error: { status: 502 } }])
    t.expectOver()
  })

  it("waits for the first token, then for each next one, and no longer", async () => {
    const t = openCall({ hosts: 1, config: { timeouts: { betweenTokensSeconds: 15 } } })
    await t.settled()
    t.clock.pass(29 * second)
    t.courier.last().say("Hello")
    t.clock.pass(14 * second)
    t.courier.last().say(" there")
    t.clock.pass(14 * second)
    expect(t.ends).toEqual([])
    t.clock.pass(second)
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.attemptsEnded()[0]).toMatchObject({
      outcome: "stalled",
      outputTokens: 2,
      decodeMicros: 14 * second,
    })
    expect(t.ends).toMatchObject([{ _tag: "Failed", error: { code: "upstream_timeout" } }])
    t.expectOver()
  })

  it("waits longer for the first token of a long prompt", async () => {
    const t = openCall({ hosts: 1, config: { timeouts: { promptTokensPerSecond: 1 } } })
    await t.settled()
    t.clock.pass((30 + inputTokens) * second - 1)
    expect(t.ends).toEqual([])
    t.clock.pass(1)
    expect(t.attemptsEnded()[0]?.outcome).toBe("firstTokenTimeout")
    expect(t.ends).toMatchObject([{ _tag: "Failed", error: { status: 504 } }])
    t.expectOver()
  })

  it("waits as long again for a host that shows that it is alive", async () => {
    const t = openCall({ hosts: 1, config: { timeouts: { betweenTokensSeconds: 15 } } })
    await t.settled()
    for (let i = 0; i < 3; i++) {
      t.clock.pass(29 * second)
      t.courier.last().sink.alive()
    }
    t.courier.last().say("Hello")
    for (let i = 0; i < 3; i++) {
      t.clock.pass(14 * second)
      t.courier.last().sink.alive()
    }
    expect(t.ends).toEqual([])
    t.clock.pass(15 * second)
    expect(t.attemptsEnded()[0]?.outcome).toBe("stalled")
    t.expectOver()
  })

  it("has an end, however long a host shows that it is alive, and the host is to blame", async () => {
    for (const text of ["", "Hello"]) {
      const t = openCall({
        config: { timeouts: { requestSeconds: 100, betweenTokensSeconds: 15 } },
      })
      await t.settled()
      if (text !== "") t.courier.last().say(text)
      for (let i = 0; i < 10; i++) {
        t.clock.pass(10 * second)
        if (i < 9) t.courier.last().sink.chunk({ type: "ping" })
      }
      await t.settled()
      expect(t.courier.deliveries[0]!.isCancelled).toBe(true)
      expect(t.attemptsEnded()[0]?.outcome).toBe(text === "" ? "firstTokenTimeout" : "stalled")
      expect(t.ends).toMatchObject([{ _tag: "Failed", error: { code: "call_timeout" } }])
      expect(t.courier.deliveries).toHaveLength(1)
      t.expectOver()
    }
  })

  it("is whole behind its finish reason, whatever becomes of the connection", async () => {
    for (const ending of ["truncated", "malformed", "silence", "error"] as const) {
      const t = openCall({ hosts: 1 })
      await t.settled()
      const host = t.courier.last()
      host.say("Hello")
      host.sink.chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })
      if (ending === "silence") t.clock.pass(60 * second)
      else if (ending === "error") {
        host.sink.chunk({ error: { message: "late", code: 500 } })
        host.sink.end({ outcome: "completed" })
      } else host.fail(ending)
      expect(t.attemptsEnded()[0]?.outcome).toBe("completed")
      expect(t.ends[0]?._tag).toBe("Served")
      t.expectOver()
    }
  })

  it("is refused for what a host says inside its stream, with its words", async () => {
    const t = openCall({ hosts: 1 })
    await t.settled()
    t.courier.last().sink.chunk({ error: { message: "The prompt is too long", code: 400 } })
    expect(t.attemptsEnded()[0]?.outcome).toBe("consumerError")
    expect(t.ends).toMatchObject([
      { _tag: "Failed", error: { status: 400, message: "The prompt is too long" } },
    ])
    t.expectOver()
  })

  it("has an end, however long the tokens keep coming", async () => {
    const t = openCall({ config: { timeouts: { requestSeconds: 60 } } })
    await t.settled()
    for (let i = 0; i < 60; i++) {
      t.courier.last().say(i % 10 === 0 ? " a" : "")
      t.clock.pass(second)
    }
    expect(t.courier.last().isCancelled).toBe(true)
    // Nobody is blamed, and what was delivered is paid.
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "gatewayFault", outputTokens: 6 })
    expect(t.ends).toMatchObject([{ _tag: "Failed", error: { status: 504, code: "call_timeout" } }])
    t.expectOver()
  })

  it("fails where every host failed, with what the last one said", async () => {
    const t = openCall({ hosts: 5 })
    await t.settled()
    t.courier.last().fail("connectFailed")
    t.courier.last().fail("upstreamError")
    t.courier.last().fail("backpressure", { retryAfterMicros: second })
    expect(t.courier.deliveries).toHaveLength(3)
    expect(t.ends).toMatchObject([
      { _tag: "Failed", error: { status: 503, code: "no_capacity", retryAfterSeconds: 1 } },
    ])
    t.expectOver()
  })

  it("passes on what the host says of a wrong request", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().fail("consumerError", { status: 422, detail: "no such tool" })
    expect(t.ends).toMatchObject([
      { _tag: "Failed", error: { status: 422, message: "no such tool" } },
    ])
    expect(t.courier.deliveries).toHaveLength(1)
    t.expectOver()
  })

  it("is refused where the credits do not cover the longest answer", () => {
    const t = openCall({ minor: 0, maxTokens: 8_000_000 })
    expect(t.courier.deliveries).toEqual([])
    expect(t.ends).toMatchObject([
      { _tag: "Failed", error: { status: 402, code: "insufficient_credits" } },
    ])
    t.expectOver()
  })

  it("is refused where no host serves the model", () => {
    const t = openCall({ hosts: 0 })
    expect(t.ends).toMatchObject([{ _tag: "Failed", error: { status: 503, code: "no_instance" } }])
    t.expectOver()
  })

  it("hears of an end once, however often the host ends", async () => {
    const t = openCall()
    await t.settled()
    const host = t.courier.last()
    host.say("Hello")
    host.finish()
    host.say(" again")
    host.finish()
    host.fail("upstreamError")
    expect(t.texts).toEqual(["Hello", ""])
    expect(t.ends).toHaveLength(1)
    expect(t.attemptsEnded()).toHaveLength(1)
    t.expectOver()
  })

  it("drops what comes behind the finish reason", async () => {
    const t = openCall()
    await t.settled()
    const host = t.courier.last()
    host.say("Hello")
    host.sink.chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })
    host.say(" and much more that nobody asked for")
    host.sink.end({ outcome: "completed" })
    expect(t.of("Finish")[0]).toMatchObject({ outputTokens: 1 })
    t.expectOver()
  })

  it("counts what the text is, into however many chunks a host cuts it", async () => {
    const text = "The quick brown fox jumps over the lazy dog."
    const t = openCall()
    await t.settled()
    for (const char of text) t.courier.last().say(char)
    t.courier.last().finish(text.length)
    expect(t.of("Finish")[0]?.outputTokens).toBe(countTokens(text))
    // So wide of the mark is no matter of another tokenizer.
    expect(t.of("Audit")).toMatchObject([{ finding: "OverReported" }])
    t.expectOver()
  })

  it("blames no host for a tokenizer of its own", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().say("The quick brown fox jumps over the lazy dog.".repeat(2))
    const counted = countTokens("The quick brown fox jumps over the lazy dog.".repeat(2))
    t.courier.last().finish(Math.floor(counted * 1.4))
    expect(t.of("Audit")).toEqual([])
    expect(t.of("Finish")[0]?.outputTokens).toBe(counted)
    t.expectOver()
  })

  it("stops a host that does not keep to the limit, and charges no more than it", async () => {
    const t = openCall()
    await t.settled()
    const host = t.courier.last()
    for (let i = 0; i < 1000 && !host.isCancelled; i++) host.say(` word${i}`)
    expect(host.isCancelled).toBe(true)
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "completed", outputTokens: maxTokens })
    expect(t.texts.length).toBeLessThan(60)
    expect(t.ends[0]?._tag).toBe("Served")
    t.expectOver()
  })

  it("counts reasoning and the arguments of tools", async () => {
    const t = openCall()
    await t.settled()
    const { sink } = t.courier.last()
    const delta = (given: object) => sink.chunk({ choices: [{ index: 0, delta: given }] })
    delta({ reasoning_content: "Let me think." })
    delta({ tool_calls: [{ index: 0, id: "c", function: { name: "add", arguments: '{"a":' } }] })
    delta({ tool_calls: [{ index: 0, function: { arguments: "1}" } }] })
    t.courier.last().finish()
    expect(t.of("Finish")[0]?.outputTokens).toBe(
      countTokens("Let me think.") + countTokens('add{"a":1}'),
    )
    t.expectOver()
  })
})

describe("a consumer that leaves", () => {
  it("before the first token: the host is stopped, nothing is charged", async () => {
    const t = openCall()
    await t.settled()
    t.call.leave()
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "consumerGone", charge: 0 })
    expect(t.ends).toEqual([])
    t.expectOver()
  })

  it("after the first token: the host is stopped, what was delivered is charged", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().say("Hello there")
    t.call.leave()
    t.call.leave()
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.of("Finish")[0]).toMatchObject({
      outcome: "consumerGone",
      outputTokens: 2,
      charge: priceOf(2),
    })
    t.courier.last().say("late")
    t.courier.last().finish()
    expect(t.texts).toEqual(["Hello there"])
    t.expectOver()
  })

  it("between two attempts: the second one is stopped", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().fail("connectFailed")
    t.call.leave()
    expect(t.courier.deliveries.map(({ isCancelled }) => isCancelled)).toEqual([false, true])
    t.expectOver()
  })

  it("while the hold is being written: nothing was delivered", async () => {
    let write = (): void => {}
    const t = openCall({ durable: () => new Promise((resolve) => (write = resolve)) })
    t.courier.last().say("Hello")
    t.courier.last().finish()
    t.call.leave()
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "consumerGone", charge: 0 })
    write()
    await t.settled()
    expect(t.texts).toEqual([])
    t.expectOver()
  })

  it("after the end: nothing happens any more", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().say("Hello")
    t.courier.last().finish()
    t.call.leave()
    expect(t.attemptsEnded()).toHaveLength(1)
    t.expectOver()
  })

  it("while a stream that tells its charge waits for the disk: nothing happens any more", async () => {
    let write = (): void => {}
    const t = openCall({
      hearsCharge: true,
      durable: () => new Promise((resolve) => (write = resolve)),
    })
    write()
    await t.settled()
    t.courier.last().say("Hello")
    t.courier.last().finish()
    expect(t.of("Finish")).toHaveLength(1)
    expect(t.ends).toEqual([])
    t.call.leave()
    write()
    await t.settled()
    expect(t.ends).toEqual([])
    t.expectOver()
  })

  it("while the answer is put together: it pays for what was made for it", async () => {
    const t = openCall({ isStreaming: false })
    t.courier.last().say("Hello there")
    t.call.leave()
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "consumerGone", outputTokens: 2 })
    await t.settled()
    expect(t.ends).toEqual([])
    t.expectOver()
  })
})

describe("a charge", () => {
  it("is told at the end of a stream only when it is on disk, and by no stream that lost it", async () => {
    for (const isLost of [false, true]) {
      let write = (): void => {}
      let fail = (_error: Error): void => {}
      const t = openCall({
        hearsCharge: true,
        durable: () =>
          new Promise((resolve, reject) => {
            write = resolve
            fail = reject
          }),
      })
      write()
      await t.settled()
      t.courier.last().say("Hello")
      t.courier.last().finish()
      await t.settled()
      expect(t.texts.join("")).toBe("Hello")
      expect(t.ends).toEqual([])
      if (isLost) fail(new Error("disk full"))
      else write()
      await t.settled()
      expect(t.ends).toMatchObject(
        isLost ? [{ _tag: "Failed" }] : [{ _tag: "Served", chargeMinor: priceOf(1) }],
      )
      t.expectOver()
    }
  })

  it("has a receipt with what it follows from, and who asked", async () => {
    const t = openCall({ asker: { key: 7, requestId: "req_1" } })
    await t.settled()
    t.courier.last().say("Hello")
    t.courier.last().finish()
    const { instance } = t.of("Finish")[0]!
    const account = t.account.id
    const found = await Effect.runPromise(
      t.market.store.receipts({ account, fromMicros: 0, count: 10 }),
    )
    expect(found).toMatchObject([
      {
        account,
        instance,
        key: 7,
        requestId: "req_1",
        inputTokens,
        outputTokens: 1,
        inputPricePerMtok: 1_000_000,
        outputPricePerMtok: 2_000_000,
        charge: priceOf(1),
        outcome: "completed",
      },
    ])
  })

  it("that is none has no receipt", async () => {
    const t = openCall({ hosts: 1, asker: { key: 7, requestId: "req_1" } })
    await t.settled()
    t.courier.last().fail("upstreamError")
    await t.settled()
    expect(t.of("Refuse")).toHaveLength(1)
    const requests = t.market.journal.entries.map((_, index) => index + 1)
    expect(await Effect.runPromise(t.market.store.receiptsOf(requests))).toEqual([])
  })
})

describe("a consumer that reads slowly", () => {
  it("holds the host back, and the time does not count against it", async () => {
    const t = openCall({ hosts: 1 })
    await t.settled()
    const host = t.courier.last()
    host.say("One")
    t.clock.pass(second)
    t.call.pause()
    expect(host.isPaused).toBe(true)
    t.clock.pass(14 * second)
    t.call.resume()
    expect(host.isPaused).toBe(false)
    t.clock.pass(10 * second)
    host.say(" two")
    host.finish()
    expect(t.attemptsEnded()[0]).toMatchObject({
      outcome: "completed",
      decodeMicros: 11 * second,
    })
    t.expectOver()
  })

  it("is as good as gone when it reads nothing for too long", async () => {
    const t = openCall({ hosts: 1, config: { timeouts: { betweenTokensSeconds: 15 } } })
    await t.settled()
    t.courier.last().say("One")
    t.call.pause()
    t.clock.pass(16 * second)
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "consumerGone", outputTokens: 1 })
    expect(t.ends).toHaveLength(1)
    t.expectOver()
  })
})

describe("a call that gets its answer in one piece", () => {
  it("has it put together, and sent once the charge is on disk", async () => {
    const writes: Array<() => void> = []
    const t = openCall({
      isStreaming: false,
      durable: () => new Promise((resolve) => writes.push(resolve)),
    })
    t.courier.last().say("Hello")
    t.courier.last().say(" there")
    t.courier.last().finish(2)
    await t.settled()
    expect(t.of("Finish")).toHaveLength(1)
    expect(t.ends).toEqual([])
    for (const write of writes) write()
    await t.settled()
    expect(t.ends).toMatchObject([{ _tag: "Served", chargeMinor: priceOf(2) }])
    expect(t.answer()).toMatchObject({
      choices: [{ message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" }],
      usage: { prompt_tokens: inputTokens, completion_tokens: 2, total_tokens: 12 },
    })
    t.expectOver()
  })

  it("is tried again even where the first host had begun: nothing went out", async () => {
    const t = openCall({ isStreaming: false })
    t.courier.last().say("The first host's beginning")
    t.courier.last().fail("truncated")
    t.courier.last().say("Whole")
    t.courier.last().finish()
    await t.settled()
    expect(t.courier.deliveries).toHaveLength(2)
    expect(t.answer()).toMatchObject({ choices: [{ message: { content: "Whole" } }] })
    expect(t.of("Finish")[0]).toMatchObject({ outputTokens: 1 })
    t.expectOver()
  })
})

describe("calls together", () => {
  it("write down what is delivered about once a second, until the call ends", async () => {
    const t = openCall()
    await t.settled()
    const { deliveryNotes } = t.market.journal
    t.clock.pass(second)
    expect(deliveryNotes.size).toBe(0)
    t.courier.last().say("Hello there")
    t.clock.pass(second)
    t.clock.pass(second)
    const { request } = t.courier.last().job
    expect([...deliveryNotes.values()]).toEqual([{ request, attempt: 0, tokens: 3 }])
    t.courier.last().finish()
    expect(deliveryNotes.size).toBe(0)
    t.expectOver()
  })

  it("are shed when too many are under way, or the journal is behind", () => {
    const t = openCall({ config: { limits: { openCalls: 1, journalBacklog: 100 } } })
    expect(t.calls.excess()).toMatchObject({ status: 503, retryAfterSeconds: 1 })
    t.call.leave()
    expect(t.calls.excess()).toBeUndefined()
    t.market.journal.pending = 100
    expect(t.calls.excess()).toMatchObject({ status: 503 })
  })

  it("fail over when the host of an attempt falls silent", async () => {
    const t = openCall({ config: { timeouts: { firstTokenSeconds: 600 } } })
    await t.settled()
    const [first] = t.courier.deliveries
    const silent = t.market.directory.instances.get(first!.job.instance)!.host
    t.market.driver.submit({ _tag: "HeartbeatReceived", node: silent })
    t.clock.pass(120 * second)
    expect(t.of("FailOver")).toEqual([{ _tag: "FailOver", node: silent }])
    expect(first!.isCancelled).toBe(true)
    expect(t.attemptsEnded()[0]?.outcome).toBe("connectFailed")
    expect(t.courier.deliveries).toHaveLength(2)
    t.courier.last().say("Hi")
    t.courier.last().finish()
    expect(t.ends[0]?._tag).toBe("Served")
    t.expectOver()
  })

  it("finish when the gateway closes, or are ended after a while", async () => {
    const t = openCall()
    await t.settled()
    t.courier.last().say("Hello")
    const drained = t.calls.drain(10)
    expect(t.calls.excess()).toMatchObject({ status: 503, code: "overloaded" })
    t.clock.pass(9 * second)
    expect(t.ends).toEqual([])
    t.clock.pass(second)
    await drained
    expect(t.ends).toMatchObject([{ _tag: "Failed", error: { status: 503 } }])
    expect(t.of("Finish")[0]).toMatchObject({ outcome: "gatewayFault", outputTokens: 1 })
    t.expectOver()
  })
})
