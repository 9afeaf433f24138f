/**
 * The lengths of n queues, kept so that a shortest one is found in O(1): the queues lie in order
 * of length, and a length that changes by one swaps places with the edge of its block of equals.
 */
export class QueueLengths {
  private readonly lengths: Int32Array
  /** The queues in ascending order of length, and where each of them lies. */
  private readonly order: Int32Array
  private readonly places: Int32Array
  /** ends[l]: how many queues have at most l customers. */
  private ends: Int32Array

  constructor(queues: number) {
    this.lengths = new Int32Array(queues)
    this.order = Int32Array.from({ length: queues }, (_, queue) => queue)
    this.places = this.order.slice()
    this.ends = new Int32Array(64).fill(queues)
  }

  of(queue: number): number {
    return this.lengths[queue]
  }

  /** One of the shortest queues. */
  shortest(): number {
    return this.order[0]
  }

  /** A customer joins the queue; returns its new length. */
  lengthen(queue: number): number {
    const length = this.lengths[queue]
    // At least one end lies beyond every length that occurs.
    if (length + 2 >= this.ends.length) this.grow()
    this.swap(queue, --this.ends[length])
    return (this.lengths[queue] = length + 1)
  }

  /** A customer leaves the queue, which is not empty; returns its new length. */
  shorten(queue: number): number {
    const length = this.lengths[queue] - 1
    this.swap(queue, this.ends[length]++)
    return (this.lengths[queue] = length)
  }

  private swap(queue: number, place: number): void {
    const other = this.order[place]
    const from = this.places[queue]
    this.order[from] = other
    this.places[other] = from
    this.order[place] = queue
    this.places[queue] = place
  }

  private grow(): void {
    const ends = new Int32Array(2 * this.ends.length).fill(this.order.length)
    ends.set(this.ends)
    this.ends = ends
  }
}
