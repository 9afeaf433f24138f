/** Terms that hosts offer to one client: told to the market, and kept until they are answered. */
import type { Command } from "../../../engine/index.ts"
import { contractView } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import type { Nodes } from "../nodes/nodes.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Listing } from "./listings.ts"

const hourMicros = 3600e6

export interface Terms {
  readonly client: number
  readonly hours: number
  readonly jobs: number
  /** One of both, minor units. */
  readonly ratePerHour?: number
  readonly fee?: number
  readonly availability: number
  readonly hasPenalties: boolean
}

export class Offers {
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly nodes: Nodes
  private readonly recorder: HoursRecorder
  private lastContract = 0
  /** Job-hours that a calendar keeps for it, and since when, by number. */
  private readonly kept = new Map<number, { readonly jobs: number; readonly since: number }>()

  constructor(parts: {
    readonly agenda: Agenda
    readonly port: MarketPort
    readonly nodes: Nodes
    readonly recorder: HoursRecorder
  }) {
    this.agenda = parts.agenda
    this.port = parts.port
    this.nodes = parts.nodes
    this.recorder = parts.recorder
  }

  /** A host offers terms; the offer's number, or undefined where they do not stand. */
  make({ node }: Listing, terms: Terms): number | undefined {
    const { availability, client, fee, hasPenalties, hours, jobs, ratePerHour } = terms
    const { now: at } = this.agenda
    const contract = ++this.lastContract
    this.port.tell({
      _tag: "ContractOffered",
      at,
      contract,
      listing: node,
      client,
      by: accountOfOperator(this.nodes.columns.operator[node]),
      micros: Math.round(hours * hourMicros),
      jobs,
      memoryMib: 0,
      availabilityBps: Math.round(availability * 10_000),
      hasPenalties,
      ...(ratePerHour === undefined ? {} : { ratePerHour }),
      ...(fee === undefined ? {} : { fee }),
    })
    if (!this.stands(contract)) return undefined
    this.kept.set(contract, { jobs, since: at })
    return contract
  }

  stands(contract: number): boolean {
    return contractView(this.port.market, contract) !== undefined
  }

  /** An offer is over: what was kept for one that came to nothing was sold to nobody. */
  onClosed({ contract, outcome }: Extract<Command, { _tag: "CloseOffer" }>): void {
    const kept = this.kept.get(contract)
    if (kept === undefined) return
    this.kept.delete(contract)
    if (outcome === "accepted") return
    const { now } = this.agenda
    this.recorder.add(now, "contractIdleHours", ((now - kept.since) / hourMicros) * kept.jobs)
  }
}
