/** What a machine's provider sets of tiers, queue and balancing, and who is told who waits. */
import { describe, expect, it, onTestFinished } from "vitest"
import { ComputeProvider } from "../../../live/client.ts"
import { hoursGateway } from "./hours-gateway.ts"

/** 003's. */
const tiers = {
  basic: { rate_per_hour: "0.05", max_jobs: 1, priority: "low" },
  premium: { rate_per_hour: "0.15", max_jobs: 3, priority: "high" },
  enterprise: { rate_per_hour: "0.25", max_jobs: 5, priority: "urgent" },
}

const opened = async () => {
  const t = await hoursGateway()
  onTestFinished(t.stop)
  const provider = await t.signUp("provider")
  const gpu = await t.sell(provider)
  const path = `/marketplace/gpu/${gpu.id}`
  return { ...t, provider, gpu, path }
}

describe("a machine's provider", () => {
  it("sets tiers, a queue and what balancing is for, and everybody sees them", async () => {
    const t = await opened()
    const put = (what: string, body: unknown, key = t.provider.key) =>
      t.call("PUT", `${t.path}/${what}`, key, body)
    expect((await put("tiers", { tiers })).body.tiers).toEqual(tiers)
    expect((await put("queue", { max_queue_size: 20 })).body.queue).toEqual({
      max_queue_size: 20,
      timeout_seconds: 60,
    })
    expect((await put("balancing", { optimization_target: "latency" })).body.balancing).toEqual({
      strategy: "adaptive",
      optimization_target: "latency",
    })
    const { body } = await t.call("GET", `${t.path}/service`)
    expect(body).toMatchObject({ gpu_id: t.gpu.id, tiers, queue: { max_queue_size: 20 } })
    expect((await put("tiers", { tiers: {} })).body.tiers).toEqual({})
  })

  it("is told what is wrong with them, and only it may", async () => {
    const t = await opened()
    const other = await t.signUp("other")
    const put = (what: string, body: unknown, key = t.provider.key) =>
      t.call("PUT", `${t.path}/${what}`, key, body)
    expect((await put("queue", { max_queue_size: 1 }, other.key)).status).toBe(403)
    const twice = { ...tiers, gold: tiers.premium }
    expect(await put("tiers", { tiers: twice })).toMatchObject({
      status: 400,
      body: { error: { param: "tiers" } },
    })
    for (const [what, body] of [
      ["tiers", { tiers: { basic: { ...tiers.basic, max_jobs: 0 } } }],
      ["tiers", { tiers: { basic: { ...tiers.basic, rate_per_hour: "-1" } } }],
      ["tiers", { tiers: { basic: { ...tiers.basic, priority: "most" } } }],
      ["queue", { max_queue_size: -1 }],
      ["queue", { max_queue_size: 1, timeout_seconds: 0 }],
      ["queue", { max_queue_size: 1, priority_algorithm: "fifo" }],
      ["balancing", { optimization_target: "money" }],
    ] as const)
      expect((await put(what, body)).status, JSON.stringify(body)).toBe(400)
    expect(await t.call("GET", "/marketplace/gpu/none/service")).toMatchObject({ status: 404 })
  })

  it("does so with the words of the guide", async () => {
    const t = await opened()
    const { url, provider, gpu } = t
    const machine = new ComputeProvider({ baseUrl: url, gpuId: gpu.id, apiKey: provider.key })
    const service = await machine.setServiceTiers({
      premium: { ratePerHour: 0.15, maxJobs: 3, priority: "high", support: "24/7" },
    })
    expect(service.tiers).toEqual({
      premium: { ratePerHour: "0.15", maxJobs: 3, priority: "high" },
    })
    const queue = await machine.configureQueue({
      maxQueueSize: 20,
      priorityAlgorithm: "weighted_fair_share",
      preemptionPolicy: "graceful",
      timeoutHandling: "auto_retry",
    })
    expect(queue.queue).toEqual({ maxQueueSize: 20, timeoutSeconds: 60 })
    await expect(
      machine.configureQueue({ maxQueueSize: 20, preemptionPolicy: "brutal" }),
    ).rejects.toThrow("graceful")
    const balancing = await machine.enableLoadBalancing({
      strategy: "adaptive",
      optimizationTarget: "throughput",
    })
    expect(balancing.balancing).toEqual({ strategy: "adaptive", optimizationTarget: "throughput" })
    await expect(machine.enableLoadBalancing({ strategy: "roundRobin" })).rejects.toThrow(
      "adaptive",
    )
  })
})

describe("who waits where", () => {
  it("is told to accounts of themselves, and to the platform of all", async () => {
    const t = await opened()
    expect(await t.call("GET", "/marketplace/queues")).toMatchObject({ status: 401 })
    for (const key of [t.provider.key, t.adminKey])
      expect(await t.call("GET", "/marketplace/queues", key)).toEqual({
        status: 200,
        body: { data: [] },
      })
  })
})
