/**
 * Interval coverage, measured: of many nominal 95% intervals, how many contain the truth?
 *
 * The truth is that of M/M/1: a mean time in the system of 1 ÷ (1 − ρ), and a p99 of
 * ln 100 ÷ (1 − ρ). A macro-replication makes intervals for both exactly as a run of the simulator
 * does: a few replications, each with its series by bin and its sketches by day; a quarter of the run
 * cut as warm-up; the mean and the merged sketch's p99 of what is left of each replication; the
 * skewness-corrected t over the replications. Then it is done again, with draws of its own
 * (Law, "Simulation Modeling and Analysis", 5th ed. 2015, section 9.4.1 shows such tables).
 *
 * The last two settings are about order statistics instead: sound for independent values, and
 * unsound for those of one run, which is what the table has to show.
 */
import { openStream, type Stream } from "../../engine/index.ts"
import { exponential } from "../kernel/variates.ts"
import { mergedSketch } from "../recording/sketches.ts"
import { wilsonInterval } from "../statistics/distributions/binomial.ts"
import { skewedInterval } from "../statistics/inference/skewed-interval.ts"
import { sketchQuantileInterval } from "../statistics/inference/quantile-interval.ts"
import { QuantileSketch } from "../statistics/samples/quantile-sketch.ts"
import { usualShare } from "../recording/warm-up-cut.ts"
import { runFcfsQueue, type FcfsStart, type SojournSink } from "./models/fcfs-queue.ts"
import { exponentialService } from "./models/service-time.ts"
import { multiServerStart } from "./stationary-start.ts"
import { meanSojourn, sojournQuantile } from "./truth/single-server.ts"

/** Replications behind an interval: as many as a scenario has by default. */
const REPLICATIONS = 8

/** Where the coverage of a sound nominal-95% interval must lie. */
export const SOUND_SHARES = { low: 0.93, high: 0.97 } as const

const QUANTILE = 0.99
/** The error that the simulator's own sketches are made with. */
const SKETCH_ERROR = 0.01
/** Fine, so that what the interval is widened by for the sketch hides nothing of its ranks. */
const FINE_SKETCH_ERROR = 0.0005

const BINS = 200
const BINS_OF_A_DAY = 20

/** What an interval said of a quantity. */
export interface Answer {
  readonly covers: boolean
  /** Half of its width, as a share of the truth. */
  readonly relativeHalfWidth: number
  /** Estimate less truth, as a share of the truth. */
  readonly relativeError: number
}

export interface CoverageSetting {
  readonly name: string
  /** What its intervals are for. */
  readonly quantities: ReadonlyArray<string>
  readonly truths: ReadonlyArray<number>
  /** How the intervals are made. */
  readonly method: string
  /** False where the method is not sound for such data: then low coverage is no failure. */
  readonly isSound: boolean
  /** One macro-replication. */
  readonly run: (seed: string, macro: number) => ReadonlyArray<Answer>
}

export interface CoverageResult {
  readonly setting: string
  readonly quantity: string
  readonly truth: number
  readonly method: string
  readonly macroReplications: number
  readonly covered: number
  /** The share of intervals that cover the truth, and Wilson's 95% interval for it. */
  readonly share: number
  readonly low: number
  readonly high: number
  /** Means over the macro-replications, as shares of the truth. */
  readonly relativeHalfWidth: number
  readonly relativeBias: number
  readonly verdict: CoverageVerdict
}

/**
 * `ok`: the share lies in 93 … 97%. `unclear`: it does not, but its own interval reaches there: too
 * few macro-replications to tell. `missed`: not even that.
 */
export type CoverageVerdict = "ok" | "unclear" | "missed" | "not sound"

/** The customers' times in the system, by bin and by day, in order of arrival. */
class SojournRecord {
  readonly sums = new Float64Array(BINS)
  readonly days: ReadonlyArray<QuantileSketch>
  private readonly customersOfABin: number
  private bin = 0
  private day: QuantileSketch
  /** How many more customers belong to the bin. */
  private left: number

  constructor(customers: number) {
    this.customersOfABin = customers / BINS
    this.left = this.customersOfABin
    this.days = Array.from({ length: BINS / BINS_OF_A_DAY }, () => new QuantileSketch(SKETCH_ERROR))
    this.day = this.days[0]
  }

  add(sojourn: number): void {
    if (this.left === 0) {
      this.bin += 1
      this.left = this.customersOfABin
      this.day = this.days[Math.floor(this.bin / BINS_OF_A_DAY)]
    }
    this.left -= 1
    this.sums[this.bin] += sojourn
    this.day.add(sojourn)
  }

  /** The mean of the bins from `first` on. */
  meanFrom(first: number): number {
    const kept = this.sums.subarray(first)
    return kept.reduce((sum, one) => sum + one, 0) / (kept.length * this.customersOfABin)
  }

  /** The p99 of the days that are whole from the bin `first` on. */
  quantileFrom(first: number): number {
    const states = this.days.slice(Math.ceil(first / BINS_OF_A_DAY)).map((day) => day.state())
    return mergedSketch(states).quantile(QUANTILE)
  }
}

type StartOf = (utilisation: number, stream: Stream) => FcfsStart

const stationary: StartOf = (utilisation, stream) => multiServerStart(1, utilisation, stream)
const empty: StartOf = () => ({ residuals: [], waiting: 0 })

const simulate = (
  name: string,
  utilisation: number,
  customers: number,
  startOf: StartOf,
  seed: string,
  index: number,
  sojourns: SojournSink,
): void => {
  const stream = (purpose: string) => openStream(seed, `coverage/${name}/${purpose}`, index)
  runFcfsQueue(
    { arrivalRate: utilisation, servers: 1, service: exponentialService(1) },
    startOf(utilisation, stream("start")),
    customers,
    stream("arrivals"),
    stream("services"),
    sojourns,
  )
}

