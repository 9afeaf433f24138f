/** What a replication notes of hours: sums by bin of virtual time, by region, and by listing and day. */
import { declines } from "../../engine/index.ts"
import type { DeclineReason, PriceStrategy } from "../../engine/index.ts"

/** Why an order came to nothing: the market's reasons, and that nothing was worth its price. */
export const failures = [...declines, "PricedOut"] as const
export type Failure = DeclineReason | "PricedOut"

/** One value a bin. Money in credits, time in hours of one job. */
export const hoursChannels = [
  "orders",
  "booked",
  /** Of orders that were sold: what their renters had been shown, and what they are to pay. */
  "shownPrice",
  "agreedPrice",
  ...failures.map((reason) => `declined.${reason}` as const),
  /** Sampled every `sampleSeconds`; divide by `samples`. */
  "samples",
  "heldCredits",
  /** Coefficient of variation of what listings ask, each ÷ its device's published rate. */
  "dispersion",
  /** Of bookings that came to their start: all, those whose provider did not show up, those whose machine was lost. */
  "due",
  "noShows",
  "lost",
  /** Of bookings that are over: what they cost, was paid, went back for want of delivery, and in penalties. */
  "closed",
  "price",
  "drawn",
  "refunds",
  "penalties",
  /** What was delivered, at the machines' published rates, and what it was worth to renters beyond what they paid. */
  "deliveredHours",
  "publishedCredits",
  "surplus",
  "disputes",
  "settledDisputes",
  /** |what the consumer was given − what was not delivered|, as shares of what was disputed. */
  "rulingErrors",
  /** What machines cost in the hours that they delivered. */
  "machineCredits",
  /** Periods that were paid for: what they cost, and what of that was not paid. */
  "periodPrice",
  "periodRefunds",
  /** Of hours that were promised to be up: bookings, broken periods, hours until their end and those delivered. */
  "promised",
  "breaches",
  "promisedHours",
  "promisedUpHours",
  /** Contracts: looked for, offered, accepted; job-hours that calendars kept for offers that came to nothing. */
  "contractsWanted",
  "contractsOffered",
  "contractsSigned",
  "contractIdleHours",
  /** Sampled: job-hours in use by contract. */
  "contractBusy",
  /** Reservations: job-hours that were held, and what of them their holders used; hours of work, and those with a machine. */
  "reservedHours",
  "reservedUsedHours",
  "workHours",
  "servedWorkHours",
  "ratings",
  "stars",
  /** Sampled: the standard deviation over listings of what their hosts are known for, and its mean. */
  "reputationSpread",
  "reputation",
  /** Orders that went on to another machine of a swarm. */
  "passedOn",
  /** Days on which swarms told of their members' use, and how far that was from what was measured. */
  "dataTold",
  "dataError",
] as const
export type HoursChannel = (typeof hoursChannels)[number]

/** Sampled: job-hours on offer and in use, in peak hours of the region's clock and otherwise. */
export const useChannels = ["offered", "busy", "offeredPeak", "busyPeak"] as const
export type UseChannel = (typeof useChannels)[number]

/** Of a listing, by day: use, what it earned, and the rates of hours in use in peak hours ÷ the published one. */
export const listingChannels = [...useChannels, "earned", "ratesPeak"] as const
export type ListingChannel = (typeof listingChannels)[number]

type Rows<Name extends string> = Readonly<Record<Name, Float64Array<ArrayBuffer>>>

export interface RegionRecord extends Rows<UseChannel> {
  readonly name: string
  /** By bin: the hour that the region's clock shows as it begins. */
  readonly localHour: Int8Array<ArrayBuffer>
}

export interface ListingRecord extends Rows<ListingChannel> {
  readonly node: number
  readonly strategy: PriceStrategy
  readonly isOfParty: boolean
  readonly isInSwarm: boolean
}

/** Plain data: what a worker sends home. */
export interface HoursRecording {
  readonly sums: Rows<HoursChannel>
  readonly regions: ReadonlyArray<RegionRecord>
  readonly listings: ReadonlyArray<ListingRecord>
}

const rowsOf = <Name extends string>(names: ReadonlyArray<Name>, length: number): Rows<Name> =>
  Object.fromEntries(names.map((name) => [name, new Float64Array(length)])) as Rows<Name>

const dayMicros = 86_400e6

export class HoursRecorder {
  private readonly startMicros: number
  private readonly bins: number
  private readonly binMicros: number
  private readonly days: number
  private readonly sums: Rows<HoursChannel>
  private readonly regions: ReadonlyArray<RegionRecord>
  private readonly listings = new Map<number, ListingRecord>()

  constructor(parts: {
    readonly startMicros: number
    readonly endMicros: number
    readonly bins: number
    readonly binSeconds: number
    readonly regions: ReadonlyArray<{
      readonly name: string
      readonly localHourAt: (at: number) => number
    }>
  }) {
    const { startMicros, endMicros, bins, binSeconds } = parts
    this.startMicros = startMicros
    this.bins = bins
    this.binMicros = binSeconds * 1e6
    this.days = Math.max(1, Math.ceil((endMicros - startMicros) / dayMicros))
    this.sums = rowsOf(hoursChannels, bins + 1)
    this.regions = parts.regions.map(({ name, localHourAt }) => ({
      name,
      localHour: Int8Array.from({ length: bins }, (_, bin) =>
        localHourAt(startMicros + bin * this.binMicros),
      ),
      ...rowsOf(useChannels, bins + 1),
    }))
  }

  recording(): HoursRecording {
    const { sums, regions } = this
    return { sums, regions, listings: [...this.listings.values()] }
  }

  addListing({ node, ...facts }: Omit<ListingRecord, ListingChannel>): void {
    // One more day, for what comes after the end.
    const rows = rowsOf(listingChannels, this.days + 1)
    this.listings.set(node, { node, ...facts, ...rows })
  }

  add(now: number, channel: HoursChannel, amount: number): void {
    this.sums[channel][this.binAt(now)] += amount
  }

  /** A listing's pay, credits. */
  addEarned(now: number, node: number, credits: number): void {
    const listing = this.listings.get(node)
    if (listing !== undefined) listing.earned[this.dayAt(now)] += credits
  }

  /** A sample of a listing's use over the time since the last one. `rate`: of its hours in use ÷ the published one. */
  sampleUse(
    at: number,
    node: number,
    region: number,
    use: { readonly offered: number; readonly busy: number; readonly isPeak: boolean },
    rate: number,
  ): void {
    const { offered, busy, isPeak } = use
    const bin = this.binAt(at)
    const day = this.dayAt(at)
    const listing = this.listings.get(node)
    for (const rows of [this.regions[region], listing]) {
      if (rows === undefined) continue
      const place = rows === listing ? day : bin
      rows.offered[place] += offered
      rows.busy[place] += busy
      if (!isPeak) continue
      rows.offeredPeak[place] += offered
      rows.busyPeak[place] += busy
    }
    if (isPeak && listing !== undefined) listing.ratesPeak[day] += rate * busy
  }

  private binAt(at: number): number {
    const bin = Math.floor((at - this.startMicros) / this.binMicros)
    return bin >= 0 && bin < this.bins ? bin : this.bins
  }

  private dayAt(at: number): number {
    const day = Math.floor((at - this.startMicros) / dayMicros)
    return day >= 0 && day < this.days ? day : this.days
  }
}
