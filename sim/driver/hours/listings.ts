/** Listings of the run: which nodes sell hours, at what rate, when; and what the market asks of them. */
import { Either } from "effect"
import type { Command, PriceStrategy, Priority, Stream } from "../../../engine/index.ts"
import { drawBelow, listingView, openStream, tiersOf } from "../../../engine/index.ts"
import { expand, readSchedule } from "../../../schedules/index.ts"
import type { Schedule } from "../../../schedules/index.ts"
import type { Week } from "../../agents/weeks.ts"
import { weeks } from "../../agents/weeks.ts"
import { findDevice } from "../../fleet/devices.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import { choice, normal } from "../../kernel/variates.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import { usdPerHourOf } from "../../scenarios/hours-together.ts"
import type { PartyLets } from "../../scenarios/party-hours.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { Parties } from "../parties/parties.ts"
import type { Accounts } from "../stage/accounts.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { Regions } from "./regions.ts"

const minuteMicros = 60e6
const hourMicros = 3600e6
const dayMicros = 24 * hourMicros
/** How much of a schedule is told at first; more when it is asked for. */
const scheduleMicros = 90 * dayMicros

/** A listing as its host keeps it. */
export interface Listing {
  readonly node: number
  readonly region: number
  readonly strategy: PriceStrategy
  /** What an hour of the device costs in public, credits, and what the host asks, as a multiple of it. */
  readonly publishedRate: number
  readonly rateFactor: number
  readonly schedule: Schedule | null
  /** How a party lets it; `null`: of no party. */
  readonly lets: PartyLets | null
  /** How often the machine goes away while it is let, as a multiple of the others'. */
  readonly awayFactor: number
  /** Does its host promise how much it is up, and does it act together with others? */
  readonly isPromised: boolean
  readonly isInSwarm: boolean
  isClosing: boolean
  /** Maintenance that was told, µs of the run. */
  maintenance: ReadonlyArray<readonly [from: number, until: number]>
}

