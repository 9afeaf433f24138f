/** Signing in on the gateway's pages, and the way back into an account. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { accountRoutes } from "../../../live/accounts/account-routes.ts"
import { defaultConfig } from "../../../live/config/config.ts"
import { gatewayRoutes } from "../../../live/gateway/gateway-routes.ts"
import { makeCalls } from "../../../live/gateway/call/calls.ts"
import type { StoredMarketOptions } from "../support/stored-market.ts"
import { openStoredMarket, serverOf } from "../support/stored-market.ts"

const config = {
  ...defaultConfig,
  accounts: { isSignUpOpen: true, signUpsPerHour: 1000 },
  limits: { ...defaultConfig.limits, loopDelayMillis: 0 },
}

const page = { "x-evenkeel-page": "1", "sec-fetch-site": "same-origin" }

const open = async (options: StoredMarketOptions = {}) => {
  const market = await openStoredMarket({ config, ...options })
  const nowhere = { deliver: () => ({ cancel() {}, pause() {}, resume() {} }) }
  const server = await serverOf(
    market,
    accountRoutes(market),
    gatewayRoutes(market, makeCalls(market, { pull: nowhere, push: nowhere })),
  )
  const ask = async (
    method: "GET" | "POST" | "DELETE",
    url: string,
    headers: Record<string, string> = {},
    payload?: object,
  ) => {
    const answer = await server.inject({
      method,
      url,
      headers,
      ...(payload === undefined ? {} : { payload }),
    })
    const cookies = [answer.headers["set-cookie"] ?? []].flat()
    return {
      status: answer.statusCode,
      headers: answer.headers,
      cookies,
      body: answer.json() as Record<string, never>,
    }
  }
  const signUp = async (name = "Ada") => {
    const { body } = await ask("POST", "/accounts", {}, { name })
    return body as unknown as { account_id: string; api_key: string; recovery_code: string }
  }
  /** Gives the header that the browser sends from then on. */
  const signIn = async (key: string, headers: Record<string, string> = page) => {
    const answer = await ask("POST", "/session", headers, { key })
    expect(answer.status).toBe(201)
    return { ...headers, cookie: answer.cookies.map((one) => one.split(";")[0]).join("; ") }
  }
  return { market, server, ask, signUp, signIn }
}

