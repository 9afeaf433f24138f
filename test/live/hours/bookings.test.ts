import { describe, expect, it } from "vitest"
import { readStopped } from "../support/stopped-journal.ts"
import type { HoursGateway } from "./hours-gateway.ts"
import { hour, hoursGateway, minute, second } from "./hours-gateway.ts"

const opened = async (options: Parameters<typeof hoursGateway>[0] = {}) => {
  const gateway = await hoursGateway(options)
  const provider = await gateway.signUp("provider", "100")
  const consumer = await gateway.signUp("consumer", "100")
  const gpu = await gateway.sell(provider)
  return { gateway, provider, consumer, gpu }
}
type Opened = Awaited<ReturnType<typeof opened>>

const order = ({ gateway, consumer, gpu }: Opened, wish: object = {}, headers = {}) =>
  gateway.call(
    "POST",
    "/marketplace/bookings",
    consumer.key,
    { gpu_id: gpu.id, hours: 12, ...wish },
    headers,
  )

/** Orders hours that begin at once, and has the host give access to them. */
const begun = async (market: Opened, wish: object = {}, access = "ssh buyer@machine") => {
  const { gateway, gpu } = market
  const { body } = await order(market, wish)
  await gateway.pass(2 * second, gpu)
  const beaten = await gateway.beat(gpu)
  expect(beaten.bookings).toMatchObject([{ booking_id: body.booking_id, state: "grant" }])
  const started = await gateway.call(
    "POST",
    `/marketplace/bookings/${body.booking_id}/start`,
    gpu.key,
    { access },
  )
  expect(started.status).toBe(200)
  return body.booking_id as string
}

const seen = (gateway: HoursGateway, id: string, key: string) =>
  gateway.call("GET", `/marketplace/bookings/${id}`, key)

