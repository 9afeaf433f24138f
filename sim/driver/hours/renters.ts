/**
 * Renters: orders of hours as they come, region by region, by the local clock; each looks at a few listings, orders
 * of the best, and looks elsewhere where it got nothing.
 */
import type { Stream } from "../../../engine/index.ts"
import { drawBelow, openStream } from "../../../engine/index.ts"
import { assumedDailyWeights, assumedWeeklyWeights, flattened } from "../../demand/profile.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import { exponential, logNormal } from "../../kernel/variates.ts"
import type { Failure, HoursRecorder } from "../../recording/hours-recorder.ts"
import type { Accounts } from "../stage/accounts.ts"
import { accountOfRenter } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { Choice } from "./choice.ts"
import { chooseHours } from "./choice.ts"
import type { Listing, Listings } from "./listings.ts"
import type { Regions } from "./regions.ts"
import type { Manner } from "./rental.ts"
import type { Rentals } from "./rentals.ts"
import type { Swarms } from "./swarms.ts"
import type { Wish } from "./wish.ts"

const minuteMicros = 60e6
const hourMicros = 3600e6
const dayMicros = 24 * hourMicros
/** Whoever was sold nothing looks at others after so long. */
const retryMicros = 10 * 60e6

/** An order as it is tried. */
interface Attempt {
  readonly renter: number
  readonly wish: Wish
  readonly manner: Manner
  readonly stream: Stream
  readonly retries: number
}

interface RegionDemand {
  readonly region: number
  /** Orders a µs at the busiest hour of the week; an order that is drawn is made with what the hour has of that. */
  readonly mostPerMicro: number
  readonly firstRenter: number
  readonly renters: number
  readonly stream: Stream
  orders: number
}

/** By hour of the day and day of the week; a mean of 1 over the week. */
const weightsOf = (daily: number, weekly: number): ReadonlyArray<ReadonlyArray<number>> => {
  const scaled = (weights: ReadonlyArray<number>) => {
    const mean = weights.reduce((sum, one) => sum + one, 0) / weights.length
    return weights.map((one) => one / mean)
  }
  const hours = scaled(flattened(assumedDailyWeights, daily))
  return scaled(flattened(assumedWeeklyWeights, weekly)).map((day) =>
    hours.map((hour) => day * hour),
  )
}

