/**
 * A machine that sells its hours, as a library for its owner or an agent of theirs.
 *
 * @example
 * const capabilities = await ComputeProvider.assessCapabilities()
 * const provider = await ComputeProvider.register({
 *   baseUrl: "https://market.example",
 *   apiKey: process.env.EVENKEEL_KEY,
 *   name: "gpu-agent-alpha",
 *   capabilities: { ...capabilities, computeType: "inference" },
 *   pricingModel: { baseRatePerHour: 0.1, peakMultiplier: 1.5, bulkDiscount: 0.8 },
 * })
 * await provider.startOffering({ grant: { endpoint: "https://gpu.example/{booking_id}" } })
 */
import { isObject } from "../../../platform/json/json-object.ts"
import { runEffect } from "../../http/run-effect.ts"
import type {
  GpuAnalytics,
  GpuEarnings,
  GpuSuggestions,
  Monitoring,
  MonitoringView,
} from "../../protocol/figures-protocol.ts"
import type { ServiceView } from "../../protocol/queue-protocol.ts"
import type { GpuStatus, GpuView, HostBooking } from "../../protocol/hours-protocol.ts"
import type { GpuModelsView, GpuReputation } from "../../protocol/reputation-protocol.ts"
import type {
  MarketData,
  SwarmKind,
  SwarmMembership,
  Swarms,
} from "../../protocol/swarm-protocol.ts"
import type { HostAgent } from "../host-agent.ts"
import type { JobResult, QualityChecker } from "../backends/quality-check.ts"
import { checkedBy } from "../backends/quality-check.ts"
import type { Monitor } from "../monitoring/monitor.ts"
import { makeMonitor } from "../monitoring/monitor.ts"
import type { OfferHold } from "../monitoring/offer-hold.ts"
import { makeOfferHold } from "../monitoring/offer-hold.ts"
import { detectGpus, gpuName } from "../machine/gpus.ts"
import { loadNow } from "../machine/heartbeat.ts"
import type { AgentEvent } from "../plan/options.ts"
import { AgentError } from "../plan/options.ts"
import { camelised, snaked } from "../transport/camel.ts"
import type { Camel } from "../transport/camel.ts"
import type { JsonApi } from "../transport/json-api.ts"
import { ComputeError, makeJsonApi } from "../transport/json-api.ts"
import { decimalOf } from "./decimal.ts"
import type { Grants } from "./grants.ts"
import { makeGrants } from "./grants.ts"
import type { GrantOptions } from "../plan/grant-options.ts"
import type { GrantHooks } from "./hooks.ts"
import { hooksFrom } from "./hooks.ts"
import * as Offers from "./offers.ts"

export interface Capabilities {
  /** GiB, of all GPUs together. */
  readonly gpuMemory: number
  readonly supportedModels: ReadonlyArray<string>
  /** 0 to 1, by its provider's own measure; `undefined`: nobody has measured. */
  readonly performanceScore?: number
  readonly maxConcurrentJobs: number
  readonly computeType?: string
  readonly specialization?: string
  readonly cudaVersion?: string
  readonly gpu?: string
}

export interface PricingModel {
  /** Credits an hour for each job; as text, just as it is written. */
  readonly baseRatePerHour: number | string
  readonly peakMultiplier?: number
  readonly bulkDiscount?: number
  readonly leastRatePerHour?: number | string
}

export interface ProviderRegistration {
  readonly baseUrl: string
  /** Key of the provider's account (`sk_live_…`). */
  readonly apiKey: string
  readonly name: string
  readonly capabilities: Capabilities
  readonly pricingModel: PricingModel
  readonly region?: string
  /** The client's own id: registering again with it is the same machine, without its host's key. */
  readonly registrationId?: string
}

/** A machine that is registered already. */
export interface KnownProvider {
  readonly baseUrl: string
  readonly gpuId: string
  /** The account's key, or the host's own. */
  readonly apiKey: string
  /** `hk_live_…`, with which it is heard of; needed to offer. */
  readonly hostKey?: string
}

export interface Schedule {
  readonly timezone: string
  readonly availability?: unknown
  readonly maintenanceWindows?: unknown
}

