/**
 * Quantiles of a stream of values ≥ 0, within a stated relative error, in bounded memory, and
 * mergeable without loss: counts in buckets whose widths are proportional to their values.
 *
 * The guarantee and the merge are those of DDSketch (Masson, Rim and Lee, PVLDB 12, 2019). The
 * buckets are the linear subdivisions of octaves that HdrHistogram uses: the bucket of a value is
 * the leading bits of its IEEE 754 representation, exponent and first k bits of the mantissa. That
 * takes no logarithm, so it is exact and equal on every machine; it costs up to 44% more buckets.
 *
 * A bucket [a, a·(1 + 2^−k)] is answered by its harmonic mean, which is off by a factor of
 * 1 ± 1 ÷ (2^(k+1) + 1) at most.
 */

/** Values below the smallest normal double, 2^−1022, are counted as 0. */
const SMALLEST = 2.2250738585072014e-308

const bits = new DataView(new ArrayBuffer(8))

/** All that a sketch holds, as plain data, to be stored or sent to another thread. */
export interface SketchState {
  readonly mantissaBits: number
  readonly zeros: number
  readonly firstBucket: number
  readonly counts: ReadonlyArray<number>
  readonly min: number
  readonly max: number
}

export class QuantileSketch {
  /** No quantile is off by more than this share of its value. */
  readonly relativeError: number
  private readonly mantissaBits: number
  /** counts[i] values fell into bucket firstBucket + i. */
  private counts = new Float64Array(0)
  private firstBucket = 0
  private zeros = 0
  private total = 0
  private min = Infinity
  private max = -Infinity

  /**
   * Asks for at most the given relative error, between 5e-7 and 1/3; the sketch gives the next
   * better one of 1 ÷ (2^(k+1) + 1), k = 0 … 20. Memory: 8 · 2^k bytes for each factor of 2
   * between the smallest and the largest value above 0.
   */
  constructor(relativeError = 0.005) {
    let mantissaBits = 0
    while (mantissaBits < 20 && errorOf(mantissaBits) > relativeError) mantissaBits++
    if (!(errorOf(mantissaBits) <= relativeError)) {
      throw new RangeError(`a sketch's relative error is at least 5e-7, not ${relativeError}`)
    }
    this.mantissaBits = mantissaBits
    this.relativeError = errorOf(mantissaBits)
  }

  /** How many values were added. */
  get n(): number {
    return this.total
  }

  /** Takes in a value. Throws a RangeError below 0, at ∞ and on NaN. O(1), amortised. */
  add(value: number): void {
    if (!(value >= 0 && value < Infinity)) {
      throw new RangeError(`a sketch takes finite values from 0 up, not ${value}`)
    }
    this.total += 1
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    if (value < SMALLEST) this.zeros += 1
    else {
      bits.setFloat64(0, value)
      const bucket = bits.getInt32(0) >> (20 - this.mantissaBits)
      const index = bucket - this.firstBucket
      if (index >= 0 && index < this.counts.length) this.counts[index] += 1
      else {
        this.cover(bucket, bucket)
        this.counts[bucket - this.firstBucket] += 1
      }
    }
  }

  /** Takes in another sketch's values, as if each had been added. Throws on unequal errors. */
  merge(other: QuantileSketch): void {
    if (other.mantissaBits !== this.mantissaBits) {
      throw new RangeError(
        `sketches of relative errors ${this.relativeError} and ${other.relativeError} do not merge`,
      )
    }
    if (other.counts.length > 0) {
      this.cover(other.firstBucket, other.firstBucket + other.counts.length - 1)
      const shift = other.firstBucket - this.firstBucket
      for (let i = 0; i < other.counts.length; i++) this.counts[i + shift] += other.counts[i]
    }
    this.zeros += other.zeros
    this.total += other.total
    this.min = Math.min(this.min, other.min)
    this.max = Math.max(this.max, other.max)
  }

