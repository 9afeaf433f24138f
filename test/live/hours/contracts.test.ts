/** Contracts, reservations and service levels, as their parties meet them. */
import { describe, expect, it } from "vitest"
import { ComputeClient, ComputeProvider } from "../../../live/client.ts"
import { readStopped } from "../support/stopped-journal.ts"
import { hour, hoursGateway, minute, second } from "./hours-gateway.ts"

const opened = async (options: Parameters<typeof hoursGateway>[0] = {}, terms: object = {}) => {
  const gateway = await hoursGateway(options)
  const provider = await gateway.signUp("provider", "100")
  const client = await gateway.signUp("client", "100")
  const gpu = await gateway.sell(provider, terms as Record<string, unknown>)
  return { gateway, provider, client, gpu }
}
type Opened = Awaited<ReturnType<typeof opened>>

/** 003's figures. */
const offer = ({ gateway, provider, client, gpu }: Opened, wish: object = {}, headers = {}) =>
  gateway.call(
    "POST",
    "/marketplace/contracts",
    provider.key,
    {
      client_id: client.id,
      gpu_id: gpu.id,
      duration_hours: 100,
      fixed_rate: "0.08",
      guaranteed_availability: 0.95,
      sla_penalties: true,
      ...wish,
    },
    headers,
  )

const reserve = ({ gateway, provider, client, gpu }: Opened, wish: object = {}) =>
  gateway.call("POST", "/marketplace/reservations", provider.key, {
    client_id: client.id,
    gpu_id: gpu.id,
    reserved_gpu_memory: 8,
    reservation_duration: "30d",
    reservation_fee: "50",
    ...wish,
  })

const answer = (
  { gateway }: Opened,
  key: string,
  id: string,
  how: string,
  kind = id.startsWith("rsv") ? "reservations" : "contracts",
) => gateway.call("POST", `/marketplace/${kind}/${id}/${how}`, key)

const seen = ({ gateway }: Opened, id: string, key: string) =>
  gateway.call(
    "GET",
    `/marketplace/${id.startsWith("rsv") ? "reservations" : id.startsWith("ct") ? "contracts" : "bookings"}/${id}`,
    key,
  )

const standing = ({ gateway }: Opened, id: string, key: string) =>
  gateway.call("GET", `/marketplace/bookings/${id}/sla`, key)

/** Lets the host begin what was accepted. */
const begin = async ({ gateway, gpu }: Opened, booking: string): Promise<void> => {
  await gateway.pass(second, gpu)
  const path = `/marketplace/bookings/${booking}/start`
  expect((await gateway.call("POST", path, gpu.key, { access: "ssh" })).status).toBe(200)
}

