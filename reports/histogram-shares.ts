/**
 * Histograms of several replications as shares: each replication's counts are divided by their sum,
 * and the replications summed up bin by bin (spread.ts). Quantiles are read from the pooled counts
 * by interpolation within a bin, so they are as fine as the bins.
 *
 * Histograms may begin and end where their own observations do, so those of other replications and
 * keys rarely have the same bins: all are laid on one grid, of every edge that any of them has. A bin
 * that another's edge cuts is shared out by width.
 */
import type { Histogram, RunResult } from "../sim/results/models/run-model.ts"
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
  const grid = gridOf(all)
  const lines = keys.flatMap(
    (key) =>
      lineOf(
        key,
        all.filter((one) => one.key === key),
        grid,
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

const lineOf = (
  key: string,
  histograms: ReadonlyArray<Histogram>,
  grid: ReadonlyArray<number>,
): ShareLine | undefined => {
  const observed = histograms.filter(({ counts }) => sumOf(counts) > 0)
  if (observed.length === 0) return undefined
  const laid = observed.map((histogram) => {
    const total = sumOf(histogram.counts)
    return countsOnGrid(histogram, grid).map((count) => count / total)
  })
  const bins = grid.slice(1).flatMap((upper, bin) => {
    const spread = spreadOf(laid.map((shares) => shares[bin] ?? 0))
    const lower = grid[bin]
    return spread === undefined || lower === undefined ? [] : [{ lower, upper, ...spread }]
  })
  return { key, bins, count: observed.reduce((sum, { counts }) => sum + sumOf(counts), 0) }
}

/** Every edge of every histogram, ascending; edges that differ by rounding only are one. */
const gridOf = (histograms: ReadonlyArray<Histogram>): ReadonlyArray<number> => {
  const grid: Array<number> = []
  for (const edge of histograms.flatMap(({ edges }) => edges).sort((a, b) => a - b)) {
    const last = grid.at(-1)
    if (last === undefined || !isSameEdge(last, edge)) grid.push(edge)
  }
  return grid
}

const isSameEdge = (a: number, b: number): boolean =>
  a === b ||
  (Number.isFinite(a - b) && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)))

/** A histogram's counts in the bins of `grid`, which has all of its edges. O(bins). */
const countsOnGrid = (
  { edges, counts }: Histogram,
  grid: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const laid = new Array<number>(Math.max(0, grid.length - 1)).fill(0)
  let at = 0
  for (const [bin, count] of counts.entries()) {
    const [lower, upper] = [edges[bin], edges[bin + 1]]
    if (lower === undefined || upper === undefined) break
    while (at < laid.length && !isSameEdge(grid[at] ?? lower, lower)) at += 1
    for (; at < laid.length; at++) {
      const [from = lower, to = upper] = [grid[at], grid[at + 1]]
      const isLast = isSameEdge(to, upper)
      const isWhole = isLast && isSameEdge(from, lower)
      // Of a bin without an end nothing is known but that: all of it goes to its open part.
      const share = Number.isFinite(upper - lower) ? (to - from) / (upper - lower) : isLast ? 1 : 0
      laid[at] = (laid[at] ?? 0) + count * (isWhole ? 1 : share)
      if (isLast) break
    }
    at += 1
  }
  return laid
}

const sumOf = (counts: ReadonlyArray<number>): number => counts.reduce((a, b) => a + b, 0)
