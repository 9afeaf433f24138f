/**
 * What a replication notes of calls that wait, by their consumers' tier: sums by bin of virtual time, how long they
 * waited by day, and how evenly those who waited were served.
 */
import { jainIndex } from "../statistics/samples/inequality.ts"
import type { SketchState } from "../statistics/samples/quantile-sketch.ts"
import { QuantileSketch } from "../statistics/samples/quantile-sketch.ts"

/** Of the calls of a tier: one value a bin. Money in credits, times in seconds. */
export const tierChannels = [
  "asked",
  /** Those that waited, each once, and those that were given up, by why. */
  "waited",
  "full",
  "timedOut",
  "left",
  /** Those that began, and how long all of these waited. */
  "begun",
  "waitSeconds",
  "served",
  "charged",
  /** What served calls were worth to their consumers beyond what they cost. */
  "surplus",
] as const
export type TierChannel = (typeof tierChannels)[number]

const sumChannels = ["preemptions", "recalls", "jain", "jainSamples"] as const
type SumChannel = (typeof sumChannels)[number]

type Rows<Name extends string> = Readonly<Record<Name, Float64Array<ArrayBuffer>>>

export interface TierRecord extends Rows<TierChannel> {
  readonly name: string
  /** By day: how long calls waited that began, s. */
  readonly waits: ReadonlyArray<SketchState>
}

/** Plain data: what a worker sends home. */
export interface QueueRecording {
  readonly sums: Rows<SumChannel>
  /** Calls of no tier first. */
  readonly tiers: ReadonlyArray<TierRecord>
}

export interface RecordedTier {
  readonly name: string
  /** Of its flows in the queue. */
  readonly weight: number
}

/** A client's part in what is served, since the last sample. */
interface Portion {
  work: number
  hasWaited: boolean
  readonly weight: number
}

const rowsOf = <Name extends string>(names: ReadonlyArray<Name>, length: number): Rows<Name> =>
  Object.fromEntries(names.map((name) => [name, new Float64Array(length)])) as Rows<Name>

/** Relative error of every quantile that is reported. */
const quantileError = 0.01

export class QueueRecorder {
  private readonly tiers: ReadonlyArray<RecordedTier>
  private readonly rows: ReadonlyArray<Rows<TierChannel>>
  private readonly waits: ReadonlyArray<ReadonlyArray<QuantileSketch>>
  private readonly sums: Rows<SumChannel>
  private readonly portions = new Map<number, Portion>()
  private bin: number
  private day = 0

  constructor(tiers: ReadonlyArray<RecordedTier>, bins: number, days: number) {
    this.tiers = tiers
    this.bin = bins
    this.rows = tiers.map(() => rowsOf(tierChannels, bins + 1))
    this.waits = tiers.map(() =>
      Array.from({ length: days }, () => new QuantileSketch(quantileError)),
    )
    this.sums = rowsOf(sumChannels, bins + 1)
  }

  recording(): QueueRecording {
    return {
      sums: this.sums,
      tiers: this.tiers.map(({ name }, tier) => ({
        name,
        ...this.rows[tier],
        waits: this.waits[tier].map((sketch) => sketch.state()),
      })),
    }
  }

  /** Adds to a channel of a tier, by its place. */
  add(tier: number, channel: TierChannel, amount: number): void {
    this.rows[tier][channel][this.bin] += amount
  }

  count(channel: "preemptions" | "recalls"): void {
    this.sums[channel][this.bin] += 1
  }

  /** A client's call waits. */
  noteWaiting(tier: number, client: number): void {
    this.portionOf(tier, client).hasWaited = true
  }

  /** A call begins that has waited so long, be it for no time at all. */
  noteBegun(tier: number, seconds: number): void {
    this.add(tier, "begun", 1)
    this.add(tier, "waitSeconds", seconds)
    this.waits[tier][this.day].add(seconds)
  }

  /** A client was served so much work, as the queue counts it. */
  noteServed(tier: number, client: number, work: number): void {
    this.add(tier, "served", 1)
    this.portionOf(tier, client).work += work
  }

  private portionOf(tier: number, client: number): Portion {
    const known = this.portions.get(client)
    if (known !== undefined) return known
    const portion = { work: 0, hasWaited: false, weight: this.tiers[tier].weight }
    this.portions.set(client, portion)
    return portion
  }

  /** What is noted from now on is of another bin. Who waited for more is compared by what it was served. */
  turn(bin: number, day: number): void {
    const shares = [...this.portions.values()]
      .filter(({ hasWaited }) => hasWaited)
      .map(({ work, weight }) => work / weight)
    if (shares.length > 1 && shares.some((share) => share > 0)) {
      this.sums.jain[this.bin] += jainIndex(shares)
      this.sums.jainSamples[this.bin] += 1
    }
    this.portions.clear()
    this.bin = bin
    this.day = day
  }
}
