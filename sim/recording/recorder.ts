/**
 * The recorder: what a replication notes while it runs. Sums by bin of virtual time, so that any
 * warm-up can be cut off afterwards; a ratio of sums is then an honest average.
 */
import { Transfers } from "./transfers.ts"
import type { DeviceClass } from "../fleet/devices.ts"
import { deviceClasses } from "../fleet/devices.ts"
import type { AskedPrices, PriceSamples } from "./price-samples.ts"
import { priceChannels } from "./price-samples.ts"
import type { QueueRecording, RecordedTier } from "./queue-recorder.ts"
import { QueueRecorder } from "./queue-recorder.ts"
import { refusalChannels } from "./refusals.ts"
import type { SketchState } from "../statistics/samples/quantile-sketch.ts"
import { QuantileSketch } from "../statistics/samples/quantile-sketch.ts"

/** One value a bin, added up while the run is in that bin. Money in credits, times in seconds. */
export const channels = [
  "arrived",
  "served",
  "aborted",
  "badInput",
  "tooLong",
  "retried",
  ...refusalChannels,
  "attempts",
  "failedAttempts",
  "inputTokens",
  "outputTokens",
  /** Of served calls, by when they arrived: one that ends beyond the horizon is in its mean. */
  "answered",
  "ttftSeconds",
  "sojournSeconds",
  "inFlightSeconds",
  "gross",
  /** What was paid for hours, out of their escrow. */
  "rent",
  "fee",
  "share",
  "withheld",
  "poolFee",
  "bountyPaid",
  "promotionsSpent",
  "bought",
  "withdrawn",
  "parks",
  "switches",
  "joins",
  "leaves",
  "signUps",
  /** Calls that were not made: their consumers had left, or found no model worth its price. */
  "demandGone",
  "demandPricedOut",
  /** What served calls were worth to their consumers beyond what they cost, credits. */
  "surplus",
  "bountyClaimed",
  "longServed",
  "longTtftSeconds",
  "streams",
  "streamsBelowFloor",
  "busySlotSeconds.consumer",
  "busySlotSeconds.datacenter",
  "busySlotSeconds.apple",
  "slotSeconds.consumer",
  "slotSeconds.datacenter",
  "slotSeconds.apple",
  /** Sampled every `sampleSeconds`; divide by `samples`. */
  "samples",
  "nodes.consumer",
  "nodes.datacenter",
  "nodes.apple",
  "instances",
  "parkedInstances",
  "bountyPool",
  /** Credits of customers, and what is held of them; the bounties claimed in the hour, sampled. */
  "customerCredits",
  "heldCredits",
  /** Where hosts set prices: how often they did, and were refused; over served calls, (price − cost) ÷ price. */
  "priceChanges",
  "priceChangesRefused",
  "pricedCalls",
  "lerner",
  /** Batches: handed in, taken, over, and those of them whose items all ended well; times from first to last, s. */
  "batchesAsked",
  "batchesTaken",
  "batchesOver",
  "batchesDone",
  "batchSeconds",
  /** Items of those that are over, by how they ended. */
  "batchItems",
  "batchItemsDone",
  "batchItemsVoid",
  "batchItemsLate",
  /** Items given out, over, and answered, those of the latter between 22 and 8; what batches that are over were charged. */
  "itemsAsked",
  "itemsEnded",
  "itemsServed",
  "itemsServedAtNight",
  "batchCharged",
] as const
export type Channel = (typeof channels)[number]

export { deviceClasses }
const classCode: Readonly<Record<DeviceClass, number>> = { consumer: 0, datacenter: 1, apple: 2 }
const busyChannels = [
  "busySlotSeconds.consumer",
  "busySlotSeconds.datacenter",
  "busySlotSeconds.apple",
] as const
const slotChannels = [
  "slotSeconds.consumer",
  "slotSeconds.datacenter",
  "slotSeconds.apple",
] as const

/** Newcomers are compared with veterans by their age since joining, in bins of this length. */
export const ageBinSeconds = 6 * 3600
const ageBins = 56
export const newcomerChannels = [
  "onlineSeconds",
  "ramp",
  "traffic",
  "veteranTraffic",
  "pay",
  "veteranPay",
] as const
export type NewcomerChannel = (typeof newcomerChannels)[number]

