/**
 * A delay line: things that all happen the same time after they were sent, and so in the order in
 * which they were sent. A ring in place of a heap: O(1) in and out.
 */
export class DelayLine {
  readonly delayMicros: number
  private times = new Float64Array(64)
  private a = new Float64Array(64)
  private b = new Int32Array(64)
  private head = 0
  private size = 0

  constructor(delayMicros: number) {
    this.delayMicros = delayMicros
  }

  /** Sends two numbers on their way. */
  send(now: number, first: number, second: number): void {
    if (this.size === this.times.length) this.grow()
    const at = (this.head + this.size) % this.times.length
    this.times[at] = now + this.delayMicros
    this.a[at] = first
    this.b[at] = second
    this.size++
  }

  /** When the next arrives, or +∞. */
  get dueMicros(): number {
    return this.size === 0 ? Infinity : this.times[this.head]
  }

  get first(): number {
    return this.a[this.head]
  }

  get second(): number {
    return this.b[this.head]
  }

  /** Takes out the one that has arrived. */
  drop(): void {
    this.head = (this.head + 1) % this.times.length
    this.size--
  }

  private grow(): void {
    const length = this.times.length
    const order = Array.from({ length }, (_, i) => (this.head + i) % length)
    const times = new Float64Array(2 * length)
    const a = new Float64Array(2 * length)
    const b = new Int32Array(2 * length)
    order.forEach((from, to) => {
      times[to] = this.times[from]
      a[to] = this.a[from]
      b[to] = this.b[from]
    })
    this.times = times
    this.a = a
    this.b = b
    this.head = 0
  }
}
