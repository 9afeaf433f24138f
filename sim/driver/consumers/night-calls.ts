/** Calls that can wait: they are kept until the night, and then made one after the other. */
import { nightFromHour, nightHours } from "../../agents/consumer-kinds.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Call } from "../stage/call.ts"
import type { Setting } from "../stage/setting.ts"
import type { Calls } from "./calls.ts"

const hourMicros = 3_600e6
const dayMicros = 24 * hourMicros

export class NightCalls {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly calls: Calls
  private readonly entry: number
  private readonly waiting: Array<Call> = []

  constructor(setting: Setting, agenda: Agenda, calls: Calls) {
    this.setting = setting
    this.agenda = agenda
    this.calls = calls
    this.entry = agenda.register(() => this.onDue())
  }

  add(call: Call): void {
    const { agenda, setting } = this
    this.waiting.push(call)
    if (agenda.queue.isPending(this.entry)) return
    const sinceMidnight = (agenda.now - setting.startMicros) % dayMicros
    // What is sampled at the turn of the hour still belongs to the day.
    const at = agenda.now - sinceMidnight + nightFromHour * hourMicros + 1
    if (at <= setting.endMicros) agenda.queue.schedule(this.entry, at)
  }

  /** The night's work, so spread that it is done by the morning. */
  private onDue(): void {
    const { agenda, setting } = this
    const call = this.waiting.shift()
    if (call === undefined) return
    this.calls.open(call)
    const waiting = this.waiting.length
    if (waiting === 0) return
    const sinceMidnight = ((agenda.now - setting.startMicros) / hourMicros) % 24
    const hoursLeft = (nightFromHour + nightHours - sinceMidnight) % 24
    const gap = Math.max(
      1,
      Math.floor((Math.min(hoursLeft, nightHours) * hourMicros) / (waiting + 1)),
    )
    if (agenda.now + gap <= setting.endMicros) agenda.queue.schedule(this.entry, agenda.now + gap)
  }
}