/** Sampled every `sampleSeconds`, by model; divide by `samples`. */
export const modelChannels = [
  "coverage",
  "coverageSquares",
  "short",
  "multiplier",
  "nodes",
] as const
/** Supply against target and its square, 1 where that is short, the bounty multiplier, nodes that serve the model. */
export type ModelChannel = (typeof modelChannels)[number]
export type ModelSamples = Readonly<Record<ModelChannel, Float64Array<ArrayBuffer>>>

/** Plain data: what a worker sends home. */
export interface Recording {
  readonly horizonSeconds: number
  /** The last bin is as much shorter as the horizon is no whole number of bins. */
  readonly binSeconds: number
  readonly sampleSeconds: number
  /** Bins of the horizon. Channels have one more, for what ends after it. */
  readonly bins: number
  readonly sums: Readonly<Record<Channel, Float64Array<ArrayBuffer>>>
  readonly models: ReadonlyArray<ModelSamples>
  /** By model; empty where hosts set no prices. */
  readonly prices: ReadonlyArray<PriceSamples>
  /** `null`: no call waits for room. */
  readonly queue: QueueRecording | null
  /** By day: TTFT in seconds, and decode rates in tokens per second by device class. */
  readonly ttft: ReadonlyArray<SketchState>
  readonly decodeRates: Readonly<Record<DeviceClass, ReadonlyArray<SketchState>>>
  /** By age since joining. */
  readonly newcomers: Readonly<Record<NewcomerChannel, Float64Array<ArrayBuffer>>>
}

const daySeconds = 86_400

/**
 * Bins of an hour, or of as many hours as keep a series below about 1,000 bins; a run of less than two
 * days has bins of a whole number of minutes, about 100 of them.
 */
export const binSecondsFor = (horizonSeconds: number): number =>
  horizonSeconds < 2 * 86_400
    ? 60 * Math.max(1, Math.round(horizonSeconds / 100 / 60))
    : 3600 * Math.max(1, Math.ceil(horizonSeconds / 3600 / 1000))

/** Length of a bin of the horizon, s. */
export const secondsOfBin = (
  { horizonSeconds, binSeconds }: Pick<Recording, "horizonSeconds" | "binSeconds">,
  bin: number,
): number => Math.min(binSeconds, horizonSeconds - bin * binSeconds)

/** A call of so many output tokens or more is a long one. */
export const longTokens = 2000

/** Relative error of every quantile that is reported. */
const quantileError = 0.01

export class Recorder {
  private readonly horizonSeconds: number
  readonly binSeconds: number
  /** Time between two samples: an hour, or a bin where bins are shorter. */
  readonly sampleSeconds: number
  readonly bins: number
  readonly sums: Recording["sums"]
  readonly transfers = new Transfers()
  /** The sums that every call adds to, found without a search by name. */
  private readonly perCall: PerCall
  private readonly models: ReadonlyArray<ModelSamples>
  private readonly prices: ReadonlyArray<PriceSamples>
  /** Undefined: no call waits for room. */
  readonly queue: QueueRecorder | undefined
  private readonly ttft: ReadonlyArray<QuantileSketch>
  private readonly decodeRates: ReadonlyArray<ReadonlyArray<QuantileSketch>>
  private readonly newcomers: Recording["newcomers"]
  private readonly start: number
  private readonly floorTokensPerSecond: number
  private readonly classOfDevice: ReadonlyArray<number>
  private bin: number
  private day = 0
  private inFlight = 0
  private inFlightSince = 0
  private readonly busy = new Float64Array(3)
  private readonly offered = new Float64Array(3)
  private readonly slotsSince = new Float64Array(3)

