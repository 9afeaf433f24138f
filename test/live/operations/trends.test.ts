import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openAccount } from "../../../live/accounts/sign-up.ts"
import { makeFeed } from "../../../live/operations/feed.ts"
import type { Figures } from "../../../live/operations/trend-figures.ts"
import { addFigures, figuresText, readFigures } from "../../../live/operations/trend-figures.ts"
import { makeTrends, trendRanges } from "../../../live/operations/trends.ts"
import { assertProperty } from "../../support/property.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import type { ManualClock } from "../support/manual-clock.ts"
import { manualClock } from "../support/manual-clock.ts"
import { openStoredMarket } from "../support/stored-market.ts"
import { openOperations } from "./operations-server.ts"

const second = 1_000_000
const minute = 60 * second
/** A day's beginning, UTC. */
const midnight = 1_800_057_600

/** A market whose wall clock is the manual one, from midnight on. */
const openAt = (clock: ManualClock = manualClock()) =>
  openOperations({ clock, nowMillis: () => midnight * 1000 + clock.nowMicros() / 1000 })

interface Past {
  readonly from: number
  readonly to: number
  readonly step_seconds: number
  readonly model: string | null
  readonly data: ReadonlyArray<Record<string, unknown>>
}

type Opened = Awaited<ReturnType<typeof openAt>>
const pastOf = async ({ get }: Pick<Opened, "get">, query: string): Promise<Past> => {
  const { status, body } = await get(`/market/history?${query}`)
  expect(status).toBe(200)
  return body
}

