/**
 * The queue as plainly as it can be said: lists that are searched from end to end, one counter for each client and
 * tier. It knows nothing of machines but how many calls are under way at once, and says what becomes of each call.
 */
import type { Priority } from "../../engine/protocol/event.ts"

const weightOf = { none: 2, low: 1, normal: 2, high: 4, urgent: 8 } as const
export type Tier = keyof typeof weightOf

export interface NaiveCall {
  readonly request: number
  readonly flow: NaiveFlow
  readonly tokens: number
  /** Expected when it began. */
  cost: number
  readonly until: number
}

export interface NaiveFlow {
  readonly client: number
  readonly tier: Tier
  virtual: number
  /** In the order in which the kernel knows flows: of equals, the lowest client and tier comes first. */
  readonly rank: number
  wasReady: boolean
}

export interface NaiveQueueRules {
  readonly places: number
  readonly size: number
  readonly waitMicros: number
  readonly isPushedOut: boolean
  readonly caps: { readonly [tier in Priority]: number }
  readonly clientOf: (account: number) => number
}

export type Fate = readonly [request: number, fate: string]

export class NaiveQueue {
  readonly flows: Array<NaiveFlow> = []
  waiting: Array<NaiveCall> = []
  running: Array<NaiveCall> = []
  /** What a call of so many tokens is expected to cost now. */
  costOf: (tokens: number) => number = () => 0
  private last = 0
  private readonly rules: NaiveQueueRules
  constructor(rules: NaiveQueueRules) {
    this.rules = rules
  }

  private flowOf(account: number, tier: Tier): NaiveFlow {
    const client = this.rules.clientOf(account)
    const known = this.flows.find((one) => one.client === client && one.tier === tier)
    if (known !== undefined) return known
    const rank = client * 8 + Object.keys(weightOf).indexOf(tier)
    const flow = { client, tier, virtual: this.start(), rank, wasReady: false }
    this.flows.push(flow)
    return flow
  }

  waitingOf(flow: NaiveFlow): ReadonlyArray<NaiveCall> {
    return this.waiting.filter((one) => one.flow === flow)
  }

  isAtCap(flow: NaiveFlow): boolean {
    const running = this.running.filter((one) => one.flow === flow).length
    return flow.tier !== "none" && running >= this.rules.caps[flow.tier]
  }

  isReady(flow: NaiveFlow): boolean {
    return this.waitingOf(flow).length > 0 && !this.isAtCap(flow)
  }

  /** Those that stand for a turn, as they stood after the last change. */
  private ready(): ReadonlyArray<NaiveFlow> {
    return this.flows
      .filter((one) => one.wasReady)
      .toSorted(
        (a, b) => a.virtual - b.virtual || weightOf[b.tier] - weightOf[a.tier] || a.rank - b.rank,
      )
  }

  private start(): number {
    return this.ready()[0]?.virtual ?? this.last
  }

  private note(flow: NaiveFlow): void {
    const isReady = this.isReady(flow)
    if (isReady && !flow.wasReady) flow.virtual = Math.max(flow.virtual, this.start())
    flow.wasReady = isReady
  }

  private begin(call: NaiveCall): void {
    const { flow } = call
    const isBack = !flow.wasReady && !this.running.some((one) => one.flow === flow)
    if (isBack) flow.virtual = Math.max(flow.virtual, this.start())
    this.last = flow.virtual
    call.cost = this.costOf(call.tokens)
    flow.virtual += call.cost * (2520 / weightOf[flow.tier])
    this.running.push(call)
    this.note(flow)
  }

  private serve(): Array<Fate> {
    const fates: Array<Fate> = []
    while (this.running.length < this.rules.places) {
      const [next] = this.ready()
      if (next === undefined) break
      const call = this.waitingOf(next)[0]!
      this.begin(call)
      this.waiting = this.waiting.filter((one) => one !== call)
      this.note(next)
      fates.push([call.request, "Dispatch"])
    }
    return fates
  }

  arrive(request: number, account: number, tier: Tier, tokens: number, now: number): Array<Fate> {
    const hasRoom = this.running.length < this.rules.places
    const flow = this.flowOf(account, tier)
    const call = { request, flow, tokens, cost: 0, until: now + this.rules.waitMicros }
    if (hasRoom && this.waitingOf(flow).length === 0 && !this.isAtCap(flow)) {
      this.begin(call)
      return [[request, "Dispatch"]]
    }
    const fates: Array<Fate> = []
    if (this.waiting.length >= this.rules.size) {
      const lengthOf = (one: NaiveFlow) => this.waitingOf(one).length
      const [longest] = this.flows.toSorted((a, b) => lengthOf(b) - lengthOf(a) || a.rank - b.rank)
      if (!this.rules.isPushedOut || lengthOf(flow) + 1 >= lengthOf(longest!))
        return [[request, "QueueFull"]]
      const pushed = this.waitingOf(longest!).at(-1)!
      this.leave(pushed)
      fates.push([pushed.request, "QueueFull"])
    }
    this.waiting.push(call)
    this.note(flow)
    return [...fates, [request, "Wait"], ...this.serve()]
  }

  private leave(call: NaiveCall): void {
    this.waiting = this.waiting.filter((one) => one !== call)
    this.note(call.flow)
  }

  end(request: number, cost: number): Array<Fate> {
    const call = this.running.find((one) => one.request === request)!
    this.running = this.running.filter((one) => one !== call)
    call.flow.virtual += (cost - call.cost) * (2520 / weightOf[call.flow.tier])
    this.note(call.flow)
    return this.serve()
  }

  withdraw(request: number): Array<Fate> {
    this.leave(this.waiting.find((one) => one.request === request)!)
    return [[request, "Withdrawn"]]
  }

  pass(now: number): Array<Fate> {
    const over = this.waiting.filter((one) => one.until <= now)
    for (const call of over) this.leave(call)
    return over.map(({ request }): Fate => [request, "QueueTimeout"])
  }
}
