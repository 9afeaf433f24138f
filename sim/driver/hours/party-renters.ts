/** What parties rent: they want a machine again and again, and each in its own manner. */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import { exponential } from "../../kernel/variates.ts"
import type { PartyRents } from "../../scenarios/party-hours.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { Parties } from "../parties/parties.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { chooseHours } from "./choice.ts"
import type { Deliveries } from "./deliveries.ts"
import type { Listing, Listings } from "./listings.ts"
import type { Rental } from "./rental.ts"
import type { Rentals } from "./rentals.ts"

const minuteMicros = 60e6
const hourMicros = 3600e6
const dayMicros = 24 * hourMicros
const cancelsBeforeMicros = 10 * minuteMicros

interface PartyNeeds {
  /** Number of the party, from 1 on. */
  readonly party: number
  readonly rents: PartyRents
  readonly stream: Stream
  readonly accounts: ReadonlyArray<number>
  needs: number
}

export class PartyRenters {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly nodes: Nodes
  private readonly parties: Parties
  private readonly listings: Listings
  private readonly rentals: Rentals
  private readonly deliveries: Deliveries
  /** Needs that have not come to their time. */
  private pending = 0

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly port: MarketPort
    readonly nodes: Nodes
    readonly parties: Parties
    readonly listings: Listings
    readonly rentals: Rentals
    readonly deliveries: Deliveries
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.port = parts.port
    this.nodes = parts.nodes
    this.parties = parts.parties
    this.listings = parts.listings
    this.rentals = parts.rentals
    this.deliveries = parts.deliveries
  }

  /** Demand begins. */
  open(): void {
    for (const [index, party] of this.parties.all.entries()) {
      const { rents } = party.settings.hours
      if (rents === null) continue
      const operators =
        rents.paidBy === "own"
          ? [this.parties.payingAccountOf(party)]
          : Array.from({ length: rents.puppets }, () => this.parties.addPuppet(party))
      this.scheduleNext({
        party: index + 1,
        rents,
        stream: openStream(this.setting.seed, "needs", party.settings.name),
        accounts: operators.map(accountOfOperator),
        needs: 0,
      })
    }
  }

  /** Is all of it settled? A party that lets machines has them cost on while it waits: that is not waited for. */
  get isDone(): boolean {
    if (this.pending > 0) return false
    for (const { renterParty } of this.rentals.open.values())
      if (this.parties.all[renterParty - 1]?.settings.hours.lets === null) return false
    return true
  }

  private scheduleNext(needs: PartyNeeds): void {
    const at = Math.round(
      this.agenda.now + exponential(needs.stream, needs.rents.needsPerDay / dayMicros),
    )
    if (at < this.setting.endMicros) this.appointments.make(at, () => this.onNeed(needs))
  }

  private onNeed(needs: PartyNeeds): void {
    const { rents, party } = needs
    const { now } = this.agenda
    const { name } = this.parties.all[party - 1].settings
    const number = needs.needs++
    const stream = openStream(this.setting.seed, "need", `${name} ${number}`)
    const isNeeded = stream.next() < rents.needShare
    const account = needs.accounts[number % needs.accounts.length]
    this.scheduleNext(needs)
    const startAt = now + Math.round(rents.noticeHours * hourMicros)
    if (rents.isHoarding) {
      const rental = this.rent(needs, account, startAt, stream)
      if (rental === undefined || isNeeded) return
      this.appointments.make(Math.max(now, startAt - cancelsBeforeMicros), () =>
        this.deliveries.cancel(rental),
      )
      return
    }
    if (!isNeeded) return
    this.pending += 1
    this.appointments.make(startAt, () => {
      this.pending -= 1
      this.rent(needs, account, startAt, stream)
    })
  }

  private rent(
    { rents, party }: PartyNeeds,
    account: number,
    startAt: number,
    stream: Stream,
  ): Rental | undefined {
    const { port, rentals, setting } = this
    const { renters } = setting.scenario.hours
    port.tell({ _tag: "TimerFired", at: this.agenda.now })
    const isOwn = rents.from === "own"
    const wish = {
      region: 0,
      hours: rents.bookedHours === 0 ? rents.hours : rents.bookedHours,
      jobs: renters.jobs,
      // Its own it takes at any price.
      worth: isOwn ? 1e6 : this.worthOf(rents),
      startAt,
      latestStart: startAt,
    }
    // Its needs are what they are, whatever the price.
    const settings = { ...renters, elasticity: 0 }
    const candidates = shuffled(this.candidatesOf(party, isOwn), stream)
    const few = isOwn ? candidates : candidates.slice(0, renters.looks)
    const choice = chooseHours(port, rentals, setting.credit, settings, wish, few)
    if (typeof choice === "string") return undefined
    const isLeaving = rents.bookedHours > rents.hours
    const sold = rentals.order({
      ...choice,
      account,
      renterParty: party,
      latestStart: choice.startAt,
      jobs: wish.jobs,
      worthPerHour: rents.worth * choice.listing.publishedRate,
      manner: {
        leavesAfterMicros: isLeaving ? Math.round(rents.hours * hourMicros) : Infinity,
        isSilent: rents.isSilent,
        disputes: rents.disputes ? "always" : "whenShort",
        breaksBeforeMicros: Math.round(rents.breaksLastMinutes * minuteMicros),
        stars: rents.stars,
      },
    })
    return typeof sold === "string" ? undefined : sold
  }

  /** What an hour that it books is worth to it, where it uses only a part of them. */
  private worthOf({ worth, hours, bookedHours }: PartyRents): number {
    return bookedHours === 0 ? worth : (worth * hours) / bookedHours
  }

  private candidatesOf(party: number, isOwn: boolean): ReadonlyArray<Listing> {
    const { party: partyOf } = this.nodes.columns
    return this.listings.open.filter(({ node }) => (partyOf[node] === party) === isOwn)
  }
}

/** Fisher and Yates. */
const shuffled = (listings: ReadonlyArray<Listing>, stream: Stream): ReadonlyArray<Listing> => {
  const left = [...listings]
  for (let last = left.length - 1; last > 0; last--) {
    const place = Math.floor(stream.next() * (last + 1))
    const kept = left[last]
    left[last] = left[place]
    left[place] = kept
  }
  return left
}
