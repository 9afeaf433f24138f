import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountRoutes } from "../../../live/accounts/account-routes.ts"
import { defaultConfig } from "../../../live/config/config.ts"
import { accountIds, accountView, parseDecimal } from "../../../engine/index.ts"
import { crashImage } from "../support/data-directory.ts"
import { manualClock } from "../support/manual-clock.ts"
import type { StoredMarket, StoredMarketOptions } from "../support/stored-market.ts"
import { call, openStoredMarket, serverOf } from "../support/stored-market.ts"

const config = {
  ...defaultConfig,
  accounts: { isSignUpOpen: true, signUpsPerHour: 1000 },
  // Under a loaded machine's tests the loop is late, which is not what they are about.
  limits: { ...defaultConfig.limits, loopDelayMillis: 0 },
}

const openDesk = async (options: StoredMarketOptions = {}) => {
  const market = await openStoredMarket({ config, ...options })
  const server = await serverOf(market, accountRoutes(market))
  const signUp = async (name = "Ada") => {
    const { body } = await call(server, undefined, "POST", "/accounts", { name })
    return { id: body["account_id"] as string, key: body["api_key"] as string }
  }
  const asAdmin = (method: "GET" | "POST", url: string, body?: unknown) =>
    call(server, market.adminKey, method, url, body)
  return { market, server, signUp, asAdmin }
}

/** Lets an account earn: another one pays for a call that a host of this one serves. */
const earn = (market: StoredMarket, account: string, tokens: number): void => {
  const { driver, directory } = market
  const owner = directory.accountByPublicId(account)!
  const consumer = [...directory.accounts.all()].find(({ id }) => id !== owner.id)!
  const model = directory.models.nextId()
  const put = { kind: "text", contextTokens: 1e8, inputPricePerMtok: 0 } as const
  directory.models.put({ ...put, id: model, name: `m${model}`, outputPricePerMtok: 1_000_000 })
  const request = driver.nextRequest()
  for (const fact of [
    { _tag: "ModelListed", model, inputPricePerMtok: 0, outputPricePerMtok: 1_000_000 },
    { _tag: "NodeRegistered", node: 1000 + model, account: owner.id },
    {
      _tag: "InstanceStarted",
      instance: 1000 + model,
      node: 1000 + model,
      model,
      slots: 1,
      tokensPerSecond: 1000,
      isPlatformAsked: false,
    },
    {
      _tag: "RequestArrived",
      request,
      account: consumer.id,
      model,
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
      decodeMicros: 1_000_000,
      retryAfterMicros: 0,
    },
  ] as const)
    expect(driver.submit(fact)).toBeUndefined()
}