  constructor(parts: {
    readonly startMicros: number
    readonly horizonSeconds: number
    readonly binSeconds: number
    readonly models: number
    readonly floorTokensPerSecond: number
    readonly classOfDevice: ReadonlyArray<DeviceClass>
    readonly hasHostPrices: boolean
    /** Tiers of those whose calls may wait; undefined: none may. */
    readonly queuedTiers?: ReadonlyArray<RecordedTier> | undefined
  }) {
    const bins = Math.max(1, Math.ceil(parts.horizonSeconds / parts.binSeconds))
    const days = Math.max(1, Math.ceil(parts.horizonSeconds / daySeconds))
    const row = () => new Float64Array(bins + 1)
    const daily = () => Array.from({ length: days }, () => new QuantileSketch(quantileError))
    this.start = parts.startMicros
    this.bins = bins
    this.bin = bins
    this.horizonSeconds = parts.horizonSeconds
    this.binSeconds = parts.binSeconds
    this.sampleSeconds = Math.min(3600, parts.binSeconds)
    this.floorTokensPerSecond = parts.floorTokensPerSecond
    this.classOfDevice = parts.classOfDevice.map((name) => classCode[name])
    this.sums = Object.fromEntries(channels.map((name) => [name, row()])) as Recording["sums"]
    this.perCall = perCallOf(this.sums)
    this.models = Array.from(
      { length: parts.models },
      () => Object.fromEntries(modelChannels.map((name) => [name, row()])) as ModelSamples,
    )
    this.prices = Array.from(
      { length: parts.hasHostPrices ? parts.models : 0 },
      () => Object.fromEntries(priceChannels.map((name) => [name, row()])) as PriceSamples,
    )
    this.queue =
      parts.queuedTiers === undefined ? undefined : new QueueRecorder(parts.queuedTiers, bins, days)
    this.ttft = daily()
    this.decodeRates = deviceClasses.map(daily)
    this.newcomers = Object.fromEntries(
      newcomerChannels.map((name) => [name, new Float64Array(ageBins)]),
    ) as Recording["newcomers"]
  }

  /** All that was noted, as plain data. */
  recording(): Recording {
    const states = (sketches: ReadonlyArray<QuantileSketch>) =>
      sketches.map((sketch) => sketch.state())
    const [consumer, datacenter, apple] = this.decodeRates.map(states)
    return {
      horizonSeconds: this.horizonSeconds,
      binSeconds: this.binSeconds,
      sampleSeconds: this.sampleSeconds,
      bins: this.bins,
      sums: this.sums,
      models: this.models,
      prices: this.prices,
      queue: this.queue?.recording() ?? null,
      ttft: states(this.ttft),
      decodeRates: { consumer, datacenter, apple },
      newcomers: this.newcomers,
    }
  }

  add(channel: Channel, amount: number): void {
    this.sums[channel][this.bin] += amount
  }

  noteArrived(): void {
    this.perCall.arrived[this.bin] += 1
  }

  noteAttempt(): void {
    this.perCall.attempts[this.bin] += 1
  }

  /** What a consumer paid for a call, credits. */
  noteCharge(credits: number): void {
    this.perCall.gross[this.bin] += credits
  }

  /** What a charge is split into, credits. */
  noteShare(credits: number): void {
    this.perCall.share[this.bin] += credits
  }

  noteFee(credits: number): void {
    this.perCall.fee[this.bin] += credits
  }

  notePoolFee(credits: number): void {
    this.perCall.poolFee[this.bin] += credits
  }

  /** Adds at a model's sample of this bin. */
  sampleModel(model: number, sample: Readonly<Record<ModelChannel, number>>): void {
    const samples = this.models[model]
    for (const channel of modelChannels) samples[channel][this.bin] += sample[channel]
  }

  /** Adds what hosts ask for a model at a sample of this bin. */
  samplePrices(model: number, asked: AskedPrices): void {
    const { bin } = this
    const samples = this.prices[model]
    samples.samples[bin] += 1
    samples.low[bin] += asked.low
    samples.median[bin] += asked.median
    samples.high[bin] += asked.high
    samples.mean[bin] += asked.mean
    samples.variation[bin] += asked.variation
  }

  /** A served call at the price of its host; `lerner`: (price − cost) ÷ price. */
  notePrice(model: number, outputTokens: number, credits: number, lerner: number): void {
    const { bin } = this
    this.prices[model].paidCredits[bin] += credits
    this.prices[model].paidTokens[bin] += outputTokens
    this.sums.pricedCalls[bin] += 1
    this.sums.lerner[bin] += lerner
  }

  /** Adds to a newcomer's channel at its age; ages beyond the last bin are veterans' own. */
  noteNewcomer(channel: NewcomerChannel, ageSeconds: number, amount: number): void {
    const at = Math.floor(ageSeconds / ageBinSeconds)
    if (at < ageBins) this.newcomers[channel][at] += amount
  }

  /** One attempt more or less under way. */
  setInFlight(now: number, change: number): void {
    this.flushInFlight(now)
    this.inFlight += change
  }

