import { describe, expect, it } from "vitest"
import { breakerStateOf, instanceView } from "../../../../engine/index.ts"
import type { MarketEvent, Outcome } from "../../../../engine/index.ts"
import { startProber } from "../../../../live/gateway/probing/prober.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { openTestMarket } from "../../support/market.ts"
import type { FakeDelivery } from "../call/fake-courier.ts"
import { fakeCourier } from "../call/fake-courier.ts"

const second = 1_000_000

const open = (isVerified = false, kind: "text" | "embedding" = "text") => {
  const clock = manualClock()
  const market = openTestMarket({
    clock,
    knobs: { ramp: { start: 1 }, routing: { capacity: isVerified ? "verified" : "declared" } },
  })
  const courier = fakeCourier()
  const prober = startProber(market, courier.couriers)
  const model = market.listModel({ name: "small", kind })
  const { account } = market.openAccount()
  const answers = <T extends MarketEvent["_tag"]>(tag: T) =>
    market.journal.entries.flatMap(({ event }) =>
      event._tag === tag ? [event as Extract<MarketEvent, { readonly _tag: T }>] : [],
    )
  /** Three failures of an instance, which park it. */
  const park = (): void => {
    for (let i = 0; i < 3; i++) {
      const request = market.driver.nextRequest()
      market.driver.submit({
        _tag: "RequestArrived",
        request,
        account: account.id,
        model: model.id,
        inputTokens: 1,
        maxTokens: 1,
      })
      market.driver.submit({
        _tag: "AttemptEnded",
        request,
        attempt: 0,
        outcome: "upstreamError",
        outputTokens: 0,
        reportedTokens: 0,
        decodeMicros: 0,
        retryAfterMicros: 0,
      })
    }
  }
  return { clock, market, courier, prober, model, answers, park }
}

/** Lets a delivery write a word every so often, all of them at the same times. */
const writeWords = (
  t: ReturnType<typeof open>,
  deliveries: ReadonlyArray<FakeDelivery>,
  everyMicros: number,
): void => {
  for (let word = 0; word < (deliveries[0]?.job.maxTokens ?? 0); word++) {
    t.clock.pass(everyMicros)
    for (const one of deliveries) one.say(word === 0 ? "one" : " one")
  }
  for (const one of deliveries) one.finish()
}

/** Lets deliveries generate at a pace, of which the first tokens do not show. */
const think = (
  t: ReturnType<typeof open>,
  deliveries: ReadonlyArray<FakeDelivery>,
  hidden: number,
  everyMicros: number,
  claim: (tokens: number) => number | undefined = (tokens) => tokens,
): void => {
  const most = deliveries[0]?.job.maxTokens ?? 0
  for (let token = 0; token < most; token++) {
    t.clock.pass(everyMicros)
    for (const one of deliveries)
      if (token >= hidden) one.say(token === hidden ? "one" : " one")
      else one.sink.alive()
  }
  for (const one of deliveries) {
    one.sink.chunk({ choices: [{ index: 0, delta: {}, finish_reason: "length" }] })
    const completion_tokens = claim(most)
    if (completion_tokens !== undefined)
      one.sink.chunk({ choices: [], usage: { completion_tokens } })
    one.sink.end({ outcome: "completed" })
  }
}
describe("a probe of a parked instance", () => {
  const parked = () => {
    const t = open()
    const { instance } = t.market.startHost({ model: t.model })
    t.park()
    expect(breakerStateOf(t.market.driver.market, instance.id)).toBe("open")
    t.clock.pass(15 * second)
    return { ...t, instance }
  }

  it("that goes well lets it back in", () => {
    const t = parked()
    const probe = t.courier.last()
    expect(probe.job).toMatchObject({ instance: t.instance.id, kind: "chat" })
    expect(probe.job.body).toMatchObject({ model: "small", stream: true })
    writeWords(t, [probe], second / 10)
    expect(t.answers("ProbeEnded")).toMatchObject([
      { outcome: "completed", outputTokens: probe.job.maxTokens },
    ])
    expect(breakerStateOf(t.market.driver.market, t.instance.id)).toBe("closed")
  })

  it("that shows nothing, cut off as it was, has gone well", () => {
    const t = parked()
    think(t, [t.courier.last()], 10_000, second / 10)
    expect(t.answers("ProbeEnded")).toMatchObject([{ outcome: "completed" }])
    expect(breakerStateOf(t.market.driver.market, t.instance.id)).toBe("closed")
  })

  it.each([
    ["connectFailed", "connectFailed"],
    ["backpressure", "backpressure"],
  ] as const)("that ends with %s is told so", (outcome, told) => {
    const t = parked()
    t.courier.last().fail(outcome, { retryAfterMicros: 7 })
    expect(t.answers("ProbeEnded")).toMatchObject([{ outcome: told, retryAfterMicros: 7 }])
    expect(breakerStateOf(t.market.driver.market, t.instance.id)).not.toBe("closed")
  })

  it("asks for a completion where the model knows no chats, and blames who refuses both", () => {
    const t = parked()
    t.courier.last().fail("consumerError", { status: 400 })
    expect(t.courier.last().job.kind).toBe("completion")
    t.courier.last().fail("consumerError", { status: 400 })
    expect(t.answers("ProbeEnded")).toMatchObject([{ outcome: "upstreamError" satisfies Outcome }])
  })

  it("has no more time for a completion than the refused chat has left it", () => {
    const t = parked()
    t.clock.pass(20 * second)
    t.courier.last().fail("consumerError", { status: 400 })
    const completion = t.courier.last()
    expect(completion.job.kind).toBe("completion")
    t.clock.pass(9 * second)
    expect(completion.isCancelled).toBe(true)
    expect(t.answers("ProbeEnded")).toMatchObject([{ outcome: "firstTokenTimeout" }])
  })

  it("that hangs is ended before the kernel takes it for lost", () => {
    const t = parked()
    t.clock.pass(29 * second)
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.answers("ProbeEnded")).toMatchObject([{ outcome: "firstTokenTimeout" }])
  })

  it("is not begun any more when the gateway closes, and one under way is stopped", () => {
    const t = parked()
    t.prober.close()
    expect(t.courier.last().isCancelled).toBe(true)
    expect(t.answers("ProbeEnded")).toEqual([])
  })
})

