/** Prices that hosts set for their tokens: at registration, later, for one model or all, and as anyone sees them. */
import { describe, expect, it } from "vitest"
import { economies } from "../../../engine/index.ts"
import { manualClock } from "../support/manual-clock.ts"
import type { MarketOptions } from "../support/market.ts"
import { openHostServer } from "./host-server.ts"

const second = 1_000_000
const infrintia = economies["infrintia"]

const opened = async (options: MarketOptions = {}) => {
  const clock = manualClock()
  const server = await openHostServer({ economy: infrintia, knobs: {}, clock, ...options })
  const { market } = server
  for (const name of ["small", "large"])
    market.listModel({ name, inputPricePerMtok: 1_000_000, outputPricePerMtok: 60_000_000 })
  const { secret } = market.openAccount({ name: "operator" })
  const register = (more: object = {}) =>
    server.call("POST", "/hosts", secret, { models: ["small", "large"], ...more })
  const setPrice = (id: string, change: object) =>
    server.call("PATCH", `/hosts/${id}/price`, secret, change)
  return { ...server, clock, secret, register, setPrice }
}

interface Served {
  readonly model: string
  readonly input_price_per_token: string
  readonly output_price_per_token: string
}
const pricesIn = (host: { readonly models: ReadonlyArray<Served> }) =>
  Object.fromEntries(
    host.models.map(({ model, output_price_per_token }) => [model, output_price_per_token]),
  )

describe("a registration where hosts set prices", () => {
  it("asks a price per token for all models, or one's own for each", async () => {
    const { register } = await opened()
    const { status, body } = await register({
      price_per_token: 0.00012,
      models: ["small", { model: "large", price_per_token: "0.0005" }],
    })
    expect(status).toBe(201)
    expect(body.pricing).toMatchObject({ set_by: "host", asked_price_per_token: 0.00012 })
    expect(body.pricing.message).toContain("PATCH /hosts/:id/price")
    expect(pricesIn(body.host)).toEqual({ small: "0.00012", large: "0.0005" })
    // Paid by the token generated: a prompt costs nothing.
    expect(body.host.models[0].input_price_per_token).toBe("0.00")
  })

  it("asks what is listed where it names none", async () => {
    const { register } = await opened()
    expect(pricesIn((await register()).body.host)).toEqual({ small: "0.00006", large: "0.00006" })
  })

  it.each([
    [0.00012345, "the nearest to 0.00012345 are 0.000123 and 0.000124"],
    ["0.0000000000001", "credits as a decimal such as 0.00012, to 0.000000000001 exactly"],
    [0, "has to be 0.000000000001 at least"],
    ["cheap", "credits as a decimal"],
  ])("of %s is refused with what is allowed", async (price_per_token, words) => {
    const { register, market } = await opened()
    const { status, body } = await register({ price_per_token })
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ param: "price_per_token", type: "invalid_request_error" })
    expect(body.error.message).toContain(words)
    expect([...market.directory.hosts.all()]).toEqual([])
  })

  it("takes a number with an exponent as the decimal that it is", async () => {
    const { register } = await opened()
    const { body } = await register({ price_per_token: 1.2e-7 })
    expect(pricesIn(body.host)["small"]).toBe("0.00000012")
  })
})

