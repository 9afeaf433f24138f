/** Hours of machines, sold beside requests: who acts in it, and who acts on what the market asks for. */
import type { Command } from "../../../engine/index.ts"
import { bookingView, listingView, reputationOfListing } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { Appointments } from "../../kernel/appointments.ts"
import type { HoursRecording } from "../../recording/hours-recorder.ts"
import { HoursRecorder } from "../../recording/hours-recorder.ts"
import { tallyOf } from "../../statistics/samples/tally.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { Parties } from "../parties/parties.ts"
import type { Accounts } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { Deliveries } from "./deliveries.ts"
import { Enterprises } from "./enterprises.ts"
import { Holders } from "./holders.ts"
import { Listings } from "./listings.ts"
import { Offers } from "./offers.ts"
import { PartyRenters } from "./party-renters.ts"
import { Raters } from "./raters.ts"
import { Regions } from "./regions.ts"
import { Rentals } from "./rentals.ts"
import { Renters } from "./renters.ts"
import { Settlements } from "./settlements.ts"
import { Swarms } from "./swarms.ts"

const hourMicros = 3600e6

/** What came too late, or could not be paid for: the market is as it was, and nobody tries again. */
const heeded: ReadonlyArray<string> = ["WrongPhase", "UnknownBooking", "InsufficientCredits"]
const ofBookings: ReadonlyArray<string> = [
  "DeliveryStarted",
  "DeliveryProbed",
  "BookingCancelled",
  "BookingEnded",
  "BookingConfirmed",
  "BookingDisputed",
  "DisputeAnswered",
  "DisputeRuled",
]

/** A rating that the market does not hear: nothing was paid, or this party has had its say. */
const unheard: ReadonlyArray<string> = [
  "NotPaid",
  "TooSoon",
  "Linked",
  "UnknownBooking",
  "WrongPhase",
]

/** May the market refuse such an event without the simulator being mistaken? */
export const isHeeded = (event: string, reason: string): boolean =>
  (ofBookings.includes(event) && heeded.includes(reason)) ||
  (event === "RatingGiven" && unheard.includes(reason))

