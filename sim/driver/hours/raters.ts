/** What renters say of bookings that are over: stars by what was delivered, or whatever a party wants said. */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { HoursRecorder } from "../../recording/hours-recorder.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import type { Rental } from "./rental.ts"
import { deliveredShare } from "./rental.ts"

/** From which part of the hours on they are worth so many stars; less is worth one. */
const starsFrom: ReadonlyArray<readonly [share: number, stars: number]> = [
  [0.99, 5],
  [0.95, 4],
  [0.9, 3],
  [0.5, 2],
]

/** What was delivered of a booking, as stars. */
export const starsFor = (share: number): number =>
  starsFrom.find(([least]) => share >= least)?.[1] ?? 1

export class Raters {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly recorder: HoursRecorder
  private readonly stream: Stream

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly port: MarketPort
    readonly recorder: HoursRecorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.port = parts.port
    this.recorder = parts.recorder
    this.stream = openStream(parts.setting.seed, "ratings", 0)
  }

  /** A booking is over. */
  onClosed(rental: Rental): void {
    const { account, id, manner } = rental
    if (manner.stars === null) return
    const { ratesShare } = this.setting.scenario.hours.renters
    const isByDelivery = manner.stars === "byDelivery"
    if (isByDelivery && this.stream.next() >= ratesShare) return
    const stars = isByDelivery ? starsFor(deliveredShare(rental)) : Number(manner.stars)
    const { now: at } = this.agenda
    this.port.tell({ _tag: "RatingGiven", at, booking: id, stars, by: account })
    this.recorder.add(at, "ratings", 1)
    this.recorder.add(at, "stars", stars)
  }
}