describe("signing up", () => {
  it("gives the gift once, and the first key, which opens the account", async () => {
    const { server, market } = await openDesk()
    const signed = await call(server, undefined, "POST", "/accounts", { name: " Ada " })
    expect(signed.status).toBe(201)
    expect(signed.body).toMatchObject({
      account_id: expect.stringMatching(/^acct_/),
      name: "Ada",
      api_key: expect.stringMatching(/^sk_live_[\w-]{43}$/),
      balance: { gift: "5.00", bought: "0.00", earned: "0.00", held: "0.00", spendable: "5.00" },
    })
    const me = await call(server, signed.body["api_key"], "GET", "/account")
    expect(me.body).toMatchObject({ account_id: signed.body["account_id"], name: "Ada" })
    const statement = await call(server, signed.body["api_key"], "GET", "/account/statement")
    expect(statement.body["data"]).toMatchObject([
      { kind: "grant", lot: "gift", amount: "5.00", balance: "5.00", what: "Gift for signing up" },
    ])
    expect(statement.body["next_cursor"]).toBeNull()
    expect(market.directory.accounts.size()).toBe(1)
  })

  it("is on disk with account, key and gift when it is answered", async () => {
    const { market, signUp } = await openDesk()
    const { key } = await signUp()
    const image = await openStoredMarket({ folder: crashImage(market.folder), config })
    const server = await serverOf(image, accountRoutes(image))
    expect(await call(server, key, "GET", "/account")).toMatchObject({
      status: 200,
      body: { balance: { gift: "5.00" } },
    })
  })

  it("stores no secret", async () => {
    const { market, signUp } = await openDesk()
    const { key } = await signUp()
    await market.close()
    const { readFileSync } = await import("node:fs")
    const bytes = readFileSync(`${market.folder}/market.sqlite`)
    expect(bytes.includes(key.slice(20))).toBe(false)
  })

  it("is limited by address, and refills with time", async () => {
    let now = 1_700_000_000_000
    const market = await openStoredMarket({
      config: { ...config, accounts: { isSignUpOpen: true, signUpsPerHour: 2 } },
      nowMillis: () => now,
    })
    const server = await serverOf(market, accountRoutes(market))
    const from = async (remoteAddress: string) => {
      const answer = await server.inject({
        method: "POST",
        url: "/accounts",
        payload: { name: "x" },
        remoteAddress,
      })
      return [answer.statusCode, answer.headers["retry-after"]]
    }
    expect(await from("192.0.2.1")).toEqual([201, undefined])
    expect(await from("192.0.2.1")).toEqual([201, undefined])
    expect(await from("192.0.2.1")).toEqual([429, "1800"])
    expect(await from("192.0.2.2")).toEqual([201, undefined])
    now += 1_800_000
    expect(await from("192.0.2.1")).toEqual([201, undefined])
    expect(await from("192.0.2.1")).toEqual([429, "1800"])
    expect(market.directory.accounts.size()).toBe(4)
  })

  it("can be closed", async () => {
    const { server } = await openDesk({
      config: { ...config, accounts: { isSignUpOpen: false, signUpsPerHour: 1 } },
    })
    expect(await call(server, undefined, "POST", "/accounts", { name: "x" })).toMatchObject({
      status: 403,
      body: { error: { code: "sign_up_closed" } },
    })
  })

  it.each([
    {},
    { name: "" },
    { name: "  " },
    { name: "a\nb" },
    { name: "x".repeat(101) },
    { name: 1 },
  ])("refuses %j with a message that names the field", async (body) => {
    const { server } = await openDesk()
    const answer = await call(server, undefined, "POST", "/accounts", body)
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body["error"])).toContain("name")
  })
})