export interface OfferingOptions {
  /** How access is given; a pair of functions does, too. */
  readonly grant: GrantOptions | GrantHooks
  readonly onEvent?: (event: AgentEvent) => void
}

export type ProviderListing = Camel<GpuView>
export type ProviderEarnings = Camel<GpuEarnings>
export type ProviderStatus = Camel<GpuStatus>
export type ProviderAnalytics = Camel<GpuAnalytics>
export type ProviderSuggestion = Camel<GpuSuggestions>["suggestions"][number]
/** How often each check is made, such as `gpuStatus: "30s"`, and from where each alert fires. */
export type ProviderMonitoring = Camel<Monitoring>

export type ProviderReputation = Camel<GpuReputation>
export type ProviderModels = Camel<GpuModelsView>
export type ProviderMembership = Camel<SwarmMembership>
export type ProviderSwarms = Camel<Swarms>
/** What it sees of the market, in the words that there are. */
export type MarketReport = Camel<MarketData>

/** How a market takes batches. */
export interface BatchTerms {
  /** Items from which on there is a discount. */
  readonly minBatchSize: number
  /** Share of the price, 0 to 1. */
  readonly batchDiscount: number
  readonly processingWindow: `${number}h`
  /** Whether an item that failed is done again at no price. */
  readonly qualityGuarantee: boolean
}

export interface SwarmOptions {
  readonly swarmType: SwarmKind
  readonly contributionLevel?: "active" | "passive"
  readonly dataSharing?: "performance_metrics" | "none"
}

export interface PricingProposal {
  /** Credits an hour for each job. */
  readonly proposedBaseRate: number | string
  /** For the other members. */
  readonly rationale?: string
  readonly expectedImpact?: string
}

export interface SpecializedModel {
  readonly modelName: string
  /** Where it lies on the machine; nobody else is shown it. */
  readonly modelPath?: string
  readonly requirements?: {
    /** GiB that it takes: they are not sold by the hour. */
    readonly gpuMemory?: number
    readonly specialization?: string
    readonly accuracyRequirement?: number
  }
  readonly premiumRate?: number
  /** What its provider measured, where the market takes the provider's word. */
  readonly measuredAccuracy?: number
}

export interface ServiceTier {
  /** Credits an hour. */
  readonly ratePerHour: number | string
  /** Calls of one client at once. */
  readonly maxJobs: number
  readonly priority: "low" | "normal" | "high" | "urgent"
  readonly support?: string
}

export interface QueueOptions {
  readonly maxQueueSize: number
  readonly timeoutSeconds?: number
  readonly priorityAlgorithm?: "weighted_fair_share"
  readonly preemptionPolicy?: string
  readonly timeoutHandling?: string
}

export interface BalancingOptions {
  /** The market's: where it is another one, nothing is changed and this rejects. */
  readonly strategy?: string
  readonly optimizationTarget?: "throughput" | "latency"
}

export type ProviderService = Omit<Camel<ServiceView>, "tiers"> & {
  /** By its provider's name of it. */
  readonly tiers: { readonly [name: string]: Camel<ServiceView["tiers"][string]> }
}

type EarningsBreakdown = "client" | "model" | "hour" | "model_type" | "time_of_day"

const firstBeatSeconds = 30
const retrySeconds = 2