describe("a probe of an instance below the floor", () => {
  const floored = () => {
    const t = open()
    const { instance } = t.market.startHost({ model: t.model })
    const { account } = t.market.openAccount({ minor: 1e9 })
    const { driver } = t.market
    const reason = () => instanceView(driver.market, instance.id)?.reason
    for (let call = 0; call < 100 && reason() !== "BelowFloor"; call++) {
      const request = driver.nextRequest()
      const [inputTokens, maxTokens] = [1, 200]
      driver.submit({
        _tag: "RequestArrived",
        request,
        account: account.id,
        model: t.model.id,
        inputTokens,
        maxTokens,
      })
      driver.submit({
        _tag: "AttemptEnded",
        request,
        attempt: 0,
        outcome: "completed",
        outputTokens: 100,
        reportedTokens: 100,
        decodeMicros: 100 * second,
        retryAfterMicros: 0,
      })
      t.clock.pass(second)
    }
    expect(reason()).toBe("BelowFloor")
    for (let minute = 0; minute < 60 && t.courier.deliveries.length === 0; minute++)
      t.clock.pass(60 * second)
    return { ...t, reason }
  }

  it.each([3, 60, 100, 10_000])("judges a model that hides its first %i tokens", (hidden) => {
    const t = floored()
    for (let tries = 0; tries < 3 && t.answers("ProbeEnded").length === 0; tries++)
      think(t, [t.courier.last()], hidden, second / 50)
    expect(t.answers("ProbeEnded")).toMatchObject([{ outcome: "completed" }])
    expect(t.reason()).toBe("Eligible")
  })

  it.each([
    ["slow", second / 3, (tokens: number) => tokens * 1000],
    ["one that counts nothing", second / 50, () => undefined],
  ] as const)("is not passed by %s, whatever it claims", (_who, everyMicros, claim) => {
    const t = floored()
    for (let tries = 0; tries < 3 && t.answers("ProbeEnded").length === 0; tries++)
      think(t, [t.courier.last()], 10_000, everyMicros, claim)
    expect(t.answers("ProbeEnded")).toHaveLength(1)
    expect(t.reason()).toBe("BelowFloor")
  })
})