describe("keys", () => {
  it("are made with a name and an end, listed without their secret, and revoked", async () => {
    let now = 1_700_000_000_000
    const { server, signUp } = await openDesk({ nowMillis: () => now })
    const { key } = await signUp()
    const made = await call(server, key, "POST", "/account/keys", {
      name: "laptop",
      expires_in_seconds: 60,
    })
    expect(made).toMatchObject({ status: 201, body: { name: "laptop", state: "valid" } })
    const second = made.body["api_key"] as string
    expect((await call(server, second, "GET", "/account")).status).toBe(200)
    const list = await call(server, key, "GET", "/account/keys")
    expect(list.body["data"]).toMatchObject([
      { name: "first key" },
      {
        name: "laptop",
        prefix: second.slice(0, 12),
        last_four: second.slice(-4),
        expires_at: now / 1000 + 60,
      },
    ])
    expect(JSON.stringify(list.body)).not.toContain(second)
    now += 60_000
    expect((await call(server, second, "GET", "/account")).status).toBe(401)
    const third = await call(server, key, "POST", "/account/keys", {})
    const path = `/account/keys/${third.body["id"]}`
    expect((await call(server, key, "DELETE", path)).body).toMatchObject({ state: "revoked" })
    expect((await call(server, key, "DELETE", path)).status).toBe(200)
    expect((await call(server, third.body["api_key"], "GET", "/account")).status).toBe(401)
  })

  it("the last valid one cannot be revoked", async () => {
    const { server, signUp } = await openDesk()
    const { key } = await signUp()
    const [only] = (await call(server, key, "GET", "/account/keys")).body["data"] as Array<{
      id: string
    }>
    expect(await call(server, key, "DELETE", `/account/keys/${only!.id}`)).toMatchObject({
      status: 409,
      body: { error: { code: "last_key" } },
    })
  })

  it("rotate with an overlap in which both are valid", async () => {
    let now = 1_700_000_000_000
    const { server, signUp } = await openDesk({ nowMillis: () => now })
    const { key } = await signUp()
    const [first] = (await call(server, key, "GET", "/account/keys")).body["data"] as Array<{
      id: string
    }>
    const rotated = await call(server, key, "POST", `/account/keys/${first!.id}/rotate`, {
      overlap_seconds: 30,
    })
    expect(rotated).toMatchObject({ status: 201, body: { name: "first key" } })
    const next = rotated.body["api_key"] as string
    const statusOf = async (one: string) => (await call(server, one, "GET", "/account")).status
    expect([await statusOf(key), await statusOf(next)]).toEqual([200, 200])
    now += 29_999
    expect(await statusOf(key)).toBe(200)
    now += 1
    expect([await statusOf(key), await statusOf(next)]).toEqual([401, 200])
    const again = await call(server, next, "POST", `/account/keys/${first!.id}/rotate`, {})
    expect(again).toMatchObject({ status: 409, body: { error: { code: "key_not_valid" } } })
  })

  it("of an account are at most fifty at a time", async () => {
    const { server, signUp } = await openDesk()
    const { key } = await signUp()
    for (let made = 1; made < 50; made++)
      expect((await call(server, key, "POST", "/account/keys", {})).status).toBe(201)
    expect(await call(server, key, "POST", "/account/keys", {})).toMatchObject({
      status: 409,
      body: { error: { code: "too_many_keys" } },
    })
    // Nor by rotating them, unless the old one ends with it.
    const { body } = await call(server, key, "GET", "/account/keys")
    const [first] = body["data"] as ReadonlyArray<{ readonly id: string }>
    const rotate = (overlap_seconds: number) =>
      call(server, key, "POST", `/account/keys/${first!.id}/rotate`, { overlap_seconds })
    expect(await rotate(1)).toMatchObject({ body: { error: { code: "too_many_keys" } } })
    expect(await rotate(0)).toMatchObject({ status: 201 })
  })

  it("of an account are made at most two hundred times a day", async () => {
    let now = 1_700_000_000_000
    const { server, signUp } = await openDesk({ nowMillis: () => now })
    const { key } = await signUp()
    const make = () => call(server, key, "POST", "/account/keys", {})
    for (let made = 1; made < 200; made++) {
      const id = (await make()).body["id"] as string
      expect((await call(server, key, "DELETE", `/account/keys/${id}`)).status).toBe(200)
    }
    expect(await make()).toMatchObject({
      status: 409,
      body: { error: { code: "too_many_keys", message: "At most 200 new keys a day" } },
    })
    now += 86_400_000
    expect((await make()).status).toBe(201)
  })
})

