/** Small markets of hours for tests: a region, a provider's listing, a consumer with credit. */
import { aitbcHardened } from "../../engine/economy/presets/aitbc-hardened.ts"
import { aitbc } from "../../engine/economy/presets/aitbc.ts"
import type { EconomyPatch } from "../../engine/economy/derive.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import type { Command } from "../../engine/protocol/command.ts"
import type { EventOf } from "../../engine/protocol/event.ts"
import type { Trial } from "./market.ts"
import { commandsOf, economyWith, openTrial } from "./market.ts"

export const credit = 1_000_000
export const minute = 60_000_000
export const hour = 60 * minute
export const day = 24 * hour

export const consumer = 1
export const provider = 2
/** A listing has the number of its node. */
export const listing = 7
export const region = 1

export const literal = (patch: EconomyPatch = {}): Economy => economyWith(patch, aitbc)
/** With the listing's own word for what it has, so that nothing need be measured. */
export const closedHoles = (patch: EconomyPatch = {}): Economy =>
  economyWith({ listings: { capacity: "declared" }, ...patch }, aitbcHardened)

type WithoutTime<E> = E extends unknown ? Omit<E, "at" | "_tag"> : never
export type Terms = WithoutTime<EventOf<"ListingSet">>

/** 003's prices: 0.1 an hour, 1.5 times as much in demand, 0.8 times for more than 10 hours. */
export const usualTerms: Terms = {
  listing,
  region,
  maxJobs: 4,
  memoryMib: 24_576,
  baseRate: 0.1 * credit,
  leastRate: 0,
  strategy: "fixed",
  peakBps: 15_000,
  bulkBps: 8000,
  thresholdBps: 8000,
  mostBps: 20_000,
}

/** The peak hours of so many days, on UTC. */
export const dailyPeaks = (from: number, days: number, fromHour = 9, untilHour = 21) => ({
  peakFrom: Array.from({ length: days }, (_, index) => from + index * day + fromHour * hour),
  peakUntil: Array.from({ length: days }, (_, index) => from + index * day + untilHour * hour),
  until: from + days * day,
})

export interface HoursMarket {
  readonly economy?: Economy
  readonly seed?: string
  readonly terms?: Partial<Terms>
  /** Minor units that consumer and provider have bought. */
  readonly consumerCredit?: number
  readonly providerCredit?: number
}

/** A market with one region that knows no peak hours, and one open listing. Time is 0. */
export const openHoursMarket = (options: HoursMarket = {}): Trial => {
  const { consumerCredit = 1000 * credit, providerCredit = 1000 * credit } = options
  const trial = openTrial(options.economy ?? literal(), options.seed)
  trial.send({ _tag: "RegionSet", region, peakFrom: [], peakUntil: [], until: 400 * day })
  trial.send({ _tag: "AccountOpened", account: consumer })
  trial.send({ _tag: "AccountOpened", account: provider })
  if (consumerCredit > 0)
    trial.send({ _tag: "CreditsBought", transfer: 1, account: consumer, amount: consumerCredit })
  if (providerCredit > 0)
    trial.send({ _tag: "CreditsBought", transfer: 2, account: provider, amount: providerCredit })
  trial.send({ _tag: "NodeRegistered", node: listing, account: provider })
  openListing(trial, options.terms)
  return trial
}

export const openListing = (trial: Trial, terms: Partial<Terms> = {}): void => {
  const all = { ...usualTerms, ...terms }
  trial.send({ _tag: "ListingSet", ...all })
  trial.send({ _tag: "ListingPhaseSet", listing: all.listing, phase: "open" })
}

export interface Order {
  readonly account?: number
  readonly listing?: number
  readonly startAt?: number
  readonly hours?: number
  readonly micros?: number
  readonly jobs?: number
  readonly memoryMib?: number
  readonly maxPrice?: number
  readonly latestStart?: number
}

/** Orders hours, an hour from now on unless told otherwise: all of the machine for 12 hours. */
export const order = (trial: Trial, booking: number, options: Order = {}) => {
  const { startAt = trial.market.now, jobs = 1, memoryMib = 0, maxPrice, latestStart } = options
  return trial.send({
    _tag: "BookingRequested",
    booking,
    account: options.account ?? consumer,
    listing: options.listing ?? listing,
    startAt,
    endAt: startAt + (options.micros ?? (options.hours ?? 12) * hour),
    jobs,
    memoryMib,
    ...(maxPrice === undefined ? {} : { maxPrice }),
    ...(latestStart === undefined ? {} : { latestStart }),
  })
}

/** Why hours were not sold, or at what price they were. */
export const soldAt = (commands: ReadonlyArray<Command>): number | string | undefined =>
  commandsOf(commands, "Book")[0]?.price ?? commandsOf(commands, "Decline")[0]?.reason

/** Orders hours that start now, and has them begin. */
export const begin = (trial: Trial, booking: number, options: Order = {}) => {
  order(trial, booking, options)
  trial.wait(0)
  return trial.send({ _tag: "DeliveryStarted", booking })
}

export const closeOf = (commands: ReadonlyArray<Command>) => commandsOf(commands, "Close")[0]
export const releaseOf = (commands: ReadonlyArray<Command>) => commandsOf(commands, "Release")[0]

/** A machine of four jobs that serves model 1, all but what is booked of it for everybody. */
export const openMachine = (economy = literal()): Trial => {
  const trial = openHoursMarket({ economy })
  const price = { inputPricePerMtok: credit, outputPricePerMtok: credit }
  trial.send({ _tag: "ModelListed", model: 1, ...price })
  const machine = { model: 1, slots: 4, tokensPerSecond: 100, isPlatformAsked: false }
  trial.send({ _tag: "InstanceStarted", instance: listing, node: listing, ...machine })
  return trial
}
