/** A gateway runs on layers, and a test puts one of its own in the place of any. */
import { Layer } from "effect"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, vi } from "vitest"
import { MarketClock } from "../../../live/driver/clock.ts"
import { HostCouriers } from "../../../live/protocol/delivery.ts"
import { Store } from "../../../live/store/store.ts"
import { fakeCourier } from "../gateway/call/fake-courier.ts"
import { makeMemoryStore } from "../store/memory/memory-store.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import type { TestGateway } from "../support/gateway.ts"
import { runningGateway } from "../support/gateway.ts"
import { manualClock } from "../support/manual-clock.ts"

const post = (url: string, body: object, key?: string): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  })

const signUp = async ({ url }: TestGateway): Promise<string> => {
  const response = await post(`${url}/accounts`, { name: "someone" })
  return ((await response.json()) as { readonly api_key: string }).api_key
}

describe("a gateway", () => {
  it("takes the time from the clock that it is given", async () => {
    const clock = manualClock(1_234_567)
    const gateway = await runningGateway({}, temporaryFolder(), {
      clock: Layer.succeed(MarketClock, clock),
    })
    clock.pass(1000)
    await signUp(gateway)
    expect(gateway.services.driver.market.now).toBe(1_235_567)
  })

  it("sends its calls by the couriers that it is given", async () => {
    const courier = fakeCourier()
    const gateway = await runningGateway({}, temporaryFolder(), {
      couriers: Layer.succeed(HostCouriers, courier.couriers),
    })
    const key = await signUp(gateway)
    const offer = { delivery: "pull", models: ["small"] }
    expect((await post(`${gateway.url}/hosts`, offer, key)).status).toBe(201)
    const chat = { model: "small", messages: [{ role: "user", content: "Good morning" }] }
    const answer = post(`${gateway.url}/v1/chat/completions`, chat, key)
    const delivery = await vi.waitFor(() => {
      const found = courier.deliveries.find(({ job }) => job.body["messages"] !== undefined)
      expect(JSON.stringify(found?.job.body)).toContain("Good morning")
      return found!
    })
    delivery.say("Good evening")
    delivery.finish()
    expect(await (await answer).json()).toMatchObject({
      choices: [{ message: { content: "Good evening" } }],
    })
  })

  it("keeps its journal in the store that it is given", async () => {
    const folder = temporaryFolder()
    // What the vault needs.
    mkdirSync(join(folder, "data"))
    const store = makeMemoryStore()
    const gateway = await runningGateway({}, folder, { store: Layer.succeed(Store, store) })
    await signUp(gateway)
    expect(store.entries.map(({ event }) => event._tag)).toContain("AccountOpened")
    expect(existsSync(join(folder, "data", "market.sqlite"))).toBe(false)
  })
})