describe("who may see what", () => {
  it("one account never sees or touches another's", async () => {
    const { server, market, signUp, asAdmin } = await openDesk()
    const ada = await signUp("Ada")
    const bob = await signUp("Bob")
    earn(market, ada.id, 4_000_000 + 0)
    await asAdmin("POST", `/admin/accounts/${ada.id}/top-up`, { transfer_id: "t1", amount: "7" })
    const keys = (await call(server, ada.key, "GET", "/account/keys")).body["data"] as Array<{
      id: string
    }>
    const path = `/account/keys/${keys[0]!.id}`
    expect((await call(server, bob.key, "DELETE", path)).status).toBe(404)
    expect((await call(server, bob.key, "POST", `${path}/rotate`, {})).status).toBe(404)
    const lines = (await call(server, bob.key, "GET", "/account/statement")).body["data"]
    expect(JSON.stringify(lines)).not.toContain("purchase")
    expect((await call(server, bob.key, "GET", "/account/withdrawals")).body["data"]).toEqual([])
    expect((await call(server, bob.key, "GET", "/account/earnings")).body["data"]).toEqual([])
    expect((await call(server, bob.key, "GET", "/account")).body).toMatchObject({ name: "Bob" })
  })

  it("every route of the account needs a consumer's key, every route of the admin an admin's", async () => {
    const { server, signUp, market } = await openDesk()
    const { id, key } = await signUp()
    const own = [
      ["GET", "/account"],
      ["GET", "/account/statement"],
      ["GET", "/account/earnings"],
      ["GET", "/account/pay"],
      ["GET", "/account/usage"],
      ["GET", "/account/usage.csv"],
      ["GET", "/account/calls"],
      ["GET", "/account/calls/call_1"],
      ["GET", "/account/keys"],
      ["POST", "/account/keys", {}],
      ["DELETE", "/account/keys/key_x"],
      ["POST", "/account/keys/key_x/rotate", {}],
      ["GET", "/account/withdrawals"],
      ["POST", "/account/withdrawals", { amount: "10" }],
    ] as const
    const topUp = { transfer_id: "t", amount: "1" }
    const admin = [
      ["GET", `/admin/accounts/${id}`],
      ["POST", `/admin/accounts/${id}/top-up`, topUp],
      ["POST", "/admin/pool", topUp],
      ["GET", "/admin/withdrawals"],
      ["POST", "/admin/withdrawals/tr_x/post"],
      ["POST", "/admin/withdrawals/tr_x/void"],
      [
        "POST",
        "/admin/models",
        { model: "m", input_price_per_token: "0", output_price_per_token: "0" },
      ],
      ["POST", "/admin/accounts/link", { account_id: id, other_account_id: id }],
      ["POST", `/admin/fraud/${id}`],
      ["GET", "/admin/audit"],
      ["POST", "/admin/keys/rotate", {}],
    ] as const
    for (const [routes, wrongKey] of [
      [own, market.adminKey],
      [admin, key],
    ] as const)
      for (const [method, url, body] of routes) {
        expect((await call(server, undefined, method, url, body)).status, url).toBe(401)
        expect((await call(server, "sk_live_wrong", method, url, body)).status, url).toBe(401)
        expect((await call(server, wrongKey, method, url, body)).status, url).toBe(403)
      }
    expect(market.directory.transfers.size()).toBe(0)
  })
})

describe("topping up", () => {
  it("moves nothing twice, whether repeated, at once, or after a crash", async () => {
    const { server, market, signUp, asAdmin } = await openDesk()
    const { id, key } = await signUp()
    const url = `/admin/accounts/${id}/top-up`
    const order = { transfer_id: "stripe:pi_1", amount: "12.5", memo: "card" }
    const answers = await Promise.all(Array.from({ length: 20 }, () => asAdmin("POST", url, order)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201])
    for (const { body } of answers) expect(body["transfer"]).toEqual(answers[0]!.body["transfer"])
    expect((await call(server, key, "GET", "/account")).body).toMatchObject({
      balance: { bought: "12.50" },
    })
    const statement = await call(server, key, "GET", "/account/statement")
    expect((statement.body["data"] as Array<unknown>)[0]).toMatchObject({
      kind: "purchase",
      amount: "12.50",
      balance: "17.50",
      what: "Credits bought: stripe:pi_1",
    })
    const image = await openStoredMarket({ folder: crashImage(market.folder), config })
    const after = await serverOf(image, accountRoutes(image))
    expect(await call(after, image.adminKey, "POST", url, order)).toMatchObject({
      status: 200,
      body: { balance: { bought: "12.50" } },
    })
  })

  it("refuses an id that was given for something else, and amounts that are none", async () => {
    const { signUp, asAdmin } = await openDesk()
    const ada = await signUp()
    const bob = await signUp()
    const top = (id: string, amount: string) =>
      asAdmin("POST", `/admin/accounts/${id}/top-up`, { transfer_id: "t", amount })
    expect((await top(ada.id, "1.00")).status).toBe(201)
    for (const answer of [await top(ada.id, "2"), await top(bob.id, "1")])
      expect(answer).toMatchObject({ status: 409, body: { error: { code: "transfer_id_taken" } } })
    for (const amount of ["0", "-1", "1e3", "0.0000001", "", "9999999999999999"])
      expect((await top(bob.id, amount)).status, amount).toBe(400)
    expect((await top("acct_nobody", "1")).status).toBe(404)
  })
})

