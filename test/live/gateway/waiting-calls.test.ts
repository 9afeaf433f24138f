/** Calls that wait in the gateway for a host with room, and those of a tier. */
import { afterEach, describe, expect, it } from "vitest"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { open } from "../../../engine/market/state/market-state.ts"
import { aitbc } from "../../../engine/economy/presets/aitbc.ts"
import type { EconomyPatch } from "../../../engine/economy/derive.ts"
import { waitingRequests } from "../../../engine/index.ts"
import { endWhatWasUnderWay } from "../../../live/driver/recovery.ts"
import type { HostRecord } from "../../../live/directory/records.ts"
import type { Fact } from "../../support/market.ts"
import { credit, hour, usualTerms } from "../../support/hours.ts"
import { manualClock } from "../support/manual-clock.ts"
import type { HostCall } from "./mock-host.ts"
import { streamTexts } from "./mock-host.ts"
import type { Gateway } from "./open-gateway.ts"
import { openGateway } from "./open-gateway.ts"

let clock = manualClock()
let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})

/** Calls that the host has, and has not answered. */
let held: Array<HostCall> = []

/** One host, which answers when it is told to, and serves one call at a time. */
const opened = async (patch: EconomyPatch = {}): Promise<Gateway> => {
  clock = manualClock()
  held = []
  gateway = await openGateway([(call) => void held.push(call)], {
    clock,
    economy: aitbc,
    knobs: {
      promotion: { grantCredits: 0 },
      ramp: { start: 1 },
      queue: { scope: "pool", size: 2 },
      ...patch,
    },
    slots: 1,
  })
  const { driver, directory } = gateway.market
  const host = [...directory.hosts.all()].at(-2) as HostRecord
  const facts: ReadonlyArray<Fact> = [
    { _tag: "RegionSet", region: 0, peakFrom: [], peakUntil: [], until: 1000 * hour },
    { _tag: "ListingSet", ...usualTerms, region: 0, listing: host.id, maxJobs: 1 },
    { _tag: "ListingPhaseSet", listing: host.id, phase: "open" },
    {
      _tag: "TiersSet",
      listing: host.id,
      tiers: [
        { label: "premium", priority: "high", ratePerHour: 0.15 * credit, maxJobs: 3 },
        { label: "basic", priority: "low", ratePerHour: 0.05 * credit, maxJobs: 1 },
      ],
    },
  ]
  for (const fact of facts) expect(driver.submit(fact as never)).toBeUndefined()
  return gateway
}

const soon = async (isThere: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 500 && !isThere(); turn++)
    await new Promise((resolve) => {
      setTimeout(resolve, 2)
    })
  expect(isThere()).toBe(true)
}

const post = async (
  { baseURL, secret }: Gateway,
  {
    stream = false,
    headers = {},
    signal,
  }: {
    readonly stream?: boolean
    readonly headers?: Readonly<Record<string, string>>
    readonly signal?: AbortSignal
  } = {},
) => {
  const response = await fetch(`${baseURL}/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${secret}`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify({
      model: "small",
      max_tokens: 20,
      stream,
      messages: [{ role: "user", content: "Hi" }],
    }),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    retryAfter: response.headers.get("retry-after"),
    body: stream && response.status === 200 ? {} : (JSON.parse(text) as Record<string, never>),
  }
}

const waits = ({ market }: Gateway): number => waitingRequests(market.driver.market).length
const answer = (call: HostCall | undefined): void => streamTexts(call!, ["there"])

