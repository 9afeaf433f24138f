/** A delay line that is an actor: what is sent arrives when its time has come, in the order of sending. */
import type { Agenda } from "./agenda.ts"
import { DelayLine } from "./delay-line.ts"

export class Relay {
  private readonly line: DelayLine
  private readonly agenda: Agenda
  private readonly entry: number
  private readonly arrive: (first: number, second: number) => void

  constructor(
    agenda: Agenda,
    delayMicros: number,
    arrive: (first: number, second: number) => void,
  ) {
    this.line = new DelayLine(delayMicros)
    this.agenda = agenda
    this.arrive = arrive
    this.entry = agenda.register(() => this.onDue())
  }

  get delayMicros(): number {
    return this.line.delayMicros
  }

  /** When the next arrives, or +∞. */
  get dueMicros(): number {
    return this.line.dueMicros
  }

  /** Sends two numbers on their way, the second a whole number of 32 bits. */
  send(first: number, second: number): void {
    const { agenda, line, entry } = this
    line.send(agenda.now, first, second)
    if (!agenda.queue.isPending(entry)) agenda.queue.schedule(entry, line.dueMicros)
  }

  private onDue(): void {
    const { agenda, line, entry } = this
    const { first, second } = line
    line.drop()
    if (line.dueMicros !== Infinity) agenda.queue.schedule(entry, line.dueMicros)
    this.arrive(first, second)
  }
}
