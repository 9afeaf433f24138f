/**
 * The agenda: who acts when. An actor registers what it does, gets a number, and asks to be woken
 * under that number; of each there is at most one pending entry. What happens at one instant happens
 * in the order (priority, then as it was scheduled), and never by the actors' numbers.
 */
import { EventQueue } from "./event-queue.ts"

/** What an actor does when its entry is due. `subject`: which of its kind, as it registered. */
export type Wake = (subject: number) => void

export class Agenda {
  readonly queue: EventQueue
  private readonly wakes: Array<Wake> = []
  private readonly subjects: Array<number> = []

  /** `capacity`: how many entries to make room for at first. */
  constructor(capacity?: number) {
    this.queue = new EventQueue(capacity)
  }

  /** Time of the entry that is being acted on, µs. */
  get now(): number {
    return this.queue.now
  }

  /** Registers an actor; returns the number of its entry. */
  register(wake: Wake, subject = 0): number {
    this.subjects.push(subject)
    return this.wakes.push(wake) - 1
  }

  /** Takes the next entry, of which there is one, and lets its actor act. */
  next(): void {
    this.run(this.queue.pop())
  }

  /** Lets the actor of an entry that was taken out of the queue act. */
  run(entry: number): void {
    this.wakes[entry](this.subjects[entry])
  }
}