describe("the measurement of an instance", () => {
  const slotsOf = (t: ReturnType<typeof open>, instance: number) =>
    instanceView(t.market.driver.market, instance)?.slots

  it("tries one stream, then as many as are declared", () => {
    const t = open(true)
    const { instance } = t.market.startHost({ model: t.model, slots: 8, tokensPerSecond: 1000 })
    expect(slotsOf(t, instance.id)).toBe(0)
    writeWords(t, t.courier.deliveries.slice(), second / 50)
    expect(t.courier.deliveries).toHaveLength(9)
    writeWords(t, t.courier.deliveries.slice(1), second / 20)
    expect(t.answers("CapacityMeasured")).toMatchObject([{ slots: 8, tokensPerSecond: 160 }])
    expect(slotsOf(t, instance.id)).toBe(8)
  })

  it("halves what an instance declares until it keeps its word", () => {
    const t = open(true)
    const { instance } = t.market.startHost({ model: t.model, slots: 8, tokensPerSecond: 1000 })
    // All streams share 12 tokens a second: two of them are above the floor of 5.
    for (let seen = 0; t.answers("CapacityMeasured").length === 0 && seen < 100;) {
      const round = t.courier.deliveries.slice(seen)
      seen += round.length
      writeWords(t, round, Math.round((second * round.length) / 12))
    }
    expect(t.courier.deliveries).toHaveLength(1 + 8 + 4 + 2)
    expect(t.answers("CapacityMeasured")).toMatchObject([{ slots: 2, tokensPerSecond: 11 }])
    expect(slotsOf(t, instance.id)).toBe(2)
  })

  it("is tried again while the host is not there yet, more and more seldom", () => {
    const t = open(true)
    const { instance } = t.market.startHost({ model: t.model, slots: 1 })
    t.courier.last().fail("connectFailed")
    t.clock.pass(2 * second)
    expect(t.courier.deliveries).toHaveLength(2)
    t.courier.last().fail("connectFailed")
    t.clock.pass(3 * second)
    expect(t.courier.deliveries).toHaveLength(2)
    t.clock.pass(second)
    expect(t.courier.deliveries).toHaveLength(3)
    writeWords(t, [t.courier.last()], second / 100)
    expect(slotsOf(t, instance.id)).toBe(1)
  })

  it("goes on for one who asks again, and is not begun twice", () => {
    const t = open(true)
    t.market.startHost({ model: t.model, slots: 1 })
    for (let minute = 0; minute < 12; minute++) {
      const latest = t.courier.last()
      if (!latest.isCancelled) latest.fail("connectFailed")
      t.clock.pass(60 * second)
    }
    const attempts = t.courier.deliveries.length
    expect(attempts).toBeGreaterThan(7)
    expect(attempts).toBeLessThan(25)
    writeWords(t, [t.courier.last()], second / 100)
  })

  it("calls no more than 64 times at once on behalf of one account, whose hosts may be anywhere", () => {
    const t = open(true)
    const first = t.market.startHost({ model: t.model, slots: 2 })
    const { account } = first.host
    for (let n = 1; n < 100; n++) t.market.startHost({ model: t.model, slots: 2, account })
    const { deliveries } = t.courier
    expect(deliveries).toHaveLength(64)
    const other = t.market.startHost({ model: t.model, slots: 2 })
    expect(deliveries.at(-1)?.job.instance, "another's turn").toBe(other.instance.id)
    writeWords(t, deliveries.slice(0, 10), second / 100)
    expect(deliveries, "as many as have ended").toHaveLength(75)
    // All of them, in the end: each alone, and then with both of its slots.
    for (let done = 10; done < deliveries.length; done++)
      writeWords(t, deliveries.slice(done, done + 1), second / 1000)
    expect(t.answers("CapacityMeasured")).toHaveLength(101)
  })

  const measureThinker = (
    hidden: number,
    everyMicros: number,
    claim?: (tokens: number) => number | undefined,
  ) => {
    const t = open(true)
    const { instance } = t.market.startHost({ model: t.model, slots: 4, tokensPerSecond: 100 })
    for (let seen = 0, rounds = 0; rounds < 8 && t.answers("CapacityMeasured").length === 0;) {
      const round = t.courier.deliveries.slice(seen)
      seen += round.length
      rounds += 1
      think(t, round, hidden, everyMicros, claim)
    }
    return { ...t, instance }
  }

  it.each([
    [3, 1 + 4],
    [40, 2 + 4],
    [100, 2 + 4],
    [300, 3 + 4],
    [100_000, 3 + 4],
  ])("gets to see the speed of a model that hides its first %i tokens", (hidden, generations) => {
    const t = measureThinker(hidden, second / 50)
    expect(t.answers("CapacityMeasured")).toMatchObject([{ slots: 4 }])
    const { tokensPerSecond } = t.answers("CapacityMeasured")[0]!
    expect(tokensPerSecond).toBeGreaterThan(190)
    expect(tokensPerSecond).toBeLessThanOrEqual(200)
    expect(t.courier.deliveries).toHaveLength(generations)
    // What it is measured at beyond what it declares counts for nothing.
    expect(instanceView(t.market.driver.market, t.instance.id)).toMatchObject({
      slots: 4,
      tokensPerSecond: 100,
    })
  })

  it("believes a host's count for no more than was asked, and where nothing shows alone", () => {
    const boast = (tokens: number): number => tokens * 1000
    const [boasted] = measureThinker(100_000, second / 50, boast).answers("CapacityMeasured")
    expect(boasted?.tokensPerSecond).toBeLessThanOrEqual(200)
    const [shown] = measureThinker(0, second / 50, boast).answers("CapacityMeasured")
    expect(shown?.tokensPerSecond).toBeLessThanOrEqual(200)
    // Three tokens a second are three, whatever is claimed.
    expect(measureThinker(100_000, second / 3, boast).answers("CapacityMeasured")).toEqual([])
    expect(
      measureThinker(100_000, second / 50, () => undefined).answers("CapacityMeasured"),
    ).toEqual([])
  })

  it("of an embedding model counts answers, not tokens", () => {
    const t = open(true, "embedding")
    const { instance } = t.market.startHost({ model: t.model, slots: 2, tokensPerSecond: 77 })
    for (let round = 0; round < 2; round++)
      for (const one of t.courier.deliveries.slice(round)) {
        expect(one.job).toMatchObject({ kind: "embedding", maxTokens: 0 })
        one.sink.chunk({ data: [{ embedding: [1] }] })
        one.sink.end({ outcome: "completed" })
      }
    expect(t.answers("CapacityMeasured")).toMatchObject([{ slots: 2, tokensPerSecond: 77 }])
    expect(slotsOf(t, instance.id)).toBe(2)
  })
})