export class Hours {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly regions: Regions
  readonly listings: Listings
  private readonly rentals: Rentals
  private readonly deliveries: Deliveries
  private readonly settlements: Settlements
  private readonly renters: Renters
  private readonly partyRenters: PartyRenters
  private readonly offers: Offers
  private readonly enterprises: Enterprises
  private readonly holders: Holders
  private readonly swarms: Swarms
  private readonly recorder: HoursRecorder
  private readonly sampleMicros: number

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly port: MarketPort
    readonly accounts: Accounts
    readonly nodes: Nodes
    readonly parties: Parties
    readonly bins: number
    readonly binSeconds: number
    readonly sampleSeconds: number
  }) {
    const { setting, agenda, port, bins, binSeconds } = parts
    this.sampleMicros = parts.sampleSeconds * 1e6
    const { startMicros, endMicros } = setting
    this.setting = setting
    this.agenda = agenda
    this.port = port
    const regions = new Regions(setting, agenda, port)
    this.regions = regions
    this.recorder = new HoursRecorder({
      startMicros,
      endMicros,
      bins,
      binSeconds,
      regions: setting.scenario.hours.regions.map(({ name }, region) => ({
        name,
        localHourAt: (at) => regions.clockAt(region, at).hour,
      })),
    })
    const shared = { ...parts, regions, recorder: this.recorder }
    const appointments = new Appointments(agenda)
    this.listings = new Listings({ ...shared, appointments })
    const { listings } = this
    this.rentals = new Rentals({ ...shared, listings })
    const { rentals } = this
    this.deliveries = new Deliveries({ ...shared, appointments, listings, rentals })
    const { deliveries } = this
    this.settlements = new Settlements({ ...shared, appointments, listings, rentals })
    this.swarms = new Swarms({ ...shared, appointments, listings })
    const { swarms } = this
    this.renters = new Renters({ ...shared, appointments, listings, rentals, swarms })
    this.partyRenters = new PartyRenters({
      ...shared,
      appointments,
      listings,
      rentals,
      deliveries,
    })
    this.offers = new Offers(shared)
    const { offers } = this
    this.enterprises = new Enterprises({ ...shared, appointments, listings, rentals, offers })
    this.holders = new Holders({
      ...shared,
      appointments,
      listings,
      rentals,
      offers,
      deliveries,
    })
    const raters = new Raters(shared)
    listings.whenOpened((listing) => swarms.onOpened(listing))
    rentals.whenClosed((rental) => raters.onClosed(rental))
    deliveries.whenEnding((rental) => this.settlements.onLastMinute(rental))
    deliveries.whenFailing((rental) => this.settlements.onFailing(rental))
  }

  /** Before the first node. */
  openRegions(): void {
    this.regions.open()
  }

  /** Demand begins. */
  open(): void {
    this.renters.open()
    this.partyRenters.open()
    this.enterprises.open()
    this.holders.open()
    this.swarms.open()
  }

  /** Is nothing left that somebody's profit waits for? */
  get isDrained(): boolean {
    return this.partyRenters.isDone
  }

  act(command: Command): void {
    switch (command._tag) {
      case "ExtendPeaks":
        return this.regions.onExtendPeaks(command)
      case "ExtendSchedule":
        return this.listings.onExtendSchedule(command)
      case "Decline":
        return this.rentals.onDeclined(command)
      case "Grant":
        return this.deliveries.onGranted(command)
      case "Revoke":
        return this.deliveries.onRevoked(command)
      case "AskConfirmation":
        return this.settlements.onAsked(command)
      case "AskRuling":
        return this.settlements.onRulingAsked(command)
      case "Release":
        return this.rentals.onReleased(command)
      case "Close":
        return this.rentals.onClosed(command)
      case "CloseOffer":
        return this.offers.onClosed(command)
      default:
        return
    }
  }

  /** A promise was broken. */
  onAudit({ finding }: Extract<Command, { _tag: "Audit" }>): void {
    if (finding === "SlaBreached") this.recorder.add(this.agenda.now, "breaches", 1)
  }

  onRegistered(node: number): void {
    this.listings.offer(node)
  }

  onLeaving(node: number): void {
    this.listings.close(node)
  }

  isBooked(node: number): boolean {
    return this.rentals.of(node).length > 0
  }

  onReach(node: number): void {
    this.deliveries.onReach(node)
  }

  heldMinor(): ReturnType<Rentals["heldMinor"]> {
    return this.rentals.heldMinor()
  }

  recording(): HoursRecording {
    return this.recorder.recording()
  }

  /** Use as it is now stands for the time until the next sample. */
  sample(): void {
    const { recorder, setting, port, regions } = this
    const { now: at } = this.agenda
    const hours = Math.min(this.sampleMicros, setting.endMicros - at) / hourMicros
    if (hours <= 0) return
    const relatives: Array<number> = []
    for (const { node, region, publishedRate } of this.listings.all()) {
      const view = listingView(port.market, node)
      if (view === undefined) continue
      const rate = view.ratePerHour / setting.credit / publishedRate
      if (view.isOffered) relatives.push(rate)
      const busy = view.busyJobs * hours
      const offered = (view.isOffered ? view.jobs : view.busyJobs) * hours
      const use = { offered, busy, isPeak: regions.isPeak(region, at) }
      recorder.sampleUse(at, node, region, use, this.soldRateOf(node, publishedRate))
    }
    recorder.add(at, "samples", 1)
    recorder.add(at, "heldCredits", this.heldMinor().prices / setting.credit)
    recorder.add(at, "dispersion", variationOf(relatives))
    this.sampleKinds(hours)
    if (setting.scenario.hours.renters.ratesShare > 0) this.sampleReputation()
  }

  private sampleKinds(hours: number): void {
    const { now: at } = this.agenda
    for (const { jobs, kind, phase } of this.rentals.open.values()) {
      if (phase !== "active" || kind === "order") continue
      this.recorder.add(at, kind === "contract" ? "contractBusy" : "reservedHours", jobs * hours)
    }
  }

  /** What hosts are known for, and how far they differ in it. */
  private sampleReputation(): void {
    const { now: at } = this.agenda
    const known = this.listings.open.flatMap(
      ({ node }) => reputationOfListing(this.port.market, node)?.overall ?? [],
    )
    if (known.length < 2) return
    const { deviation, mean } = tallyOf(known)
    this.recorder.add(at, "reputation", mean)
    this.recorder.add(at, "reputationSpread", deviation ?? 0)
  }

  /** What an hour in use now was sold at, on average, ÷ the published rate. */
  private soldRateOf(node: number, publishedRate: number): number {
    let jobs = 0
    let rates = 0
    for (const rental of this.rentals.of(node)) {
      if (bookingView(this.port.market, rental.id)?.phase !== "active") continue
      const length = (rental.endAt - rental.startAt) / hourMicros
      jobs += rental.jobs
      rates += rental.price / this.setting.credit / length
    }
    return jobs === 0 ? 0 : rates / jobs / publishedRate
  }
}

const variationOf = (values: ReadonlyArray<number>): number => {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length
  const square = values.reduce((sum, one) => sum + (one - mean) * (one - mean), 0)
  return mean === 0 ? 0 : Math.sqrt(square / (values.length - 1)) / mean
}
