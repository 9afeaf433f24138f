import { countNodes } from "../../../../engine/index.ts"
import { describe, expect, it } from "vitest"
import { jobBoardOf } from "../../../../live/hosts/host-routes.ts"
import { makeNetworkGuard } from "../../../../live/hosts/network-guard.ts"
import { makeRegistry } from "../../../../live/hosts/registry/registry.ts"
import { manualClock } from "../../support/manual-clock.ts"
import type { TestMarket } from "../../support/market.ts"
import { openTestMarket } from "../../support/market.ts"
import { testVault } from "../host-server.ts"

/** The registry as a gateway that has just started makes it. */
const startRegistry = (market: TestMarket) =>
  makeRegistry({
    services: market,
    board: jobBoardOf(market),
    guard: makeNetworkGuard([]),
    vault: testVault(),
  })

/** A host that was removed by the process before this one, with a call under way or none. */
const leavingHost = (market: TestMarket, isBusy: boolean) => {
  const model = market.listModel({})
  const { account } = market.openAccount()
  const { host, instance, secret } = market.startHost({ model })
  const request = market.driver.nextRequest()
  if (isBusy)
    market.driver.submit({
      _tag: "RequestArrived",
      request,
      account: account.id,
      model: model.id,
      inputTokens: 1,
      maxTokens: 1,
    })
  market.directory.hosts.put({ ...host, removedAtMillis: 1 })
  market.directory.instances.put({ ...instance, stoppedAtMillis: 1 })
  market.driver.submit({ _tag: "InstanceStopped", instance: instance.id })
  return { host, secret, request }
}

describe("a gateway that starts", () => {
  it("lets a host go that was removed before", () => {
    const market = openTestMarket({ clock: manualClock() })
    leavingHost(market, false)
    startRegistry(market)
    expect(countNodes(market.driver.market)).toBe(0)
    expect([...market.directory.keys.all()].at(-1)?.revokedAtMillis).toBeDefined()
  })

  it("lets it go once its last call has ended", () => {
    const market = openTestMarket({ clock: manualClock() })
    const { request } = leavingHost(market, true)
    startRegistry(market)
    expect(countNodes(market.driver.market)).toBe(1)
    market.driver.submit({
      _tag: "AttemptEnded",
      request,
      attempt: 0,
      outcome: "gatewayFault",
      outputTokens: 0,
      reportedTokens: 0,
      decodeMicros: 0,
      retryAfterMicros: 0,
    })
    expect(countNodes(market.driver.market)).toBe(0)
    expect([...market.directory.keys.all()].at(-1)?.revokedAtMillis).toBeDefined()
  })
})

describe("an operator", () => {
  const wish = { models: ["small"] }

  it("has a thousand hosts at most, also where they come at once, and registers twice as many a day", async () => {
    let now = 1_700_000_000_000
    const market = openTestMarket({ clock: manualClock(), nowMillis: () => now })
    market.listModel({ name: "small" })
    const { account } = market.openAccount()
    const registry = startRegistry(market)
    const register = () => registry.register(account, wish)
    for (let round = 0; round < 2; round++) {
      const made = await Promise.allSettled(Array.from({ length: 1001 }, register))
      const hosts = made.flatMap((one) => (one.status === "fulfilled" ? [one.value.host] : []))
      expect(hosts).toHaveLength(1000)
      for (const host of hosts) expect(registry.remove(host)).toBe("removed")
    }
    await expect(register()).rejects.toThrow(/at most 2000 hosts a day/)
    now += 86_400_000
    await expect(register()).resolves.toBeDefined()
  })
})

describe("a gateway that ends", () => {
  it("leaves no timer of a host's agents to a market that has ended", () => {
    const clock = manualClock()
    const market = openTestMarket({ clock })
    const { host } = market.startHost({ model: market.listModel({}) })
    const registry = startRegistry(market)
    const beat = (session: string, is_draining: boolean) =>
      registry.heartbeat(host, { session, is_draining })
    beat("stays", false)
    clock.pass(1_000_000)
    // Drains its host once the other falls silent.
    beat("goes", true)
    registry.close()
    beat("goes", true)
    market.driver.stop()
    expect(() => clock.pass(3_600_000_000)).not.toThrow()
  })
})
