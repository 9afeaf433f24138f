import { describe, expect, it } from "vitest"
import type { InstanceView } from "../../../engine/index.ts"
import { instanceView, pooled } from "../../../engine/index.ts"
import type { InstanceStatus } from "../../../live/views/instance-status.ts"
import type { OperationsServer } from "./operations-server.ts"
import { openOperations } from "./operations-server.ts"

/** Two hosts on one model, one on another, a consumer; the first host fails until it is parked. */
const troubled = async () => {
  const all = await openOperations()
  const { market, serve, clock } = all
  const model = market.listModel({ name: "org/small" })
  const { account } = market.openAccount()
  const failing = market.startHost({ model, slots: 2 })
  for (let failures = 0; failures < 3; failures++) {
    clock.pass(1_000_000)
    serve(account.id, model.id, "upstreamError", 1)
  }
  const good = market.startHost({ model, slots: 4 })
  const other = market.startHost({ model: market.listModel({ name: "other" }) })
  return { ...all, model, account, failing, good, other }
}

const statusesOf = async (
  get: OperationsServer["get"],
  url: string,
  field: "instances" | "candidates",
): Promise<ReadonlyArray<InstanceStatus>> => (await get(url)).body[field]

const agrees = (status: InstanceStatus, view: InstanceView): void => {
  expect(status).toMatchObject({
    breaker: view.breaker,
    reason: view.reason,
    in_flight: view.inFlight,
    capacity: view.capacity,
    slots: view.slots,
    health: view.health,
    parks: view.parks,
    max_bounty_multiplier: view.maxMultiplier,
  })
}

describe("health and readiness", () => {
  it("say that the process answers, and why it should get no requests", async () => {
    const { get, phase, market } = await openOperations()
    expect(await get("/healthz")).toEqual({ status: 200, body: { status: "ok" } })
    expect(await get("/readyz")).toEqual({ status: 200, body: { status: "ready", problems: [] } })
    phase.isShuttingDown = true
    market.journal.pending = market.config.limits.journalBacklog + 1
    const { status, body } = await get("/readyz")
    expect(status).toBe(503)
    expect((body["problems"] as Array<string>).map((problem) => problem.split(":")[0])).toEqual([
      "shutting down",
      "backlog",
    ])
  })

  it("tell a store that is broken from one that is slow", async () => {
    const broken = await openOperations({ durable: () => Promise.reject(new Error("disk full")) })
    expect(await broken.get("/readyz")).toMatchObject({
      status: 503,
      body: { problems: [expect.stringContaining("store")] },
    })
    const slow = await openOperations({ durable: () => new Promise(() => {}) })
    expect(await slow.get("/readyz")).toMatchObject({ status: 200 })
  })
})

describe("breakers and routing", () => {
  it("agree with the kernel, and say when a parked instance recovers", async () => {
    const { get, market, clock, failing, good, other } = await troubled()
    clock.pass(5_000_000)
    const statuses = await statusesOf(get, "/breakers", "instances")
    expect(statuses.map(({ host_id }) => host_id)).toEqual(
      [failing, good, other].map(({ host }) => host.publicId),
    )
    statuses.forEach((status, index) => {
      const { instance } = [failing, good, other][index]!
      agrees(status, instanceView(market.driver.market, instance.id)!)
    })
    expect(statuses[0]).toMatchObject({
      breaker: "open",
      reason: "Parked",
      recovers: expect.stringContaining("cooldown"),
      recovers_in_seconds: 10,
      recent_failures: 3,
      parks: 1,
    })
    expect(statuses[1]).toMatchObject({
      reason: "Eligible",
      recovers: null,
      recovers_in_seconds: null,
      recent_failures: 0,
    })
  })

  it("follow a probe under way and the failures that leave the window", async () => {
    const { get, clock, serve, account, good, model } = await troubled()
    clock.pass(15_000_000)
    expect((await statusesOf(get, "/breakers", "instances"))[0]).toMatchObject({
      breaker: "halfOpen",
      reason: "ProbeUnderWay",
      recovers_in_seconds: 30,
    })
    serve(account.id, model.id, "upstreamError", 1)
    const ofGood = async () =>
      (await statusesOf(get, "/breakers", "instances")).find(
        ({ host_id }) => host_id === good.host.publicId,
      )
    expect(await ofGood()).toMatchObject({ recent_failures: 1 })
    clock.pass(60_000_001)
    expect(await ofGood()).toMatchObject({ recent_failures: 0 })
  })

  it("show a model's candidates only, whether or not its name's slash is escaped", async () => {
    const { get, failing, good } = await troubled()
    for (const url of ["/routing/org/small", "/routing/org%2Fsmall"]) {
      const { status, body } = await get(url)
      expect(status).toBe(200)
      expect(body).toMatchObject({ model: "org/small", eligible: 1 })
      expect((body["candidates"] as Array<InstanceStatus>).map(({ host_id }) => host_id)).toEqual([
        failing.host.publicId,
        good.host.publicId,
      ])
    }
    expect(await get("/routing/none")).toMatchObject({
      status: 404,
      body: { error: { type: "not_found_error" } },
    })
  })
})

