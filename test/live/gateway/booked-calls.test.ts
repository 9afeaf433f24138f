/** Calls inside a booking, named by a header, at no further price; and calls that cost their time. */
import { afterEach, describe, expect, it } from "vitest"
import type { HostRecord, KeyRecord } from "../../../live/directory/records.ts"
import { slaView } from "../../../engine/index.ts"
import { aitbc } from "../../../engine/economy/presets/aitbc.ts"
import type { EconomyPatch } from "../../../engine/economy/derive.ts"
import type { Fact } from "../../support/market.ts"
import { hour, usualTerms } from "../../support/hours.ts"
import { manualClock } from "../support/manual-clock.ts"
import { streamTexts } from "./mock-host.ts"
import type { Gateway } from "./open-gateway.ts"
import { openGateway } from "./open-gateway.ts"

let clock = manualClock()
let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})

/** A consumer has an hour of one of two machines that serve the model. */
const openBooked = async (pricing: EconomyPatch["pricing"] = {}): Promise<Gateway> => {
  clock = manualClock()
  const answer = (text: string) => (call: Parameters<typeof streamTexts>[0]) =>
    streamTexts(call, [text])
  gateway = await openGateway([answer("pooled"), answer("booked")], {
    clock,
    economy: aitbc,
    knobs: { promotion: { grantCredits: 0 }, ramp: { start: 1 }, pricing },
  })
  const { driver, directory } = gateway.market
  const host = [...directory.hosts.all()].at(-2) as HostRecord
  const now = driver.market.now
  const facts: ReadonlyArray<Fact> = [
    { _tag: "RegionSet", region: 0, peakFrom: [], peakUntil: [], until: now + 1000 * hour },
    { _tag: "ListingSet", ...usualTerms, region: 0, listing: host.id, maxJobs: 1 },
    { _tag: "ListingPhaseSet", listing: host.id, phase: "open" },
    {
      _tag: "SlaSet",
      listing: host.id,
      availabilityBps: 0,
      completionBps: 9800,
      responseMicros: 30_000_000,
      penaltyBps: 5000,
    },
  ]
  for (const fact of facts) expect(driver.submit(fact as never)).toBeUndefined()
  const startAt = driver.market.now + 1_000_000
  const hours = { startAt, endAt: startAt + hour, jobs: 1, memoryMib: 0 }
  const account = gateway.account.id
  driver.submit({
    _tag: "BookingRequested",
    booking: 0,
    account,
    listing: host.id,
    ...hours,
  } as never)
  directory.bookings.put({
    id: 0,
    publicId: "bk_1",
    account,
    provider: host.account,
    gpu: host.id,
    order: "",
    ...hours,
    ratePerHour: 100_000,
    price: 100_000,
    drawn: 0,
    fee: 0,
    refund: 0,
    penalty: 0,
    createdAtMillis: 0,
  } as never)
  return gateway
}

const start = ({ market }: Gateway): void => {
  clock.pass(1_000_000)
  expect(market.driver.submit({ _tag: "DeliveryStarted", booking: 0 } as never)).toBeUndefined()
}

const post = async (
  { baseURL, secret }: Gateway,
  headers: Readonly<Record<string, string>>,
  key = secret,
) => {
  const response = await fetch(`${baseURL}/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ model: "small", messages: [{ role: "user", content: "Hi" }] }),
  })
  const body = (await response.json()) as Record<string, never>
  return { status: response.status, charge: response.headers.get("x-evenkeel-charge"), body }
}

const named = (booking: string) => ({ "x-evenkeel-booking": booking })

describe("a call that names a booking", () => {
  it("is served by the machine that is booked, and costs nothing", async () => {
    const t = await openBooked()
    expect(await post(t, named("bk_1"))).toMatchObject({
      status: 409,
      body: { error: { code: "booking_not_running" } },
    })
    start(t)
    // However much a key may spend, this spends nothing.
    const key = t.market.directory.keys.get(0) as KeyRecord
    t.market.directory.keys.put({ ...key, limit: { minor: 0, fromMicros: 0 } } as KeyRecord)
    for (let turn = 0; turn < 3; turn++)
      expect(await post(t, named("bk_1"))).toMatchObject({
        status: 200,
        charge: "0.00",
        body: { choices: [{ message: { content: "booked" } }], usage: { cost: 0 } },
      })
    // What was promised with the hours is judged by these calls, each timed to its first token.
    expect(slaView(t.market.driver.market, 0)).toMatchObject({
      successes: 3,
      failures: 0,
      responses: 3,
      onTime: 3,
    })
  })

  it("is refused where the booking is not the caller's, and is told nothing more", async () => {
    const t = await openBooked()
    const other = t.market.openAccount()
    const [unknown, foreign] = await Promise.all([
      post(t, named("bk_2")),
      post(t, named("bk_1"), other.secret),
    ])
    for (const answer of [unknown, foreign])
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { param: "x-evenkeel-booking" } },
      })
    expect(unknown.body["error"]).toEqual(foreign.body["error"])
  })
})

describe("a call that costs its time", () => {
  it("names the rate that it accepts, and is charged at its host's", async () => {
    const t = await openBooked({ tokens: "listing" })
    const ask = (price: string) => post(t, { "x-evenkeel-max-price": price })
    expect(await ask("0.09")).toMatchObject({
      status: 400,
      body: { error: { code: "price_too_high" } },
    })
    expect(await ask("dear")).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining("credits an hour") } },
    })
    expect(await ask("0.1")).toMatchObject({
      status: 200,
      body: { choices: [{ message: { content: "booked" } }] },
    })
  })
})
