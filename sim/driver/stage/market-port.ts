/**
 * The port to the market: the one place that holds it. Events go in, and the kernel's commands go to
 * whoever is connected; all else is read through the views of `engine/index.ts`.
 */
import type { Command, Market, MarketEvent, MarketService } from "../../../engine/index.ts"
import { digestOf, nextWake } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"

/** At one instant the kernel's timers come before all else. */
const kernelFirst = -1

/** What is done about the market's commands, and after a timer of it has fired. */
export interface Side {
  readonly act: (command: Command) => void
  readonly onTimer: () => void
}

export class MarketPort {
  /** For its views. */
  readonly market: Market
  private readonly engine: MarketService
  private readonly agenda: Agenda
  private readonly entry: number
  private side: Side | undefined
  private dueMicros = Infinity
  /** Commands of the step under way; drained before the next. */
  private readonly out: Array<Command> = []
  private isDraining = false

  constructor(engine: MarketService, agenda: Agenda) {
    this.engine = engine
    this.market = engine.market
    this.agenda = agenda
    this.entry = agenda.register(() => this.onDue())
  }

  /** Before the first event. */
  connect(side: Side): void {
    this.side = side
  }

  get digest(): string {
    return digestOf(this.market)
  }

  /** Hands one event to the kernel, keeps its next wake in the queue, and has its commands acted on. */
  tell(event: MarketEvent): void {
    this.engine.take(event, this.out)
    const due = nextWake(this.market)
    if (due !== this.dueMicros) {
      this.dueMicros = due
      this.agenda.queue.schedule(this.entry, due, kernelFirst)
    }
    this.drain()
  }

  private onDue(): void {
    this.dueMicros = Infinity
    this.tell({ _tag: "TimerFired", at: this.agenda.now })
    this.side?.onTimer()
  }

  /**
   * Commands in order. Acting on one may lead to further steps; their commands go to the end of the
   * same line, and the first caller works through all of it.
   */
  private drain(): void {
    const { out, side } = this
    if (this.isDraining || side === undefined) return
    this.isDraining = true
    for (let i = 0; i < out.length; i++) side.act(out[i])
    out.length = 0
    this.isDraining = false
  }
}