  /**
   * The q-quantile, 0 ≤ q ≤ 1, that is the value of rank ⌊q·(n − 1)⌋ counted from 0, within
   * {@link relativeError}; NaN when nothing was added. O(buckets).
   */
  quantile(q: number): number {
    if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile lies in 0 … 1, not ${q}`)
    return this.total === 0 ? NaN : this.valueOfRank(Math.floor(q * (this.total - 1)))
  }

  /**
   * The value of a rank 0 … n − 1, counted from the least, within {@link relativeError}. Throws a
   * RangeError on any other rank. O(buckets).
   */
  valueOfRank(rank: number): number {
    if (!(Number.isInteger(rank) && rank >= 0 && rank < this.total))
      throw new RangeError(`a rank among ${this.total} values is not ${rank}`)
    let above = rank - this.zeros
    if (above < 0) return 0
    let index = 0
    while (index < this.counts.length - 1 && above >= this.counts[index]) {
      above -= this.counts[index]
      index++
    }
    const middle = this.middleOf(this.firstBucket + index)
    return Math.min(this.max, Math.max(this.min, middle))
  }

  /** Calls `visit` with the middle and the count of each bucket that holds values above 0, in order. */
  forEachBucket(visit: (middle: number, count: number) => void): void {
    this.counts.forEach((count, index) => {
      if (count > 0) visit(this.middleOf(this.firstBucket + index), count)
    })
  }

  /** The state, to be handed to {@link sketchFrom}. */
  state(): SketchState {
    const { mantissaBits, zeros, firstBucket, min, max } = this
    return { mantissaBits, zeros, firstBucket, counts: [...this.counts], min, max }
  }

  /** A sketch that goes on exactly where the saved one stood. */
  static from(state: SketchState): QuantileSketch {
    const sketch = new QuantileSketch(errorOf(state.mantissaBits))
    sketch.counts = Float64Array.from(state.counts)
    sketch.firstBucket = state.firstBucket
    sketch.zeros = state.zeros
    sketch.total = state.counts.reduce((sum, count) => sum + count, state.zeros)
    sketch.min = state.min
    sketch.max = state.max
    return sketch
  }

  /** The harmonic mean of a bucket's bounds, m·2^e and (m + 2^−k)·2^e with 1 ≤ m < 2. */
  private middleOf(bucket: number): number {
    const leading = bucket << (20 - this.mantissaBits)
    const mantissa = doubleOf((leading & MANTISSA) | EXPONENT_OF_ONE)
    const ratio = mantissa / (mantissa + 1 / (1 << this.mantissaBits))
    return doubleOf(leading) * (2 / (1 + ratio))
  }

  /** Makes room for the buckets low … high, and as much again, so that growth is amortised. */
  private cover(low: number, high: number): void {
    const length = this.counts.length
    const first = length === 0 ? low : Math.min(low, this.firstBucket)
    const last = length === 0 ? high : Math.max(high, this.firstBucket + length - 1)
    if (length > 0 && first === this.firstBucket && last === first + length - 1) return
    const margin = last - first + 1
    const start = low < this.firstBucket ? Math.max(0, first - margin) : first
    const end = Math.min(LAST_BUCKET >> (20 - this.mantissaBits), last + margin)
    const counts = new Float64Array(end - start + 1)
    if (length > 0) counts.set(this.counts, this.firstBucket - start)
    this.counts = counts
    this.firstBucket = start
  }
}

/** Of the leading 32 bits of a double: those of the largest, of the mantissa, of the number 1. */
const LAST_BUCKET = 0x7fefffff
const MANTISSA = 0x000fffff
const EXPONENT_OF_ONE = 0x3ff00000

/** The double with the given leading 32 bits and zeros after them. */
const doubleOf = (leading: number): number => {
  bits.setInt32(0, leading)
  bits.setInt32(4, 0)
  return bits.getFloat64(0)
}

const errorOf = (mantissaBits: number): number => 1 / (2 * (1 << mantissaBits) + 1)