export class Listings {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly accounts: Accounts
  private readonly nodes: Nodes
  private readonly parties: Parties
  private readonly regions: Regions
  private readonly recorder: HoursRecorder
  private readonly byNode = new Map<number, Listing>()
  /** By node: how many renters think about ordering hours of it. */
  private readonly thinkers = new Map<number, number>()
  /** Those that take orders, in the order in which they came. */
  readonly open: Array<Listing> = []

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly port: MarketPort
    readonly accounts: Accounts
    readonly nodes: Nodes
    readonly parties: Parties
    readonly regions: Regions
    readonly recorder: HoursRecorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.port = parts.port
    this.accounts = parts.accounts
    this.nodes = parts.nodes
    this.parties = parts.parties
    this.regions = parts.regions
    this.recorder = parts.recorder
  }

  of(node: number): Listing | undefined {
    return this.byNode.get(node)
  }

  /** All that there ever were. */
  all(): Iterable<Listing> {
    return this.byNode.values()
  }

  /** Some of the open listings, each once. */
  someOpen(stream: Stream, count: number): ReadonlyArray<Listing> {
    const { open } = this
    const found = new Set<Listing>()
    const wanted = Math.min(count, open.length)
    while (found.size < wanted) found.add(open[drawBelow(stream, open.length)])
    return [...found]
  }

  /** What an hour of a device costs in public, credits. */
  publishedRateOf(node: number): number | undefined {
    const { scenario, offers } = this.setting
    const { name } = offers.devices[this.nodes.columns.device[node]]
    const usd = usdPerHourOf(scenario, name)
    return usd === undefined ? undefined : usd / scenario.operators.creditUsd
  }

  /** A node of the fleet may sell hours; `entity` names the stream of its draws. */
  assign(node: number, entity: number | string): void {
    const { seed, scenario } = this.setting
    const { listings, regions } = scenario.hours
    const publishedRate = this.publishedRateOf(node)
    const stream = openStream(seed, "listing", entity)
    const sells = stream.next() < listings.share
    const region = choice(
      stream,
      regions.map(({ hosts }) => hosts),
    )
    const strategy = drawn(stream, listings.strategies)?.strategy ?? "fixed"
    const week = drawn(stream, listings.weeks)?.week ?? "always"
    const rateFactor = listings.rateFactor * Math.exp(normal(stream, 0, listings.rateSpread))
    if (!sells || publishedRate === undefined) return
    const schedule = this.scheduleOf(region, week)
    this.keep({
      node,
      region,
      strategy,
      publishedRate,
      rateFactor,
      schedule,
      lets: null,
      ...this.mannersOf(entity),
    })
  }

  /** What sets hosts apart beside rates: from streams of its own, so that it moves no other draw. */
  private mannersOf(
    entity: number | string,
  ): Pick<Listing, "awayFactor" | "isPromised" | "isInSwarm"> {
    const { seed, scenario } = this.setting
    const { promises, providers, swarms } = scenario.hours
    const stream = openStream(seed, "manners", entity)
    return {
      awayFactor: Math.exp(normal(stream, 0, providers.awaySpread)),
      isPromised: stream.next() < promises.share,
      isInSwarm: stream.next() < swarms.share,
    }
  }

  /** A party's node sells hours as the party says. */
  assignToParty(node: number, lets: PartyLets | null): void {
    const publishedRate = this.publishedRateOf(node)
    if (lets === null || publishedRate === undefined) return
    const { awayFactor, promises, rateFactor, strategy, swarm } = lets
    this.keep({
      node,
      region: 0,
      strategy,
      publishedRate,
      rateFactor,
      schedule: null,
      lets,
      awayFactor,
      isPromised: promises,
      isInSwarm: swarm,
    })
  }

  private keep(listing: Omit<Listing, "isClosing" | "maintenance">): void {
    this.byNode.set(listing.node, { ...listing, isClosing: false, maintenance: [] })
    const { isInSwarm, node, strategy } = listing
    this.recorder.addListing({ node, strategy, isInSwarm, isOfParty: listing.lets !== null })
  }

  private scheduleOf(region: number, week: Week): Schedule | null {
    const written = weeks[week]
    if (written === null) return null
    const { timezone } = this.setting.scenario.hours.regions[region]
    return Either.getOrThrow(readSchedule({ ...written, timezone }))
  }

  /** A node has registered: what it sells is listed and opened. */
  offer(node: number): void {
    const listing = this.byNode.get(node)
    if (listing === undefined) return
    const at = this.agenda.now
    this.list(listing, listing.lets?.baitFactor ?? 1)
    if (this.setting.scenario.economy.listings.capacity === "measured")
      this.port.tell({ _tag: "ListingMeasured", at, listing: node, ...this.roomOf(node) })
    if (listing.schedule !== null) this.tellSchedule(listing, at + scheduleMicros)
    if (listing.isPromised) this.promise(listing)
    this.tellTiers(listing)
    this.port.tell({ _tag: "ListingPhaseSet", at, listing: node, phase: "open" })
    this.deposit(listing)
    this.open.push(listing)
    this.onOpened(listing)
    const minutes = listing.lets?.flickerMinutes ?? 0
    if (minutes > 0) this.flicker(listing, minutes * minuteMicros, true)
  }

  /** Calls for each listing that is opened. */
  whenOpened(act: (listing: Listing) => void): void {
    this.onOpened = act
  }

  private onOpened: (listing: Listing) => void = () => {}

  private promise({ node }: Listing): void {
    const { availability, penalty } = this.setting.scenario.hours.promises
    this.port.tell({
      _tag: "SlaSet",
      at: this.agenda.now,
      listing: node,
      availabilityBps: Math.round(availability * 10_000),
      // Nobody here makes calls to a machine that it has rented.
      completionBps: 0,
      responseMicros: 0,
      penaltyBps: Math.round(penalty * 10_000),
    })
  }

  /** What it offers for calls, and how many of them may wait. */
  private tellTiers(listing: Listing): void {
    const { queue, tiers } = this.setting.scenario.hours.listings
    const common = { at: this.agenda.now, listing: listing.node }
    if (queue !== null) {
      const waitMicros = Math.max(1, Math.round(queue.waitSeconds * 1e6))
      this.port.tell({ _tag: "QueueSet", ...common, size: queue.size, waitMicros })
    }
    if (tiers.length === 0) return
    const baseRate = this.baseRateOf(listing)
    this.port.tell({
      _tag: "TiersSet",
      ...common,
      tiers: tiers.map(({ maxJobs, name, priority, rateFactor }) => ({
        label: name,
        priority,
        ratePerHour: Math.max(1, Math.round(rateFactor * baseRate)),
        maxJobs,
      })),
    })
  }

  /** The least that an hour of a call of that priority, or of no tier, costs anywhere now, credits; 0 where none is offered. */
  leastRateOf(priority: Priority | undefined): number {
    const { market } = this.port
    const rates = this.open.flatMap(({ node }) => {
      const view = listingView(market, node)
      if (view === undefined || view.phase !== "open") return []
      if (priority === undefined) return [view.ratePerHour]
      const tier = tiersOf(market, node).find((one) => one.priority === priority)
      return tier === undefined ? [] : [(tier.ratePerHour * view.multiplierBps) / 10_000]
    })
    return rates.length === 0 ? 0 : Math.min(...rates) / this.setting.credit
  }

  /** What an hour of a job costs before its strategy's multiplier, minor units. */
  baseRateOf({ publishedRate, rateFactor }: Listing): number {
    return Math.max(1, Math.round(publishedRate * rateFactor * this.setting.credit))
  }

  private list(
    { node, region, strategy, publishedRate, rateFactor }: Listing,
    factor: number,
  ): void {
    const { scenario, credit } = this.setting
    const { listings } = scenario.hours
    const baseRate = Math.max(1, Math.round(publishedRate * rateFactor * factor * credit))
    this.port.tell({
      _tag: "ListingSet",
      at: this.agenda.now,
      listing: node,
      region,
      ...this.roomOf(node),
      baseRate,
      leastRate: Math.round(baseRate * listings.leastShare),
      strategy,
      peakBps: Math.round(listings.peakFactor * 10_000),
      bulkBps: Math.round(listings.bulkFactor * 10_000),
      thresholdBps: Math.round(listings.threshold * 10_000),
      mostBps: Math.round(listings.maxFactor * 10_000),
    })
  }

  private roomOf(node: number): { readonly maxJobs: number; readonly memoryMib: number } {
    const { maxJobs } = this.setting.scenario.hours.listings
    const { name } = this.setting.offers.devices[this.nodes.columns.device[node]]
    // A measured device says nothing of its memory, and nobody here asks for some alone.
    return { maxJobs, memoryMib: Math.floor((findDevice(name)?.memoryGib ?? 0) * 1024) }
  }

  /** A base rate that is low and high by turns. */
  private flicker(listing: Listing, micros: number, isLow: boolean): void {
    this.appointments.make(this.agenda.now + micros, () => {
      if (listing.isClosing) return
      this.list(listing, isLow ? 0.5 : 1.5)
      this.flicker(listing, micros, !isLow)
    })
  }

  /** Somebody begins to think about ordering hours of it: a bait has done its work. */
  onConsidered(listing: Listing): void {
    if (!isBait(listing) || listing.isClosing) return
    if (this.considered(listing, 1) === 1) this.list(listing, 1)
  }

  /** It has ordered, or not. */
  onDecided(listing: Listing): void {
    if (!isBait(listing) || listing.isClosing) return
    if (this.considered(listing, -1) === 0) this.list(listing, listing.lets?.baitFactor ?? 1)
  }

  /** How many think about it, after a change. */
  private considered({ node }: Listing, change: number): number {
    const count = (this.thinkers.get(node) ?? 0) + change
    this.thinkers.set(node, count)
    return count
  }

  /** Buys what its host has to hold for bookings, where the economy asks for it. */
  deposit({ node, publishedRate, rateFactor }: Listing): void {
    const { economy, hours } = this.setting.scenario
    if (economy.escrow.bondHours === 0) return
    const { maxJobs } = hours.listings
    const credits = publishedRate * rateFactor * maxJobs * hours.providers.depositHours
    const { operator, party } = this.nodes.columns
    const bought = this.accounts.buy(accountOfOperator(operator[node]), credits)
    const owner = this.parties.all[party[node] - 1]
    if (owner !== undefined) owner.boughtMinor += bought
  }

  private tellSchedule(listing: Listing, until: number): void {
    const { node, schedule } = listing
    if (schedule === null) return
    const { epochMicros } = this.regions
    const { now } = this.agenda
    const { opens, closes, excused } = expand(schedule, epochMicros + now, epochMicros + until)
    const ends = closes.map((close) => close - epochMicros)
    listing.maintenance = excused.map(([from, end]) => [from - epochMicros, end - epochMicros])
    this.port.tell({
      _tag: "ScheduleSet",
      at: now,
      listing: node,
      opens: opens.map((open) => open - epochMicros),
      closes: opens.length > closes.length ? [...ends, until] : ends,
      until,
      ...(excused.length === 0
        ? {}
        : {
            maintenanceFrom: listing.maintenance.map(([from]) => from),
            maintenanceUntil: listing.maintenance.map(([, end]) => end),
          }),
    })
  }

  /** Closes a listing that is always open until a time, as for maintenance. */
  closeUntil(node: number, opensAt: number): void {
    const until = this.agenda.now + scheduleMicros
    this.port.tell({
      _tag: "ScheduleSet",
      at: this.agenda.now,
      listing: node,
      opens: [opensAt],
      closes: [until],
      until,
      maintenanceFrom: [this.agenda.now],
      maintenanceUntil: [opensAt],
    })
  }

  onExtendSchedule({ listing, untilMicros }: Extract<Command, { _tag: "ExtendSchedule" }>): void {
    const kept = this.byNode.get(listing)
    if (kept !== undefined) this.tellSchedule(kept, untilMicros)
  }

  /** Its node is leaving: what is sold is delivered, and nothing more is sold. */
  close(node: number): void {
    const listing = this.byNode.get(node)
    if (listing === undefined || listing.isClosing) return
    listing.isClosing = true
    const place = this.open.indexOf(listing)
    if (place >= 0) this.open.splice(place, 1)
    const at = this.agenda.now
    this.port.tell({ _tag: "ListingPhaseSet", at, listing: node, phase: "closed" })
  }
}

const isBait = ({ lets }: Listing): boolean => lets !== null && lets.baitFactor < 1

const drawn = <A extends { readonly weight: number }>(
  stream: Stream,
  weighted: ReadonlyArray<A>,
): A | undefined => {
  const weights = weighted.map(({ weight }) => weight)
  return weighted.length === 0 ? undefined : weighted[choice(stream, weights)]
}