  /** So many slots more or less are busy on a device, and so many more or less are there. */
  setSlots(device: number, now: number, busyChange: number, offeredChange: number): void {
    const code = this.classOfDevice[device]
    this.flushSlots(code, now)
    this.busy[code] += busyChange
    this.offered[code] += offeredChange
  }

  /** A stream that was long enough to be measured. */
  noteStream(device: number, tokensPerSecond: number): void {
    this.perCall.streams[this.bin] += 1
    if (tokensPerSecond < this.floorTokensPerSecond) this.add("streamsBelowFloor", 1)
    this.decodeRates[this.classOfDevice[device]][this.day].add(tokensPerSecond)
  }

  /**
   * A request whose consumer got tokens, and which is over. What was delivered counts when it ends; how long
   * it took, when it arrived.
   */
  noteServed(
    now: number,
    arrivedAt: number,
    firstTokenAt: number,
    inputTokens: number,
    outputTokens: number,
    /** What it was worth to its consumer beyond what it cost. */
    surplusCredits: number,
  ): void {
    const ttft = (firstTokenAt - arrivedAt) / 1e6
    const { perCall, bin } = this
    perCall.served[bin] += 1
    perCall.inputTokens[bin] += inputTokens
    perCall.outputTokens[bin] += outputTokens
    perCall.surplus[bin] += surplusCredits
    const arrivalBin = this.binAt(arrivedAt)
    perCall.answered[arrivalBin] += 1
    perCall.ttftSeconds[arrivalBin] += ttft
    perCall.sojournSeconds[arrivalBin] += (now - arrivedAt) / 1e6
    if (outputTokens >= longTokens) {
      perCall.longServed[arrivalBin] += 1
      perCall.longTtftSeconds[arrivalBin] += ttft
    }
    this.ttft[this.dayAt(arrivedAt)].add(ttft)
  }

  /** From `now` on, what is noted belongs to the bin of `now`; beyond the horizon, to the last. */
  turn(now: number): void {
    this.flushInFlight(now)
    for (let code = 0; code < 3; code++) this.flushSlots(code, now)
    this.bin = this.binAt(now)
    this.day = this.dayAt(now)
    this.queue?.turn(this.bin, this.day)
  }

  private binAt(at: number): number {
    const seconds = (at - this.start) / 1e6
    const { bins, binSeconds, horizonSeconds } = this
    const isWithin = seconds >= 0 && seconds < horizonSeconds
    return isWithin ? Math.min(bins - 1, Math.floor(seconds / binSeconds)) : bins
  }

  private dayAt(at: number): number {
    const day = Math.floor((at - this.start) / 1e6 / daySeconds)
    return Math.min(this.ttft.length - 1, Math.max(0, day))
  }

  private flushInFlight(now: number): void {
    const area = (this.inFlight * (now - this.inFlightSince)) / 1e6
    this.inFlightSince = now
    this.perCall.inFlightSeconds[this.bin] += area
  }

  private flushSlots(code: number, now: number): void {
    const seconds = (now - this.slotsSince[code]) / 1e6
    this.slotsSince[code] = now
    if (seconds === 0) return
    this.perCall.busySlotSeconds[code][this.bin] += this.busy[code] * seconds
    this.perCall.slotSeconds[code][this.bin] += this.offered[code] * seconds
  }
}

type PerCall = ReturnType<typeof perCallOf>

const perCallOf = (sums: Recording["sums"]) => ({
  arrived: sums.arrived,
  attempts: sums.attempts,
  served: sums.served,
  inputTokens: sums.inputTokens,
  outputTokens: sums.outputTokens,
  answered: sums.answered,
  ttftSeconds: sums.ttftSeconds,
  sojournSeconds: sums.sojournSeconds,
  longServed: sums.longServed,
  longTtftSeconds: sums.longTtftSeconds,
  surplus: sums.surplus,
  inFlightSeconds: sums.inFlightSeconds,
  streams: sums.streams,
  gross: sums.gross,
  share: sums.share,
  fee: sums.fee,
  poolFee: sums.poolFee,
  /** By device class. */
  busySlotSeconds: busyChannels.map((channel) => sums[channel]),
  slotSeconds: slotChannels.map((channel) => sums[channel]),
})