describe("a call that finds no room", () => {
  it("waits with its connection open, and is answered once there is some, streaming or not", async () => {
    const t = await opened()
    const first = post(t)
    await soon(() => held.length === 1)
    const second = post(t)
    await soon(() => waits(t) === 1)
    const third = post(t, { stream: true })
    await soon(() => waits(t) === 2)
    // As many wait as may.
    expect(await post(t)).toMatchObject({
      status: 429,
      retryAfter: "1",
      body: { error: { type: "overloaded_error", code: "queue_full" } },
    })
    answer(held[0])
    expect((await first).status).toBe(200)
    await soon(() => held.length === 2)
    answer(held[1])
    expect(await second).toMatchObject({
      status: 200,
      body: { choices: [{ message: { content: "there" } }] },
    })
    await soon(() => held.length === 3)
    answer(held[2])
    const streamed = await third
    expect(streamed.status).toBe(200)
    expect(streamed.text).toContain("there")
    expect(streamed.text).toContain("[DONE]")
    auditMarket(open(t.market.driver.market))
  })

  it("is told after a while that none came, and when to come back", async () => {
    const t = await opened({ queue: { scope: "pool", waitSeconds: 1 } })
    const first = post(t)
    await soon(() => held.length === 1)
    const second = post(t)
    await soon(() => waits(t) === 1)
    clock.pass(1_000_001)
    expect(await second).toMatchObject({
      status: 503,
      retryAfter: "1",
      body: { error: { type: "overloaded_error", code: "queue_timeout" } },
    })
    answer(held[0])
    await first
  })

  it("gives its place up when its consumer leaves, and reaches no host", async () => {
    const t = await opened()
    const first = post(t)
    await soon(() => held.length === 1)
    const leaver = new AbortController()
    const second = post(t, { signal: leaver.signal }).catch(() => "gone")
    await soon(() => waits(t) === 1)
    leaver.abort()
    expect(await second).toBe("gone")
    await soon(() => waits(t) === 0)
    answer(held[0])
    await first
    expect(held).toHaveLength(1)
    expect(t.calls.size()).toBe(0)
    auditMarket(open(t.market.driver.market))
  })

  it("is over, once, for a gateway that comes back after a crash", async () => {
    const { market } = await opened()
    const { driver } = market
    const refused: Array<number> = []
    driver.addTaker((command) => {
      if (command._tag === "Refuse") refused.push(command.request)
    })
    // As the journal left them: nobody of this gateway's knows of them.
    const requests = [driver.nextRequest(), driver.nextRequest(), driver.nextRequest()]
    for (const request of requests)
      driver.submit({
        _tag: "RequestArrived",
        request,
        account: gateway?.account.id ?? -1,
        model: 0,
        inputTokens: 1,
        maxTokens: 1,
      } as never)
    expect(waitingRequests(driver.market)).toEqual(requests.slice(1))
    expect(endWhatWasUnderWay(driver, { forgetAllDelivered: () => {} }, () => 0)).toBe(1)
    expect(waitingRequests(driver.market)).toEqual([])
    expect(refused.filter((one) => requests.slice(1).includes(one))).toEqual(requests.slice(1))
    auditMarket(open(driver.market))
  })
})

describe("a call of a tier", () => {
  const byTime: EconomyPatch = { pricing: { tokens: "listing" } }

  it("is named by its priority, or by what a host calls it", async () => {
    const t = await opened(byTime)
    for (const tier of ["high", "Premium"]) {
      const { length } = held
      const call = post(t, { headers: { "x-evenkeel-tier": tier } })
      await soon(() => held.length > length)
      answer(held.at(-1))
      expect((await call).status).toBe(200)
    }
  })

  it("waits behind its own at the cap of its tier", async () => {
    const t = await opened(byTime)
    const basic = { headers: { "x-evenkeel-tier": "basic" } }
    const first = post(t, basic)
    await soon(() => held.length === 1)
    const second = post(t, basic)
    await soon(() => waits(t) === 1)
    answer(held[0])
    await first
    await soon(() => held.length === 2)
    answer(held[1])
    expect((await second).status).toBe(200)
  })

  it("is refused where the name means nothing, or calls have no tiers", async () => {
    const t = await opened(byTime)
    expect(await post(t, { headers: { "x-evenkeel-tier": "gold" } })).toMatchObject({
      status: 400,
      body: { error: { param: "x-evenkeel-tier", message: expect.stringContaining("urgent") } },
    })
    await t.close()
    const plain = await opened()
    expect(await post(plain, { headers: { "x-evenkeel-tier": "high" } })).toMatchObject({
      status: 400,
      body: { error: { param: "x-evenkeel-tier" } },
    })
  })
})
