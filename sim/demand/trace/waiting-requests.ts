/**
 * Requests between their trace and their replay: a heap of those that a jitter may still change the
 * order of, and behind it a line of those that are next for certain.
 */
interface Request {
  readonly micros: number
  /** Its number in the trace; of two at one time, the one recorded first comes first. */
  readonly index: number
  readonly inputTokens: number
  readonly outputTokens: number
}

const isBefore = (one: Request, other: Request): boolean =>
  one.micros < other.micros || (one.micros === other.micros && one.index < other.index)

/** Requests that have been dropped before the line is moved up. */
const mostDropped = 4096

export class WaitingRequests {
  private readonly heap: Array<Request> = []
  private line: Array<Request> = []
  private head = 0
  private added = 0
  /** Whether the last request is ready, or has been. */
  isComplete = false

  get ready(): number {
    return this.line.length - this.head
  }

  /** Time of the next request; +∞ after the last. */
  get nextMicros(): number {
    if (this.ready > 0) return this.line[this.head].micros
    if (!this.isComplete) throw new Error("more requests were taken than had been made ready")
    return Infinity
  }

  get inputTokens(): number {
    return this.line[this.head].inputTokens
  }

  get outputTokens(): number {
    return this.line[this.head].outputTokens
  }

  /** The next request has come. O(1), amortised. */
  drop(): void {
    this.head++
    if (this.head < mostDropped || this.head < this.line.length / 2) return
    this.line = this.line.slice(this.head)
    this.head = 0
  }

  /** O(log n) of those whose order is open. */
  add(micros: number, inputTokens: number, outputTokens: number): void {
    const request = { micros, index: this.added++, inputTokens, outputTokens }
    const { heap } = this
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (isBefore(heap[above], request)) break
      heap[at] = heap[above]
      at = above
    }
    heap[at] = request
  }

  /** What is added from now on comes at `micros` or later; +∞: nothing is. */
  release(micros: number): void {
    while (this.heap.length > 0 && this.heap[0].micros <= micros) this.line.push(this.takeFirst())
    this.isComplete = micros === Infinity
  }

  private takeFirst(): Request {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop() ?? first
    const size = heap.length
    if (size === 0) return first
    let at = 0
    for (let below = 1; below < size; below = 2 * at + 1) {
      if (below + 1 < size && isBefore(heap[below + 1], heap[below])) below++
      if (isBefore(last, heap[below])) break
      heap[at] = heap[below]
      at = below
    }
    heap[at] = last
    return first
  }
}