const answerOf = (truth: number, mean: number, low: number, high: number): Answer => ({
  covers: low <= truth && truth <= high,
  relativeHalfWidth: (high - low) / 2 / truth,
  relativeError: mean / truth - 1,
})

const overReplications = (truth: number, values: ReadonlyArray<number>): Answer => {
  const { mean, low, high } = skewedInterval(values, { least: 0, most: null })
  return answerOf(truth, mean, low ?? -Infinity, high ?? Infinity)
}

const singleServer = (utilisation: number, customers: number, isLong = true): CoverageSetting => {
  const name = `M/M/1, ρ ${utilisation}${isLong ? "" : ", too short"}`
  const mean = meanSojourn(utilisation)
  const p99 = sojournQuantile(utilisation, QUANTILE)
  return {
    name,
    quantities: ["mean sojourn", "p99 sojourn"],
    truths: [mean, p99],
    method: "t over replications",
    isSound: isLong,
    run: (seed, macro) => {
      const records = Array.from({ length: REPLICATIONS }, (_, replication) => {
        const record = new SojournRecord(customers)
        const index = macro * REPLICATIONS + replication
        simulate(name, utilisation, customers, empty, seed, index, record)
        return record
      })
      const first = usualShare * BINS
      return [
        overReplications(
          mean,
          records.map((record) => record.meanFrom(first)),
        ),
        overReplications(
          p99,
          records.map((record) => record.quantileFrom(first)),
        ),
      ]
    },
  }
}

/** The p99 of one sample by order statistics, from a sketch. */
const orderStatistics = (
  name: string,
  truth: number,
  isSound: boolean,
  fill: (sketch: QuantileSketch, seed: string, macro: number) => void,
): CoverageSetting => ({
  name,
  quantities: ["p99 sojourn"],
  truths: [truth],
  method: "order statistics of one sample",
  isSound,
  run: (seed, macro) => {
    const sketch = new QuantileSketch(FINE_SKETCH_ERROR)
    fill(sketch, seed, macro)
    const interval = sketchQuantileInterval(sketch, QUANTILE)
    if (interval === null) throw new Error(`${sketch.n} values are too few for an interval`)
    return [answerOf(truth, interval.estimate, interval.low, interval.high)]
  },
})

/** Independent customers of the stationary M/M/1 at ρ: their times in the system are exponential. */
const independentCustomers = (utilisation: number, customers: number): CoverageSetting => {
  const name = `independent customers, ρ ${utilisation}`
  return orderStatistics(
    name,
    sojournQuantile(utilisation, QUANTILE),
    true,
    (sketch, seed, macro) => {
      const draws = openStream(seed, `coverage/${name}`, macro)
      for (let i = 0; i < customers; i++) sketch.add(exponential(draws, 1 - utilisation))
    },
  )
}

/** Consecutive customers of one run: where order statistics must not be used. */
const consecutiveCustomers = (utilisation: number, customers: number): CoverageSetting => {
  const name = `consecutive customers, ρ ${utilisation}`
  return orderStatistics(
    name,
    sojournQuantile(utilisation, QUANTILE),
    false,
    (sketch, seed, macro) => {
      simulate(name, utilisation, customers, stationary, seed, macro, sketch)
    },
  )
}

/**
 * Runs are some 2,000 relaxation times long, 1 ÷ (1 − √ρ)² each. In those of a few dozen, figures are
 * skewed and a quarter of the run is no warm-up: intervals cover less than they say.
 */
export const coverageSettings: ReadonlyArray<CoverageSetting> = [
  singleServer(0.8, 200_000),
  singleServer(0.9, 700_000),
  singleServer(0.8, 2_000, false),
  independentCustomers(0.9, 5_000),
  consecutiveCustomers(0.9, 20_000),
]

/** One macro-replication of a setting of the catalogue, as a task that any thread can run. */
export interface CoverageTask {
  readonly setting: number
  readonly seed: string
  readonly macro: number
}

/** An answer for each quantity of the setting; a pure function of the task. */
export const runCoverageTask = ({ setting, seed, macro }: CoverageTask): ReadonlyArray<Answer> =>
  coverageSettings[setting].run(seed, macro)

/** What the answers of many macro-replications say of each quantity of their setting. */
export const coverageOf = (
  setting: CoverageSetting,
  answers: ReadonlyArray<ReadonlyArray<Answer>>,
): ReadonlyArray<CoverageResult> =>
  setting.quantities.map((quantity, index) => {
    const own = answers.map((one) => one[index])
    const covered = own.filter(({ covers }) => covers).length
    const { share, low, high } = wilsonInterval(covered, own.length)
    const mean = (of: (answer: Answer) => number) =>
      own.reduce((sum, answer) => sum + of(answer), 0) / own.length
    return {
      setting: setting.name,
      quantity,
      truth: setting.truths[index],
      method: setting.method,
      macroReplications: own.length,
      covered,
      share,
      low,
      high,
      relativeHalfWidth: mean(({ relativeHalfWidth }) => relativeHalfWidth),
      relativeBias: mean(({ relativeError }) => relativeError),
      verdict: setting.isSound ? verdictOf(share, low, high) : "not sound",
    }
  })

const verdictOf = (share: number, low: number, high: number): CoverageVerdict => {
  if (SOUND_SHARES.low <= share && share <= SOUND_SHARES.high) return "ok"
  return high < SOUND_SHARES.low || low > SOUND_SHARES.high ? "missed" : "unclear"
}
