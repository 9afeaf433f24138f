/** Hosts who act together: they join, propose a rate, pass orders on to each other, and say how busy they are. */
import { listingView, sharesQueue, swarmsView } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Appointments } from "../../kernel/appointments.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import type { Nodes } from "../nodes/nodes.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { Listing, Listings } from "./listings.ts"

const dayMicros = 86_400e6
/** Use from which on members speak of moderate and of high demand. */
const moderateFrom = 1 / 3
const highFrom = 2 / 3

export class Swarms {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly nodes: Nodes
  private readonly listings: Listings
  private readonly recorder: HoursRecorder

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly appointments: Appointments
    readonly port: MarketPort
    readonly nodes: Nodes
    readonly listings: Listings
    readonly recorder: HoursRecorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = parts.appointments
    this.port = parts.port
    this.nodes = parts.nodes
    this.listings = parts.listings
    this.recorder = parts.recorder
  }

  private accountOf({ node }: Listing): number {
    return accountOfOperator(this.nodes.columns.operator[node])
  }

  /** A host offers its hours: where it is one of them, it joins. */
  onOpened(listing: Listing): void {
    if (!listing.isInSwarm) return
    const { isBalancing, isPricing, proposedFactor, sharesData } =
      this.setting.scenario.hours.swarms
    const { now: at } = this.agenda
    const account = this.accountOf(listing)
    const join = (swarm: "loadBalancing" | "intelligence" | "pricing") =>
      this.port.tell({
        _tag: "SwarmJoined",
        at,
        account,
        swarm,
        isActive: true,
        sharesPerformance: sharesData,
      })
    if (isBalancing) join("loadBalancing")
    if (sharesData) join("intelligence")
    // Nobody joins what the market does not know.
    if (!isPricing || this.setting.scenario.economy.swarms.pricing === "off") return
    join("pricing")
    if (proposedFactor === null) return
    const baseRate = Math.max(
      1,
      Math.round(listing.publishedRate * proposedFactor * this.setting.credit),
    )
    this.port.tell({ _tag: "PriceProposed", at, account, baseRate })
  }

  /** The others of a listing's swarm, where an order for one of them may go to any. */
  readonly standIns = (listing: Listing): ReadonlyArray<Listing> => {
    if (!this.setting.scenario.hours.swarms.isBalancing || !this.isBalanced(listing)) return []
    return this.listings.open.filter(
      (other) => other !== listing && other.region === listing.region && this.isBalanced(other),
    )
  }

  private isBalanced(listing: Listing): boolean {
    return listing.isInSwarm && sharesQueue(this.port.market, this.accountOf(listing))
  }

  /** Demand begins. */
  open(): void {
    if (this.setting.scenario.hours.swarms.sharesData) this.shareDaily()
  }

  private shareDaily(): void {
    const { now } = this.agenda
    if (now + dayMicros >= this.setting.endMicros) return
    this.appointments.make(now + dayMicros, () => {
      for (const listing of this.listings.open) if (listing.isInSwarm) this.share(listing)
      this.noteError()
      this.shareDaily()
    })
  }

  private share(listing: Listing): void {
    const view = listingView(this.port.market, listing.node)
    if (view === undefined || view.jobs === 0) return
    const use = view.busyJobs / view.jobs
    this.port.tell({
      _tag: "DataShared",
      at: this.agenda.now,
      account: this.accountOf(listing),
      topic: "currentDemand",
      word: use >= highFrom ? "high" : use >= moderateFrom ? "moderate" : "low",
    })
  }

  /** How far what is told of the members is from what the market has measured of all. */
  private noteError(): void {
    const { reported, use } = swarmsView(this.port.market)
    const counts = reported.currentDemand
    if (counts === undefined) return
    const said = counts["low"] + counts["moderate"] + counts["high"]
    const told = (counts["moderate"] / 2 + counts["high"]) / said
    this.recorder.add(this.agenda.now, "dataTold", 1)
    this.recorder.add(this.agenda.now, "dataError", Math.abs(told - use))
  }
}
