/**
 * A time series of several replications as lines with bands, small enough to draw.
 *
 * Two steps, in this order: within each replication neighbouring bins are averaged into points, so
 * that a year of hourly bins becomes at most {@link pointLimit} of them; then the replications are
 * summed up at each point (spread.ts). So the band says how well the mean of a *point* is known.
 */
import type { RunResult, Series } from "../sim/results/models/run-model.ts"
import { secondsPerDay } from "./number-format.ts"
import { spreadOf } from "./spread.ts"

export interface BandPoint {
  /** Middle of the point's time, in days since the start (or since joining). */
  readonly day: number
  readonly mean: number
  readonly low: number | null
  readonly high: number | null
}

export interface BandLine {
  readonly key: string
  readonly points: ReadonlyArray<BandPoint>
}

export interface Bands {
  readonly name: string
  readonly unit: string
  /** In the order in which the keys first appear. */
  readonly lines: ReadonlyArray<BandLine>
  /** Replications that have the series. */
  readonly replications: number
  /** Time that one point stands for. */
  readonly pointSeconds: number
}

export const pointLimit = 200

const niceSeconds = [
  1, 5, 10, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 28_800, 43_200,
  86_400, 172_800, 604_800,
]

/** The bands of the series `name`, a line for each key; `undefined` where no value is to be had. */
export const bandsOf = (result: RunResult, name: string): Bands | undefined => {
  const byReplication = result.replications
    .map((replication) => replication.series.filter((series) => series.name === name))
    .filter((series) => series.length > 0)
  const [sample] = byReplication[0] ?? []
  if (sample === undefined) return undefined
  const pointSeconds = pointSecondsOf(byReplication.flat())
  const keys = [...new Set(byReplication.flat().map((series) => series.key))]
  const lines = keys.map((key) => ({
    key,
    points: pointsOf(
      byReplication.flatMap((all) => all.filter((series) => series.key === key)),
      pointSeconds,
    ),
  }))
  const filled = lines.filter((line) => line.points.length > 0)
  if (filled.length === 0) return undefined
  return {
    name,
    unit: sample.unit,
    lines: filled,
    replications: byReplication.length,
    pointSeconds,
  }
}

const pointsOf = (
  replications: ReadonlyArray<Series>,
  pointSeconds: number,
): ReadonlyArray<BandPoint> => {
  const averaged = replications.map((series) => averagedInto(series, pointSeconds))
  const length = Math.max(...averaged.map((values) => values.length))
  const points: Array<BandPoint> = []
  for (let at = 0; at < length; at++) {
    const spread = spreadOf(averaged.flatMap((values) => values[at] ?? []))
    if (spread === undefined) continue
    points.push({ day: ((at + 0.5) * pointSeconds) / secondsPerDay, ...spread })
  }
  return points
}

/** Averages of the observed bins that begin in each point's time; null where there are none. */
const averagedInto = (series: Series, pointSeconds: number): ReadonlyArray<number | null> => {
  const sums: Array<number> = []
  const counts: Array<number> = []
  for (const [bin, value] of series.values.entries()) {
    // Rounding keeps a bin that begins on the border of a point from falling before it.
    const at = Math.floor((bin * series.binSeconds) / pointSeconds + 1e-9)
    sums[at] ??= 0
    counts[at] ??= 0
    if (!isObserved(value)) continue
    sums[at] += value
    counts[at] += 1
  }
  return sums.map((sum, at) => ((counts[at] ?? 0) === 0 ? null : sum / (counts[at] ?? 1)))
}

const pointSecondsOf = (all: ReadonlyArray<Series>): number => {
  const bin = Math.max(...all.map((series) => series.binSeconds))
  const horizon = Math.max(...all.map((series) => series.binSeconds * series.values.length))
  const shortest = bin * Math.max(1, Math.ceil(horizon / bin / pointLimit))
  // A length that people use is worth some points, but not the picture: 14 minutes divide none below a week.
  const nice = niceSeconds.find(
    (seconds) => seconds >= shortest && seconds <= 4 * shortest && seconds % bin === 0,
  )
  return nice ?? shortest
}

const isObserved = (value: number | null): value is number =>
  value !== null && Number.isFinite(value)
