import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountRoutes } from "../../../live/accounts/account-routes.ts"
import type { Receipt } from "../../../live/store/receipt.ts"
import { creditsNumberOf, creditsOf } from "../../../live/views/credits.ts"
import { manualClock } from "../support/manual-clock.ts"
import { openTestMarket } from "../support/market.ts"
import { call, serverOf } from "../support/stored-market.ts"
import { plainReceipt } from "../support/receipt.ts"

const dayMicros = 86_400_000_000
/** Noon of a day of UTC. */
const openedAtMillis = Date.UTC(2026, 4, 1, 12)

const openDesk = async () => {
  const clock = manualClock(0)
  const market = openTestMarket({
    clock,
    nowMillis: () => openedAtMillis + clock.nowMicros() / 1000,
  })
  market.store.putMeta({ economy: market.driver.market.economy, seed: "test", openedAtMillis })
  const model = market.listModel({ name: "small" })
  const host = market.startHost({ model })
  const { account, secret } = market.openAccount()
  const server = await serverOf(market, accountRoutes(market))
  const mine = [...market.directory.keys.all()].find((one) => one.account === account.id)!
  let request = 100
  const note = (more: Partial<Receipt> = {}): number => {
    market.store.noteReceipt({
      request: ++request,
      at: clock.nowMicros(),
      account: account.id,
      key: mine.id,
      requestId: `req_x_${request}`,
      model: model.id,
      instance: host.instance.id,
      ...plainReceipt,
      ...more,
    })
    return request
  }
  const ask = async (url: string, key = secret) => call(server, key, "GET", url)
  return { clock, market, model, host, account, secret, server, mine, note, ask }
}

describe("a charged call", () => {
  it("is told with all that its charge follows from, by its id and by its answer's", async () => {
    const { host, mine, note, ask, market } = await openDesk()
    const request = note()
    const told = {
      id: `call_${request}`,
      request_id: `req_x_${request}`,
      at: openedAtMillis / 1000,
      model: "small",
      input_tokens: 400,
      output_tokens: 300,
      input_price_per_token: "0.0000001",
      output_price_per_token: "0.0000004",
      cost: "0.00016",
      host_id: host.host.publicId,
      host: "test host",
      key_id: mine.publicId,
      key: "test",
      outcome: "completed",
    }
    expect((await ask("/account/calls")).body).toEqual({ data: [told], next_cursor: null })
    expect((await ask(`/account/calls/call_${request}`)).body).toEqual(told)
    expect((await ask(`/account/calls/req_x_${request}`)).body).toEqual(told)
    const stranger = market.openAccount().secret
    for (const id of [`call_${request}`, `req_x_${request}`])
      expect((await ask(`/account/calls/${id}`, stranger)).status).toBe(404)
    expect((await ask("/account/calls", stranger)).body["data"]).toEqual([])
    const wrong = await ask(`/account/calls?key_id=${mine.publicId}`, stranger)
    expect(wrong).toMatchObject({ status: 400, body: { error: { param: "key_id" } } })
  })

  it("comes page by page, each once, and only those that are asked for", async () => {
    const { clock, market, account, mine, note, ask } = await openDesk()
    const { key } = market.giveKey("account", { account: account.id })
    for (let n = 0; n < 7; n++) {
      if (n % 2 === 0) clock.pass(1000)
      note(n === 3 ? { key: key.id } : {})
    }
    const seen: Array<string> = []
    for (let cursor = ""; ;) {
      const { body } = await ask(`/account/calls?limit=2${cursor}`)
      seen.push(...(body["data"] as Array<{ id: string }>).map(({ id }) => id))
      if (body["next_cursor"] === null) break
      cursor = `&cursor=${body["next_cursor"]}`
    }
    expect(seen).toEqual([107, 106, 105, 104, 103, 102, 101].map((one) => `call_${one}`))
    const ids = async (query: string) =>
      ((await ask(`/account/calls?${query}`)).body["data"] as Array<{ id: string }>).length
    expect(await ids(`key_id=${key.publicId}`)).toBe(1)
    expect(await ids(`key_id=${mine.publicId}&model=small`)).toBe(6)
    clock.pass(dayMicros)
    expect(await ids("days=1")).toBe(0)
    expect(await ids("days=2")).toBe(7)
    expect((await ask("/account/calls?cursor=1-x")).status).toBe(400)
  })
})

describe("usage", () => {
  it("adds up by day of UTC, model and key, or by fewer of these", async () => {
    const { clock, market, account, mine, note, ask } = await openDesk()
    const other = market.listModel({ name: "other" })
    const { key } = market.giveKey("account", { account: account.id })
    note()
    note({ charge: 1_000_000 })
    clock.pass(dayMicros / 2)
    note({ key: key.id })
    note({ model: other.id, key: null, requestId: null })
    const all = (await ask("/account/usage")).body
    const second = Date.UTC(2026, 4, 2) / 1000
    expect(all["data"]).toMatchObject([
      { at: second, model: "other", key_id: null, calls: 1, cost: "0.00016" },
      { at: second, model: "small", key_id: key.publicId, calls: 1 },
      {
        at: Date.UTC(2026, 4, 1) / 1000,
        model: "small",
        key_id: mine.publicId,
        calls: 2,
        input_tokens: 800,
        output_tokens: 600,
        cost: "1.00016",
      },
    ])
    expect((await ask("/account/usage?by=none")).body["data"]).toMatchObject([
      { at: null, model: null, key_id: null, key: null, calls: 4, cost: "1.00048" },
    ])
    expect((await ask("/account/usage?by=model")).body["data"]).toMatchObject([
      { at: null, model: "other", calls: 1 },
      { at: null, model: "small", calls: 3 },
    ])
    const page = (await ask("/account/usage?limit=2")).body
    expect(page["data"]).toHaveLength(2)
    const rest = (await ask(`/account/usage?limit=2&cursor=${page["next_cursor"]}`)).body
    expect(rest).toMatchObject({ data: [{ calls: 2 }], next_cursor: null })
    expect((await ask("/account/usage?by=host")).status).toBe(400)
  })

  it("is a table that a spreadsheet can open without running what a key is called", async () => {
    const { market, server, secret, account, note } = await openDesk()
    const { key } = market.giveKey("account", { account: account.id })
    market.directory.keys.put({ ...key, name: '=cmd|"/c calc"!A1' })
    note({ key: key.id })
    const answer = await server.inject({
      url: "/account/usage.csv?days=7",
      headers: { authorization: `Bearer ${secret}` },
    })
    expect(answer.headers).toMatchObject({
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="usage.csv"',
      "cache-control": "no-store",
    })
    expect(answer.body).toBe(
      "day,model,key_id,key,calls,input_tokens,output_tokens,cost_credits\r\n" +
        `2026-05-01,small,${key.publicId},"'=cmd|""/c calc""!A1",1,400,300,0.00016\r\n`,
    )
  })
})

describe("a cost as a number", () => {
  it("is the charge to the last minor unit, also through JSON", () => {
    const { driver } = openTestMarket()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999_999 }), (minor) => {
        const text = JSON.stringify({ cost: creditsNumberOf(driver.market, minor) })
        const { cost } = JSON.parse(text) as { readonly cost: number }
        expect(Math.round(cost * 1_000_000)).toBe(minor)
        expect(cost).toBe(Number(creditsOf(driver.market, minor)))
      }),
    )
  })
})
