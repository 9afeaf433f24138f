import { describe, expect, it } from "vitest"
import { hour, hoursGateway } from "./hours-gateway.ts"
import type { HoursGateway, Party } from "./hours-gateway.ts"

const swarm = ({ call }: HoursGateway, { key }: Party, path: string, body: object = {}) =>
  call("POST", `/swarms/${path}`, key, body)
const swarms = async ({ call }: HoursGateway, key?: string) =>
  (await call("GET", "/swarms", key)).body

/** 003's words. */
const report = {
  current_demand: "high",
  price_trends: "increasing",
  resource_constraints: "gpu_memory",
  competitive_landscape: "moderate",
}

describe("swarms", () => {
  it("are joined, fed, and priced by their members' median where that is binding", async () => {
    const gateway = await hoursGateway()
    const one = await gateway.signUp("one")
    const other = await gateway.signUp("other")
    const cheap = await gateway.sell(one, { base_price: "0.1" })
    const dear = await gateway.sell(other, { base_price: "0.3" })
    expect((await swarm(gateway, one, "gossip/join")).status).toBe(400)
    expect(
      (await swarm(gateway, one, "load_balancing/join", { contribution_level: "lazy" })).status,
    ).toBe(400)
    expect((await gateway.call("POST", "/swarms/pricing/join", undefined, {})).status).toBe(401)
    expect((await swarm(gateway, one, "intelligence/data", report)).body.error.code).toBe(
      "not_member",
    )
    expect((await swarm(gateway, one, "pricing/leave")).body.error.code).toBe("not_member")
    const joined = await swarm(gateway, one, "load_balancing/join", {
      contribution_level: "active",
      data_sharing: "performance_metrics",
    })
    expect(joined).toMatchObject({
      status: 200,
      body: { contribution_level: "active", data_sharing: "performance_metrics" },
    })
    // Nobody else shares yet; whoever does not share sees nothing.
    expect((await swarms(gateway, one.key)).own.performance).toEqual([])
    await swarm(gateway, other, "load_balancing/join", { data_sharing: "none" })
    expect((await swarms(gateway, other.key)).own.performance).toBeNull()
    await swarm(gateway, other, "load_balancing/join", { data_sharing: "performance_metrics" })
    expect((await swarms(gateway, one.key)).own.performance).toEqual([
      { account_id: other.id, overall_score: expect.any(Number) },
    ])

    await swarm(gateway, one, "intelligence/join")
    expect((await swarm(gateway, one, "intelligence/data")).status).toBe(400)
    expect(
      (await swarm(gateway, one, "intelligence/data", { current_demand: "huge" })).status,
    ).toBe(400)
    expect((await swarm(gateway, one, "pricing/data", report)).body.error.code).toBe(
      "not_in_this_swarm",
    )
    expect((await swarm(gateway, one, "intelligence/data", report)).body.data).toEqual(report)
    expect((await swarms(gateway)).reported).toMatchObject({
      current_demand: { low: 0, moderate: 0, high: 1 },
      resource_constraints: { gpu_memory: 1 },
    })

    for (const member of [one, other]) await swarm(gateway, member, "pricing/join")
    for (const proposed_base_rate of ["NaN", "-1", "1e3", "Infinity", "", 0.12, null])
      expect(
        (await swarm(gateway, one, "pricing/proposals", { proposed_base_rate })).status,
        String(proposed_base_rate),
      ).toBe(400)
    const proposal = {
      proposed_base_rate: "0.12",
      rationale: "Increased demand for LLM inference",
      expected_impact: "revenue_increase_15%",
    }
    expect((await swarm(gateway, one, "intelligence/proposals", proposal)).body.error.code).toBe(
      "not_in_this_swarm",
    )
    expect((await swarm(gateway, one, "pricing/proposals", proposal)).status).toBe(200)
    expect((await swarms(gateway, other.key)).own.proposals).toEqual([
      { account_id: one.id, ...proposal },
    ])
    // What members tell each other, nobody else hears.
    expect((await swarms(gateway)).own).toBeNull()
    const stranger = await gateway.signUp("stranger")
    expect((await swarms(gateway, stranger.key)).own).toEqual({
      memberships: [],
      performance: null,
      proposals: [],
    })
    gateway.clock.moveTo(gateway.clock.nowMicros() + 25 * hour)
    const rateOf = async (gpu: { readonly id: string }, at = gateway) =>
      (await at.call("GET", `/marketplace/gpu/${gpu.id}`)).body.base_price
    expect([await rateOf(cheap), await rateOf(dear)]).toEqual(["0.12", "0.12"])

    const known = await swarms(gateway, one.key)
    const { folder, clock, adminKey } = gateway
    await gateway.stop()
    const again = await hoursGateway({ folder, clock, adminKey })
    expect(await swarms(again, one.key)).toEqual(known)
    expect([await rateOf(cheap, again), await rateOf(dear, again)]).toEqual(["0.12", "0.12"])
    expect((await swarm(again, one, "pricing/leave")).status).toBe(204)
    expect((await swarms(again, other.key)).own.proposals).toEqual([])
    expect((await swarms(again)).data).toContainEqual({
      swarm: "pricing",
      members: 1,
      is_open: true,
    })
  })

  it("fix no prices and tell nothing of fewer than five where the market is hardened", async () => {
    const gateway = await hoursGateway({ preset: "aitbc-hardened" })
    const members: Array<Party> = []
    for (let count = 0; count < 5; count++) members.push(await gateway.signUp(`member ${count}`))
    expect((await swarm(gateway, members[0]!, "pricing/join")).body.error.code).toBe("swarm_off")
    expect((await swarms(gateway)).data).toContainEqual({
      swarm: "pricing",
      members: 0,
      is_open: false,
    })
    expect(await swarms(gateway)).toMatchObject({ pricing: "off", needed_parties: 5 })
    for (const [index, member] of members.entries()) {
      expect((await swarms(gateway)).reported.current_demand, String(index)).toBeNull()
      await swarm(gateway, member, "intelligence/join")
      await swarm(gateway, member, "intelligence/data", report)
    }
    expect((await swarms(gateway)).reported.current_demand).toEqual({
      low: 0,
      moderate: 0,
      high: 5,
    })
    await swarm(gateway, members[4]!, "intelligence/leave")
    expect((await swarms(gateway)).reported.current_demand).toBeNull()
  })

  it("are joined for advice where the market gives it, and take no proposals there", async () => {
    const gateway = await hoursGateway({ knobs: { swarms: { pricing: "advisory" } } })
    const one = await gateway.signUp("one")
    expect((await swarm(gateway, one, "pricing/join")).status).toBe(200)
    const answer = await swarm(gateway, one, "pricing/proposals", { proposed_base_rate: "0.12" })
    expect(answer.body.error.code).toBe("swarm_off")
    expect(await swarms(gateway)).toMatchObject({ pricing: "advisory", advice: null })
  })

  it("are where hours are sold", async () => {
    const gateway = await hoursGateway({ preset: "hardened" })
    const one = await gateway.signUp("one")
    expect((await swarm(gateway, one, "load_balancing/join")).body.error.code).toBe(
      "hours_not_sold",
    )
  })
})