describe("signing in", () => {
  it("puts a cookie in the key's place that no script reads and no other site sends", async () => {
    const { ask, signUp, signIn } = await open()
    const { account_id, api_key } = await signUp()
    const { cookies, headers } = await ask("POST", "/session", page, { key: ` ${api_key} ` })
    expect(cookies).toEqual([
      expect.stringMatching(
        /^evenkeel_account_80=[\w-]{43}; Path=\/; Max-Age=(1209600|120959\d); HttpOnly; SameSite=Strict$/,
      ),
    ])
    expect(headers["cache-control"]).toBe("no-store")
    const browser = await signIn(api_key)
    expect((await ask("GET", "/account", browser)).body["account_id"]).toBe(account_id)
    expect((await ask("GET", "/session", browser)).body).toMatchObject({
      account: { account_id, name: "Ada", has_recovery_code: true, is_limited: false },
      admin: null,
    })
    expect((await ask("GET", "/session", page)).body).toEqual({ account: null, admin: null })
  })

  it("over TLS puts the cookie on TLS alone", async () => {
    const behindTls = await open({ config: { ...config, publicUrl: "https://market.example" } })
    const { api_key } = await behindTls.signUp()
    const { cookies } = await behindTls.ask("POST", "/session", page, { key: api_key })
    expect(cookies[0]).toMatch(/; Secure$/)
  })

  it("is for the gateway's own pages: a cookie alone opens nothing, whoever has it sent", async () => {
    const { ask, signUp, signIn } = await open()
    const { api_key } = await signUp()
    const { cookie } = await signIn(api_key)
    const others: ReadonlyArray<Record<string, string>> = [
      { cookie },
      { cookie, "sec-fetch-site": "same-origin" },
      { ...page, cookie, "sec-fetch-site": "same-site" },
      { ...page, cookie, "sec-fetch-site": "cross-site" },
    ]
    for (const headers of others) {
      expect((await ask("GET", "/account", headers)).status).toBe(401)
      expect((await ask("POST", "/account/keys", headers, { name: "theirs" })).status).toBe(401)
      expect((await ask("GET", "/session", headers)).body).toEqual({ account: null, admin: null })
      const { "x-evenkeel-page": own, ...rest } = headers
      if (own === undefined || rest["sec-fetch-site"] !== "same-origin") {
        expect((await ask("POST", "/session", rest, { key: api_key })).status).toBe(403)
        expect((await ask("DELETE", "/session", rest)).status).toBe(403)
      }
    }
    // Nor are calls of models a page's.
    const body = { model: "m", messages: [{ role: "user", content: "hello" }] }
    const call = await ask("POST", "/v1/chat/completions", { ...page, cookie }, body)
    expect(call.status).toBe(401)
    expect((await ask("GET", "/account", { ...page, cookie })).status).toBe(200)
  })

  it("says in plain words what is wrong with a key", async () => {
    const { ask, market, signUp } = await open()
    const { api_key } = await signUp()
    const refusal = async (key: string) => {
      const { status, body } = await ask("POST", "/session", page, { key })
      return [status, (body["error"] as { message: string } | undefined)?.message]
    }
    expect(await refusal("sk_live_nonsense")).toEqual([
      401,
      expect.stringMatching(/^This key is not known here\. Check that all of it was copied/),
    ])
    const own = market.directory.keyByHash(
      [...market.directory.keys.all()].find(({ role }) => role === "account")!.hash,
    )!
    market.directory.keys.put({ ...own, revokedAtMillis: 1 })
    expect(await refusal(api_key)).toEqual([401, expect.stringMatching(/has been revoked/)])
    market.directory.keys.put({ ...own, role: "host" })
    expect(await refusal(api_key)).toEqual([403, expect.stringMatching(/key of a host/)])
  })

  it("ends with signing out, with the key, and not with another browser's", async () => {
    const { ask, market, signUp, signIn } = await open()
    const { api_key } = await signUp()
    const [one, other] = [await signIn(api_key), await signIn(api_key)]
    const out = await ask("DELETE", "/session", one)
    expect(out.cookies[0]).toMatch(/^evenkeel_account_80=; Path=\/; Max-Age=0/)
    expect((await ask("GET", "/account", one)).status).toBe(401)
    expect((await ask("GET", "/account", other)).status).toBe(200)
    const key = [...market.directory.keys.all()].find(({ role }) => role === "account")!
    market.directory.keys.put({ ...key, revokedAtMillis: Date.now() })
    expect((await ask("GET", "/account", other)).status).toBe(401)
  })

  it("outlives a restart of the gateway, and so does signing out", async () => {
    const { ask, market, signUp, signIn } = await open()
    const { account_id, api_key } = await signUp()
    const [kept, left] = [await signIn(api_key), await signIn(api_key)]
    await ask("DELETE", "/session", left)
    expect(market.store.backlog()).toBe(0)
    await market.close()
    const again = await open({ folder: market.folder })
    const after = await again.ask("GET", "/account", kept)
    expect(after.body["account_id"]).toBe(account_id)
    expect((await again.ask("GET", "/account", left)).status).toBe(401)
    const secret = kept.cookie.split("=")[1]!
    expect(JSON.stringify(await Effect.runPromise(again.market.store.sessions))).not.toContain(
      secret,
    )
    await again.market.close()
  })

  it("takes an admin beside an account, each with its own rights", async () => {
    const { ask, market, signUp, signIn } = await open()
    const { api_key } = await signUp()
    const account = await signIn(api_key)
    const admin = await signIn(market.adminKey)
    expect((await ask("GET", "/admin/audit", account)).status).toBe(401)
    expect((await ask("GET", "/admin/audit", admin)).status).toBe(200)
    const both = { ...page, cookie: `${account.cookie}; ${admin.cookie}` }
    expect((await ask("GET", "/session", both)).body).toMatchObject({
      account: { name: "Ada" },
      admin: { key_id: expect.stringMatching(/^key_/) },
    })
    expect((await ask("GET", "/account", both)).status).toBe(200)
    expect((await ask("GET", "/admin/audit", both)).status).toBe(200)
    await ask("DELETE", "/session?role=admin", both)
    expect((await ask("GET", "/admin/audit", both)).status).toBe(401)
    expect((await ask("GET", "/account", both)).status).toBe(200)
  })

  it("lets a key that is sent win over the cookie, right or wrong", async () => {
    const { ask, signUp, signIn } = await open()
    const mine = await signUp("mine")
    const yours = await signUp("yours")
    const browser = await signIn(mine.api_key)
    const as = (key: string) =>
      ask("GET", "/account", { ...browser, authorization: `Bearer ${key}` })
    expect((await as(yours.api_key)).body["account_id"]).toBe(yours.account_id)
    expect((await as("sk_live_nonsense")).status).toBe(401)
  })

  it("goes on after the rotation of its key, for whoever rotated it alone", async () => {
    const now = { millis: 1_800_000_000_000 }
    const { ask, signUp, signIn } = await open({ nowMillis: () => now.millis })
    const { api_key } = await signUp()
    const [mine, other] = [await signIn(api_key), await signIn(api_key)]
    const id = ((await ask("GET", "/account/keys", mine)).body["data"] as Array<{ id: string }>)[0]!
      .id
    await ask("POST", `/account/keys/${id}/rotate`, mine, { overlap_seconds: 60 })
    now.millis += 61_000
    expect((await ask("GET", "/account", mine)).status).toBe(200)
    expect((await ask("GET", "/account", other)).status).toBe(401)
  })
})