describe("the rules and the market", () => {
  it("are shown whole", async () => {
    const { get } = await openOperations()
    const { body } = await get("/economy")
    expect(body).toMatchObject({ name: "pooled", meaning: pooled.meaning })
    expect(body["knobs"] as Array<unknown>).toContainEqual(
      expect.objectContaining({ path: "breaker.cooldownSeconds", value: 15, unit: "s" }),
    )
    expect(body["knobs"] as Array<unknown>).toContainEqual(
      expect.objectContaining({ path: "trust.tiers", value: pooled.trust.tiers }),
    )
  })

  it("are public facts: no account, no key, no address", async () => {
    const { get, market, account, serve, model } = await troubled()
    serve(account.id, model.id, "completed", 50)
    const { body } = await get("/market")
    expect(body).toMatchObject({
      models: [
        {
          model: "org/small",
          capacity: 4,
          instances: { Parked: 1, Eligible: 1 },
          bounty_multiplier: 1,
        },
        { model: "other", instances: { Eligible: 1 } },
      ],
      hosts: { known: 3 },
      breakers: { closed: 2, open: 1, halfOpen: 0 },
      last_minute: { finished: 1, failed: 3, refused: 0 },
      open_calls: 0,
    })
    const said = JSON.stringify([body, (await get("/breakers")).body])
    for (const { publicId, name } of market.directory.accounts.all())
      expect(said.includes(publicId) || (name !== "test" && said.includes(name))).toBe(false)
  })
})

describe("a market of newcomers", () => {
  it("says what it refuses, why, of which model, and what their ramp holds back", async () => {
    const { clock, feed, get, market, serve } = await openOperations({
      knobs: { ramp: { start: 0.1 } },
    })
    const model = market.listModel({ name: "new" })
    const lone = market.listModel({ name: "unserved" })
    market.startHost({ model, slots: 8, tokensPerSecond: 1000 })
    const { account } = market.openAccount()
    serve(account.id, model.id, "completed", 100)
    expect(serve(account.id, lone.id, "completed")).toBe(false)
    feed.rates.noteRefused(lone.id)
    const { body } = await get("/market")
    const told = body as unknown as {
      readonly models: ReadonlyArray<Record<string, unknown>>
      readonly last_minute: Record<string, unknown>
    }
    expect(told.models).toMatchObject([
      {
        model: "new",
        supply_tokens_per_second: 100,
        held_back_tokens_per_second: 900,
        new_host_share: 0.1,
        is_bootstrapping: false,
        capacity: 1,
        slots: 8,
        refused_last_minute: 0,
      },
      { model: "unserved", supply_tokens_per_second: 0, refused_last_minute: 1 },
    ])
    const refusals = told.last_minute["refused_by_reason"] as Record<string, number>
    expect(refusals).toEqual({ NoInstance: 1 })
    expect(told.last_minute["refused"]).toBe(1)
    clock.pass(61_000_000)
    expect((await get("/market")).body["last_minute"]).toMatchObject({
      refused: 0,
      refused_by_reason: {},
    })
  })
})

describe("a market of newcomers that bootstraps", () => {
  it("says so, and holds nothing back", async () => {
    const { get, market } = await openOperations({
      knobs: { ramp: { start: 0.1, bootstrapShare: 0.25 } },
    })
    const model = market.listModel({ name: "new" })
    market.startHost({ model, slots: 8, tokensPerSecond: 1000 })
    const { body } = await get("/market")
    expect(body["models"]).toMatchObject([
      {
        supply_tokens_per_second: 1000,
        held_back_tokens_per_second: 0,
        new_host_share: 1,
        is_bootstrapping: true,
        capacity: 8,
      },
    ])
  })
})

describe("the OpenAPI document", () => {
  it("describes the routes in version 3.1, and has a page", async () => {
    const { server, get } = await openOperations()
    const { body } = await get("/openapi.json")
    expect(body).toMatchObject({ openapi: "3.1.0", info: { title: "Evenkeel" } })
    expect(Object.keys(body["paths"])).toEqual(
      expect.arrayContaining(["/healthz", "/metrics", "/routing/{model}", "/events"]),
    )
    expect(Object.keys(body["paths"]).some((path) => path.includes("*"))).toBe(false)
    const page = await server.inject({ method: "GET", url: "/docs/" })
    expect(page.statusCode).toBe(200)
    expect(page.headers["content-security-policy"]).toContain("script-src 'self';")
  })
})
