/** The chains of an agent's calls: one that was served leads to the next, a pause for thought later. */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { geometric } from "../../kernel/variates.ts"
import type { FollowUp } from "../stage/call.ts"
import { noFlaw } from "../stage/flaws.ts"
import type { RequestsInFlight } from "../stage/requests-in-flight.ts"
import type { Setting } from "../stage/setting.ts"
import type { Calls } from "./calls.ts"
import type { Consumers } from "./consumers.ts"

export class FollowUps {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly requests: RequestsInFlight
  private readonly consumers: Consumers
  private readonly calls: Calls
  private readonly entry: number
  private readonly stream: Stream
  /** First come, first due: all kinds of agents think for equally long. */
  private readonly line: Array<FollowUp> = []
  private head = 0

  constructor(
    setting: Setting,
    agenda: Agenda,
    requests: RequestsInFlight,
    consumers: Consumers,
    calls: Calls,
  ) {
    this.setting = setting
    this.agenda = agenda
    this.requests = requests
    this.consumers = consumers
    this.calls = calls
    this.entry = agenda.register(() => this.onDue())
    this.stream = openStream(setting.seed, "session", 0)
  }

  /** How many calls follow upon the first of a consumer: geometric about its kind's mean. */
  furtherCalls(consumer: number): number {
    const mean = this.consumers.kindOf(consumer).furtherCalls
    return mean === 0 ? 0 : geometric(this.stream, 1 / (1 + mean))
  }

  /** After a call that was served whole, the next of its chain, if there is one. */
  onServed(slot: number): void {
    const { columns } = this.requests
    const { agenda, entry } = this
    const further = columns.further[slot]
    if (further === 0 || columns.flaw[slot] !== noFlaw) return
    const consumer = columns.consumer[slot]
    const at = agenda.now + Math.round(this.consumers.kindOf(consumer).thinkSeconds * 1e6)
    if (at > this.setting.endMicros) return
    this.line.push({
      at,
      consumer,
      model: columns.model[slot],
      inputTokens: columns.inputTokens[slot],
      outputTokens: columns.outputTokens[slot],
      maxTokens: columns.maxTokens[slot],
      worth: columns.worth[slot],
      further: further - 1,
    })
    if (!agenda.queue.isPending(entry)) agenda.queue.schedule(entry, at)
  }

  private onDue(): void {
    const { at: _, ...call } = this.take()
    const next = this.line[this.head]
    if (next !== undefined) this.agenda.queue.schedule(this.entry, next.at)
    this.calls.open({ ...call, party: 0, flaw: noFlaw })
  }

  private take(): FollowUp {
    const call = this.line[this.head++]
    if (this.head > 1000 && 2 * this.head > this.line.length) {
      this.line.splice(0, this.head)
      this.head = 0
    }
    return call
  }
}
