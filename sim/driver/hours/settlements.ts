/** What becomes of hours that were delivered: their renter confirms or disputes, the other answers, somebody rules. */
import type { Command, Stream } from "../../../engine/index.ts"
import { bookingView, openStream } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import type { Nodes } from "../nodes/nodes.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { Listings } from "./listings.ts"
import type { Rental } from "./rental.ts"
import { missingShare } from "./rental.ts"
import type { Rentals } from "./rentals.ts"

const minuteMicros = 60e6
const hourMicros = 3600e6
/** How long a party takes to answer a dispute. */
const answerMicros = hourMicros

type Side = "consumer" | "provider"

export class Settlements {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly nodes: Nodes
  private readonly listings: Listings
  private readonly rentals: Rentals
  private readonly recorder: HoursRecorder
  private readonly renterStream: Stream
  private readonly answerStream: Stream
  private readonly judgeStream: Stream

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly port: MarketPort
    readonly nodes: Nodes
    readonly listings: Listings
    readonly rentals: Rentals
    readonly recorder: HoursRecorder
  }) {
    const { seed } = parts.setting
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.port = parts.port
    this.nodes = parts.nodes
    this.listings = parts.listings
    this.rentals = parts.rentals
    this.recorder = parts.recorder
    this.renterStream = openStream(seed, "dispute", 0)
    this.answerStream = openStream(seed, "answer", 0)
    this.judgeStream = openStream(seed, "judge", 0)
  }

  /** The hours are about to end: where the market itself confirms them, this is the time to object. */
  onLastMinute(rental: Rental): void {
    if (this.setting.scenario.economy.escrow.confirm !== "coordinator") return
    if (this.objects(rental, 1)) this.dispute(rental, "consumer")
  }

  /** Its machine is away: a provider that disputes is first, before the market calls it lost. */
  onFailing(rental: Rental): void {
    this.dispute(rental, "provider")
  }

  /** Its renter is asked. */
  onAsked({ booking }: Extract<Command, { _tag: "AskConfirmation" }>): void {
    const rental = this.rentals.open.get(booking)
    if (rental === undefined) return
    const view = bookingView(this.port.market, booking)
    const isShort = view !== undefined && view.due < view.unpaid
    if (isShort && this.listings.of(rental.node)?.lets?.disputes === true)
      return this.dispute(rental, "provider")
    const { confirmMinutes } = this.setting.scenario.hours.renters
    this.appointments.make(this.agenda.now + Math.ceil(confirmMinutes * minuteMicros), () =>
      this.answerMarket(rental),
    )
  }

  private answerMarket(rental: Rental): void {
    const { id, account, manner } = rental
    const view = bookingView(this.port.market, id)
    if (view?.phase !== "delivered") return
    if (this.objects(rental, view.unpaid === 0 ? 0 : view.due / view.unpaid))
      return this.dispute(rental, "consumer")
    if (manner.isSilent) return
    this.port.tell({ _tag: "BookingConfirmed", at: this.agenda.now, booking: id, by: account })
  }

  /** Does the renter dispute, where it is to pay for such a share of the hours? */
  private objects(rental: Rental, paidShare: number): boolean {
    const { manner } = rental
    const { renters } = this.setting.scenario.hours
    if (manner.disputes !== "whenShort") return manner.disputes === "always"
    const excess = paidShare - (1 - missingShare(rental, this.agenda.now))
    const share = excess > renters.tolerance ? renters.disputeShare : renters.falseDisputeShare
    return this.renterStream.next() < share
  }

  private dispute(rental: Rental, side: Side): void {
    const { id } = rental
    const by = this.deposited(rental, side)
    this.port.tell({ _tag: "BookingDisputed", at: this.agenda.now, booking: id, by })
    const view = bookingView(this.port.market, id)
    if (view?.phase !== "disputed") return
    rental.disputed = { unpaid: view.unpaid, drawn: view.drawn }
    this.recorder.add(this.agenda.now, "disputes", 1)
    const { providers, renters } = this.setting.scenario.hours
    const { answerShare } = side === "consumer" ? providers : renters
    if (this.answerStream.next() >= answerShare) return
    this.appointments.make(this.agenda.now + answerMicros, () => {
      if (bookingView(this.port.market, id)?.phase !== "disputed") return
      const other = this.deposited(rental, side === "consumer" ? "provider" : "consumer")
      this.port.tell({ _tag: "DisputeAnswered", at: this.agenda.now, booking: id, by: other })
    })
  }

  /** The account of a side, with what it has to deposit. */
  private deposited(rental: Rental, side: Side): number {
    const { account, node, price, renterParty } = rental
    const { operator, party } = this.nodes.columns
    const [by, of] =
      side === "consumer"
        ? [account, renterParty]
        : [accountOfOperator(operator[node]), party[node]]
    this.provideDeposit(by, of, price)
    return by
  }

  /** Twice, as for whoever has lost of late. Gifts count for nothing there. */
  private provideDeposit(account: number, party: number, price: number): void {
    const { depositShare, leastDepositCredits } = this.setting.scenario.economy.disputes
    if (depositShare === 0) return
    const least = leastDepositCredits * this.setting.credit
    this.rentals.provide(account, party, 2 * Math.ceil(Math.max(least, depositShare * price)))
  }

  /** Somebody rules, and is mistaken at times. */
  onRulingAsked({ booking }: Extract<Command, { _tag: "AskRuling" }>): void {
    const { rulingHours, rulingError } = this.setting.scenario.hours
    const isWrong = this.judgeStream.next() < rulingError
    this.appointments.make(this.agenda.now + Math.ceil(rulingHours * hourMicros), () => {
      const rental = this.rentals.open.get(booking)
      if (rental === undefined || bookingView(this.port.market, booking)?.phase !== "disputed")
        return
      const missing = missingShare(rental, this.agenda.now)
      const consumerBps = Math.round((isWrong ? 1 - missing : missing) * 10_000)
      this.port.tell({ _tag: "DisputeRuled", at: this.agenda.now, booking, consumerBps })
    })
  }
}
