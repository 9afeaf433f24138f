/** Regions of the run: their clocks, and their peak hours as the market is told them. */
import type { Command } from "../../../engine/index.ts"
import { localClock, peaks } from "../../../schedules/index.ts"
import type { LocalTime } from "../../../schedules/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"

const dayMicros = 86_400e6
/** Beyond the run's end clocks are read this far: bookings may end so much later. */
const clockAheadMicros = 400 * dayMicros

export class Regions {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  /** From the run's time to time since 1970: add it. */
  readonly epochMicros: number
  private readonly clocks: ReadonlyArray<(epoch: number) => LocalTime>

  constructor(setting: Setting, agenda: Agenda, port: MarketPort) {
    const { hours } = setting.scenario
    this.setting = setting
    this.agenda = agenda
    this.port = port
    this.epochMicros = Date.parse(hours.startDate) * 1000 - setting.startMicros
    const until = setting.endMicros + clockAheadMicros
    this.clocks = hours.regions.map(({ timezone }) =>
      localClock(timezone, this.epochMicros, this.epochMicros + until),
    )
  }

  /** What a region's clock shows. */
  clockAt(region: number, at: number): LocalTime {
    return this.clocks[region](this.epochMicros + at)
  }

  isPeak(region: number, at: number): boolean {
    const { peakFromHour, peakUntilHour } = this.setting.scenario.economy.hours
    const { hour } = this.clockAt(region, at)
    return peakFromHour < peakUntilHour
      ? hour >= peakFromHour && hour < peakUntilHour
      : hour >= peakFromHour || hour < peakUntilHour
  }

  /** Before the first listing. Without a clock no peak hours are asked for, and none need be known. */
  open(): void {
    const { now } = this.agenda
    const { hours, listings } = this.setting.scenario.economy
    const known = hours.peak === "demand" ? 0 : (listings.maxAheadDays + 60) * dayMicros
    this.clocks.forEach((_, region) => this.tell(region, now, now + known))
  }

  /** More of them is asked for. */
  onExtendPeaks({ region, untilMicros }: Extract<Command, { _tag: "ExtendPeaks" }>): void {
    this.tell(region, this.knownUntil[region] ?? this.agenda.now, untilMicros)
  }

  /** By region: up to when the market knows its peak hours. */
  private readonly knownUntil: Array<number> = []

  private tell(region: number, from: number, until: number): void {
    const { scenario } = this.setting
    const { peakFromHour, peakUntilHour } = scenario.economy.hours
    const { timezone } = scenario.hours.regions[region]
    const { epochMicros } = this
    const { begins, ends } = peaks(
      timezone,
      peakFromHour,
      peakUntilHour,
      epochMicros + from,
      epochMicros + until,
    )
    const peakUntil = ends.map((end) => end - epochMicros)
    this.knownUntil[region] = until
    this.port.tell({
      _tag: "RegionSet",
      at: this.agenda.now,
      region,
      peakFrom: begins.map((begin) => begin - epochMicros),
      // What goes on beyond is told as two: the next stretch begins where this one ends.
      peakUntil: begins.length > ends.length ? [...peakUntil, until] : peakUntil,
      until,
    })
  }
}
