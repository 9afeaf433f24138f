/**
 * A compute provider's guide, walked through: every method of it is called against a market that is served, and what
 * came of it is printed. A program of your own imports the same from `evenkeel/client`.
 *
 *   node dist/examples/compute-provider.js                              a market of its own, on this machine
 *   node dist/examples/compute-provider.js https://market.example       one that sells hours and takes sign-ups
 */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import { ComputeClient, ComputeError, ComputeProvider, usualQualityCheck } from "../live/client.ts"
import { defaultConfig, startGateway } from "../live/index.ts"

const medicalModel = "custom-medical-llm"

/** Serves a market with the economy of the guide, for as long as `use` runs. */
export const withMarket = async <A>(use: (url: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-example-"))
  const served = Effect.gen(function* () {
    const { url } = yield* startGateway({
      config: {
        ...defaultConfig,
        listen: { ...defaultConfig.listen, port: 0 },
        economy: { preset: "aitbc", knobs: { promotion: { grantCredits: 100 } } },
        hosts: { ...defaultConfig.hosts, heartbeatSeconds: 1 },
        models: [
          {
            name: medicalModel,
            kind: "text",
            contextTokens: 8192,
            inputPricePerToken: "0.0001",
            outputPricePerToken: "0.0001",
            accuracy: 0.95,
          },
        ],
      },
      dataDirectory: folder,
      logger: false,
    })
    return yield* Effect.promise(() => use(url))
  })
  try {
    return await Effect.runPromise(served.pipe(Effect.scoped, Effect.provide(NodeContext.layer)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface Step {
  /** As the guide's method is called here. */
  readonly method: string
  readonly said: string
  /** The market does not do that. */
  readonly isRefused: boolean
}

const openAccount = async (url: string, name: string) => {
  const response = await fetch(`${url}/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  })
  if (!response.ok) throw new Error(`${url} takes no sign-ups: ${await response.text()}`)
  return (await response.json()) as { readonly account_id: string; readonly api_key: string }
}

/** Walks through the guide at a market; `say` hears each step as it is done. */
export const walkThrough = async (
  baseUrl: string,
  say: (step: Step) => void = () => {},
): Promise<ReadonlyArray<Step>> => {
  const steps: Array<Step> = []
  const told = (method: string, said: string, isRefused = false): void => {
    const step = { method, said, isRefused }
    steps.push(step)
    say(step)
  }
  /** One call of the guide; a market that does not do it says why. */
  const step = async <A>(
    method: string,
    call: () => Promise<A>,
    words: (answer: A) => string,
  ): Promise<A | undefined> => {
    try {
      const answer = await call()
      told(method, words(answer))
      return answer
    } catch (error) {
      if (!(error instanceof ComputeError)) throw error
      told(method, error.message, true)
      return undefined
    }
  }

  const owner = await openAccount(baseUrl, "gpu-agent-alpha")
  const buyer = await openAccount(baseUrl, "enterprise-agent-123")
  const client = new ComputeClient({ baseUrl, apiKey: buyer.api_key })

  // Getting started.
  await step(
    "assessCapabilities",
    () => ComputeProvider.assessCapabilities(),
    ({ gpuMemory, maxConcurrentJobs }) =>
      `${gpuMemory} GiB here, ${maxConcurrentJobs} jobs at once`,
  )
  const provider = await ComputeProvider.register({
    baseUrl,
    apiKey: owner.api_key,
    name: "gpu-agent-alpha",
    capabilities: {
      computeType: "inference",
      // The guide's machine has 24, which its model, its reservation and its contract share.
      gpuMemory: 32,
      supportedModels: ["llama3.2", "mistral", "deepseek"],
      performanceScore: 0.95,
      maxConcurrentJobs: 3,
      specialization: "text_generation",
    },
    pricingModel: { baseRatePerHour: 0.1, peakMultiplier: 1.5, bulkDiscount: 0.8 },
  })
  told("register", `${provider.id}, at ${provider.listingUrl}`)
  await step(
    "setAvailability",
    () =>
      provider.setAvailability({
        schedule: {
          timezone: "UTC",
          availability: [
            {
              days: ["monday", "tuesday", "wednesday", "thursday", "friday"],
              hours: "09:00-17:00",
            },
            { days: ["saturday", "sunday"], hours: "00:00-24:00" },
          ],
          maintenanceWindows: [{ day: "sunday", hours: "02:00-04:00" }],
        },
      }),
    ({ scheduleText }) => scheduleText,
  )
  // A run of a hundred hours, as the guide sells one below, fits no week that closes at night.
  await step(
    "setAvailability",
    () => provider.setAvailability({ schedule: null }),
    ({ scheduleText }) => scheduleText,
  )
  await provider.startOffering({ grant: { endpoint: "ssh {booking_id}@gpu.example" } })
  try {
    told("startOffering", "its heartbeats are heard")
    await pricing(provider, client, step, buyer.account_id)
    await resources(provider, step)
    await delivery(provider, client, step)
    await reputation(provider, step)
    await swarms(provider, step)
    await advanced(provider, step, buyer.account_id)
    await figures(provider, step)
  } finally {
    await provider.stop()
  }
  return steps
}

type Stepping = <A>(
  method: string,
  call: () => Promise<A>,
  words: (answer: A) => string,
) => Promise<A | undefined>

const pricing = async (
  provider: ComputeProvider,
  client: ComputeClient,
  step: Stepping,
  clientId: string,
): Promise<void> => {
  await step(
    "enableDynamicPricing",
    () =>
      provider.enableDynamicPricing({
        baseRate: 0.1,
        demandThreshold: 0.8,
        maxMultiplier: 2,
        adjustmentFrequency: "15min",
      }),
    ({ strategy, pricePerHour }) => `${strategy}, ${pricePerHour} credits an hour now`,
  )
  const offered = await step(
    "createContract",
    () =>
      provider.createContract({
        clientId,
        durationHours: 100,
        fixedRate: 0.08,
        guaranteedAvailability: 0.95,
        slaPenalties: true,
        jobs: 1,
        memoryGib: 4,
        start: new Date(Date.now() + 3_600_000),
      }),
    ({ contractId, price }) => `${contractId} for ${price} credits, for its client to accept`,
  )
  if (offered !== undefined)
    await step(
      "acceptContract",
      () => client.acceptContract(offered.contractId),
      ({ contractId }) => `${contractId} is a booking now`,
    )
}

const resources = async (provider: ComputeProvider, step: Stepping): Promise<void> => {
  await step(
    "setServiceTiers",
    () =>
      provider.setServiceTiers({
        basic: { ratePerHour: 0.05, maxJobs: 1, priority: "low", support: "best_effort" },
        premium: { ratePerHour: 0.15, maxJobs: 3, priority: "high", support: "24/7" },
        enterprise: { ratePerHour: 0.25, maxJobs: 5, priority: "urgent", support: "dedicated" },
      }),
    ({ tiers }) => Object.keys(tiers).join(", "),
  )
  await step(
    "configureQueue",
    () =>
      provider.configureQueue({
        maxQueueSize: 20,
        priorityAlgorithm: "weighted_fair_share",
        preemptionPolicy: "graceful",
        timeoutHandling: "auto_retry",
      }),
    ({ queue }) => JSON.stringify(queue),
  )
  await step(
    "enableLoadBalancing",
    () => provider.enableLoadBalancing({ strategy: "adaptive", optimizationTarget: "throughput" }),
    ({ balancing }) => JSON.stringify(balancing),
  )
}

/** What the figures below are of: an hour is booked, begun, ended early, paid for and rated. */
const delivery = async (
  provider: ComputeProvider,
  client: ComputeClient,
  step: Stepping,
): Promise<void> => {
  const booked = await step(
    "book",
    () => client.book({ gpuId: provider.id, hours: 0.5, jobs: 1, memoryGib: 1 }),
    ({ bookingId, price }) => `${bookingId} for ${price} credits, held in escrow`,
  )
  if (booked === undefined) return
  const { bookingId } = booked
  for (let wait = 0; wait < 100; wait++) {
    if ((await client.booking(bookingId)).escrow === "active") break
    await pause(100)
  }
  await step(
    "end",
    () => client.end(bookingId),
    ({ escrow, paid, refund }) => `${escrow}: ${paid} paid, ${refund} given back`,
  )
  await step(
    "rate",
    () => client.rate(bookingId, 5),
    ({ stars }) => `${stars} stars`,
  )
}

const reputation = async (provider: ComputeProvider, step: Stepping): Promise<void> => {
  await step(
    "configureMonitoring",
    () =>
      provider.configureMonitoring({
        healthChecks: {
          gpuStatus: "30s",
          memoryUsage: "10s",
          networkLatency: "60s",
          jobSuccessRate: "5min",
        },
        alerts: { gpuFailure: "immediate", highMemory: "85%", jobFailureRate: "10%" },
      }),
    ({ alerts }) => `looked at from now on; ${alerts.length} alerts`,
  )
  await step(
    "getReputation",
    () => provider.getReputation(),
    ({ overallScore, successRate, avgResponseTime, clientSatisfaction }) =>
      `overall ${overallScore}, success ${successRate}, response ${avgResponseTime ?? "–"} s, satisfaction ${clientSatisfaction}`,
  )
  provider.setQualityChecker(usualQualityCheck)
  const result = { jobId: "late", model: "mistral", completionTime: 58, timeout: 60, text: "…" }
  await step(
    "setQualityChecker",
    () => provider.checkResult({ ...result, errorRate: 0 }),
    ({ isGood, reason }) => `a job of 58 s of 60: ${isGood ? "handed in" : reason}`,
  )
  await step(
    "defineSla",
    () =>
      provider.defineSla({
        availabilityTarget: 0.99,
        responseTimeTarget: 30,
        completionRateTarget: 0.98,
        penaltyRate: 0.5,
      }),
    ({ sla }) => `promised: ${JSON.stringify(sla)}`,
  )
}

const swarms = async (provider: ComputeProvider, step: Stepping): Promise<void> => {
  await step(
    "joinSwarm",
    () =>
      provider.joinSwarm({
        swarmType: "load_balancing",
        contributionLevel: "active",
        dataSharing: "performance_metrics",
      }),
    ({ swarm, contributionLevel }) => `${contributionLevel} in ${swarm}`,
  )
  await step(
    "shareMarketData",
    () =>
      provider.shareMarketData({
        currentDemand: "high",
        priceTrends: "increasing",
        resourceConstraints: "gpu_memory",
        competitiveLandscape: "moderate",
      }),
    ({ data }) => `told: ${Object.values(data).join(", ")}`,
  )
  await step(
    "participateInPricing",
    () =>
      provider.participateInPricing({
        proposedBaseRate: 0.12,
        rationale: "Increased demand for LLM inference",
        expectedImpact: "revenue_increase_15%",
      }),
    ({ proposedBaseRate }) => `proposed: ${proposedBaseRate} credits an hour`,
  )
}

const advanced = async (
  provider: ComputeProvider,
  step: Stepping,
  clientId: string,
): Promise<void> => {
  await step(
    "hostSpecializedModel",
    () =>
      provider.hostSpecializedModel({
        modelName: medicalModel,
        modelPath: "/models/medical-llm-v2.pt",
        requirements: { gpuMemory: 16, specialization: "medical_text", accuracyRequirement: 0.95 },
        premiumRate: 0.2,
      }),
    ({ models, memoryForSaleGib }) =>
      `${models.map(({ modelName }) => modelName).join(", ")}; ${memoryForSaleGib} GiB left to sell`,
  )
  await step(
    "enableBatchProcessing",
    () =>
      provider.enableBatchProcessing({
        minBatchSize: 10,
        batchDiscount: 0.3,
        processingWindow: "24h",
        qualityGuarantee: true,
      }),
    ({ minBatchSize, batchDiscount }) => `from ${minBatchSize} items on ${batchDiscount} less`,
  )
  await step(
    "reserveCapacity",
    () =>
      provider.reserveCapacity({
        clientId,
        reservedGpuMemory: 8,
        reservationDuration: "30d",
        reservationFee: 50,
        start: new Date(Date.now() + 3_600_000),
      }),
    ({ reservationId }) => `${reservationId}, for its client to accept`,
  )
}

const figures = async (provider: ComputeProvider, step: Stepping): Promise<void> => {
  await step(
    "getEarnings",
    () =>
      provider.getEarnings({
        period: "30d",
        breakdownBy: ["client", "model_type", "time_of_day"],
      }),
    ({ total, dailyAverage, topClient }) =>
      `${total} credits, ${dailyAverage} a day, most of it from ${topClient ?? "nobody"}`,
  )
  await step(
    "getAnalytics",
    () => provider.getAnalytics(),
    ({ utilizationRate, profitableModels }) =>
      `utilization ${utilizationRate ?? "–"}, most profitable: ${profitableModels[0]?.model ?? "nothing yet"}`,
  )
  await step(
    "getOptimizationSuggestions",
    () => provider.getOptimizationSuggestions(),
    (found) =>
      found.length === 0
        ? "none before 48 hours of data"
        : found.map(({ description, impact }) => `${description} (${impact})`).join("; "),
  )
}

const print = ({ method, said, isRefused }: Step): void => {
  process.stdout.write(`${method.padEnd(27)} ${isRefused ? "refused: " : ""}${said}\n`)
}

const isMain = import.meta.url === pathToFileURL(process.argv[1] ?? "").href
if (isMain) {
  const [url] = process.argv.slice(2)
  const walk = (at: string) => walkThrough(at.replace(/\/$/, ""), print)
  const done = url === undefined ? withMarket(walk) : walk(url)
  await done.catch((error: Error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
}
