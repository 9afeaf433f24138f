/**
 * Bookings of the run, from the order to the end: what is under way, what each came to, and what the public
 * knows of the reliability of each listing.
 */
import { busyHourCost } from "../operators/costs.ts"
import type { Command, DeclineReason } from "../../../engine/index.ts"
import { bookingView, reputationOfListing, slaView } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { Parties } from "../parties/parties.ts"
import type { Accounts } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { Listing, Listings } from "./listings.ts"
import type { Manner, Rental, RentalKind } from "./rental.ts"
import { deliveredMicros, deliveredShare, missingShare } from "./rental.ts"

const hourMicros = 3600e6

/** What is ordered of a listing, as it was quoted. */
export interface Order {
  readonly listing: Listing
  readonly account: number
  readonly renterParty: number
  readonly startAt: number
  readonly endAt: number
  readonly latestStart: number
  readonly jobs: number
  /** What it costs, minor units. */
  readonly price: number
  /** What an hour of one job is worth, credits. */
  readonly worthPerHour: number
  readonly manner: Manner
}

/** Each listing is taken to have delivered 19 of 20 bookings before its first (docs: reputation's prior). */
const priorDelivered = 19
const priorBookings = 20

export class Rentals {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly accounts: Accounts
  private readonly nodes: Nodes
  private readonly parties: Parties
  private readonly listings: Listings
  private readonly recorder: HoursRecorder
  /** By number: those that are not closed. */
  readonly open = new Map<number, Rental>()
  /** By node: those that are not closed, oldest first. */
  private readonly onNode = new Map<number, Array<Rental>>()
  private readonly records = new Map<number, { bookings: number; delivered: number }>()
  private lastBooking = 0
  private declined: DeclineReason | undefined
  private readonly early: Array<Extract<Command, { _tag: "Release" }>> = []

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly port: MarketPort
    readonly accounts: Accounts
    readonly nodes: Nodes
    readonly parties: Parties
    readonly listings: Listings
    readonly recorder: HoursRecorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.port = parts.port
    this.accounts = parts.accounts
    this.nodes = parts.nodes
    this.parties = parts.parties
    this.listings = parts.listings
    this.recorder = parts.recorder
  }

  /** Orders hours, with the credits that they cost; the rental, or why they were not sold. */
  order(order: Order): Rental | DeclineReason {
    const { listing, account, startAt, endAt, latestStart, jobs, price, renterParty } = order
    this.provide(account, renterParty, price)
    const booking = ++this.lastBooking
    this.declined = undefined
    this.port.tell({
      _tag: "BookingRequested",
      at: this.agenda.now,
      booking,
      account,
      listing: listing.node,
      startAt,
      endAt,
      jobs,
      memoryMib: 0,
      // Nobody pays more than was shown.
      maxPrice: price,
      ...(latestStart > startAt ? { latestStart } : {}),
    })
    return this.sold(booking, "order", order) ?? this.declinedBy(listing)
  }

  /** A client accepts what it was offered; the rental, or why it cannot be had. */
  accept(
    contract: number,
    kind: RentalKind,
    order: Omit<Order, "startAt" | "endAt" | "latestStart">,
  ): Rental | DeclineReason {
    const { account, listing, price, renterParty } = order
    this.provide(account, renterParty, price)
    const booking = ++this.lastBooking
    this.declined = undefined
    const at = this.agenda.now
    this.port.tell({ _tag: "ContractAccepted", at, contract, booking, by: account })
    return this.sold(booking, kind, order) ?? this.declinedBy(listing)
  }

  private declinedBy(listing: Listing): DeclineReason {
    // Whoever cannot stand for a booking may be able to stand for the next.
    if (this.declined === "BondMissing") this.listings.deposit(listing)
    return this.declined ?? "NoCapacity"
  }

  private sold(
    booking: number,
    kind: RentalKind,
    order: Omit<Order, "startAt" | "endAt" | "latestStart">,
  ): Rental | undefined {
    const { account, jobs, listing, renterParty } = order
    const { market } = this.port
    const sold = bookingView(market, booking)
    if (sold === undefined) return undefined
    const rental: Rental = {
      id: booking,
      kind,
      isPromised: slaView(market, booking) !== undefined,
      node: listing.node,
      account,
      renterParty,
      startAt: sold.startAt,
      endAt: sold.endAt,
      jobs,
      price: sold.price,
      worthPerHour: order.worthPerHour,
      manner: order.manner,
      phase: "held",
      isServed: true,
      isSoldOn: false,
      usedMicros: 0,
      startedAt: -1,
      downSince: -1,
      downMicros: 0,
      endedAt: -1,
      wasLost: false,
      disputed: null,
    }
    this.open.set(booking, rental)
    const others = this.onNode.get(listing.node)
    if (others === undefined) this.onNode.set(listing.node, [rental])
    else others.push(rental)
    for (const release of this.early.splice(0)) this.onReleased(release)
    return rental
  }

  onDeclined({ reason }: Extract<Command, { _tag: "Decline" }>): void {
    this.declined = reason
  }

  /** Sees to it that an account can hold so much, minor units. */
  provide(account: number, renterParty: number, minor: number): void {
    const lacking = minor - this.accounts.balanceOf(account).spendable
    if (lacking <= 0) return
    const bought = this.accounts.buy(account, lacking / this.setting.credit)
    const party = this.parties.all[renterParty - 1]
    if (party !== undefined) party.boughtMinor += bought
  }

  /** What is not closed on a node. */
  of(node: number): ReadonlyArray<Rental> {
    return this.onNode.get(node) ?? []
  }

  /** How likely a listing is to deliver, as renters see it. */
  reliabilityOf(node: number): number {
    if (this.setting.scenario.hours.renters.trusts === "reputation")
      return reputationOfListing(this.port.market, node)?.overall ?? 0
    const { bookings, delivered } = this.records.get(node) ?? { bookings: 0, delivered: 0 }
    return (priorDelivered + delivered) / (priorBookings + bookings)
  }

  onReleased(command: Extract<Command, { _tag: "Release" }>): void {
    const { booking, drawn, refund, share } = command
    const rental = this.open.get(booking)
    // A fee that is paid at once is paid before its booking is known here.
    if (rental === undefined) return void this.early.push(command)
    const { credit } = this.setting
    this.recorder.add(this.agenda.now, "periodPrice", (drawn + refund) / credit)
    this.recorder.add(this.agenda.now, "periodRefunds", refund / credit)
    const { columns } = this.nodes
    columns.share[rental.node] += share
    columns.paySince[rental.node] += share
    this.recorder.addEarned(this.agenda.now, rental.node, share / this.setting.credit)
  }

  onClosed(command: Extract<Command, { _tag: "Close" }>): void {
    const rental = this.open.get(command.booking)
    if (rental === undefined) return
    this.open.delete(rental.id)
    const others = this.onNode.get(rental.node) ?? []
    others.splice(others.indexOf(rental), 1)
    rental.phase = "over"
    this.note(rental, command)
    this.whenOver(rental)
    if (others.length === 0) this.nodes.afterBookings(rental.node)
  }

  /** Calls for what comes after a booking. */
  whenClosed(act: (rental: Rental) => void): void {
    this.whenOver = act
  }

  private whenOver: (rental: Rental) => void = () => {}

  private note(rental: Rental, command: Extract<Command, { _tag: "Close" }>): void {
    const { setting, recorder } = this
    const { now } = this.agenda
    const { outcome, price, drawn, refund, penalty } = command
    const credits = (minor: number) => minor / setting.credit
    const add = (channel: Parameters<HoursRecorder["add"]>[1], amount: number) =>
      recorder.add(now, channel, amount)
    const missing = missingShare(rental, now)
    const hours = (deliveredMicros(rental) / hourMicros) * rental.jobs
    const isReserved = rental.kind === "reservation"
    const worth =
      (isReserved ? (rental.usedMicros / hourMicros) * rental.jobs : hours) * rental.worthPerHour
    const surplus = worth - credits(drawn) + credits(penalty)
    add("closed", 1)
    add("price", credits(price))
    add("drawn", credits(drawn))
    add("penalties", credits(penalty))
    add("deliveredHours", hours)
    add("publishedCredits", hours * (this.listings.of(rental.node)?.publishedRate ?? 0))
    add("surplus", surplus)
    const machineHours = hours / this.jobsOf(rental)
    this.nodes.columns.rentedHours[rental.node] += machineHours
    add("machineCredits", machineHours * busyHourCost(this.nodes.columns, rental.node))
    this.noteUpkeep(rental, hours)
    if (rental.isPromised && outcome !== "cancelled") {
      const until = rental.wasLost || rental.endedAt < 0 ? rental.endAt : rental.endedAt
      add("promised", 1)
      add("promisedHours", ((until - rental.startAt) / hourMicros) * rental.jobs)
      add("promisedUpHours", hours)
    }
    if (outcome === "noShow" || outcome === "split" || rental.wasLost)
      add("refunds", credits(refund))
    if (rental.disputed !== null && rental.disputed.unpaid > 0) {
      const paid = (drawn - rental.disputed.drawn) / rental.disputed.unpaid
      add("settledDisputes", 1)
      add("rulingErrors", Math.abs(1 - paid - missing))
    }
    const party = this.parties.all[rental.renterParty - 1]
    if (party !== undefined) party.worthOfHours += worth
    if (outcome === "cancelled") return
    const record = this.records.get(rental.node) ?? { bookings: 0, delivered: 0 }
    record.bookings += 1
    record.delivered += outcome === "noShow" ? 0 : deliveredShare(rental)
    this.records.set(rental.node, record)
  }

  /** Jobs of its machine, which bear its cost together. */
  private jobsOf({ node, jobs }: Rental): number {
    return this.listings.of(node) === undefined
      ? jobs
      : this.setting.scenario.hours.listings.maxJobs
  }

  /** A party spends on keeping its machines up while they are let. */
  private noteUpkeep({ node }: Rental, hours: number): void {
    const listing = this.listings.of(node)
    const party = this.parties.all[this.nodes.columns.party[node] - 1]
    if (party === undefined || listing === undefined || listing.lets === null) return
    const credits = hours * listing.lets.upkeep * listing.publishedRate
    party.outsideMinor -= Math.round(credits * this.setting.credit)
  }

  /** What is held for bookings that are not closed, minor units: their price, as far as it is not drawn, and bonds. */
  heldMinor(): { readonly prices: number; readonly bonds: number; readonly isDisputed: boolean } {
    let prices = 0
    let bonds = 0
    let isDisputed = false
    for (const { id } of this.open.values()) {
      const view = bookingView(this.port.market, id)
      if (view === undefined) continue
      prices += view.price - view.drawn
      bonds += view.bond
      isDisputed ||= view.phase === "disputed"
    }
    return { prices, bonds, isDisputed }
  }
}
