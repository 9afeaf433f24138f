/**
 * Machines that are sold by the hour: each is a host, under its id, with a listing. Each change is one
 * synchronous change of directory and market.
 */
import type { ListingView, PriceStrategy } from "../../engine/index.ts"
import {
  contractViews,
  formatCredits,
  listingSla,
  listingView,
  nodeView,
  parseDecimal,
} from "../../engine/index.ts"
import { isInMarket, servedInstances } from "../directory/host-state.ts"
import type { AccountRecord, GpuRecord, HostRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Registry } from "../hosts/registry/registry.ts"
import { badRequest, conflict, HttpError, notFound } from "../http/http-error.ts"
import type { SlaTargets } from "../protocol/contracts-protocol.ts"
import type {
  GpuChange,
  GpuPricing,
  GpuRegistration,
  GpuView,
  StrategyName,
} from "../protocol/hours-protocol.ts"
import { creditsOf } from "../views/credits.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { gibOf, memoryForSale, memoryTaken, mibOf } from "./memory.ts"
import { rejected } from "./refusals.ts"
import { submittingTo } from "./submitting.ts"
import { scoresIn } from "./scores.ts"
import { specialisedOf } from "./specialised-view.ts"
import type { Regions } from "./regions.ts"
import { checkSchedule, scheduleText } from "./schedules.ts"
import type { ScheduleKeeper } from "./schedules.ts"
import { slaTermsOf, slaTermsView } from "./sla-terms.ts"

const one = 10_000

export interface Listed {
  readonly host: HostRecord
  readonly gpu: GpuRecord
  readonly listing: ListingView
}

export interface GpuParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly regions: Regions
  readonly schedules: ScheduleKeeper
  readonly registry: Registry
}

export interface Gpus {
  readonly register: (
    account: AccountRecord,
    wish: GpuRegistration,
  ) => Promise<{ readonly listed: Listed; readonly secret: string | undefined }>
  readonly change: (listed: Listed, change: GpuChange) => Listed
  /** Replaces what it promises with hours that are ordered from now on. */
  readonly setSla: (listed: Listed, targets: SlaTargets) => Listed
  /** `null`: always open. */
  readonly setSchedule: (listed: Listed, schedule: unknown) => Listed
  /** Specialised models that it hosts: their memory is not sold. */
  readonly setSpecialised: (listed: Listed, hosted: GpuRecord["specialised"] & {}) => Listed
  readonly remove: (listed: Listed) => void
  /** Throws 404 where there is none. */
  readonly named: (publicId: string) => Listed
  /** By number; those that were removed are not among them. */
  readonly all: () => ReadonlyArray<Listed>
  /** `scoreOf`: what accounts are known for, where it is known already. */
  readonly view: (listed: Listed, scoreOf?: (account: number) => number) => GpuView
}

const strategyOf: Readonly<Record<StrategyName, PriceStrategy>> = {
  "market-balance": "marketBalance",
  "peak-maximizer": "peakMaximizer",
  "utilization-guard": "utilizationGuard",
  dynamic: "dynamic",
  fixed: "fixed",
}
const nameOf = Object.fromEntries(
  Object.entries(strategyOf).map(([name, strategy]) => [strategy, name]),
) as Readonly<Record<PriceStrategy, StrategyName>>

type Terms = GpuRecord["terms"]

/** 001's default strategy, 003's figures. */
const usualTerms = {
  leastRate: 0,
  strategy: "marketBalance",
  peakBps: 15_000,
  bulkBps: 8000,
  thresholdBps: 8000,
  mostBps: 20_000,
} as const satisfies Partial<Terms>

const bpsOf = (factor: number): number => Math.round(factor * one)

/** Minor units; throws what the client is to be told of `param`. */
export const rateOf = (
  { driver }: Pick<LiveServices, "driver">,
  text: string,
  param: string,
): number => {
  const { scale } = driver.market.economy.money
  const rate = parseDecimal(text, scale)
  if (rate !== undefined) return rate
  throw badRequest(
    `\`${param}\`: must be credits as a decimal string, with at most ${scale} decimals and at most ${formatCredits(Number.MAX_SAFE_INTEGER, scale)}`,
    param,
  )
}

/** What of the terms a price says. */
const pricedTerms = (services: LiveServices, wish: GpuPricing): Partial<Terms> => {
  const { base_price, strategy, least_price, peak_multiplier, bulk_discount } = wish
  const { demand_threshold, max_multiplier } = wish
  return {
    ...(base_price === undefined ? {} : { baseRate: rateOf(services, base_price, "base_price") }),
    ...(least_price === undefined
      ? {}
      : { leastRate: rateOf(services, least_price, "least_price") }),
    ...(strategy === undefined ? {} : { strategy: strategyOf[strategy] }),
    ...(peak_multiplier === undefined ? {} : { peakBps: bpsOf(peak_multiplier) }),
    ...(bulk_discount === undefined ? {} : { bulkBps: bpsOf(bulk_discount) }),
    ...(demand_threshold === undefined ? {} : { thresholdBps: bpsOf(demand_threshold) }),
    ...(max_multiplier === undefined ? {} : { mostBps: bpsOf(max_multiplier) }),
  }
}

