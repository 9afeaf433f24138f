/**
 * A histogram over fixed edges: counts[i] values fell into [edges[i], edges[i + 1]). Edges are
 * fixed before the run, so that histograms of replications merge and compare bin by bin.
 */
export class Histogram {
  readonly edges: ReadonlyArray<number>
  readonly counts: Float64Array
  /** Values below the first edge, and values from the last edge up. */
  below = 0
  above = 0

  /** `edges`: two or more, ascending. Throws a RangeError on others. */
  constructor(edges: ReadonlyArray<number>) {
    if (edges.length < 2) throw new RangeError(`a histogram needs two edges, not ${edges.length}`)
    edges.forEach((edge, i) => {
      if (i > 0 && !(edge > edges[i - 1])) {
        throw new RangeError(`edge ${i} is ${edge}, which is not above ${edges[i - 1]}`)
      }
    })
    this.edges = edges
    this.counts = new Float64Array(edges.length - 1)
  }

  /** Counts a value, `weight` times. Throws a RangeError on NaN. O(log bins). */
  add(value: number, weight = 1): void {
    const { edges } = this
    if (value < edges[0]) this.below += weight
    else if (value >= edges[edges.length - 1]) this.above += weight
    else if (value !== value) throw new RangeError("a histogram cannot count NaN")
    else {
      let low = 0
      let high = edges.length - 1
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if (value < edges[middle]) high = middle
        else low = middle
      }
      this.counts[low] += weight
    }
  }

  /** Takes in another histogram's counts. Throws a RangeError where the edges differ. */
  merge(other: Histogram): void {
    const equal =
      other.edges.length === this.edges.length &&
      other.edges.every((edge, i) => edge === this.edges[i])
    if (!equal) throw new RangeError("histograms with different edges do not merge")
    for (let i = 0; i < this.counts.length; i++) this.counts[i] += other.counts[i]
    this.below += other.below
    this.above += other.above
  }

  /** How much was counted, inside the edges and outside. */
  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, this.below + this.above)
  }
}

/** `bins` bins of equal width from low to high. */
export const linearEdges = (low: number, high: number, bins: number): ReadonlyArray<number> =>
  Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + ((high - low) * i) / bins))

/** `bins` bins of equal ratio from low > 0 to high. */
export const logEdges = (low: number, high: number, bins: number): ReadonlyArray<number> => {
  const growth = Math.log(high / low)
  return Array.from({ length: bins + 1 }, (_, i) => {
    if (i === 0) return low
    return i === bins ? high : low * Math.exp((growth * i) / bins)
  })
}