export class ComputeProvider {
  /** `gpu_id` of the machine, which is `host_id` of its host. */
  readonly id: string
  /** `hk_live_…`, where it is known: keep it, it is not shown again. */
  readonly hostKey: string | undefined
  readonly #api: JsonApi
  readonly #hostApi: JsonApi | undefined
  #grants: Grants | undefined
  #monitor: Monitor | undefined
  #hold: OfferHold | undefined
  /** The market was told that it takes no work for now. */
  #isHolding = false
  /** There is something that the market is to hear of at once. */
  #isUrgent = false
  #say: (event: AgentEvent) => void = () => {}
  #qualityChecker: QualityChecker | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor({ baseUrl, gpuId, apiKey, hostKey }: KnownProvider) {
    this.id = gpuId
    this.hostKey = hostKey
    this.#api = makeJsonApi({ baseUrl, apiKey })
    this.#hostApi = hostKey === undefined ? undefined : makeJsonApi({ baseUrl, apiKey: hostKey })
  }

  /** What this machine has, as `nvidia-smi` tells; `endpointUrl`: a model server, asked for its models. */
  static async assessCapabilities({
    endpointUrl,
  }: { readonly endpointUrl?: string } = {}): Promise<Capabilities> {
    const gpus = await runEffect(detectGpus())
    const memoryMib = gpus.reduce((sum, { memoryTotalMib = 0 }) => sum + memoryTotalMib, 0)
    const name = gpuName(gpus)
    return {
      gpuMemory: Math.round((memoryMib / 1024) * 1000) / 1000,
      supportedModels: endpointUrl === undefined ? [] : await modelsAt(endpointUrl),
      maxConcurrentJobs: Math.max(1, gpus.length),
      ...(name === undefined ? {} : { gpu: name }),
    }
  }

  /** Registers the machine: a draft until `startOffering`. */
  static async register(options: ProviderRegistration): Promise<ComputeProvider> {
    const { baseUrl, apiKey, name, capabilities, pricingModel, region, registrationId } = options
    const { gpuMemory, maxConcurrentJobs, cudaVersion, ...others } = capabilities
    const { baseRatePerHour, leastRatePerHour, peakMultiplier, bulkDiscount } = pricingModel
    const answer = await makeJsonApi({ baseUrl, apiKey }).ask(
      "POST",
      "/marketplace/gpu",
      snaked({
        name,
        memoryGib: gpuMemory,
        maxJobs: maxConcurrentJobs,
        cudaVersion,
        basePrice: decimalOf(baseRatePerHour),
        leastPrice: leastRatePerHour === undefined ? undefined : decimalOf(leastRatePerHour),
        peakMultiplier,
        bulkDiscount,
        region,
        registrationId,
        capabilities: snaked(others),
        isOffered: false,
      }),
    )
    const known = isObject(answer) ? answer : {}
    const hostKey = known["api_key"]
    return new ComputeProvider({
      baseUrl,
      apiKey,
      gpuId: String(known["gpu_id"]),
      ...(typeof hostKey === "string" ? { hostKey } : {}),
    })
  }

  /** Where everybody sees it. */
  get listingUrl(): string {
    return `${this.#api.base}/#gpu/${this.id}`
  }

  readonly #path = (rest = ""): string => `/marketplace/gpu/${encodeURIComponent(this.id)}${rest}`

  async listing(): Promise<ProviderListing> {
    return camelised(await this.#api.ask("GET", this.#path())) as ProviderListing
  }

  /** When it is to be had; `null`: always. Maintenance wins over availability. */
  async setAvailability({
    schedule,
  }: {
    readonly schedule: Schedule | null
  }): Promise<ProviderListing> {
    return camelised(
      await this.#api.ask("PUT", this.#path("/availability"), {
        schedule: schedule === null ? null : snaked(schedule),
      }),
    ) as ProviderListing
  }

  /**
   * Lets the price follow the use of the machine itself. `adjustmentFrequency` is the market's to set: where
   * another one is asked for, nothing is changed and this rejects.
   */
  async enableDynamicPricing(options: {
    readonly baseRate: number | string
    readonly demandThreshold?: number
    readonly maxMultiplier?: number
    readonly adjustmentFrequency?: `${number}min`
  }): Promise<ProviderListing> {
    const { baseRate, demandThreshold, maxMultiplier, adjustmentFrequency } = options
    if (adjustmentFrequency !== undefined) {
      const minutes = await this.#adjustMinutes()
      if (`${minutes}min` !== adjustmentFrequency)
        throw new ComputeError(
          `adjustmentFrequency ${adjustmentFrequency}: this market sets prices anew every ${minutes}min`,
        )
    }
    return this.#price({
      strategy: "dynamic",
      basePrice: decimalOf(baseRate),
      demandThreshold,
      maxMultiplier,
    })
  }

  async setPricing(options: {
    readonly strategy?: GpuView["strategy"]
    readonly baseRate?: number | string
    readonly leastRate?: number | string
  }): Promise<ProviderListing> {
    const { strategy, baseRate, leastRate } = options
    return this.#price({
      strategy,
      basePrice: baseRate === undefined ? undefined : decimalOf(baseRate),
      leastPrice: leastRate === undefined ? undefined : decimalOf(leastRate),
    })
  }

  /** What it promises with hours that are ordered from now on; what is left out is not promised any more. */
  defineSla(targets: Offers.SlaTargets): Promise<ProviderListing> {
    return Offers.promiseSla(this.#api, this.id, targets)
  }

  /** Offers one client hours at a fixed rate. They are kept for it until it answers, or its time is over. */
  createContract(terms: Offers.ContractTerms): Promise<Offers.Contract> {
    return Offers.offerContract(this.#api, this.id, terms)
  }

  /** Offers to keep memory for one client, for a fee that covers its use. */
  reserveCapacity(terms: Offers.ReservationTerms): Promise<Offers.Reservation> {
    return Offers.offerReservation(this.#api, this.id, terms)
  }

  /** What this machine has offered, open or not: the latest 200. */
  contracts(): Promise<ReadonlyArray<Offers.Contract>> {
    return Offers.offersOf(this.#api, "contracts", { gpu_id: this.id })
  }

  reservations(): Promise<ReadonlyArray<Offers.Reservation>> {
    return Offers.offersOf(this.#api, "reservations", { gpu_id: this.id })
  }

  /** Takes back an offer that was not answered. */
  withdrawContract(contractId: string): Promise<Offers.Contract> {
    return Offers.answerOffer(this.#api, "contracts", contractId, "withdraw")
  }

  withdrawReservation(reservationId: string): Promise<Offers.Reservation> {
    return Offers.answerOffer(this.#api, "reservations", reservationId, "withdraw")
  }

  /** What was promised with a booking of it, and what came of it. */
  sla(bookingId: string): Promise<Offers.BookingSla> {
    return Offers.slaOfBooking(this.#api, bookingId)
  }

  async #price(pricing: object): Promise<ProviderListing> {
    const path = this.#path("/pricing")
    return camelised(await this.#api.ask("PUT", path, snaked(pricing))) as ProviderListing
  }

  async #adjustMinutes(): Promise<unknown> {
    return (await this.#knobs())("strategies.adjustMinutes")
  }

  /** The rules of its market, by the names of their knobs. */
  async #knobs(): Promise<(path: string) => unknown> {
    const economy = await this.#api.ask("GET", "/economy")
    const knobs = isObject(economy) && Array.isArray(economy["knobs"]) ? economy["knobs"] : []
    return (path) => {
      const knob: unknown = knobs.find((one) => isObject(one) && one["path"] === path)
      return isObject(knob) ? knob["value"] : undefined
    }
  }

  /**
   * Takes part in batches, whose terms are the market's: all hosts that serve calls work on them where there is room.
   * Gives these terms; where others are asked for, or the market takes no batches, this rejects.
   */
  async enableBatchProcessing(asked: Partial<BatchTerms> = {}): Promise<BatchTerms> {
    const knob = await this.#knobs()
    if (knob("batches.areTaken") !== true)
      throw new ComputeError("enableBatchProcessing: this market takes no batches")
    const terms: BatchTerms = {
      minBatchSize: Number(knob("batches.minItems")),
      batchDiscount: Number(knob("batches.discount")),
      processingWindow: `${Number(knob("batches.windowHours"))}h`,
      qualityGuarantee: Number(knob("batches.redo")) > 0,
    }
    for (const [name, wanted] of Object.entries(asked)) {
      const has = terms[name as keyof BatchTerms]
      if (wanted !== has)
        throw new ComputeError(`${name} ${wanted}: in this market it is ${String(has)}`)
    }
    return terms
  }

  /** What it earned; `breakdownBy`: parts that each sum to the total. */
  async getEarnings({
    period = "30d",
    breakdownBy = [],
  }: {
    readonly period?: `${number}d` | `${number}h`
    readonly breakdownBy?: ReadonlyArray<EarningsBreakdown>
  } = {}): Promise<ProviderEarnings> {
    const by = breakdownBy.length === 0 ? "" : `&by=${breakdownBy.join(",")}`
    return camelised(
      await this.#api.ask("GET", this.#path(`/earnings?period=${period}${by}`)),
    ) as ProviderEarnings
  }

  /** How much of it was sold, when most, and what brought most for an hour of work. */
  async getAnalytics({
    period = "30d",
  }: { readonly period?: `${number}d` | `${number}h` } = {}): Promise<ProviderAnalytics> {
    const path = this.#path(`/analytics?period=${period}`)
    return camelised(await this.#api.ask("GET", path)) as ProviderAnalytics
  }

  /** What could be changed about it, with the figures that it follows from; none before 48 hours of data. */
  async getOptimizationSuggestions(): Promise<ReadonlyArray<ProviderSuggestion>> {
    const answer = camelised(await this.#api.ask("GET", this.#path("/suggestions")))
    return (answer as Camel<GpuSuggestions>).suggestions
  }

  /**
   * Has the machine's agent look at this, and tell of what it finds. One that offers does so from now on; of
   * all alerts, only a GPU that is gone ends its offer, until it is back.
   */
  async configureMonitoring({
    healthChecks,
    alerts,
  }: ProviderMonitoring): Promise<Camel<MonitoringView>> {
    const monitoring = { health_checks: snaked(healthChecks), alerts: snaked(alerts) }
    const answer = await this.#api.ask("PUT", this.#path("/monitoring"), monitoring)
    if (isObject(answer)) this.#monitor?.follow(answer["monitoring"] as Monitoring)
    return camelised(answer) as Camel<MonitoringView>
  }

  /** What its checks found, and its alerts. */
  async monitoring(): Promise<Camel<MonitoringView>> {
    return camelised(await this.#api.ask("GET", this.#path("/monitoring"))) as Camel<MonitoringView>
  }

  /** A job of its own ended: what its success rate is counted by. */
  jobEnded({ isSuccess }: { readonly isSuccess: boolean }): void {
    this.#monitor?.jobEnded(isSuccess)
  }

  /**
   * Looks at each result before it is handed in: at those that an agent of this machine serves calls with, from its
   * next job on, and at what `checkResult` is asked of. `usualQualityCheck` is 003's.
   */
  setQualityChecker(checker: QualityChecker, agent?: Pick<HostAgent, "setQualityChecker">): void {
    this.#qualityChecker = checker
    agent?.setQualityChecker(checker)
  }

  /** Checks a result of a job of its own, which counts as one that ended. Without a checker, all is well. */
  async checkResult(
    result: JobResult,
  ): Promise<{ readonly isGood: boolean; readonly reason: string }> {
    const checked = await checkedBy(this.#qualityChecker ?? (() => true), result)
    this.jobEnded({ isSuccess: checked.isGood })
    return checked
  }

  /** What its owner is known for, 0 to 1, and what that rests on. */
  async getReputation(): Promise<ProviderReputation> {
    return camelised(await this.#api.ask("GET", this.#path("/reputation"))) as ProviderReputation
  }

  /** Joins a swarm of providers; as a member, changes what it contributes. */
  async joinSwarm({ swarmType, contributionLevel, dataSharing }: SwarmOptions) {
    const wish = snaked({ contributionLevel, dataSharing })
    return membershipIn(await this.#api.ask("POST", `/swarms/${swarmType}/join`, wish))
  }

  async leaveSwarm(swarmType: SwarmKind): Promise<void> {
    await this.#api.ask("POST", `/swarms/${swarmType}/leave`)
  }

  /** The swarms of the market, and its own part in them. */
  async swarms(): Promise<ProviderSwarms> {
    return camelised(await this.#api.ask("GET", "/swarms")) as ProviderSwarms
  }

  /** Says what it sees of the market, as a member of `intelligence`, which it joins where it is none. */
  async shareMarketData(data: MarketReport): Promise<ProviderMembership> {
    return membershipIn(await this.#asMember("intelligence", "data", snaked(data)))
  }

  /**
   * Proposes the rate that all members of `pricing` ask, which it joins where it is none. Rejects with `swarm_off`
   * where a market leaves prices to each provider.
   */
  async participateInPricing(proposal: PricingProposal): Promise<ProviderMembership> {
    const { proposedBaseRate, rationale, expectedImpact } = proposal
    const wish = snaked({
      proposedBaseRate: decimalOf(proposedBaseRate),
      rationale,
      expectedImpact,
    })
    return membershipIn(await this.#asMember("pricing", "proposals", wish))
  }

  async #asMember(swarm: SwarmKind, what: string, wish: object): Promise<unknown> {
    const path = `/swarms/${swarm}/${what}`
    try {
      return await this.#api.ask("POST", path, wish)
    } catch (error) {
      if (!(error instanceof ComputeError) || error.code !== "not_member") throw error
      await this.joinSwarm({ swarmType: swarm })
      return this.#api.ask("POST", path, wish)
    }
  }

  /**
   * Says that it hosts a specialised model, beside those that it said before; one of the same name is replaced. Which
   * models are specialised, their accuracy and their premium are the market's: where others are asked for, nothing is
   * changed and this rejects.
   */
  async hostSpecializedModel(model: SpecializedModel): Promise<ProviderModels> {
    const { modelName, modelPath, requirements, premiumRate, measuredAccuracy } = model
    const { models } = (await this.#api.ask("GET", this.#path("/models"))) as GpuModelsView
    const others = models.filter(({ model_name }) => model_name !== modelName)
    const answer = await this.#api.ask("PUT", this.#path("/models"), {
      models: [
        ...others.map(({ model_name, model_path, specialization, gpu_memory }) => ({
          model_name,
          ...(model_path === null ? {} : { model_path }),
          requirements: {
            gpu_memory,
            ...(specialization === null ? {} : { specialization }),
          },
        })),
        snaked({
          modelName,
          modelPath,
          premiumRate,
          measuredAccuracy,
          requirements: requirements === undefined ? undefined : snaked(requirements),
        }),
      ],
    })
    return camelised(answer) as ProviderModels
  }

  /** Replaces its tiers, by name: terms for calls, one for each priority. `support` is for people alone. */
  async setServiceTiers(tiers: Readonly<Record<string, ServiceTier>>): Promise<ProviderService> {
    const told = Object.fromEntries(
      Object.entries(tiers).map(([name, { ratePerHour, maxJobs, priority }]) => [
        name,
        { rate_per_hour: decimalOf(ratePerHour), max_jobs: maxJobs, priority },
      ]),
    )
    return this.#service("/tiers", { tiers: told })
  }

  /**
   * Lets so many calls wait at the machine. The market has one algorithm, preempts gracefully where it does, and tries
   * again by itself what has failed: asking for anything else changes nothing and rejects.
   */
  async configureQueue(options: QueueOptions): Promise<ProviderService> {
    const { maxQueueSize, timeoutSeconds, priorityAlgorithm } = options
    const { preemptionPolicy = "graceful", timeoutHandling = "auto_retry" } = options
    if (preemptionPolicy !== "graceful" || timeoutHandling !== "auto_retry")
      throw new ComputeError(
        "configureQueue: this market knows preemptionPolicy graceful and timeoutHandling auto_retry",
      )
    return this.#service(
      "/queue",
      snaked({ maxQueueSize, timeoutSeconds, priorityAlgorithm }) as object,
    )
  }

  /** Says what calls are to be drawn to the machine by; how the market draws is its own: `balancing.strategy` tells. */
  async enableLoadBalancing({
    strategy,
    optimizationTarget = "throughput",
  }: BalancingOptions = {}): Promise<ProviderService> {
    const known = strategy === undefined ? strategy : (await this.service()).balancing.strategy
    if (known !== strategy)
      throw new ComputeError(`strategy ${strategy}: this market draws by ${known}`)
    return this.#service("/balancing", { optimization_target: optimizationTarget })
  }

  /** Its tiers, its queue, and what calls are drawn to it by. */
  async service(): Promise<ProviderService> {
    return serviceOf(await this.#api.ask("GET", this.#path("/service")))
  }

  async #service(path: string, wish: object): Promise<ProviderService> {
    return serviceOf(await this.#api.ask("PUT", this.#path(path), wish))
  }

  async status(): Promise<ProviderStatus> {
    return camelised(await this.#api.ask("GET", this.#path("/status"))) as ProviderStatus
  }

  /**
   * Offers the machine, sends its heartbeats, and gives access to what is booked, until `stop`. Resolves once
   * the market has heard of it.
   */
  async startOffering({ grant, onEvent = () => {} }: OfferingOptions): Promise<void> {
    const api = this.#hostApi
    if (api === undefined)
      throw new AgentError({
        message: "Offering takes the host's own key (hk_live_…), which registering gave: `hostKey`",
      })
    this.#isStopped = false
    this.#grants = makeGrants({
      hooks: isHooks(grant) ? grant : hooksFrom(grant),
      started: async (bookingId, given) => {
        await api.ask("POST", `/marketplace/bookings/${encodeURIComponent(bookingId)}/start`, given)
      },
      say: onEvent,
    })
    this.#say = onEvent
    this.#monitor?.stop()
    this.#monitor = makeMonitor({
      say: onEvent,
      ping: () => api.ask("GET", "/healthz"),
      gpus: () => runEffect(detectGpus()),
      urge: () => {
        this.#isUrgent = true
        this.#beatAfter(api, 0)
      },
    })
    this.#hold = makeOfferHold({
      isOffered: async () => (await this.listing()).phase === "open",
      offer: (isOffered) => api.ask("PATCH", this.#path(), { is_offered: isOffered }),
      say: onEvent,
    })
    await api.ask("PATCH", this.#path(), { is_offered: true })
    this.#beatAfter(api, await this.#beat(api))
  }

  /** Gives the seconds until the next heartbeat. */
  async #beat(api: JsonApi): Promise<number> {
    const load = await runEffect(loadNow)
    const monitor = this.#monitor
    this.#isUrgent = false
    const health = monitor?.health()
    const isHolding = monitor?.isHolding() === true
    const answer = await api.ask("POST", `/hosts/${encodeURIComponent(this.id)}/heartbeat`, {
      ...load,
      ...(health === undefined ? {} : { health }),
      // Said only of one's own hold: its operator may have drained it.
      ...(isHolding || this.#isHolding ? { is_draining: isHolding } : {}),
    })
    this.#isHolding = isHolding
    const known = isObject(answer) ? answer : {}
    if (!this.#isStopped) monitor?.follow(known["monitoring"] as Monitoring | undefined)
    void this.#hold?.see(isHolding)
    this.#grants?.see((known["bookings"] ?? []) as ReadonlyArray<HostBooking>)
    return Number(known["heartbeat_interval_seconds"] ?? firstBeatSeconds)
  }

  #beatAfter(api: JsonApi, seconds: number): void {
    if (this.#isStopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        void this.#beat(api)
          .catch((error: Error) => {
            const retryMillis = retrySeconds * 1000
            this.#say({ type: "disconnected", detail: error.message, retryMillis })
            return retrySeconds
          })
          .then((next) => this.#beatAfter(api, next))
      },
      this.#isUrgent ? 0 : seconds * 1000,
    )
  }

  /** Sends no more heartbeats. What is booked stays so: start offering again soon. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#monitor?.stop()
    await this.#grants?.settled()
  }
}

const membershipIn = (answer: unknown): ProviderMembership =>
  camelised(answer) as ProviderMembership

/** Names of tiers are their provider's own, and stay as they are. */
const serviceOf = (answer: unknown): ProviderService => {
  const { tiers, ...rest } = answer as ServiceView
  return {
    ...(camelised(rest) as Omit<ProviderService, "tiers">),
    tiers: Object.fromEntries(
      Object.entries(tiers).map(([name, tier]) => [name, camelised(tier) as Camel<typeof tier>]),
    ),
  }
}

const isHooks = (grant: GrantHooks | GrantOptions): grant is GrantHooks =>
  typeof grant.start === "function"

const modelsAt = async (endpointUrl: string): Promise<ReadonlyArray<string>> => {
  const answer = await makeJsonApi({ baseUrl: endpointUrl }).ask("GET", "/models")
  const data = isObject(answer) && Array.isArray(answer["data"]) ? answer["data"] : []
  return data.flatMap((one: unknown) =>
    isObject(one) && typeof one["id"] === "string" ? [one["id"]] : [],
  )
}