describe("a price", () => {
  it("is changed for all models or for one, and comes with a model that is added or switched to", async () => {
    const { register, setPrice, call, secret } = await opened()
    const { host_id } = (await register({ models: ["small"] })).body
    const all = await setPrice(host_id, { price_per_token: "0.00002" })
    expect(all.status).toBe(200)
    expect(pricesIn(all.body)).toEqual({ small: "0.00002" })
    const added = await call("POST", `/hosts/${host_id}/models`, secret, {
      action: "add",
      model: "large",
    })
    expect(pricesIn(added.body)).toEqual({ small: "0.00002", large: "0.00002" })
    const one = await setPrice(host_id, { price_per_token: 0.00003, model: "large" })
    expect(pricesIn(one.body)).toEqual({ small: "0.00002", large: "0.00003" })
    const none = await setPrice(host_id, { price_per_token: 0.00003, model: "other" })
    expect(none.status).toBe(400)
    expect(none.body.error.message).toContain("it serves small, large")
  })

  it("changes no more often and rises no faster than the market allows, and says so", async () => {
    const { register, setPrice, clock } = await opened({
      economy: economies["infrintia-hardened"],
    })
    const { host_id } = (await register({ models: ["small"], price_per_token: "0.00002" })).body
    const early = await setPrice(host_id, { price_per_token: "0.000018" })
    expect(early.status).toBe(429)
    expect(early.body.error.message).toContain("1 times an hour at most")
    expect(Number(early.headers["retry-after"])).toBeGreaterThan(0)
    expect(Number(early.headers["retry-after"])).toBeLessThanOrEqual(3600)
    // The same again is no change.
    expect((await setPrice(host_id, { price_per_token: "0.00002" })).status).toBe(200)
    clock.pass(2 * 3600 * second)
    const far = await setPrice(host_id, { price_per_token: "0.00004" })
    expect(far.status).toBe(409)
    expect(far.body.error).toMatchObject({ code: "price_raised_too_fast" })
    expect(far.body.error.message).toContain("25 % a day")
    expect((await setPrice(host_id, { price_per_token: "0.00001" })).status).toBe(200)
  })

  it("is the operator's own to change", async () => {
    const { register, market, call } = await opened()
    const { host_id } = (await register()).body
    const stranger = market.openAccount().secret
    const answer = await call("PATCH", `/hosts/${host_id}/price`, stranger, {
      price_per_token: 0.00002,
    })
    expect([403, 404]).toContain(answer.status)
  })
})

describe("market rates", () => {
  it("are prices that somebody asks, from the least to the most, by model", async () => {
    const { register, call } = await opened()
    for (const price of ["0.00001", "0.00002", "0.00003", "0.00004", "0.00009"])
      await register({ models: ["small"], price_per_token: price })
    await register({ models: ["large"] })
    const { status, body } = await call("GET", "/market/rates")
    expect(status).toBe(200)
    expect(body.data).toEqual([
      {
        model: "large",
        kind: "text",
        hosts: 1,
        min: "0.00006",
        lower_quartile: "0.00006",
        median: "0.00006",
        upper_quartile: "0.00006",
        max: "0.00006",
      },
      {
        model: "small",
        kind: "text",
        hosts: 5,
        min: "0.00001",
        lower_quartile: "0.00002",
        median: "0.00003",
        upper_quartile: "0.00004",
        max: "0.00009",
      },
    ])
    expect((await call("GET", "/market/rates?model=small")).body.data).toHaveLength(1)
  })

  it("leave out hosts that are not heard of", async () => {
    const { register, call, clock } = await opened()
    await register({ models: ["small"], price_per_token: "0.00001" })
    clock.pass(600 * second)
    expect((await call("GET", "/market/rates")).body.data).toEqual([])
  })
})

describe("where the platform sets the prices", () => {
  it("hosts' prices are answered 409, and what is wrong with it", async () => {
    const { register, setPrice, call, market } = await opened({
      economy: economies["pooled"],
      knobs: { ramp: { start: 1 } },
    })
    const registered = await register({ price_per_token: 0.00012345 })
    expect(registered.status).toBe(201)
    expect(registered.body.pricing.set_by).toBe("platform")
    const changed = await setPrice(registered.body.host_id, { price_per_token: 0.0001 })
    for (const { status, body } of [changed, await call("GET", "/market/rates")]) {
      expect(status).toBe(409)
      expect(body.error).toMatchObject({ code: "prices_set_by_platform", type: "conflict_error" })
      expect(body.error.message).toContain("economy pooled")
    }
    expect(market.journal.entries.map(({ event }) => event._tag)).not.toContain("PriceSet")
  })
})

describe("heartbeats", () => {
  const utilisations = async (options: MarketOptions) => {
    const { register, call, market } = await opened(options)
    const { host_id, api_key } = (await register()).body
    await call("POST", `/hosts/${host_id}/heartbeat`, api_key, { gpu_utilization: 0.25 })
    await call("POST", `/hosts/${host_id}/heartbeat`, api_key, {})
    return market.journal.entries.flatMap(({ event }) =>
      event._tag === "HeartbeatReceived" && event.utilisationBps !== undefined
        ? [event.utilisationBps]
        : [],
    )
  }

  it("tell the market how busy the machine says that it is, where that is heeded", async () => {
    expect(await utilisations({})).toEqual([2500])
    expect(await utilisations({ economy: economies["pooled"] })).toEqual([])
  })
})