describe("withdrawing", () => {
  it("takes two phases, from earned credits only", async () => {
    const { server, market, signUp, asAdmin } = await openDesk()
    const ada = await signUp()
    const bob = await signUp()
    await asAdmin("POST", `/admin/accounts/${bob.id}/top-up`, { transfer_id: "b", amount: "100" })
    const wish = (amount: string, transfer_id?: string) =>
      call(server, ada.key, "POST", "/account/withdrawals", {
        amount,
        ...(transfer_id === undefined ? {} : { transfer_id }),
      })
    expect(await wish("10")).toMatchObject({
      status: 402,
      body: { error: { code: "insufficient_earned_credits" } },
    })
    earn(market, ada.id, 50_000_000)
    expect(await wish("9.99")).toMatchObject({ status: 400, body: { error: { param: "amount" } } })
    const first = await wish("20", "w1")
    expect(first).toMatchObject({ status: 201, body: { state: "pending", amount: "20.00" } })
    expect(await wish("20", "w1")).toEqual({ ...first, status: 200 })
    const balance = async () => (await call(server, ada.key, "GET", "/account")).body["balance"]
    expect(await balance()).toMatchObject({ earned: "44.00", held: "20.00" })
    expect((await wish("30")).status).toBe(402)
    const second = await wish("15")
    const pending = await asAdmin("GET", "/admin/withdrawals?state=pending")
    expect(pending.body["data"]).toEqual([second.body, first.body])
    const settle = (one: typeof first, how: string) =>
      asAdmin("POST", `/admin/withdrawals/${one.body["id"]}/${how}`)
    expect((await settle(first, "post")).body).toMatchObject({ state: "posted" })
    expect((await settle(first, "post")).status).toBe(200)
    expect((await settle(first, "void")).status).toBe(409)
    expect((await settle(second, "void")).body).toMatchObject({ state: "voided" })
    expect((await settle(second, "post")).status).toBe(409)
    expect(await balance()).toMatchObject({ earned: "24.00", held: "0.00" })
    const list = await call(server, ada.key, "GET", "/account/withdrawals")
    expect(list.body["data"]).toMatchObject([{ state: "voided" }, { state: "posted" }])
    const lines = (await call(server, ada.key, "GET", "/account/statement")).body["data"]
    expect((lines as Array<unknown>)[0]).toMatchObject({
      kind: "withdrawal",
      amount: "-20.00",
      balance: "29.00",
      what: "Withdrawal: w1",
    })
  })

  it("two accounts may give their withdrawals the same id", async () => {
    const { server, market, signUp, asAdmin } = await openDesk()
    const ada = await signUp()
    const bob = await signUp()
    for (const { id } of [ada, bob]) {
      await asAdmin("POST", `/admin/accounts/${id}/top-up`, { transfer_id: id, amount: "100" })
    }
    earn(market, ada.id, 20_000_000)
    earn(market, bob.id, 20_000_000)
    for (const { key } of [ada, bob]) {
      const body = { amount: "10", transfer_id: "rent" }
      expect((await call(server, key, "POST", "/account/withdrawals", body)).status).toBe(201)
    }
  })
})

