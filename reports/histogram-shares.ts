/**
 * Histograms of several replications as shares: each replication's counts are divided by their sum,
 * and the replications summed up bin by bin (spread.ts). Quantiles are read from the pooled counts
 * by interpolation within a bin, so they are as fine as the bins.
 */
import type { Histogram, RunResult } from "../sim/results/model.ts"
import { spreadOf } from "./spread.ts"
import type { Spread } from "./spread.ts"

export interface ShareBin extends Spread {
  readonly lower: number
  readonly upper: number
}

export interface ShareLine {
  readonly key: string
  readonly bins: ReadonlyArray<ShareBin>
  /** Observations in all replications. */
  readonly count: number
}

export interface Shares {
  readonly unit: string
  readonly lines: ReadonlyArray<ShareLine>
  readonly replications: number
}

/** The histogram `name`, a line for each key; `undefined` where nothing was observed. */
export const sharesOf = (result: RunResult, name: string): Shares | undefined => {
  const byReplication = result.replications
    .map(({ histograms }) => histograms.filter((histogram) => histogram.name === name))
    .filter((histograms) => histograms.length > 0)
  const all = byReplication.flat()
  const keys = [...new Set(all.map(({ key }) => key))]
  const lines = keys.flatMap(
    (key) =>
      lineOf(
        key,
        all.filter((one) => one.key === key),
      ) ?? [],
  )
  const [sample] = all
  if (sample === undefined || lines.length === 0) return undefined
  return { unit: sample.unit, lines, replications: byReplication.length }
}

/** The value below which the share `p` of a line's observations lies. */
export const quantileOf = (line: ShareLine, p: number): number => {
  let below = 0
  for (const { lower, upper, mean } of line.bins) {
    if (mean > 0 && below + mean >= p) {
      const within = (p - below) / mean
      // A bin without an end tells no more than where it begins.
      return Number.isFinite(upper) ? lower + within * (upper - lower) : lower
    }
    below += mean
  }
  return line.bins.at(-1)?.upper ?? Number.NaN
}

/** What share of a line's observations lies below `limit`, with the bin that holds it cut. */
export const shareBelow = (line: ShareLine, limit: number): number =>
  line.bins.reduce((sum, { lower, upper, mean }) => {
    if (upper <= limit) return sum + mean
    return lower < limit ? sum + (mean * (limit - lower)) / (upper - lower) : sum
  }, 0)

/** All keys as one, each weighted by its observations. */
export const pooled = (shares: Shares): ShareLine => {
  const total = shares.lines.reduce((sum, { count }) => sum + count, 0)
  const [sample] = shares.lines
  return {
    key: "",
    count: total,
    bins: (sample?.bins ?? []).map(({ lower, upper }, at) => ({
      lower,
      upper,
      mean: shares.lines.reduce(
        (sum, { bins, count }) => sum + ((bins[at]?.mean ?? 0) * count) / total,
        0,
      ),
      low: null,
      high: null,
    })),
  }
}

const lineOf = (key: string, histograms: ReadonlyArray<Histogram>): ShareLine | undefined => {
  const observed = histograms.filter(({ counts }) => sumOf(counts) > 0)
  const [sample] = observed
  if (sample === undefined) return undefined
  const bins = sample.counts.flatMap((_, bin) => {
    const spread = spreadOf(observed.map(({ counts }) => (counts[bin] ?? 0) / sumOf(counts)))
    const [lower, upper] = [sample.edges[bin], sample.edges[bin + 1]]
    if (spread === undefined || lower === undefined || upper === undefined) return []
    return [{ lower, upper, ...spread }]
  })
  return { key, bins, count: observed.reduce((sum, { counts }) => sum + sumOf(counts), 0) }
}

const sumOf = (counts: ReadonlyArray<number>): number => counts.reduce((a, b) => a + b, 0)