export class Renters {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly accounts: Accounts
  private readonly regions: Regions
  private readonly listings: Listings
  private readonly rentals: Rentals
  private readonly swarms: Swarms
  private readonly recorder: HoursRecorder
  private readonly weights: ReadonlyArray<ReadonlyArray<number>>
  private readonly most: number
  private readonly demands: ReadonlyArray<RegionDemand>
  private readonly hasAccount = new Set<number>()

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly port: MarketPort
    readonly accounts: Accounts
    readonly regions: Regions
    readonly listings: Listings
    readonly rentals: Rentals
    readonly swarms: Swarms
    readonly recorder: HoursRecorder
  }) {
    const { seed, scenario } = parts.setting
    const { renters, regions } = scenario.hours
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.port = parts.port
    this.accounts = parts.accounts
    this.regions = parts.regions
    this.listings = parts.listings
    this.rentals = parts.rentals
    this.swarms = parts.swarms
    this.recorder = parts.recorder
    this.weights = weightsOf(renters.daily, renters.weekly)
    this.most = Math.max(...this.weights.flat())
    const whole = regions.reduce((sum, region) => sum + region.renters, 0)
    let firstRenter = 0
    this.demands = regions.map((region, index) => {
      const share = whole === 0 ? 0 : region.renters / whole
      const count = Math.max(1, Math.round(renters.count * share))
      const demand = {
        region: index,
        mostPerMicro: (renters.ordersPerDay * share * this.most) / dayMicros,
        firstRenter,
        renters: count,
        stream: openStream(seed, "orders", region.name),
        orders: 0,
      }
      firstRenter += count
      return demand
    })
  }

  /** Demand begins. */
  open(): void {
    for (const demand of this.demands) this.scheduleNext(demand)
  }

  private scheduleNext(demand: RegionDemand): void {
    if (demand.mostPerMicro === 0) return
    const at = Math.round(this.agenda.now + exponential(demand.stream, demand.mostPerMicro))
    if (at < this.setting.endMicros) this.appointments.make(at, () => this.onDue(demand))
  }

  private onDue(demand: RegionDemand): void {
    const { hour, hourOfWeek } = this.regions.clockAt(demand.region, this.agenda.now)
    const weight = this.weights[Math.floor(hourOfWeek / 24)][hour]
    const isMade = demand.stream.next() * this.most < weight
    this.scheduleNext(demand)
    if (isMade) this.wish(demand)
  }

  /** Somebody of the region wants hours. Each order has a stream of its own: what becomes of one moves no other. */
  private wish(demand: RegionDemand): void {
    const { seed, scenario } = this.setting
    const { renters, regions } = scenario.hours
    const { now } = this.agenda
    const stream = openStream(seed, "order", `${regions[demand.region].name} ${demand.orders++}`)
    const renter = demand.firstRenter + drawBelow(stream, demand.renters)
    const hours = Math.min(
      renters.maxHours,
      logNormal(stream, Math.log(renters.medianHours), renters.hoursSpread),
    )
    const worth = logNormal(stream, Math.log(renters.worth), renters.worthSpread)
    const lead = Math.round(-Math.log(1 - stream.next()) * renters.leadHours * hourMicros)
    const startAt = now + lead
    const latestStart = startAt + Math.round(renters.patienceHours * hourMicros)
    const { region } = demand
    const manner = this.mannerOf(stream, hours)
    this.recorder.add(now, "orders", 1)
    const wish = { region, hours, jobs: renters.jobs, worth, startAt, latestStart }
    this.look(renter, wish, manner, stream, renters.maxRetries)
  }

  private mannerOf(stream: Stream, hours: number): Manner {
    const { endEarlyShare, silentShare } = this.setting.scenario.hours.renters
    const isLeaving = stream.next() < endEarlyShare
    const leavesAfter = Math.max(1, Math.round(stream.next() * hours * hourMicros))
    return {
      leavesAfterMicros: isLeaving ? leavesAfter : Infinity,
      isSilent: stream.next() < silentShare,
      disputes: "whenShort",
      breaksBeforeMicros: 0,
      stars: "byDelivery",
    }
  }

  private look(renter: number, wish: Wish, manner: Manner, stream: Stream, retries: number): void {
    const { setting, agenda, port, rentals } = this
    const { now } = agenda
    // Views are as of the market's last event.
    port.tell({ _tag: "TimerFired", at: now })
    const { renters } = setting.scenario.hours
    const candidates = this.listings.someOpen(stream, renters.looks)
    const choice = chooseHours(
      port,
      rentals,
      setting.credit,
      renters,
      wish,
      candidates,
      this.swarms.standIns,
    )
    const decide = (one: Choice | Failure): void => {
      const failure =
        typeof one === "string" ? one : this.order(renter, one.listing, { ...wish, ...one }, manner)
      const isPassedOn = typeof one !== "string" && !candidates.includes(one.listing)
      if (failure === undefined && isPassedOn) this.recorder.add(this.agenda.now, "passedOn", 1)
      this.onOrdered(failure, { renter, wish, manner, stream, retries })
    }
    const think = Math.round(renters.thinkMinutes * minuteMicros)
    if (typeof choice === "string" || think === 0 || now + think >= setting.endMicros)
      return decide(choice)
    this.listings.onConsidered(choice.listing)
    this.appointments.make(now + think, () => {
      const later = Math.max(0, now + think - choice.startAt)
      const { endAt, startAt } = choice
      decide({ ...choice, startAt: startAt + later, endAt: endAt + later })
      this.listings.onDecided(choice.listing)
    })
  }

  /** An order was sold, or came to nothing: whose it was tries others later, as often as it does. */
  private onOrdered(
    failure: Failure | undefined,
    { renter, wish, manner, stream, retries }: Attempt,
  ): void {
    const { now } = this.agenda
    if (failure === undefined) return this.recorder.add(now, "booked", 1)
    if (retries === 0 || failure === "PricedOut")
      return this.recorder.add(now, `declined.${failure}`, 1)
    this.appointments.make(now + retryMicros, () => {
      const later = { startAt: wish.startAt + retryMicros }
      const latestStart = Math.max(later.startAt, wish.latestStart)
      this.look(renter, { ...wish, ...later, latestStart }, manner, stream, retries - 1)
    })
  }

  private order(
    renter: number,
    listing: Listing,
    wished: Wish & {
      readonly endAt: number
      readonly price: number
      readonly worthPerHour: number
    },
    manner: Manner,
  ): Failure | undefined {
    const account = accountOfRenter(renter)
    if (!this.hasAccount.has(renter)) {
      this.hasAccount.add(renter)
      this.accounts.openRenter(renter)
    }
    const { startAt, endAt, latestStart, jobs, price, worthPerHour } = wished
    const sold = this.rentals.order({
      listing,
      account,
      renterParty: 0,
      startAt,
      endAt,
      latestStart,
      jobs,
      price,
      worthPerHour,
      manner,
    })
    if (typeof sold === "string") return sold
    const { now } = this.agenda
    this.recorder.add(now, "shownPrice", price / this.setting.credit)
    this.recorder.add(now, "agreedPrice", sold.price / this.setting.credit)
    return undefined
  }
}
