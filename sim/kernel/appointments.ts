/**
 * Appointments: what somebody has resolved to do at a time, as an actor. For what comes in hundreds a day and is
 * of many kinds; what comes with every request has entries of its own. What is due at one instant is done in the order
 * in which it was made.
 */
import type { Agenda } from "./agenda.ts"

interface Appointment {
  readonly at: number
  readonly order: number
  readonly keep: () => void
}

const isBefore = (one: Appointment, other: Appointment): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)

export class Appointments {
  private readonly agenda: Agenda
  private readonly entry: number
  /** A binary heap, the next one first. */
  private readonly heap: Array<Appointment> = []
  private made = 0

  constructor(agenda: Agenda) {
    this.agenda = agenda
    this.entry = agenda.register(() => this.onDue())
  }

  /** Does something at a time, whole µs, now or later. O(log appointments). */
  make(at: number, keep: () => void): void {
    const { heap } = this
    heap.push({ at, order: this.made++, keep })
    this.rise(heap.length - 1)
    this.agenda.queue.schedule(this.entry, heap[0].at)
  }

  private onDue(): void {
    const { heap, agenda } = this
    const next = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) {
      heap[0] = last
      this.sink()
    }
    if (heap.length > 0) agenda.queue.schedule(this.entry, heap[0].at)
    next.keep()
  }

  private rise(from: number): void {
    const { heap } = this
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!isBefore(heap[place], heap[above])) return
      this.swap(place, above)
      place = above
    }
  }

  private sink(): void {
    const { heap } = this
    let place = 0
    for (;;) {
      let first = place
      for (const below of [2 * place + 1, 2 * place + 2])
        if (below < heap.length && isBefore(heap[below], heap[first])) first = below
      if (first === place) return
      this.swap(place, first)
      place = first
    }
  }

  private swap(one: number, other: number): void {
    const { heap } = this
    const kept = heap[one]
    heap[one] = heap[other]
    heap[other] = kept
  }
}
