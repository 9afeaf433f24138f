/**
 * A line in which customers wait, first come, first served: their arrival times, in a ring that
 * doubles when it is full.
 */
export class WaitingLine {
  private ring = new Float64Array(16)
  private head = 0
  /** How many wait. */
  length = 0

  /** Joins the end of the line. O(1), amortised. */
  join(arrivalTime: number): void {
    if (this.length === this.ring.length) this.grow()
    this.ring[(this.head + this.length) & (this.ring.length - 1)] = arrivalTime
    this.length += 1
  }

  /** Takes the first of a line that is not empty: the arrival time. */
  takeFirst(): number {
    const arrivalTime = this.ring[this.head]
    this.head = (this.head + 1) & (this.ring.length - 1)
    this.length -= 1
    return arrivalTime
  }

  private grow(): void {
    const wider = new Float64Array(2 * this.ring.length)
    for (let i = 0; i < this.length; i++) {
      wider[i] = this.ring[(this.head + i) & (this.ring.length - 1)]
    }
    this.ring = wider
    this.head = 0
  }
}
