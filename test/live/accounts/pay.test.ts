import { describe, expect, it } from "vitest"
import { accountRoutes } from "../../../live/accounts/account-routes.ts"
import type { EconomyPatch } from "../../../engine/index.ts"
import { manualClock } from "../support/manual-clock.ts"
import type { StartedHost, TestMarket } from "../support/market.ts"
import { openTestMarket } from "../support/market.ts"
import { call, serverOf } from "../support/stored-market.ts"

const dayMicros = 86_400_000_000
/** Noon of a day of UTC: the market's day is not the clock's. */
const openedAtMillis = Date.UTC(2026, 4, 1, 12)
const gift = 5_000_000

const openDesk = async (knobs: EconomyPatch = {}) => {
  const clock = manualClock(0)
  const market = openTestMarket({
    clock,
    nowMillis: () => openedAtMillis + clock.nowMicros() / 1000,
    knobs: { ramp: { start: 1 }, promotion: { giftsPay: "gifts" }, ...knobs },
  })
  market.store.putMeta({ economy: market.driver.market.economy, seed: "test", openedAtMillis })
  const model = market.listModel({ inputPricePerMtok: 0, outputPricePerMtok: 1_000_000 })
  const server = await serverOf(market, accountRoutes(market))
  const operator = market.openAccount({ name: "operator", minor: 0 })
  const host = market.startHost({ model, account: operator.account.id })
  return { clock, market, model, server, operator, host }
}

/** One call of so many tokens, at 1 minor unit each. */
const serve = (market: TestMarket, host: StartedHost, account: number, tokens: number): void => {
  const { driver } = market
  const request = driver.nextRequest()
  for (const fact of [
    {
      _tag: "RequestArrived",
      request,
      account,
      model: host.instance.model,
      inputTokens: 0,
      maxTokens: tokens,
    },
    {
      _tag: "AttemptEnded",
      request,
      attempt: 0,
      outcome: "completed",
      outputTokens: tokens,
      reportedTokens: tokens,
      decodeMicros: 1000,
      retryAfterMicros: 0,
    },
  ] as const)
    expect(driver.submit(fact)).toBeUndefined()
}

describe("pay", () => {
  it("shows what gifts paid, apart from what can be withdrawn, by day of UTC and by host", async () => {
    const { clock, market, model, server, operator, host } = await openDesk()
    const other = market.startHost({ model, account: operator.account.id })
    market.driver.submit({
      _tag: "AvailabilityChanged",
      instance: other.instance.id,
      isAvailable: false,
    })
    const consumer = market.openAccount().account.id
    serve(market, host, consumer, 1_000_000)
    // Half a day on it is another day of UTC. This call takes the rest of the gift, and as much again.
    clock.pass(dayMicros / 2)
    serve(market, host, consumer, 2 * (gift - 1_000_000))
    const { status, body } = await call(server, operator.secret, "GET", "/account/pay")
    expect(status).toBe(200)
    expect(body["days"]).toMatchObject([
      {
        at: Date.UTC(2026, 4, 1) / 1000,
        calls: 1,
        gross: "1.00",
        fee: "0.12",
        gift: "0.88",
        earned: "0.00",
      },
      {
        at: Date.UTC(2026, 4, 2) / 1000,
        calls: 1,
        output_tokens: 8_000_000,
        gross: "8.00",
        fee: "0.96",
        gift: "3.52",
        earned: "3.52",
      },
    ])
    expect(body["total"]).toMatchObject({ calls: 2, gross: "9.00", gift: "4.40", earned: "3.52" })
    expect(body["hosts"]).toMatchObject([
      { host_id: host.host.publicId, calls: 2, gift: "4.40", earned: "3.52" },
    ])
    expect(body["hosts_left_out"]).toBe(0)
    expect(body["rules"]).toMatchObject({ fee_bps: 1200, gifts_pay: "gifts" })
    const earnings = await call(server, operator.secret, "GET", "/account/earnings")
    expect(earnings.body["data"]).toMatchObject([
      { kind: "giftShare", amount: "0.88" },
      { kind: "giftShare", amount: "3.52" },
      { kind: "share", amount: "3.52" },
    ])
    const stranger = market.openAccount().secret
    expect((await call(server, stranger, "GET", "/account/pay")).body).toMatchObject({
      days: [],
      hosts: [],
      total: { calls: 0, gift: "0.00" },
    })
  })

  it("says what a model switch withholds", async () => {
    const { market, server, operator, host } = await openDesk()
    const model = market.listModel({ inputPricePerMtok: 0, outputPricePerMtok: 1_000_000 })
    const { instance } = host
    market.driver.submit({
      _tag: "ModelSwitched",
      instance: instance.id,
      model: model.id,
      tokensPerSecond: 1000,
      slots: 8,
      isPlatformAsked: false,
    })
    const consumer = market.openAccount().account.id
    const moved = { ...host, instance: { ...instance, model: model.id } }
    serve(market, moved, consumer, 1_000_000)
    const { body } = await call(server, operator.secret, "GET", "/account/pay")
    expect(body["total"]).toMatchObject({
      gross: "1.00",
      fee: "0.12",
      withheld: "0.44",
      gift: "0.44",
      earned: "0.00",
    })
    expect(body["rules"]).toMatchObject({ switch_reduction: 0.5, switch_hours: 72 })
  })

  it("estimates from three whole days on, and counts those that brought nothing", async () => {
    const { clock, market, server, operator, host } = await openDesk({
      promotion: { grantCredits: 0 },
    })
    const consumer = market.openAccount().account.id
    const estimate = async () =>
      (await call(server, operator.secret, "GET", "/account/pay")).body["estimate"]
    expect(await estimate()).toBeNull()
    serve(market, host, consumer, 3_000_000)
    clock.pass(dayMicros)
    serve(market, host, consumer, 6_000_000)
    expect(await estimate()).toBeNull()
    clock.pass(2 * dayMicros)
    // Of today's calls nothing is known until the day is over.
    serve(market, host, consumer, 9_000_000)
    expect(await estimate()).toEqual({
      whole_days: 3,
      earned_per_day: "2.64",
      gift_per_day: "0.00",
      least_per_day: "0.00",
      most_per_day: "5.28",
    })
  })

  it("goes as far back as it is asked to, and no further than 90 days", async () => {
    const { clock, market, server, operator, host } = await openDesk()
    serve(market, host, market.openAccount().account.id, 1000)
    clock.pass(2 * dayMicros)
    const days = async (query: string) =>
      (await call(server, operator.secret, "GET", `/account/pay${query}`)).body["days"]
    expect(await days("?days=2")).toEqual([])
    expect(await days("?days=3")).toHaveLength(1)
    expect((await call(server, operator.secret, "GET", "/account/pay?days=0")).status).toBe(400)
    clock.pass(100 * dayMicros)
    expect(await days("?days=9999")).toEqual([])
  })
})
