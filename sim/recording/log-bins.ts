/**
 * Counts in logarithmic bins: quantiles of positive values with a stated relative error, mergeable by
 * addition. The idea of DDSketch (Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile
 * sketch with relative-error guarantees", VLDB 2019) over a fixed range.
 */

/** Every quantile is within this relative error of an observed value. */
export const relativeError = 0.01

const gamma = (1 + relativeError) / (1 - relativeError)
const perLog = 1 / Math.log(gamma)
/** Smallest value that is told apart from 0: a microsecond, or a millionth of a token per second. */
const least = 1e-6
const binsInAll = Math.ceil(Math.log(1e12) * perLog)

export class LogBins {
  counts: Float64Array<ArrayBuffer>
  total = 0

  constructor(counts = new Float64Array(binsInAll)) {
    this.counts = counts
    for (const count of counts) this.total += count
  }

  /** Values below 10^−6 and above 10^6 count as these. */
  add(value: number): void {
    this.counts[binOf(value)]++
    this.total++
  }

  /** All observations of both. */
  static merged(all: Iterable<LogBins>): LogBins {
    const sum = new Float64Array(binsInAll)
    for (const { counts } of all) for (let i = 0; i < sum.length; i++) sum[i] += counts[i]
    return new LogBins(sum)
  }

  /** The p-quantile, 0 < p < 1; NaN without observations. */
  quantile(p: number): number {
    const rank = Math.ceil(p * this.total)
    let seen = 0
    for (let i = 0; i < this.counts.length; i++) {
      seen += this.counts[i]
      if (seen >= rank && seen > 0) return midpointOf(i)
    }
    return NaN
  }

  /** Counts by wider bins, `perDecade` to a factor of ten, without the empty ends. */
  histogram(perDecade: number): { readonly edges: Array<number>; readonly counts: Array<number> } {
    const width = Math.LN10 / perDecade
    const at = (i: number): number => Math.floor(Math.log(midpointOf(i)) / width)
    const sums = new Map<number, number>()
    for (let i = 0; i < this.counts.length; i++)
      if (this.counts[i] > 0) sums.set(at(i), (sums.get(at(i)) ?? 0) + this.counts[i])
    if (sums.size === 0) return { edges: [], counts: [] }
    const places = [...sums.keys()]
    const first = Math.min(...places)
    const last = Math.max(...places)
    const span = Array.from({ length: last - first + 1 }, (_, i) => first + i)
    return {
      edges: [...span, last + 1].map((i) => Math.exp(i * width)),
      counts: span.map((i) => sums.get(i) ?? 0),
    }
  }
}

const binOf = (value: number): number => {
  if (!(value > least)) return 0
  const at = Math.ceil(Math.log(value / least) * perLog)
  return at < binsInAll ? at : binsInAll - 1
}

/** The value whose distance to both edges of its bin is the relative error. */
const midpointOf = (bin: number): number =>
  bin === 0 ? least : (least * Math.exp(bin / perLog) * 2) / (1 + gamma)