describe("a booking", () => {
  it("is held, granted, active, released; the access is its consumer's, and gone with it", async () => {
    const market = await opened()
    const { gateway, provider, consumer, gpu } = market
    const ordered = await order(market)
    expect(ordered).toMatchObject({
      status: 201,
      body: { escrow: "held", price: "0.96", held: "0.96", hours: 12, jobs: 1, side: "consumer" },
    })
    const id = ordered.body.booking_id
    await gateway.pass(2 * second, gpu)
    expect((await seen(gateway, id, consumer.key)).body.escrow).toBe("granted")
    const start = `/marketplace/bookings/${id}/start`
    expect((await gateway.call("POST", start, consumer.key, {})).status).toBe(403)
    const access = "ssh buyer@machine"
    expect((await gateway.call("POST", start, gpu.key, { access })).body).toMatchObject({
      escrow: "active",
      access: null,
    })
    expect((await seen(gateway, id, consumer.key)).body).toMatchObject({ escrow: "active", access })
    expect((await seen(gateway, id, provider.key)).body.access).toBeNull()
    expect((await seen(gateway, id, gateway.adminKey)).body.access).toBeNull()
    await gateway.pass(12 * hour, gpu)
    const closed = (await seen(gateway, id, consumer.key)).body
    expect(closed).toMatchObject({
      escrow: "released",
      paid: "0.96",
      fee: "0.1152",
      refund: "0.00",
      held: "0.00",
      access: null,
    })
    expect(closed.history.map(({ step }: { step: string }) => step)).toEqual([
      "ordered",
      "granted",
      "started",
      "revoked",
      "released",
      "closed",
    ])
    expect(JSON.stringify(gateway.services.directory.bookingByPublicId(id))).not.toContain("sealed")
    expect((await gateway.beat(gpu)).bookings).toMatchObject([{ booking_id: id, state: "revoke" }])
    expect(gateway.books()).toEqual({ total: 0, held: 0 })
  })

  it("is nobody's business but its parties'", async () => {
    const market = await opened()
    const { gateway } = market
    const stranger = await gateway.signUp("stranger")
    const { body } = await order(market)
    expect((await seen(gateway, body.booking_id, stranger.key)).status).toBe(404)
    for (const deed of ["end", "cancel", "confirm", "dispute", "answer"]) {
      const path = `/marketplace/bookings/${body.booking_id}/${deed}`
      expect((await gateway.call("POST", path, stranger.key, {})).status).toBe(404)
    }
    const mine = await gateway.call("GET", "/marketplace/bookings", stranger.key)
    expect(mine.body.data).toEqual([])
  })

  it("is the same one where its order is sent again, by its key and at a double click", async () => {
    const market = await opened()
    const key = { "idempotency-key": "order-1" }
    const [first, again] = await Promise.all([order(market, {}, key), order(market, {}, key)])
    expect([first.status, again.status].toSorted()).toEqual([200, 201])
    expect(again.body.booking_id).toBe(first.body.booking_id)
    const other = await order(market, { hours: 3 }, key)
    expect(other).toMatchObject({ status: 409, body: { error: { code: "idempotency_key_taken" } } })
  })

  it("is one buyer's where two want the last of a machine", async () => {
    const market = await opened()
    const { gateway, gpu } = market
    const rival = await gateway.signUp("rival", "100")
    const answers = await Promise.all([
      order(market),
      gateway.call("POST", "/marketplace/bookings", rival.key, { gpu_id: gpu.id, hours: 12 }),
    ])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409])
    const refused = answers.find(({ status }) => status === 409)
    expect(refused?.body.error.code).toBe("no_capacity")
  })

  it.each([
    [{ start: "2001-01-01T00:00:00Z" }, 400, "invalid_request"],
    [{ start: "2026-02-30T00:00:00Z" }, 400, "invalid_request"],
    [{ start: "tomorrow" }, 400, "invalid_request"],
    [{ hours: undefined }, 400, "invalid_request"],
    [{ end: "2030-01-01T00:00:00Z" }, 400, "invalid_request"],
    [{ hours: undefined, end: "2001-01-01T00:00:00Z" }, 400, "invalid_request"],
    [{ hours: 3000 }, 400, "invalid_request"],
    [{ hours: 0.001 }, 400, "invalid_request"],
    [{ hours: -1 }, 400, "invalid_request"],
    [{ max_price: "0.01" }, 409, "price_too_high"],
    [{ jobs: 2 }, 409, "no_capacity"],
    [{ memory_gib: 25 }, 409, "no_capacity"],
    [{ jobs: 0, memory_gib: 0 }, 400, "invalid_request"],
    [{ gpu_id: "host_nobody" }, 404, "not_found"],
  ])("is refused where %j is asked for", async (wish, status, code) => {
    const market = await opened()
    const answer = await order(market, wish)
    expect(answer).toMatchObject({ status, body: { error: { code } } })
    expect(market.gateway.books()).toEqual({ total: 0, held: 0 })
  })

  it("is refused to whoever cannot pay it", async () => {
    const market = await opened()
    const { gateway, gpu } = market
    const poor = await gateway.signUp("poor", "0.5")
    const answer = await gateway.call("POST", "/marketplace/bookings", poor.key, {
      gpu_id: gpu.id,
      hours: 12,
    })
    expect(answer).toMatchObject({ status: 402, body: { error: { code: "insufficient_credits" } } })
  })

  it("costs its consumer the hours used where it is ended early", async () => {
    const market = await opened()
    const { gateway, consumer, gpu } = market
    const id = await begun(market, { hours: 4 })
    await gateway.pass(hour, gpu)
    const { body } = await gateway.call("POST", `/marketplace/bookings/${id}/end`, consumer.key)
    expect(body.escrow).toBe("released")
    expect(Number(body.paid) + Number(body.refund)).toBeCloseTo(0.4, 9)
    expect(Number(body.paid)).toBeGreaterThan(0.09)
    expect(gateway.books()).toEqual({ total: 0, held: 0 })
  })

  it("goes back whole where nothing was started, or it was cancelled", async () => {
    const market = await opened()
    const { gateway, consumer, gpu } = market
    const late = (await order(market)).body.booking_id
    await gateway.pass(20 * minute, gpu)
    expect((await seen(gateway, late, consumer.key)).body).toMatchObject({
      escrow: "no_show",
      refund: "0.96",
    })
    const start = `/marketplace/bookings/${late}/start`
    expect((await gateway.call("POST", start, gpu.key, {})).body.error.code).toBe("wrong_step")
    const other = (await order(market)).body.booking_id
    const path = `/marketplace/bookings/${other}/cancel`
    expect((await gateway.call("POST", path, consumer.key)).body.escrow).toBe("cancelled")
    expect((await gateway.call("POST", path, consumer.key)).status).toBe(409)
    expect(gateway.books()).toEqual({ total: 0, held: 0 })
  })

  it("may be disputed, answered and ruled on: the parts are its price", async () => {
    const market = await opened({ preset: "aitbc-hardened" })
    const { gateway, provider, consumer, gpu } = market
    const id = await begun(market)
    await gateway.pass(12 * hour, gpu)
    expect((await seen(gateway, id, consumer.key)).body.escrow).toBe("awaiting_confirmation")
    const at = (deed: string) => `/marketplace/bookings/${id}/${deed}`
    const words = { statement: "It was slow." }
    const disputed = await gateway.call("POST", at("dispute"), consumer.key, words)
    expect(disputed.body).toMatchObject({ escrow: "disputed", disputed_by: "consumer" })
    expect((await gateway.call("POST", at("answer"), consumer.key, {})).status).toBe(403)
    const answered = await gateway.call("POST", at("answer"), provider.key, {
      statement: "It was not.",
    })
    expect(answered.body.escrow).toBe("awaiting_ruling")
    const listed = await gateway.call("GET", "/admin/disputes", gateway.adminKey)
    expect(listed.body.data).toMatchObject([{ booking_id: id, side: "admin" }])
    expect((await gateway.call("GET", "/admin/disputes", consumer.key)).status).toBe(403)
    const ruling = `/admin/disputes/${id}/ruling`
    expect((await gateway.call("POST", ruling, consumer.key, { consumer_share: 1 })).status).toBe(
      403,
    )
    const ruled = await gateway.call("POST", ruling, gateway.adminKey, { consumer_share: 0.4 })
    expect(ruled.body).toMatchObject({ escrow: "split" })
    expect(Number(ruled.body.paid) + Number(ruled.body.refund)).toBeCloseTo(
      Number(ruled.body.price),
      9,
    )
    const { history } = (await seen(gateway, id, provider.key)).body
    expect(history).toContainEqual(
      expect.objectContaining({
        step: "disputed",
        details: { by: "consumer", statement: "It was slow." },
      }),
    )
    expect(gateway.books()).toEqual({ total: 0, held: 0 })
    const audit = await gateway.call("GET", "/admin/audit", gateway.adminKey)
    expect(audit.body.data).toContainEqual(
      expect.objectContaining({ finding: "DisputeRuled", subject: provider.id }),
    )
    expect(audit.body.data).toContainEqual(
      expect.objectContaining({ finding: "DisputeLost", subject: provider.id }),
    )
  })

  it("is told of in statements as hours, of either side, and no call's", async () => {
    const market = await opened()
    const { gateway, provider, consumer, gpu } = market
    const id = await begun(market, { hours: 1 })
    await gateway.pass(hour, gpu)
    const lines = async (key: string) =>
      (await gateway.call("GET", "/account/statement", key)).body.data
    expect(await lines(consumer.key)).toContainEqual(
      expect.objectContaining({
        kind: "rent",
        amount: "-0.10",
        what: `Hours of ${id}`,
        call: null,
      }),
    )
    expect(await lines(provider.key)).toContainEqual(
      expect.objectContaining({
        kind: "rentShare",
        amount: "0.088",
        what: `Hours of ${id}, delivered by a machine of yours`,
      }),
    )
  })

  it("goes on after a restart, its clock as well, and the journal replays", async () => {
    const market = await opened()
    const { gateway, consumer, gpu } = market
    const id = await begun(market)
    await gateway.stop()
    const { folder, clock, adminKey } = gateway
    const later = await hoursGateway({ folder, clock, adminKey })
    expect((await seen(later, id, consumer.key)).body).toMatchObject({
      escrow: "active",
      access: "ssh buyer@machine",
    })
    await later.pass(12 * hour, gpu)
    expect((await seen(later, id, consumer.key)).body.escrow).toBe("released")
    expect(later.books()).toEqual({ total: 0, held: 0 })
    await later.stop()
    const { replayed } = await readStopped(folder)
    expect(replayed.difference).toBeUndefined()
    expect(replayed.balanceSum).toBe(0)
  })
})