describe("a contract", () => {
  it("is offered, accepted, delivered in part, and refunded by what was guaranteed", async () => {
    const market = await opened()
    const { gateway, client, provider, gpu } = market
    const made = await offer(market, { duration_hours: 1 })
    expect(made).toMatchObject({
      status: 201,
      body: {
        state: "offered",
        side: "provider",
        fixed_rate: "0.08",
        price: "0.08",
        hours: 1,
        guaranteed_availability: 0.95,
        promised: { availability_target: 0.95, penalty_rate: 0.5 },
        booking_id: null,
        start: null,
      },
    })
    const id = made.body.contract_id
    expect(gateway.books()).toEqual({ total: 0, held: 0 })
    const calendar = await gateway.call("GET", `/marketplace/gpu/${gpu.id}/calendar`, client.key)
    expect(calendar.body.sold).toHaveLength(1)
    const accepted = await answer(market, client.key, id, "accept")
    expect(accepted).toMatchObject({ status: 200, body: { state: "accepted", side: "client" } })
    const booking = accepted.body.booking_id
    await begin(market, booking)
    expect((await seen(market, booking, provider.key)).body).toMatchObject({
      kind: "contract",
      contract_id: id,
      price: "0.08",
      price_per_hour: "0.08",
      sla: { availability_target: 0.95, breaches: 0, refund: "0.00" },
    })
    // Away for 12 minutes, more than three of which are noticed: less than 95% of an hour.
    gateway.clock.moveTo(gateway.clock.nowMicros() + 12 * minute)
    await gateway.pass(hour, gpu)
    const closed = (await seen(market, booking, client.key)).body
    expect(closed).toMatchObject({
      escrow: "released",
      paid: "0.04",
      refund: "0.04",
      fee: "0.0048",
      sla: { breaches: 1, refund: "0.04" },
    })
    for (const key of [client.key, provider.key]) {
      const { body } = await standing(market, booking, key)
      expect(body).toMatchObject({
        promised: { availability_target: 0.95, penalty_rate: 0.5 },
        running: null,
        is_up: null,
        breaches: 1,
        refund: "0.04",
        periods: [{ period: 0, expected_seconds: 3600, refund: "0.04", successes: 0 }],
      })
      expect(body.periods[0].availability).toBeLessThan(0.95)
      expect(body.periods[0].availability).toBeGreaterThan(0.7)
    }
    expect(gateway.books()).toEqual({ total: 0, held: 0 })
    const events = await gateway.call("GET", "/marketplace/events?limit=100", client.key)
    const types = events.body.data.map(({ type }: { type: string }) => type)
    expect(types.slice(0, 4)).toEqual([
      "contract.offered",
      "booking.ordered",
      "contract.accepted",
      "booking.granted",
    ])
    expect(types).toContain("booking.judged")
    expect(events.body.data[0]).toMatchObject({
      side: "consumer",
      booking_id: null,
      gpu_id: gpu.id,
      details: { contract_id: id, price: "0.08" },
    })
    const judged = events.body.data.find(({ type }: { type: string }) => type === "booking.judged")
    expect(judged.details).toMatchObject({ expected_seconds: 3600, refund: "0.04", on_time: 0 })
  })

  it("is one booking, however often it is accepted, and at once", async () => {
    const market = await opened()
    const { client } = market
    const { contract_id: id } = (await offer(market)).body
    const answers = await Promise.all([
      answer(market, client.key, id, "accept"),
      answer(market, client.key, id, "accept"),
      answer(market, client.key, id, "accept"),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(answers.map(({ body }) => body.booking_id)).size).toBe(1)
    const mine = await market.gateway.call("GET", "/marketplace/bookings", client.key)
    expect(mine.body.data).toHaveLength(1)
    expect((await answer(market, client.key, id, "decline")).body.error.code).toBe("wrong_step")
  })

  it("is the same where it is sent again with its key", async () => {
    const market = await opened()
    const key = { "idempotency-key": "offer-1" }
    const [first, again] = await Promise.all([offer(market, {}, key), offer(market, {}, key)])
    expect([first.status, again.status].toSorted()).toEqual([200, 201])
    expect(again.body.contract_id).toBe(first.body.contract_id)
    const other = await offer(market, { duration_hours: 99 }, key)
    expect(other).toMatchObject({ status: 409, body: { error: { code: "idempotency_key_taken" } } })
  })

  it("is free again once it is declined, withdrawn, or has run out", async () => {
    const market = await opened({ knobs: { contracts: { offerHours: 1 } } })
    const { gateway, client, provider, gpu } = market
    for (const [key, how, state] of [
      [client.key, "decline", "declined"],
      [provider.key, "withdraw", "withdrawn"],
      [gpu.key, "withdraw", "withdrawn"],
    ] as const) {
      const { contract_id: id } = (await offer(market)).body
      const closed = await answer(market, key, id, how)
      expect(closed).toMatchObject({ status: 200, body: { state, answer_by: null } })
      expect((await answer(market, key, id, how)).body.state).toBe(state)
      expect((await answer(market, client.key, id, "accept")).body.error.code).toBe("wrong_step")
    }
    const { contract_id: late } = (await offer(market)).body
    gateway.clock.moveTo(gateway.clock.nowMicros() + hour)
    const refused = await answer(market, client.key, late, "accept")
    expect(refused).toMatchObject({ status: 409, body: { error: { code: "wrong_step" } } })
    expect(refused.body.error.message).toContain("has run out")
    expect((await seen(market, late, provider.key)).body.state).toBe("expired")
    const calendar = await gateway.call("GET", `/marketplace/gpu/${gpu.id}/calendar`)
    expect(calendar.body.sold).toEqual([])
  })

  it("is nobody's business but its parties', and each does what is theirs", async () => {
    const market = await opened()
    const { gateway, client, provider } = market
    const stranger = await gateway.signUp("stranger", "100")
    const { contract_id: id } = (await offer(market)).body
    expect((await seen(market, id, stranger.key)).status).toBe(404)
    for (const how of ["accept", "decline", "withdraw"])
      expect((await answer(market, stranger.key, id, how)).status).toBe(404)
    for (const [key, how] of [
      [provider.key, "accept"],
      [provider.key, "decline"],
      [client.key, "withdraw"],
    ] as const)
      expect((await answer(market, key, id, how)).status).toBe(403)
    const rsv = await gateway.call("GET", `/marketplace/reservations/${id}`, client.key)
    expect(rsv.status).toBe(404)
    const listed = async (key: string, query = "") =>
      (await gateway.call("GET", `/marketplace/contracts${query}`, key)).body.data
    expect(await listed(stranger.key)).toEqual([])
    expect(await listed(client.key, "?side=client&state=offered")).toHaveLength(1)
    expect(await listed(client.key, "?side=provider")).toEqual([])
    expect(await listed(provider.key)).toMatchObject([{ side: "provider" }])
    expect(await listed(gateway.adminKey)).toMatchObject([{ side: "admin" }])
    const byOther = await gateway.call("POST", "/marketplace/contracts", stranger.key, {
      client_id: client.id,
      gpu_id: market.gpu.id,
      duration_hours: 1,
      fixed_rate: "0.01",
    })
    expect(byOther.status).toBe(403)
  })

  it("is refused where it is nothing that can be sold", async () => {
    const market = await opened()
    for (const [wish, status] of [
      [{ duration_hours: 0 }, 400],
      [{ duration_hours: -1 }, 400],
      [{ duration_hours: 9000 }, 400],
      [{ duration_hours: 2400 }, 400],
      [{ duration_hours: 0.001 }, 400],
      [{ fixed_rate: "-1" }, 400],
      [{ fixed_rate: "0.0000000001" }, 400],
      [{ guaranteed_availability: 1.01 }, 400],
      [{ client_id: "acct_nobody" }, 404],
      [{ gpu_id: "host_nobody" }, 404],
      [{ jobs: 0, memory_gib: 0 }, 400],
      [{ jobs: 2 }, 409],
      [{ start: "2001-01-01T00:00:00Z" }, 400],
      [{ start: "2026-02-30T00:00:00Z" }, 400],
      [{ extends: "bk_nothing" }, 404],
    ] as const) {
      const refused = await offer(market, wish)
      expect(refused.status, JSON.stringify(wish)).toBe(status)
      expect(refused.body.error.message).not.toContain("The market refused it")
    }
    const listed = await market.gateway.call("GET", "/marketplace/contracts", market.provider.key)
    expect(listed.body.data).toEqual([])
  })

  it("is refused to oneself, to a linked account and beyond three at once", async () => {
    const market = await opened({ preset: "aitbc-hardened" }, { max_jobs: 8 })
    const { gateway, provider, client } = market
    const wish = { duration_hours: 1, jobs: 1, memory_gib: 1 }
    const own = await offer(market, { ...wish, client_id: provider.id })
    expect(own).toMatchObject({ status: 400, body: { error: { param: "client_id" } } })
    const { directory, driver } = gateway.services
    const puppet = await gateway.signUp("puppet", "10")
    const numberOf = (id: string) => directory.accountByPublicId(id)!.id
    driver.submit({
      _tag: "AccountsLinked",
      account: numberOf(provider.id),
      other: numberOf(puppet.id),
    })
    const linked = await offer(market, { ...wish, client_id: puppet.id })
    expect(linked).toMatchObject({ status: 409, body: { error: { code: "linked_client" } } })
    for (let n = 0; n < 3; n++) expect((await offer(market, wish)).status).toBe(201)
    const fourth = await offer(market, wish)
    expect(fourth).toMatchObject({ status: 409, body: { error: { code: "limit_reached" } } })
    // Linked after the offer: nothing is sold.
    driver.submit({
      _tag: "AccountsLinked",
      account: numberOf(provider.id),
      other: numberOf(client.id),
    })
    const { data } = (await gateway.call("GET", "/marketplace/contracts", client.key)).body
    const accepted = await answer(market, client.key, data[0].contract_id, "accept")
    expect(accepted).toMatchObject({ status: 409, body: { error: { code: "linked_client" } } })
  })

  it("stands where its client cannot pay yet", async () => {
    const market = await opened()
    const { gateway } = market
    const poor = await gateway.signUp("poor", "1")
    const { contract_id: id } = (await offer(market, { client_id: poor.id })).body
    expect(await answer(market, poor.key, id, "accept")).toMatchObject({
      status: 402,
      body: { error: { code: "insufficient_credits" } },
    })
    expect((await seen(market, id, poor.key)).body.state).toBe("offered")
    await gateway.call("POST", `/admin/accounts/${poor.id}/top-up`, gateway.adminKey, {
      transfer_id: "later",
      amount: "10",
    })
    expect((await answer(market, poor.key, id, "accept")).body.state).toBe("accepted")
  })

  it("may be gone on with, at no more", async () => {
    const market = await opened()
    const { client } = market
    const first = (await offer(market, { duration_hours: 10 })).body
    const { booking_id: booking } = (await answer(market, client.key, first.contract_id, "accept"))
      .body
    const dearer = await offer(market, { extends: booking, fixed_rate: "0.09" })
    expect(dearer).toMatchObject({ status: 409, body: { error: { code: "price_too_high" } } })
    const other = await offer(market, { extends: booking, memory_gib: 1 })
    expect(other).toMatchObject({ status: 400, body: { error: { param: "extends" } } })
    const both = await offer(market, { extends: booking, start: "2030-01-01T00:00:00Z" })
    expect(both.status).toBe(400)
    const more = await offer(market, { extends: booking, duration_hours: 5 })
    expect(more).toMatchObject({ status: 201, body: { extends: booking } })
    const ends = (await seen(market, booking, client.key)).body.end
    expect(more.body.start).toBe(ends)
  })

  it("outlives the gateway that it was offered by, and the journal replays", async () => {
    const market = await opened({ knobs: { contracts: { offerHours: 1 } } })
    const { gateway, client, provider, gpu } = market
    const kept = (await offer(market, { jobs: 0, memory_gib: 1 })).body.contract_id
    const late = (await offer(market, { jobs: 1, memory_gib: 1 })).body.contract_id
    await gateway.stop()
    const { folder, clock, adminKey } = gateway
    const later = { ...market, gateway: await hoursGateway({ folder, clock, adminKey }) }
    const accepted = await answer(later, client.key, kept, "accept")
    expect(accepted.body.state).toBe("accepted")
    await later.gateway.stop()
    // Nobody answers the other one before its time is over, and nobody is there to say so.
    clock.moveTo(clock.nowMicros() + 2 * hour)
    const last = { ...market, gateway: await hoursGateway({ folder, clock, adminKey }) }
    await last.gateway.pass(second, gpu)
    expect((await seen(last, late, provider.key)).body.state).toBe("expired")
    const booking = (await seen(last, accepted.body.booking_id, client.key)).body
    expect(booking.contract_id).toBe(kept)
    await last.gateway.stop()
    const { replayed } = await readStopped(folder)
    expect(replayed.difference).toBeUndefined()
    expect(replayed.balanceSum).toBe(0)
  })

  it("goes with its machine", async () => {
    const market = await opened()
    const { gateway, provider, gpu } = market
    const { contract_id: id } = (await offer(market)).body
    expect((await gateway.call("DELETE", `/marketplace/gpu/${gpu.id}`, provider.key)).status).toBe(
      204,
    )
    expect((await seen(market, id, provider.key)).body.state).toBe("withdrawn")
  })
})

describe("a reservation", () => {
  it("keeps memory for its fee, paid at once as 003 reads", async () => {
    const market = await opened()
    const { gateway, client, provider } = market
    const made = await reserve(market)
    expect(made).toMatchObject({
      status: 201,
      body: { reservation_fee: "50.00", price: "50.00", hours: 720, jobs: 0, memory_gib: 8 },
    })
    const accepted = await answer(market, client.key, made.body.reservation_id, "accept")
    expect(accepted.body.state).toBe("accepted")
    const booking = (await seen(market, accepted.body.booking_id, provider.key)).body
    expect(booking).toMatchObject({ kind: "reservation", paid: "50.00", held: "0.00", jobs: 0 })
    expect(gateway.books().total).toBe(0)
  })

  it("is no more than a fifth of a region, where the market says so", async () => {
    const market = await opened({ preset: "aitbc-hardened" })
    const refused = await reserve(market)
    expect(refused).toMatchObject({ status: 409, body: { error: { code: "limit_reached" } } })
    expect((await reserve(market, { reserved_gpu_memory: 4 })).status).toBe(201)
  })

  it("is refused where it is nothing that can be kept", async () => {
    const market = await opened()
    for (const wish of [
      { reservation_duration: "0d" },
      { reservation_duration: "a month" },
      { reservation_duration: "4000d" },
      { reserved_gpu_memory: 0 },
      { reservation_fee: "fifty" },
    ])
      expect((await reserve(market, wish)).status, JSON.stringify(wish)).toBe(400)
  })
})

describe("a service level", () => {
  it("is a machine's, of later orders, until it promises something else", async () => {
    const market = await opened()
    const { gateway, client, provider, gpu } = market
    const sla = `/marketplace/gpu/${gpu.id}/sla`
    expect(gpu.view.sla).toBeNull()
    const targets = {
      availability_target: 0.99,
      response_time_target: 30,
      completion_rate_target: 0.98,
      penalty_rate: 0.5,
    }
    expect((await gateway.call("PUT", sla, client.key, targets)).status).toBe(403)
    const promised = await gateway.call("PUT", sla, provider.key, targets)
    expect(promised).toMatchObject({ status: 200, body: { sla: targets } })
    const order = (hours: number) =>
      gateway.call("POST", "/marketplace/bookings", client.key, { gpu_id: gpu.id, hours })
    const { booking_id: booking } = (await order(10)).body
    for (const wish of [
      { availability_target: 1.1 },
      { availability_target: -0.1 },
      { completion_rate_target: 2 },
      { response_time_target: -1 },
      { response_time_target: 100_000 },
      { penalty_rate: 1.5 },
      { availability_target: "high" },
    ])
      expect((await gateway.call("PUT", sla, provider.key, wish)).status).toBe(400)
    const none = await gateway.call("PUT", sla, gpu.key, {})
    expect(none).toMatchObject({ status: 200, body: { sla: null } })
    expect((await standing(market, booking, client.key)).body.promised).toEqual(targets)
    const stranger = await gateway.signUp("stranger")
    expect((await standing(market, booking, stranger.key)).status).toBe(404)
  })

  it("of 1 is a promise as any other", async () => {
    const market = await opened({
      preset: "aitbc-hardened",
      knobs: { escrow: { bondHours: 0, evidence: "heartbeats" } },
    })
    const { gateway, client, provider, gpu } = market
    await gateway.call("PUT", `/marketplace/gpu/${gpu.id}/sla`, provider.key, {
      availability_target: 1,
    })
    const { body } = await gateway.call("POST", "/marketplace/bookings", client.key, {
      gpu_id: gpu.id,
      hours: 1,
    })
    await gateway.pass(2 * second, gpu)
    const path = `/marketplace/bookings/${body.booking_id}/start`
    await gateway.call("POST", path, gpu.key, {})
    await gateway.pass(20 * minute, gpu)
    const running = (await standing(market, body.booking_id, client.key)).body
    expect(running).toMatchObject({ is_up: true, periods: [], running: { refund: "0.00" } })
    expect(running.running.availability).toBeGreaterThan(0.99)
    gateway.clock.moveTo(gateway.clock.nowMicros() + 20 * minute)
    await gateway.pass(hour, gpu)
    const { periods } = (await standing(market, body.booking_id, provider.key)).body
    expect(periods).toHaveLength(1)
    expect(periods[0].refund).toBe("0.05")
  })

  it("excuses maintenance that was known when it was accepted, and no other", async () => {
    const maintenance = (hours: string) => ({
      timezone: "UTC",
      availability: [
        {
          days: ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
          hours: "00:00-24:00",
        },
      ],
      maintenance_windows: [{ day: "sunday", hours }],
    })
    const market = await opened({}, { schedule: maintenance("02:00-04:00") })
    const { gateway, client, provider, gpu } = market
    const made = await offer(market, { duration_hours: 168 })
    expect(made.body.maintenance).toHaveLength(1)
    const accepted = (await answer(market, client.key, made.body.contract_id, "accept")).body
    const [known] = accepted.maintenance
    expect(Date.parse(known.until) - Date.parse(known.from)).toBe(2 * 3_600_000)
    await gateway.call("PUT", `/marketplace/gpu/${gpu.id}/availability`, provider.key, {
      schedule: maintenance("02:00-20:00"),
    })
    const later = (await standing(market, accepted.booking_id, client.key)).body
    expect(later.maintenance).toEqual([known])
    const { body } = await gateway.call("GET", `/marketplace/gpu/${gpu.id}/calendar`)
    const [told] = body.maintenance
    expect(Date.parse(told.until) - Date.parse(told.from)).toBe(18 * 3_600_000)
  })
})

describe("the client library", () => {
  it("has 003's words for both sides", async () => {
    const { gateway, provider: seller, client: buyer, gpu } = await opened()
    const baseUrl = gateway.url
    const provider = new ComputeProvider({ baseUrl, gpuId: gpu.id, apiKey: seller.key })
    const client = new ComputeClient({ baseUrl, apiKey: buyer.key })
    const promised = await provider.defineSla({
      availabilityTarget: 0.99,
      responseTimeTarget: 30,
      completionRateTarget: 0.98,
      penaltyRate: 0.5,
    })
    expect(promised.sla).toMatchObject({ availabilityTarget: 0.99, responseTimeTarget: 30 })
    const terms = {
      clientId: buyer.id,
      durationHours: 100,
      fixedRate: 0.08,
      guaranteedAvailability: 0.95,
      slaPenalties: true,
      jobs: 1,
      memoryGib: 8,
    } as const
    const contract = await provider.createContract({ ...terms, idempotencyKey: "one" })
    expect(contract).toMatchObject({ state: "offered", fixedRate: "0.08", price: "8.00" })
    expect(await provider.createContract({ ...terms, idempotencyKey: "one" })).toEqual(contract)
    const reservation = await provider.reserveCapacity({
      clientId: buyer.id,
      reservedGpuMemory: 8,
      reservationDuration: "30d",
      reservationFee: 50,
    })
    expect(reservation).toMatchObject({ reservationFee: "50.00", hours: 720 })
    expect(await client.contracts()).toMatchObject([{ contractId: contract.contractId }])
    const { bookingId } = await client.acceptContract(contract.contractId)
    expect(await client.contract(contract.contractId)).toMatchObject({ bookingId })
    expect(await client.sla(bookingId ?? "")).toMatchObject({
      promised: { availabilityTarget: 0.95, completionRateTarget: 0.98 },
      isUp: null,
    })
    expect(await provider.sla(bookingId ?? "")).toMatchObject({ bookingId, periods: [] })
    await client.declineReservation(reservation.reservationId)
    expect(await provider.reservations()).toMatchObject([{ state: "declined" }])
    const second = await provider.createContract({ ...terms, start: new Date(Date.now() + 1e9) })
    expect((await provider.withdrawContract(second.contractId)).state).toBe("withdrawn")
    await expect(client.acceptContract(second.contractId)).rejects.toMatchObject({
      status: 409,
      code: "wrong_step",
    })
  })
})
