/** Ratings, reputations, swarms and specialised models as their users type them, against a served market. */
import { describe, expect, it } from "vitest"
import { ComputeClient, ComputeProvider, usualQualityCheck } from "../../../live/client.ts"
import { evenkeelHere } from "../../cli/program.ts"
import { hour, hoursGateway, second } from "../hours/hours-gateway.ts"
import type { Party } from "../hours/hours-gateway.ts"

const medical = {
  name: "custom-medical-llm",
  kind: "text",
  contextTokens: 4096,
  inputPricePerToken: "0.0001",
  outputPricePerToken: "0.0001",
  accuracy: 0.95,
}

const opened = async () => {
  const gateway = await hoursGateway({ settings: { models: [medical] } })
  const provider = await gateway.signUp("provider", "10")
  const consumer = await gateway.signUp("consumer", "10")
  const gpu = await gateway.sell(provider)
  const { body } = await gateway.call("POST", "/marketplace/bookings", consumer.key, {
    gpu_id: gpu.id,
    hours: 0.5,
  })
  const booking: string = body.booking_id
  await gateway.pass(2 * second, gpu)
  await gateway.call("POST", `/marketplace/bookings/${booking}/start`, gpu.key, {})
  await gateway.pass(hour / 2, gpu)
  const say = async ({ key }: Party, words: string) => {
    const ended = await evenkeelHere([...words.split(" "), "--url", gateway.url, "--key", key])
    return { ...ended, json: () => JSON.parse(ended.stdout) }
  }
  return { gateway, provider, consumer, gpu, booking, say }
}

describe("what is said of providers", () => {
  it("is said and read with commands", async () => {
    const { consumer, provider, gpu, booking, say } = await opened()
    const wrong = await say(consumer, `rate --booking-id ${booking} --stars NaN`)
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("expected a whole number from 1 to 5"),
    ])
    const rated = await say(consumer, `rate --booking-id ${booking} --stars 4`)
    expect(rated.stdout).toContain("Rated with 4 of 5 stars.")
    const twice = await say(consumer, `marketplace rate --booking-id ${booking} --stars 5`)
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining("4 of 5 stars")])
    const known = await say(provider, `reputation --gpu-id ${gpu.id} --json`)
    expect(known.json()).toMatchObject({ client_satisfaction: 0.8, ratings: 1, rank: 1 })
    const listed = await say(consumer, "gpu list --by-reputation --min-reputation 0.5 --json")
    expect(listed.json().data).toHaveLength(1)
    expect((await say(consumer, "gpu list --min-reputation 1 --json")).json().data).toEqual([])

    const hosted = `gpu host-model --gpu-id ${gpu.id} --model custom-medical-llm`
    const first = await say(provider, `${hosted} --memory 16 --specialization medical_text`)
    expect(first.stdout).toContain("8 GiB are left to be sold")
    expect((await say(provider, `${hosted} --memory much`)).stderr).toContain("expected a number")
    const removed = await say(provider, `${hosted} --remove --json`)
    expect(removed.json()).toMatchObject({ memory_for_sale_gib: 24, models: [] })

    expect((await say(provider, "swarm join --swarm load-balansing")).stderr).toContain(
      "did you mean load_balancing?",
    )
    const joined = await say(
      provider,
      "swarm join --swarm load-balancing --share-performance --json",
    )
    expect(joined.json()).toMatchObject({ data_sharing: "performance_metrics" })
    expect((await say(provider, "swarm data")).stderr).toContain("--demand")
    expect((await say(provider, "swarm data --demand high")).stderr).toContain("join first")
    await say(provider, "swarm join --swarm intelligence")
    expect((await say(provider, "swarm data --demand high --json")).json().data).toEqual({
      current_demand: "high",
    })
    expect((await say(provider, "swarm propose --base-rate NaN")).stderr).toContain("such as 0.12")
    await say(provider, "swarm join --swarm pricing --passive")
    await say(provider, "swarm propose --base-rate 0.12 --rationale demand")
    const list = await say(provider, "swarm list")
    expect(list.stdout).toContain("low 0, moderate 0, high 1")
    expect(list.stdout).toContain("demand")
    expect((await say(provider, "swarm leave --swarm pricing --json")).json().left).toBe(true)
    expect((await say(consumer, "swarm list --json")).json().own.memberships).toEqual([])
  })

  it("is said and read with the client, in 003's words", async () => {
    const { gateway, consumer, provider: owner, gpu, booking } = await opened()
    const baseUrl = gateway.url
    const client = new ComputeClient({ baseUrl, apiKey: consumer.key })
    const provider = new ComputeProvider({ baseUrl, gpuId: gpu.id, apiKey: owner.key })
    expect(await client.rate(booking, 3)).toMatchObject({ bookingId: booking, stars: 3 })
    await expect(client.rate(booking, 6)).rejects.toMatchObject({ status: 400 })
    const reputation = await provider.getReputation()
    expect(reputation).toMatchObject({ clientSatisfaction: 0.6, successRate: expect.any(Number) })
    expect(await client.reputation(gpu.id)).toEqual(reputation)
    expect(await client.gpus({ sort: "reputation", minReputation: 0.5 })).toHaveLength(1)
    expect(await client.gpus({ minReputation: 1 })).toEqual([])

    provider.setQualityChecker(usualQualityCheck)
    const result = { jobId: "j", model: "m", completionTime: 1, timeout: 60, text: "" }
    expect(await provider.checkResult({ ...result, errorRate: 0.5 })).toEqual({
      isGood: false,
      reason: "Error rate too high",
    })
    expect((await provider.checkResult({ ...result, errorRate: 0 })).isGood).toBe(true)

    await provider.joinSwarm({
      swarmType: "load_balancing",
      contributionLevel: "active",
      dataSharing: "performance_metrics",
    })
    const shared = await provider.shareMarketData({
      currentDemand: "high",
      priceTrends: "increasing",
      resourceConstraints: "gpu_memory",
      competitiveLandscape: "moderate",
    })
    expect(shared.data).toEqual({
      currentDemand: "high",
      priceTrends: "increasing",
      resourceConstraints: "gpu_memory",
      competitiveLandscape: "moderate",
    })
    const proposed = await provider.participateInPricing({
      proposedBaseRate: 0.12,
      rationale: "Increased demand for LLM inference",
      expectedImpact: "revenue_increase_15%",
    })
    expect(proposed).toMatchObject({ swarm: "pricing", proposedBaseRate: "0.12" })
    await expect(provider.participateInPricing({ proposedBaseRate: Number.NaN })).rejects.toThrow(
      "expected credits",
    )
    expect((await provider.swarms()).own?.memberships).toHaveLength(3)
    await provider.leaveSwarm("pricing")
    const hosted = await provider.hostSpecializedModel({
      modelName: "custom-medical-llm",
      modelPath: "/models/medical-llm-v2.pt",
      requirements: { gpuMemory: 16, specialization: "medical_text", accuracyRequirement: 0.95 },
      premiumRate: 0.2,
    })
    expect(hosted).toMatchObject({
      memoryForSaleGib: 8,
      models: [{ modelName: "custom-medical-llm", state: "not_served", gpuMemory: 16 }],
    })
    await expect(
      provider.hostSpecializedModel({ modelName: "custom-medical-llm", premiumRate: 0.5 }),
    ).rejects.toMatchObject({ code: "premium_of_market" })
  })
})
