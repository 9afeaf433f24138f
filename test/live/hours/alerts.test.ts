import { describe, expect, it } from "vitest"
import { hour, hoursGateway } from "./hours-gateway.ts"

/** 003's. */
const monitoring = {
  health_checks: {
    gpu_status: "30s",
    memory_usage: "10s",
    network_latency: "60s",
    job_success_rate: "5min",
  },
  alerts: { gpu_failure: "immediate", high_memory: "85%", job_failure_rate: "10%" },
}

const opened = async (options: Parameters<typeof hoursGateway>[0] = {}) => {
  const gateway = await hoursGateway(options)
  const provider = await gateway.signUp("provider")
  const gpu = await gateway.sell(provider)
  const path = `/marketplace/gpu/${gpu.id}/monitoring`
  const configure = (body: object, key = provider.key) => gateway.call("PUT", path, key, body)
  const say = (firing: ReadonlyArray<object>, more: object = {}) =>
    gateway.call("POST", `/hosts/${gpu.id}/heartbeat`, gpu.key, {
      health: { checks: [{ check: "memory_usage", value: 0.5 }], firing },
      ...more,
    })
  const alerts = async (query = "") =>
    (await gateway.call("GET", `/marketplace/alerts${query}`, provider.key)).body.data
  const events = async () =>
    (await gateway.call("GET", "/marketplace/events", provider.key)).body.data
  return { gateway, provider, gpu, path, configure, say, alerts, events }
}

const memory = { alert: "high_memory", value: 0.9 }
const gone = { alert: "gpu_failure", value: 1 }

describe("the checks of a machine", () => {
  it("are asked for with every heartbeat, and shown with what they found", async () => {
    const { gateway, provider, gpu, path, configure, say } = await opened()
    expect(await gateway.beat(gpu)).not.toHaveProperty("monitoring")
    expect((await configure(monitoring)).body).toMatchObject({ monitoring, alerts: [] })
    expect((await gateway.beat(gpu)).monitoring).toEqual(monitoring)
    await say([])
    expect((await gateway.call("GET", path, provider.key)).body).toMatchObject({
      checks: [{ check: "memory_usage", value: 0.5 }],
      checked_at: expect.any(String),
    })
    expect((await gateway.call("DELETE", path, provider.key)).status).toBe(204)
    expect(await gateway.beat(gpu)).not.toHaveProperty("monitoring")
  })

  it("are its provider's to ask for, in spans and shares, each alert with its check", async () => {
    const { gateway, configure } = await opened()
    const stranger = await gateway.signUp("stranger")
    expect((await configure(monitoring, stranger.key)).status).toBe(403)
    const wrong = async (change: object) =>
      (await configure({ ...monitoring, ...change })).body.error.param
    expect(await wrong({ alerts: { high_memory: "85" } })).toBe("alerts.high_memory")
    expect(await wrong({ health_checks: { gpu_status: "often" } })).toBe("health_checks.gpu_status")
    expect(await wrong({ health_checks: {} })).toBe("alerts.gpu_failure")
    expect((await configure({ health_checks: {}, alerts: {} })).status).toBe(200)
  })
})

describe("an alert", () => {
  it("is told of once as it begins and once as it ends, in the list and the feed", async () => {
    const { gpu, configure, say, alerts, events } = await opened()
    await configure(monitoring)
    for (const firing of [[memory], [memory], [], [], [memory, gone]]) await say(firing)
    expect((await events()).map(({ type }: { type: string }) => type)).toEqual([
      "alert.firing",
      "alert.resolved",
      "alert.firing",
      "alert.firing",
    ])
    expect((await events())[0]).toMatchObject({
      booking_id: null,
      gpu_id: gpu.id,
      side: "provider",
      details: { alert: "high_memory", value: 0.9 },
    })
    expect(await alerts()).toMatchObject([
      { alert: "high_memory", state: "firing", threshold: "85%", gpu_id: gpu.id },
      { alert: "gpu_failure", state: "firing", threshold: "immediate" },
    ])
    await say([gone])
    expect(await alerts()).toMatchObject([{ alert: "gpu_failure" }, { state: "resolved" }])
    expect(await alerts("?state=firing")).toHaveLength(1)
    expect(await alerts("?gpu_id=none")).toEqual([])
  })

  it("that nobody asked for is not told of, and ends where it is asked for no more", async () => {
    const { configure, say, alerts } = await opened()
    await say([memory])
    expect(await alerts()).toEqual([])
    await configure(monitoring)
    await say([memory])
    await configure({ ...monitoring, alerts: {} })
    expect(await alerts()).toMatchObject([{ state: "resolved", threshold: null }])
  })

  it("fires while any agent of the machine that is heard of says so", async () => {
    const { gateway, configure, say, alerts } = await opened()
    await configure(monitoring)
    await say([memory], { session: "one" })
    await say([], { session: "two" })
    expect(await alerts("?state=firing")).toHaveLength(1)
    gateway.clock.pass(hour)
    await say([], { session: "two" })
    expect(await alerts("?state=firing")).toEqual([])
  })

  it("is not another account's", async () => {
    const { gateway, configure, say } = await opened()
    await configure(monitoring)
    await say([gone])
    const stranger = await gateway.signUp("stranger")
    expect((await gateway.call("GET", "/marketplace/alerts", stranger.key)).body.data).toEqual([])
    expect((await gateway.call("GET", "/marketplace/alerts")).status).toBe(401)
  })

  it("stands where the gateway has ended meanwhile", async () => {
    const first = await opened()
    await first.configure(monitoring)
    await first.say([gone])
    const { folder, clock, adminKey, stop } = first.gateway
    await stop()
    const again = await hoursGateway({ folder, clock, adminKey })
    const alerts = async () =>
      (await again.call("GET", "/marketplace/alerts", first.provider.key)).body.data
    expect(await alerts()).toMatchObject([{ state: "firing" }])
    await again.call("POST", `/hosts/${first.gpu.id}/heartbeat`, first.gpu.key, {
      health: { checks: [], firing: [] },
    })
    expect(await alerts()).toMatchObject([{ state: "resolved" }])
  })
})