/** What is only shown may not fill the disk. */
const mostCapabilityBytes = 16_384

const requireModest = (capabilities: GpuRegistration["capabilities"]): void => {
  if (JSON.stringify(capabilities ?? {}).length > mostCapabilityBytes)
    throw badRequest(
      `\`capabilities\`: must be at most ${mostCapabilityBytes} bytes as JSON`,
      "capabilities",
    )
}

export const makeGpus = (parts: GpuParts): Gpus => {
  const { services, calendar, regions, schedules, registry } = parts
  const { directory, driver, nowMillis } = services

  const submit = submittingTo(driver)
  const requireSold = (): void => {
    if (!driver.market.economy.hours.areSold) throw rejected("HoursNotSold")
  }

  const find = (host: HostRecord | undefined): Listed | undefined => {
    const gpu = host === undefined ? undefined : directory.gpus.get(host.id)
    const listing = gpu === undefined ? undefined : listingView(driver.market, gpu.id)
    return host === undefined || gpu === undefined || listing === undefined
      ? undefined
      : { host, gpu, listing }
  }
  const again = ({ host }: Listed): Listed => {
    const found = find(directory.hosts.get(host.id))
    if (found === undefined) throw new Error("hours: a machine is gone while it is changed")
    return found
  }
  const named = (publicId: string): Listed => {
    requireSold()
    const found = find(directory.hostByPublicId(publicId))
    if (found === undefined || found.gpu.removedAtMillis !== undefined)
      throw notFound(`machine ${publicId.slice(0, 100)} that is sold by the hour`)
    return found
  }

  const hostFor = async (account: AccountRecord, wish: GpuRegistration) => {
    if (wish.host_id === undefined)
      return registry.register(account, {
        name: wish.name,
        models: [],
        ...(wish.registration_id === undefined ? {} : { registration_id: wish.registration_id }),
      })
    const host = directory.hostByPublicId(wish.host_id)
    if (host === undefined || !isInMarket(driver.market, host.id))
      throw notFound(`host ${wish.host_id.slice(0, 100)}; register it with POST /hosts`)
    if (host.account !== account.id)
      throw new HttpError({
        status: 403,
        type: "permission_error",
        code: "not_your_host",
        message: `Host ${host.publicId} belongs to somebody else`,
      })
    if (host.removedAtMillis !== undefined)
      throw conflict("host_leaving", `Host ${host.publicId} is being removed`)
    return { host, secret: undefined }
  }

  const setTerms = (id: number, terms: Terms, specialised?: GpuRecord["specialised"]): void => {
    const memoryMib = terms.memoryMib - memoryTaken(specialised)
    if (memoryMib < 1)
      throw badRequest(
        `Specialised models take ${gibOf(memoryTaken(specialised))} GiB of ${gibOf(terms.memoryMib)}: nothing is left to be sold`,
      )
    submit({ _tag: "ListingSet", listing: id, ...terms, memoryMib })
  }

  const register: Gpus["register"] = async (account, wish) => {
    requireSold()
    requireModest(wish.capabilities)
    if (wish.schedule !== undefined) checkSchedule(wish.schedule)
    const terms: Terms = {
      ...usualTerms,
      region: regions.named(wish.region).id,
      maxJobs: wish.max_jobs ?? 1,
      memoryMib: mibOf(wish.memory_gib),
      baseRate: 0,
      ...pricedTerms(services, wish),
    }
    const { host, secret } = await hostFor(account, wish)
    const known = find(host)
    // The same registration, sent again.
    if (known !== undefined && known.gpu.removedAtMillis === undefined) {
      if (wish.registration_id !== undefined || wish.host_id !== undefined)
        return { listed: known, secret }
    }
    setTerms(host.id, terms)
    const gpu: GpuRecord = {
      id: host.id,
      terms,
      ...(wish.cuda_version === undefined ? {} : { cudaVersion: wish.cuda_version }),
      capabilities: wish.capabilities ?? {},
      ...(wish.schedule === undefined ? {} : { schedule: wish.schedule }),
      createdAtMillis: nowMillis(),
    }
    directory.gpus.put(gpu)
    if (gpu.schedule !== undefined) schedules.tell(gpu)
    if (wish.is_offered !== false)
      submit({ _tag: "ListingPhaseSet", listing: host.id, phase: "open" })
    return { listed: named(host.publicId), secret }
  }

  const change: Gpus["change"] = (listed, wish) => {
    requireModest(wish.capabilities)
    const { gpu, host } = listed
    const terms: Terms = {
      ...gpu.terms,
      ...(wish.region === undefined ? {} : { region: regions.named(wish.region).id }),
      ...(wish.max_jobs === undefined ? {} : { maxJobs: wish.max_jobs }),
      ...(wish.memory_gib === undefined ? {} : { memoryMib: mibOf(wish.memory_gib) }),
      ...pricedTerms(services, wish),
    }
    setTerms(gpu.id, terms, gpu.specialised)
    directory.gpus.put({
      ...gpu,
      terms,
      ...(wish.cuda_version === undefined ? {} : { cudaVersion: wish.cuda_version }),
      ...(wish.capabilities === undefined ? {} : { capabilities: wish.capabilities }),
    })
    if (wish.name !== undefined) directory.hosts.put({ ...host, name: wish.name.trim() })
    if (wish.is_offered !== undefined)
      submit({
        _tag: "ListingPhaseSet",
        listing: gpu.id,
        phase: wish.is_offered ? "open" : "paused",
      })
    return again(listed)
  }

  return {
    register,
    change,
    setSla: (listed, targets) => {
      const { penalty } = driver.market.economy.sla
      submit({ _tag: "SlaSet", listing: listed.gpu.id, ...slaTermsOf(targets, penalty) })
      return again(listed)
    },
    setSchedule: (listed, schedule) => {
      const { schedule: _before, ...rest } = listed.gpu
      if (schedule !== null) checkSchedule(schedule)
      const gpu: GpuRecord = schedule === null ? rest : { ...rest, schedule }
      schedules.tell(gpu)
      directory.gpus.put(gpu)
      return again(listed)
    },
    setSpecialised: (listed, hosted) => {
      const { gpu } = listed
      setTerms(gpu.id, gpu.terms, hosted)
      directory.gpus.put({ ...gpu, specialised: hosted })
      return again(listed)
    },
    remove: ({ gpu, host, listing }) => {
      if (listing.bookings > 0) throw rejected("Booked")
      for (const { contract, listing: of } of contractViews(driver.market))
        if (of === gpu.id) submit({ _tag: "ContractClosed", contract, by: host.account })
      submit({ _tag: "ListingPhaseSet", listing: gpu.id, phase: "closed" })
      directory.gpus.put({ ...gpu, removedAtMillis: nowMillis() })
      // A host that serves calls as well goes on with these.
      if (servedInstances(services, gpu.id).length === 0) registry.remove(host)
    },
    named,
    all: () =>
      [...directory.gpus.all()].flatMap((gpu) =>
        gpu.removedAtMillis === undefined ? (find(directory.hosts.get(gpu.id)) ?? []) : [],
      ),
    view: ({ gpu, host, listing }, scoreOf = scoresIn(driver.market)) => {
      const { market } = driver
      const region = directory.regions.get(listing.region)
      const rate = (minor: number): string => creditsOf(market, minor)
      return {
        gpu_id: host.publicId,
        name: host.name,
        phase: listing.phase,
        is_online: nodeView(market, gpu.id)?.isOnline === true,
        is_available: listing.isOffered,
        region: region?.name ?? "",
        timezone: region?.timezone ?? "UTC",
        memory_gib: gibOf(memoryForSale(gpu)),
        max_jobs: gpu.terms.maxJobs,
        busy_jobs: listing.busyJobs,
        open_bookings: listing.bookings,
        cuda_version: gpu.cudaVersion ?? null,
        capabilities: gpu.capabilities,
        models: servedInstances(services, gpu.id).flatMap(
          ({ model }) => directory.models.get(model)?.name ?? [],
        ),
        specialised: specialisedOf(services, gpu),
        reputation: scoreOf(host.account),
        strategy: nameOf[listing.strategy],
        base_price: rate(listing.baseRate),
        price_per_hour: rate(listing.ratePerHour),
        multiplier: listing.multiplierBps / one,
        least_price: rate(listing.leastRate),
        peak_multiplier: listing.peakBps / one,
        bulk_discount: listing.bulkBps / one,
        demand_threshold: listing.thresholdBps / one,
        max_multiplier: listing.mostBps / one,
        schedule: (gpu.schedule as GpuView["schedule"] | undefined) ?? null,
        schedule_text: scheduleText(gpu),
        sla: slaTermsView(listingSla(market, gpu.id)),
        next_change_at: calendar.isoOrNull(listing.nextTurnAt),
        created_at: new Date(gpu.createdAtMillis).toISOString(),
      }
    },
  }
}