describe("the statement", () => {
  it("adds up to the balance, on pages of any size", async () => {
    const { server, market, signUp, asAdmin } = await openDesk({
      knobs: { withdrawal: { minimumCredits: 0.000001 } },
    })
    const ada = await signUp()
    const bob = await signUp()
    await asAdmin("POST", `/admin/accounts/${bob.id}/top-up`, { transfer_id: "b", amount: "9000" })
    let order = 0
    const does = {
      buys: (amount: number) =>
        asAdmin("POST", `/admin/accounts/${ada.id}/top-up`, {
          transfer_id: `o${++order}`,
          amount: `${amount}.5`,
        }),
      earns: async (amount: number) => earn(market, ada.id, amount * 100_000),
      withdraws: async (amount: number) => {
        const { body, status } = await call(server, ada.key, "POST", "/account/withdrawals", {
          amount: `0.0${amount}`,
        })
        if (status === 201) await asAdmin("POST", `/admin/withdrawals/${body["id"]}/post`)
      },
    } as const
    const balanceNow = async () => {
      const { balance } = (await call(server, ada.key, "GET", "/account")).body as never as {
        balance: Record<string, string>
      }
      const lots = ["gift", "bought", "earned", "vesting"].map((lot) => minor(balance[lot]!))
      return lots.reduce((sum, lot) => sum + lot, 0)
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.constantFrom("buys", "earns", "withdraws"), fc.integer({ min: 1, max: 9 })),
          {
            maxLength: 6,
          },
        ),
        fc.integer({ min: 1, max: 7 }),
        async (steps, limit) => {
          for (const [what, amount] of steps) await does[what as keyof typeof does](amount)
          const lines: Array<{ amount: string; balance: string; id: string }> = []
          for (let cursor: string | null = ""; cursor !== null;) {
            const more = cursor === "" ? "" : `&cursor=${cursor}`
            const { body } = await call(
              server,
              ada.key,
              "GET",
              `/account/statement?limit=${limit}${more}`,
            )
            const page = body["data"] as typeof lines
            expect(page.length).toBeLessThanOrEqual(limit)
            lines.push(...page)
            cursor = body["next_cursor"]
          }
          expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
          let balance = 0
          for (const line of lines.toReversed()) {
            balance += minor(line.amount)
            expect(minor(line.balance)).toBe(balance)
          }
          expect(balance).toBe(await balanceNow())
        },
      ),
      { numRuns: 12 },
    )
  })

  it("names the lots of what vests, and shows its release as a move between them", async () => {
    const clock = manualClock()
    const { server, market, signUp, asAdmin } = await openDesk({
      clock,
      knobs: {
        bounty: { vestingDays: 2, vestingAboveBps: 0, target: 10 },
        trust: { tiers: [{ name: "all", onlineDays: 0, minHealth: 0, maxMultiplier: 2 }] },
      },
    })
    const ada = await signUp()
    const bob = await signUp()
    await asAdmin("POST", `/admin/accounts/${bob.id}/top-up`, { transfer_id: "b", amount: "900" })
    await asAdmin("POST", "/admin/pool", { transfer_id: "p", amount: "900" })
    earn(market, ada.id, 40_000_000)
    clock.pass(3_700_000_000)
    const { directory, driver } = market
    const request = driver.nextRequest()
    const model = [...directory.models.all()].at(-1)!.id
    const base = { _tag: "RequestArrived", request, model, inputTokens: 0 } as const
    const consumer = directory.accountByPublicId(bob.id)!.id
    expect(driver.submit({ ...base, account: consumer, maxTokens: 40_000_000 })).toBeUndefined()
    driver.submit({
      _tag: "AttemptEnded",
      request,
      attempt: 0,
      outcome: "completed",
      outputTokens: 40_000_000,
      reportedTokens: 40_000_000,
      decodeMicros: 1_000_000,
      retryAfterMicros: 0,
    })
    clock.pass(3 * 86_400_000_000)
    const { body } = await call(server, ada.key, "GET", "/account/statement?limit=200")
    const lines = body["data"] as Array<{ kind: string; lot: string; amount: string }>
    expect(lines.filter(({ kind }) => kind === "vestingBounty")).not.toEqual([])
    const vested = lines.filter(({ kind }) => kind === "vested")
    expect(vested.slice(0, 2).map(({ lot }) => lot)).toEqual(["earned", "vesting"])
    expect(vested.reduce((sum, { amount }) => sum + minor(amount), 0)).toBe(0)
    const earnings = await call(server, ada.key, "GET", "/account/earnings?hours=168")
    const kinds = (earnings.body["data"] as Array<{ kind: string }>).map(({ kind }) => kind)
    expect(new Set(kinds)).toEqual(new Set(["share", "vestingBounty"]))
    const recent = await call(server, ada.key, "GET", "/account/earnings?hours=24")
    expect(recent.body["data"]).toEqual([])
  })

  it("refuses a cursor that no page gave", async () => {
    const { server, signUp } = await openDesk()
    const { key } = await signUp()
    for (const cursor of ["x", "1", "1-2-3", "-1-1-1", "1%20OR%201"])
      expect((await call(server, key, "GET", `/account/statement?cursor=${cursor}`)).status).toBe(
        400,
      )
  })
})

