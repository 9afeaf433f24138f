/**
 * The average over time of a quantity that changes in steps (requests in the system, nodes online):
 * (1 ÷ T) ∫ x(t) dt. Times are in the caller's unit, usually microseconds, and never go back.
 */
export class TimeWeighted {
  private since: number
  private start: number
  private value: number
  private integral = 0

  /** The quantity is `value` from `start` on. */
  constructor(start: number, value: number) {
    this.start = start
    this.since = start
    this.value = value
  }

  /** The quantity as of the last change. */
  get current(): number {
    return this.value
  }

  /** The quantity is `value` from `time` on. */
  set(time: number, value: number): void {
    this.advance(time)
    this.value = value
  }

  /** The quantity changes by `delta` at `time`. */
  add(time: number, delta: number): void {
    this.set(time, this.value + delta)
  }

  /** ∫ x(t) dt from the start until `time`, which is no earlier than the last change. */
  area(time: number): number {
    this.advance(time)
    return this.integral
  }

  /** The average from the start until `time`; the present value when no time has passed. */
  mean(time: number): number {
    const area = this.area(time)
    return time > this.start ? area / (time - this.start) : this.value
  }

  /** Forgets what was before `time`: the end of a warm-up. The present value stays. */
  restart(time: number): void {
    this.advance(time)
    this.start = time
    this.integral = 0
  }

  private advance(time: number): void {
    if (!(time >= this.since)) {
      throw new RangeError(`time went back from ${this.since} to ${time}`)
    }
    this.integral += this.value * (time - this.since)
    this.since = time
  }
}