describe("a recovery code", () => {
  it("gives a new key and a new code, once, ends all keys and sessions, and keeps the credits", async () => {
    const { ask, signUp, signIn, market } = await open()
    const { account_id, api_key, recovery_code } = await signUp()
    expect(recovery_code).toMatch(/^rc_live_[\w-]{43}$/)
    const thief = await signIn(api_key)
    const recover = (code: string) => ask("POST", "/accounts/recover", {}, { recovery_code: code })
    const recovered = await recover(recovery_code)
    expect(recovered.status).toBe(201)
    expect(recovered.body).toMatchObject({ account_id, balance: { spendable: "5.00" } })
    expect(recovered.headers["cache-control"]).toBe("no-store")
    const fresh = recovered.body as unknown as { api_key: string; recovery_code: string }
    for (const headers of [thief, { authorization: `Bearer ${api_key}` }])
      expect((await ask("GET", "/account", headers)).status).toBe(401)
    const own = { authorization: `Bearer ${fresh.api_key}` }
    expect((await ask("GET", "/account", own)).body["account_id"]).toBe(account_id)
    expect((await recover(recovery_code)).status).toBe(401)
    expect((await recover(fresh.recovery_code)).status).toBe(201)
    // A key is no code, a code is no key.
    expect((await recover(fresh.api_key)).status).toBe(401)
    const asKey = { authorization: `Bearer ${fresh.recovery_code}` }
    expect((await ask("GET", "/account", asKey)).status).toBe(401)
    const atRest = JSON.stringify([...market.directory.accounts.all()])
    for (const secret of [recovery_code, fresh.recovery_code]) expect(atRest).not.toContain(secret)
  })

  it("is replaced by a new one, is another account's never, and survives a restart", async () => {
    const { ask, signUp, market } = await open()
    const mine = await signUp("mine")
    const yours = await signUp("yours")
    const own = { authorization: `Bearer ${mine.api_key}` }
    const { body } = await ask("POST", "/account/recovery-code", own)
    const code = body["recovery_code"] as string
    const recover = (given: string) =>
      ask("POST", "/accounts/recover", {}, { recovery_code: given })
    expect((await recover(mine.recovery_code)).status).toBe(401)
    await market.driver.durable()
    await market.close()
    const again = await open({ folder: market.folder })
    const after = await again.ask("POST", "/accounts/recover", {}, { recovery_code: code })
    expect(after.body["account_id"]).toBe(mine.account_id)
    const theirs = { authorization: `Bearer ${yours.api_key}` }
    expect((await again.ask("GET", "/account", theirs)).status).toBe(200)
    await again.market.close()
  })

  it("is guessed at so often a minute only", async () => {
    const { ask } = await open()
    const statuses = []
    for (let guess = 0; guess < 25; guess++)
      statuses.push(
        (await ask("POST", "/accounts/recover", {}, { recovery_code: `rc_${guess}` })).status,
      )
    expect(statuses.filter((status) => status === 401)).toHaveLength(20)
    expect(statuses.at(-1)).toBe(429)
  })
})

