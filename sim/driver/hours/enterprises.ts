/** Enterprises: they look for a machine for many hours, have its host offer terms, and answer later. */
import type { Stream } from "../../../engine/index.ts"
import { drawBelow, openStream } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import { exponential, logNormal } from "../../kernel/variates.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import type { Accounts } from "../stage/accounts.ts"
import { accountOfEnterprise } from "../stage/accounts.ts"
import type { Setting } from "../stage/setting.ts"
import type { Listing, Listings } from "./listings.ts"
import type { Offers } from "./offers.ts"
import type { Rentals } from "./rentals.ts"
import { plainManner } from "./rental.ts"

const hourMicros = 3600e6
const dayMicros = 24 * hourMicros

export class Enterprises {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly accounts: Accounts
  private readonly listings: Listings
  private readonly rentals: Rentals
  private readonly offers: Offers
  private readonly recorder: HoursRecorder
  private readonly stream: Stream
  private needs = 0

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly accounts: Accounts
    readonly listings: Listings
    readonly rentals: Rentals
    readonly offers: Offers
    readonly recorder: HoursRecorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.accounts = parts.accounts
    this.listings = parts.listings
    this.rentals = parts.rentals
    this.offers = parts.offers
    this.recorder = parts.recorder
    this.stream = openStream(parts.setting.seed, "contracts", 0)
  }

  /** Demand begins. */
  open(): void {
    const { clients, perDay } = this.setting.scenario.hours.contracts
    if (perDay === 0) return
    for (let client = 0; client < clients; client++) this.accounts.openEnterprise(client)
    this.scheduleNext()
  }

  private scheduleNext(): void {
    const { perDay } = this.setting.scenario.hours.contracts
    const at = Math.round(this.agenda.now + exponential(this.stream, perDay / dayMicros))
    if (at < this.setting.endMicros) this.appointments.make(at, () => this.onNeed())
  }

  private onNeed(): void {
    const { seed, scenario } = this.setting
    const { contracts, renters } = scenario.hours
    this.scheduleNext()
    // Each has a stream of its own: what becomes of one moves no other.
    const stream = openStream(seed, "contract", this.needs++)
    const account = accountOfEnterprise(drawBelow(stream, contracts.clients))
    const worth = logNormal(stream, Math.log(contracts.worth), contracts.worthSpread)
    const answerHours = -Math.log(1 - stream.next()) * contracts.answerHours
    const hasPenalties = stream.next() < contracts.penaltyShare
    const isAnswered = stream.next() >= contracts.lapseShare
    this.recorder.add(this.agenda.now, "contractsWanted", 1)
    const worthwhile = this.listings
      .someOpen(stream, renters.looks)
      .map((listing) => ({ listing, gain: this.gainOf(listing, worth) }))
      .filter(({ gain }) => gain > 0)
      .toSorted((a, b) => b.gain - a.gain || a.listing.node - b.listing.node)
    for (const { listing } of worthwhile) {
      const contract = this.offers.make(listing, {
        client: account,
        hours: contracts.hours,
        jobs: renters.jobs,
        ratePerHour: this.rateOf(listing),
        availability: contracts.availability,
        hasPenalties,
      })
      if (contract === undefined) continue
      this.recorder.add(this.agenda.now, "contractsOffered", 1)
      if (isAnswered) this.answer(contract, listing, account, worth, answerHours)
      return
    }
  }

  /** What hosts offer: so much of what they ask from anybody. */
  private rateOf(listing: Listing): number {
    const { rateFactor } = this.setting.scenario.hours.contracts
    return Math.max(1, Math.round(this.listings.baseRateOf(listing) * rateFactor))
  }

  /** Worth of an hour as far as it is likely to be had, less its price; credits. */
  private gainOf(listing: Listing, worth: number): number {
    const { caution } = this.setting.scenario.hours.renters
    const fear = caution * (1 - this.rentals.reliabilityOf(listing.node))
    return worth * listing.publishedRate * (1 - fear) - this.rateOf(listing) / this.setting.credit
  }

  private answer(
    contract: number,
    listing: Listing,
    account: number,
    worth: number,
    answerHours: number,
  ): void {
    const { contracts, renters } = this.setting.scenario.hours
    const at = Math.round(this.agenda.now + answerHours * hourMicros)
    this.appointments.make(at, () => {
      if (!this.offers.stands(contract)) return
      const rental = this.rentals.accept(contract, "contract", {
        listing,
        account,
        renterParty: 0,
        jobs: renters.jobs,
        price: Math.ceil(this.rateOf(listing) * contracts.hours * renters.jobs),
        worthPerHour: worth * listing.publishedRate,
        manner: plainManner,
      })
      if (typeof rental !== "string") this.recorder.add(this.agenda.now, "contractsSigned", 1)
    })
  }
}
