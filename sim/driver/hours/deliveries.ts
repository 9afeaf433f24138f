/** Hours as they are delivered: access is given or is not, machines go down, somebody leaves, the market looks. */
import type { Command, Stream } from "../../../engine/index.ts"
import { bookingView, openStream, slaView } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import { exponential } from "../../kernel/variates.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import { isAway, isUp } from "../nodes/node-machine.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { Parties } from "../parties/parties.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { PartyLets } from "../../scenarios/party-hours.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import type { Listings } from "./listings.ts"
import type { Rental } from "./rental.ts"
import type { Rentals } from "./rentals.ts"

const minuteMicros = 60e6
const hourMicros = 3600e6
const dayMicros = 24 * hourMicros
/** A machine that a renter has broken is back so much later. */
const brokenMicros = 2 * hourMicros
/** A provider that leaves for somebody else does so when access is given. */
const leavesAfterMicros = minuteMicros
/** A provider that disputes has its machine be away for so long before: not for long enough to count as lost. */
const disputesAfterMicros = 10 * minuteMicros

type Breach = PartyLets["breach"]

export class Deliveries {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly nodes: Nodes
  private readonly parties: Parties
  private readonly listings: Listings
  private readonly rentals: Rentals
  private readonly recorder: HoursRecorder
  /** By node: what its provider does and what happens to its machine. */
  private readonly streams = new Map<number, Stream>()
  /** By node: until when somebody outside of the market has the machine, µs. */
  private readonly takenUntil = new Map<number, number>()
  /** Calls for what the renter does in the last minute. */
  private lastMinute: ((rental: Rental) => void) | undefined
  /** Calls for what a provider does whose machine is away. */
  private failing: ((rental: Rental) => void) | undefined

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly port: MarketPort
    readonly nodes: Nodes
    readonly parties: Parties
    readonly listings: Listings
    readonly rentals: Rentals
    readonly recorder: HoursRecorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.port = parts.port
    this.nodes = parts.nodes
    this.parties = parts.parties
    this.listings = parts.listings
    this.rentals = parts.rentals
    this.recorder = parts.recorder
  }

  whenEnding(act: (rental: Rental) => void): void {
    this.lastMinute = act
  }

  whenFailing(act: (rental: Rental) => void): void {
    this.failing = act
  }

  private streamOf(node: number): Stream {
    const known = this.streams.get(node)
    if (known !== undefined) return known
    const opened = openStream(this.setting.seed, "delivery", node)
    this.streams.set(node, opened)
    return opened
  }

  /** It is time. */
  onGranted({ booking }: Extract<Command, { _tag: "Grant" }>): void {
    const rental = this.rentals.open.get(booking)
    if (rental === undefined) return
    const { providers } = this.setting.scenario.hours
    const stream = this.streamOf(rental.node)
    // Drawn whether they are needed or not, so that one provider's manner moves no other draw.
    const isMissed = stream.next() < providers.noShowShare
    const delay = Math.ceil(-Math.log(1 - stream.next()) * providers.startMinutes * minuteMicros)
    const outside = stream.next()
    this.recorder.add(this.agenda.now, "due", 1)
    const conduct = this.breach(rental, outside)
    if (rental.kind !== "order") this.planRun(rental)
    // Nobody else is to book what somebody outside of the market has; who has a box seems to be there.
    if (conduct !== "none" && conduct !== "box") this.listings.closeUntil(rental.node, rental.endAt)
    if (conduct === "noShow" || (isMissed && conduct === "none")) return
    rental.isServed = conduct === "none"
    const startAt = this.agenda.now + delay
    this.appointments.make(startAt, () => this.tryStart(rental))
    if (conduct === "leaves")
      this.appointments.make(startAt + leavesAfterMicros, () => {
        if (rental.phase === "active") this.end(rental, this.providerOf(rental))
      })
  }

  private providerOf({ node }: Rental): number {
    return accountOfOperator(this.nodes.columns.operator[node])
  }

  /** What a party does with a machine that somebody else wants too. */
  private breach(rental: Rental, lot: number): Breach {
    const { node, price, endAt } = rental
    const lets = this.listings.of(node)?.lets ?? null
    if (lets === null || lets.breach === "none" || lets.breach === "afterBreach") return "none"
    const isTaken = (this.takenUntil.get(node) ?? 0) > this.agenda.now
    if (!isTaken && lot >= lets.outsideShare) return "none"
    if (!isTaken) {
      this.takenUntil.set(node, endAt)
      const party = this.parties.all[this.nodes.columns.party[node] - 1]
      if (party !== undefined) party.outsideMinor += lets.outsideFactor * price
    }
    return lets.breach
  }

  /** Gives access, or tries again a minute later where the machine is down. */
  private tryStart(rental: Rental): void {
    const { now } = this.agenda
    if (rental.phase !== "held" || !this.rentals.open.has(rental.id) || now >= rental.endAt) return
    if (!this.isWorking(rental.node) && rental.isServed)
      return this.appointments.make(now + minuteMicros, () => this.tryStart(rental))
    rental.phase = "active"
    rental.startedAt = now
    rental.downMicros = now - rental.startAt
    this.port.tell({ _tag: "DeliveryStarted", at: now, booking: rental.id })
    this.plan(rental)
  }

  /** Is a machine there? */
  isWorking(node: number): boolean {
    const reach = this.nodes.columns.reach[node]
    return isUp(reach) && !isAway(reach)
  }

  /** What is to come of hours that have begun. */
  private plan(rental: Rental): void {
    const { appointments, setting } = this
    const { now } = this.agenda
    const { manner, node, startAt, endAt } = rental
    const { providers, probeMinutes } = setting.scenario.hours
    const { evidence } = setting.scenario.economy.escrow
    const leavesAt = startAt + manner.leavesAfterMicros
    if (leavesAt < endAt)
      appointments.make(Math.max(now, leavesAt), () => {
        if (rental.phase === "active") this.end(rental, rental.account)
      })
    const breaksAt = endAt - manner.breaksBeforeMicros
    if (manner.breaksBeforeMicros > 0 && breaksAt > now)
      appointments.make(breaksAt, () => {
        if (rental.phase === "active") this.nodes.takeAway(node, brokenMicros)
      })
    // A run of many hours has outages of its own.
    if (providers.awayPerBookedDay > 0 && rental.kind === "order") {
      const stream = this.streamOf(node)
      const awayPerDay = providers.awayPerBookedDay * (this.listings.of(node)?.awayFactor ?? 1)
      const at = now + Math.ceil(exponential(stream, awayPerDay / dayMicros))
      const length = Math.ceil(exponential(stream, 1 / (providers.awayMinutes * minuteMicros)))
      if (at < endAt)
        appointments.make(at, () => {
          if (rental.phase === "active") this.nodes.takeAway(node, length)
        })
    }
    if (evidence === "probes") this.probe(rental, Math.ceil(probeMinutes * minuteMicros))
    const lookAt = endAt - minuteMicros
    if (lookAt > now)
      appointments.make(lookAt, () => {
        if (rental.phase === "active") this.lastMinute?.(rental)
      })
  }

  /** What happens to a machine in a run of many hours: it goes away again and again, and for maintenance. */
  private planRun(rental: Rental): void {
    const { appointments, nodes, setting } = this
    const { now } = this.agenda
    const { endAt, id, node } = rental
    const { awayMinutes, awayPerBookedDay } = setting.scenario.hours.providers
    const listing = this.listings.of(node)
    const awayPerMicro = (awayPerBookedDay * (listing?.awayFactor ?? 1)) / dayMicros
    const takeAway = (at: number, length: number) =>
      appointments.make(at, () => {
        if (rental.phase === "active") nodes.takeAway(node, length)
      })
    for (const [from, until] of listing?.maintenance ?? [])
      if (from > now && from < endAt) takeAway(from, until - from)
    if (awayPerMicro === 0) return
    const stream = openStream(setting.seed, "outages", id)
    let at = now
    for (;;) {
      at += Math.ceil(exponential(stream, awayPerMicro))
      const length = Math.ceil(exponential(stream, 1 / (awayMinutes * minuteMicros)))
      if (at >= endAt) return
      takeAway(at, length)
    }
  }

  private end({ id }: Rental, by: number): void {
    this.port.tell({ _tag: "BookingEnded", at: this.agenda.now, booking: id, by })
  }

  /** The market looks at what it has granted, again and again. */
  private probe(rental: Rental, everyMicros: number): void {
    const { now } = this.agenda
    if (rental.phase !== "active") return
    const isUpNow = rental.isServed && !rental.isSoldOn && this.isWorking(rental.node)
    this.port.tell({ _tag: "DeliveryProbed", at: now, booking: rental.id, isUp: isUpNow })
    if (now + everyMicros < rental.endAt)
      this.appointments.make(now + everyMicros, () => this.probe(rental, everyMicros))
  }

  /** A node can be reached again, or no longer: so can what it delivers. */
  onReach(node: number): void {
    const { now } = this.agenda
    const isWorking = this.isWorking(node)
    for (const rental of this.rentals.of(node)) {
      if (rental.phase !== "active" || !rental.isServed || rental.isSoldOn) continue
      if (!isWorking && rental.downSince < 0) {
        rental.downSince = now
        this.lookAgain(rental)
      }
      if (isWorking && rental.downSince >= 0) {
        rental.downMicros += now - rental.downSince
        rental.downSince = -1
        this.sellOn(rental)
      }
    }
  }

  /** Once a promise is broken, a party may have nothing left to lose: somebody else wants the machine too. */
  private sellOn(rental: Rental): void {
    const { now } = this.agenda
    const { endAt, node, price, startAt } = rental
    const lets = this.listings.of(node)?.lets ?? null
    if (lets?.breach !== "afterBreach" || !this.isBroken(rental)) return
    if (this.streamOf(node).next() >= lets.outsideShare) return
    rental.isSoldOn = true
    rental.downSince = now
    const party = this.parties.all[this.nodes.columns.party[node] - 1]
    if (party !== undefined)
      party.outsideMinor += Math.round(
        (lets.outsideFactor * price * (endAt - now)) / (endAt - startAt),
      )
  }

  /** Can what was promised for the running period no longer be kept? */
  private isBroken({ endAt, id, startAt }: Rental): boolean {
    const { now } = this.agenda
    const level = slaView(this.port.market, id)
    if (level === undefined) return false
    const { periodHours } = this.setting.scenario.economy.escrow
    const whole =
      periodHours === 0 ? endAt - startAt : Math.min(endAt - startAt, periodHours * hourMicros)
    const missed = level.expectedMicros - level.upMicros
    return missed > (1 - level.terms.availabilityBps / 10_000) * whole && now < endAt
  }

  /** Is its machine still away, a while later? */
  private lookAgain(rental: Rental): void {
    const { downSince: since, node } = rental
    if (this.listings.of(node)?.lets?.disputes !== true) return
    this.appointments.make(this.agenda.now + disputesAfterMicros, () => {
      if (rental.phase === "active" && rental.downSince === since) this.failing?.(rental)
    })
  }

  /** Access is over. */
  onRevoked({ booking, reason }: Extract<Command, { _tag: "Revoke" }>): void {
    const rental = this.rentals.open.get(booking)
    if (rental === undefined) return
    const { now } = this.agenda
    rental.phase = "over"
    rental.wasLost = reason === "Lost"
    rental.endedAt = reason === "NotStarted" ? -1 : Math.min(now, rental.endAt)
    if (reason === "NotStarted") this.recorder.add(now, "noShows", 1)
    if (reason === "Lost") this.recorder.add(now, "lost", 1)
  }

  /** Its renter does not need it after all. */
  cancel(rental: Rental): void {
    const { id, account } = rental
    if (bookingView(this.port.market, id)?.phase !== "held") return
    this.port.tell({ _tag: "BookingCancelled", at: this.agenda.now, booking: id, by: account })
  }
}