describe("a key with a spending limit", () => {
  const setUp = async () => {
    const opened = await open()
    const { ask, signUp } = opened
    const { api_key } = await signUp()
    const owner = { authorization: `Bearer ${api_key}` }
    const made = await ask("POST", "/account/keys", owner, { name: "bot", spend_limit: "0.50" })
    const bot = { authorization: `Bearer ${made.body["api_key"]}` }
    const keys = async () =>
      (await ask("GET", "/account/keys", owner)).body["data"] as Array<Record<string, unknown>>
    return { ...opened, owner, bot, id: made.body["id"] as string, keys }
  }

  it("looks, and changes nothing: not its limit, no keys, no withdrawals, no way back in", async () => {
    const { ask, bot, id, signIn } = await setUp()
    expect((await ask("GET", "/account", bot)).status).toBe(200)
    const browser = await signIn(bot.authorization.slice("Bearer ".length))
    for (const headers of [bot, browser])
      for (const [method, url, body] of [
        ["POST", `/account/keys/${id}`, { spend_limit: null }],
        ["POST", "/account/keys", { name: "more" }],
        ["POST", `/account/keys/${id}/rotate`, {}],
        ["DELETE", `/account/keys/${id}`, undefined],
        ["POST", "/account/withdrawals", { amount: "1" }],
        ["POST", "/account/recovery-code", undefined],
      ] as const) {
        const { status, body: answer } = await ask(method, url, headers, body)
        expect([status, (answer["error"] as { code: string }).code], url).toEqual([
          403,
          "limited_key",
        ])
      }
  })

  it("is shown with its limit, its use and what it spent, and is changed by another key", async () => {
    const { ask, bot, owner, id, keys } = await setUp()
    await ask("GET", "/account", bot)
    const now = Math.floor(Date.now() / 1000)
    expect((await keys()).find((one) => one["id"] === id)).toMatchObject({
      spend_limit: "0.50",
      spent: "0.00",
      expires_at: null,
    })
    const used = (await keys()).find((one) => one["id"] === id)!["last_used_at"] as number
    expect(Math.abs(used - now)).toBeLessThan(30)
    const change = (body: object) => ask("POST", `/account/keys/${id}`, owner, body)
    expect(
      (await change({ spend_limit: "2", expires_in_seconds: 60, name: "robot" })).body,
    ).toMatchObject({
      name: "robot",
      spend_limit: "2.00",
      expires_at: expect.any(Number),
    })
    expect((await change({ spend_limit: null, expires_in_seconds: null })).body).toMatchObject({
      name: "robot",
      spend_limit: null,
      spent: null,
      expires_at: null,
    })
    for (const wrong of [
      { spend_limit: "0" },
      { spend_limit: "-1" },
      { spend_limit: 5 },
      { more: 1 },
    ])
      expect((await change(wrong)).status, JSON.stringify(wrong)).toBe(400)
  })

  it("never is an account's last: somebody has to be able to change things", async () => {
    const { ask, owner, keys } = await setUp()
    const whole = (await keys()).find((one) => one["spend_limit"] === null)!["id"] as string
    const limited = await ask("POST", `/account/keys/${whole}`, owner, { spend_limit: "1" })
    expect([limited.status, (limited.body["error"] as { code: string }).code]).toEqual([
      409,
      "last_key",
    ])
    expect((await ask("DELETE", `/account/keys/${whole}`, owner)).status).toBe(409)
  })
})
