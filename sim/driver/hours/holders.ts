/**
 * Holders: they have work again and again, and reserve a machine for it or book one each time. Parties reserve machines
 * of others here, too, whether they need them or not.
 */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import { exponential } from "../../kernel/variates.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { Parties } from "../parties/parties.ts"
import type { Accounts } from "../stage/accounts.ts"
import { accountOfHolder, accountOfOperator } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { chooseHours } from "./choice.ts"
import type { Deliveries } from "./deliveries.ts"
import type { Listing, Listings } from "./listings.ts"
import type { Offers } from "./offers.ts"
import type { Rental } from "./rental.ts"
import { plainManner } from "./rental.ts"
import type { Rentals } from "./rentals.ts"

const hourMicros = 3600e6
const hoursPerDay = 24
/** Whoever could reserve nothing tries again so much later. */
const retryMicros = 6 * hourMicros

interface Holder {
  readonly account: number
  readonly stream: Stream
  reserved: Rental | undefined
}

export class Holders {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly accounts: Accounts
  private readonly nodes: Nodes
  private readonly parties: Parties
  private readonly listings: Listings
  private readonly rentals: Rentals
  private readonly offers: Offers
  private readonly deliveries: Deliveries
  private readonly recorder: HoursRecorder

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly port: MarketPort
    readonly accounts: Accounts
    readonly nodes: Nodes
    readonly parties: Parties
    readonly listings: Listings
    readonly rentals: Rentals
    readonly offers: Offers
    readonly deliveries: Deliveries
    readonly recorder: HoursRecorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.port = parts.port
    this.accounts = parts.accounts
    this.nodes = parts.nodes
    this.parties = parts.parties
    this.listings = parts.listings
    this.rentals = parts.rentals
    this.offers = parts.offers
    this.deliveries = parts.deliveries
    this.recorder = parts.recorder
  }

  /** Demand begins. */
  open(): void {
    const { areMade, holders } = this.setting.scenario.hours.reservations
    for (let index = 0; index < holders; index++) {
      this.accounts.openHolder(index)
      const holder: Holder = {
        account: accountOfHolder(index),
        stream: openStream(this.setting.seed, "holder", index),
        reserved: undefined,
      }
      if (areMade) this.reserve(holder)
      this.rest(holder)
    }
    for (const [index, party] of this.parties.all.entries()) {
      const { reserves } = party.settings.hours
      if (reserves === null) continue
      const account = accountOfOperator(this.parties.payingAccountOf(party))
      for (let place = 0; place < reserves.machines; place++)
        this.keepReserved(index + 1, account, reserves.days)
    }
  }

  // Work, by turns with rest.

  private rest(holder: Holder): void {
    const { spellHours, useShare } = this.setting.scenario.hours.reservations
    if (useShare === 0) return
    const length = exponential(holder.stream, 1 / (spellHours * hourMicros))
    const at = Math.round(this.agenda.now + (length * (1 - useShare)) / useShare)
    if (at < this.setting.endMicros) this.appointments.make(at, () => this.work(holder))
  }

  private work(holder: Holder): void {
    const { now } = this.agenda
    const { spellHours } = this.setting.scenario.hours.reservations
    const length = Math.ceil(exponential(holder.stream, 1 / (spellHours * hourMicros)))
    const until = now + Math.max(60e6, length)
    this.recorder.add(now, "workHours", (until - now) / hourMicros)
    const { reserved } = holder
    if (reserved?.phase === "active" && this.deliveries.isWorking(reserved.node)) {
      const used = Math.max(0, Math.min(until, reserved.endAt) - now)
      reserved.usedMicros += used
      this.recorder.add(now, "servedWorkHours", used / hourMicros)
      this.recorder.add(now, "reservedUsedHours", used / hourMicros)
    } else if (reserved === undefined) this.book(holder, until)
    this.appointments.make(until, () => this.rest(holder))
  }

  /** What it has not reserved it books like anybody else. */
  private book({ account, stream }: Holder, until: number): void {
    const { port, rentals, setting } = this
    const { now } = this.agenda
    port.tell({ _tag: "TimerFired", at: now })
    const { renters, reservations } = setting.scenario.hours
    const wish = {
      region: 0,
      hours: (until - now) / hourMicros,
      jobs: 1,
      worth: reservations.worth,
      startAt: now,
      latestStart: now,
    }
    // Its work is what it is, whatever the price.
    const settings = { ...renters, elasticity: 0 }
    const few = this.listings.someOpen(stream, renters.looks)
    const choice = chooseHours(port, rentals, setting.credit, settings, wish, few)
    if (typeof choice === "string") return
    const sold = rentals.order({
      ...choice,
      account,
      renterParty: 0,
      latestStart: choice.startAt,
      jobs: 1,
      manner: plainManner,
    })
    if (typeof sold !== "string")
      this.recorder.add(now, "servedWorkHours", (sold.endAt - sold.startAt) / hourMicros)
  }

  // Reservations.

  /** Reserves a machine, and again when that is over. */
  private reserve(holder: Holder): void {
    const { days, worth } = this.setting.scenario.hours.reservations
    const { looks } = this.setting.scenario.hours.renters
    holder.reserved = this.reserveOf(
      this.listings.someOpen(holder.stream, looks),
      holder.account,
      0,
      days,
      worth,
    )
    this.again(holder.reserved, () => this.reserve(holder))
  }

  /** A party keeps one of the others' machines reserved, of which it makes nothing. */
  private keepReserved(party: number, account: number, days: number): void {
    const others = this.listings.open.filter(({ node }) => this.nodes.columns.party[node] !== party)
    const rental = this.reserveOf(others, account, party, days, 0)
    this.again(rental, () => this.keepReserved(party, account, days))
  }

  private again(rental: Rental | undefined, act: () => void): void {
    const at = rental === undefined ? this.agenda.now + retryMicros : rental.endAt + 1
    if (at < this.setting.endMicros) this.appointments.make(at, act)
  }

  /** The cheapest of the listings that can be had. */
  private reserveOf(
    listings: ReadonlyArray<Listing>,
    account: number,
    renterParty: number,
    days: number,
    worth: number,
  ): Rental | undefined {
    this.port.tell({ _tag: "TimerFired", at: this.agenda.now })
    const { promises, reservations } = this.setting.scenario.hours
    const hours = days * hoursPerDay
    const sorted = listings
      .map((listing) => ({ listing, rate: this.listings.baseRateOf(listing) }))
      .toSorted((a, b) => a.rate - b.rate || a.listing.node - b.listing.node)
    for (const { listing, rate } of sorted) {
      const fee = Math.ceil(rate * reservations.feeFactor * hours)
      const contract = this.offers.make(listing, {
        client: account,
        hours,
        jobs: 1,
        fee,
        availability: promises.availability,
        hasPenalties: listing.isPromised,
      })
      if (contract === undefined) continue
      const rental = this.rentals.accept(contract, "reservation", {
        listing,
        account,
        renterParty,
        jobs: 1,
        price: fee,
        worthPerHour: worth * listing.publishedRate,
        manner: plainManner,
      })
      if (typeof rental !== "string") return rental
    }
    return undefined
  }
}