describe("the admin's other routes", () => {
  it("list a model and price it anew, exactly or not at all", async () => {
    const { market, asAdmin } = await openDesk()
    const list = (body: object) => asAdmin("POST", "/admin/models", body)
    const prices = { input_price_per_token: "0.0000001", output_price_per_token: "0.00012" }
    expect(await list({ model: "small", ...prices })).toMatchObject({
      status: 200,
      body: { context_tokens: 8192, output_price_per_token: "0.00012" },
    })
    expect(market.directory.modelByName("small")).toMatchObject({
      inputPricePerMtok: 100_000,
      outputPricePerMtok: 120_000_000,
    })
    await list({ model: "small", context_tokens: 100, ...prices, output_price_per_token: "0" })
    expect(market.directory.modelByName("small")).toMatchObject({
      contextTokens: 100,
      outputPricePerMtok: 0,
    })
    const wrong = await list({
      model: "small",
      ...prices,
      input_price_per_token: "0.0000000000001",
    })
    expect(wrong.status).toBe(400)
    expect(JSON.stringify(wrong.body)).toMatch(/Model small: inputPricePerToken .*12 decimals/)
    expect((await list({ model: "small", kind: "embedding", ...prices })).status).toBe(400)
  })

  it("link accounts, fund the pool, take back bounties, and are all in the audit log", async () => {
    const { market, signUp, asAdmin } = await openDesk()
    const ada = await signUp()
    const bob = await signUp()
    expect(
      await asAdmin("POST", "/admin/accounts/link", {
        account_id: ada.id,
        other_account_id: bob.id,
      }),
    ).toMatchObject({ status: 200 })
    const [first, second] = accountIds(market.driver.market).map((id) =>
      accountView(market.driver.market, id),
    )
    expect(first?.party).toBe(second?.party)
    const fund = { transfer_id: "p1", amount: "3" }
    expect((await asAdmin("POST", "/admin/pool", fund)).body).toMatchObject({ pool: "3.00" })
    expect(await asAdmin("POST", "/admin/pool", fund)).toMatchObject({
      status: 200,
      body: { pool: "3.00" },
    })
    expect((await asAdmin("POST", `/admin/fraud/${ada.id}`)).body).toMatchObject({
      clawed_back: "0.00",
    })
    const log = await asAdmin("GET", "/admin/audit?limit=2")
    expect(log.body["data"]).toMatchObject([
      { finding: "FraudConfirmed", subject: ada.id, actor: expect.stringMatching(/^key_/) },
      { finding: "Clawback", subject: ada.id, actor: null },
    ])
    const rest = await asAdmin("GET", `/admin/audit?cursor=${log.body["next_cursor"]}`)
    expect(rest.body["data"]).toMatchObject([
      { finding: "PoolFunded", subject: null, quantity: 3_000_000 },
      { finding: "AccountsLinked", subject: ada.id },
    ])
    expect(rest.body["next_cursor"]).toBeNull()
  })

  it("rotate the admin's key", async () => {
    const { server, asAdmin, market } = await openDesk()
    const made = await asAdmin("POST", "/admin/keys/rotate", { overlap_seconds: 0 })
    expect(made.body["api_key"]).toMatch(/^ak_live_/)
    expect((await call(server, made.body["api_key"], "GET", "/admin/audit")).status).toBe(200)
    expect((await call(server, market.adminKey, "GET", "/admin/audit")).status).toBe(401)
  })
})

const minor = (credits: string): number => {
  const value = parseDecimal(credits.replace("-", ""), 6)!
  return credits.startsWith("-") ? -value : value
}