describe("the market's past", () => {
  it("tells each minute what was served, asked, refused and why, and what there was to serve it", async () => {
    const opened = await openAt()
    const { clock, market, serve, trends } = opened
    const model = market.listModel({ name: "known" })
    market.listModel({ name: "other" })
    market.startHost({ model, tokensPerSecond: 1000 })
    const { account } = market.openAccount()
    clock.pass(15 * second)
    serve(account.id, model.id, "completed", 100)
    serve(account.id, model.id, "completed", 80)
    serve(account.id, model.id, "upstreamError", 0)
    trends.noteRefused(model.id, "NoCapacity")
    trends.noteRefused(model.id, "NoCapacity")
    trends.noteRefused(model.id, "InsufficientCredits")
    clock.pass(105 * second)
    const { data, ...past } = await pastOf(opened, "range=hour&model=known")
    const to = midnight + 120
    expect(past).toEqual({ model: "known", from: to - 3600, to, step_seconds: 60 })
    expect(data).toMatchObject([
      {
        at: midnight,
        seconds: 60,
        supply_tokens_per_second: 1000,
        held_back_tokens_per_second: 0,
        served_tokens_per_second: 3,
        hosts: 1,
        finished: 2,
        failed: 0,
        refused: 3,
        refused_by_reason: { NoCapacity: 2, InsufficientCredits: 1 },
        bounty_multiplier: 1,
        input_price_per_token: "0.000001",
        output_price_per_token: "0.000002",
      },
      { at: midnight + 60, finished: 0, refused: 0, served_tokens_per_second: 0 },
    ])
    // The failed call was asked for as well: its model's mean answer is 90 tokens.
    expect(data[0]?.["asked_tokens_per_second"]).toBe(4.5)
    const whole = await pastOf(opened, "range=hour")
    expect(whole.data[0]).toMatchObject({
      finished: 2,
      refused: 3,
      hosts: 1,
      supply_tokens_per_second: 1000,
      bounty_multiplier: null,
      output_price_per_token: null,
    })
    expect((await pastOf(opened, "range=hour&model=other")).data[0]).toMatchObject({
      finished: 0,
      hosts: 0,
    })
  })

  it("is coarser the further back, adds up to the same, and keeps a bounded number of spans", async () => {
    const opened = await openAt()
    const { clock, market, trends } = opened
    const model = market.listModel({ name: "known" })
    market.startHost({ model, tokensPerSecond: 500 })
    const everyMinute = 90 * 60
    for (let n = 0; n < everyMinute; n++) {
      trends.noteRefused(model.id, "NoCapacity")
      clock.pass(minute)
    }
    for (const [range, { seconds, stepSeconds }] of Object.entries(trendRanges)) {
      const { data, step_seconds } = await pastOf(opened, `range=${range}&model=known`)
      expect(step_seconds).toBe(stepSeconds)
      const spans = Math.min(seconds, everyMinute * 60) / stepSeconds
      expect(data.length).toBe(spans)
      for (const one of data)
        expect(one).toMatchObject({
          refused: stepSeconds / 60,
          seconds: stepSeconds,
          supply_tokens_per_second: 500,
        })
      const kept = await Effect.runPromise(market.store.samples({ stepSeconds, from: 0 }))
      // Of two subjects; a dozen spans more than are shown.
      expect(kept.length).toBeLessThanOrEqual(2 * (seconds / stepSeconds + 13))
    }
  })

  it("goes on after a kill with the span that it was in, less the minute that nobody had kept", async () => {
    const clock = manualClock()
    const folder = temporaryFolder()
    const nowMillis = () => midnight * 1000 + clock.nowMicros() / 1000
    const begin = async () => {
      const market = await openStoredMarket({ folder, clock, nowMillis })
      const trends = await Effect.runPromise(makeTrends(market, makeFeed(market).rates))
      return { market, trends }
    }
    const first = await begin()
    first.market.driver.submit({
      _tag: "ModelListed",
      model: 0,
      inputPricePerMtok: 1,
      outputPricePerMtok: 1,
    })
    first.market.directory.models.put({
      id: 0,
      name: "known",
      kind: "text",
      contextTokens: 1,
      inputPricePerMtok: 1,
      outputPricePerMtok: 1,
    })
    openAccount(first.market, "somebody")
    first.trends.noteRefused(0, "NoCapacity")
    clock.pass(minute)
    first.trends.noteRefused(0, "NoInstance")
    clock.pass(minute / 2)
    // Killed: what is in memory is gone. The first process's clock must not go on.
    await first.market.close()
    const second = await begin()
    second.trends.noteRefused(0, "NoCapacity")
    clock.pass(10_000_000)
    second.trends.close()
    await second.market.driver.durable()
    const spans = await Effect.runPromise(second.trends.read("day", 0))
    await second.market.close()
    expect(spans).toMatchObject([
      { at: midnight, figures: { seconds: 70, refused: { NoCapacity: 2 } } },
    ])
  })

  it("of a model that there is not is 404, and of a range that there is not is 400", async () => {
    const { get } = await openAt()
    expect((await get("/market/history?model=none")).status).toBe(404)
    expect((await get("/market/history?range=year")).status).toBe(400)
  })
})

describe("figures", () => {
  const whole = fc.nat(1_000_000)
  const anyFigures: fc.Arbitrary<Figures> = fc.record({
    seconds: whole,
    finished: whole,
    failed: whole,
    refused: fc.dictionary(fc.constantFrom("NoCapacity", "NoInstance", "AttemptFailed"), whole),
    servedTokens: whole,
    askedTokens: whole,
    supply: whole,
    heldBack: whole,
    hosts: whole,
    bounty: whole,
    inputPricePerMtok: whole,
    outputPricePerMtok: whole,
  })

  it("add up to the same however the spans are put together, and are read as they were written", async () => {
    await assertProperty(
      fc.property(anyFigures, anyFigures, anyFigures, (a, b, c) => {
        expect(addFigures(addFigures(a, b), c)).toEqual(addFigures(a, addFigures(b, c)))
        expect(readFigures(figuresText(a))).toEqual(a)
      }),
    )
  })

  it("of another version are left out", () => {
    expect(readFigures('{"seconds":60}')).toBeUndefined()
    expect(readFigures("null")).toBeUndefined()
  })
})
