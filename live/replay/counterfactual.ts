/**
 * Replay of the same demand under given rules and a given seed: what would have happened.
 *
 * Accounts, credits, hosts, heartbeats and calls come as they were written. What the market asks for is
 * answered as it was in the journal wherever it asks the same again, so that its own rules under its own
 * seed give the journal, to the digest. Otherwise an attempt ends, on whatever instance it is, as the
 * call's last written one did: after as long, with as many tokens. A call that was refused then and is
 * routed now ends as another call of its model did, drawn at random. Probes and measurements find what
 * the instance's latest ones found. That is an approximation: consumers and operators would have met
 * another market, and might have acted differently.
 */
import { Effect } from "effect"
import type {
  AccountId,
  Command,
  Economy,
  EventOf,
  InstanceId,
  MarketEvent,
  MarketService,
} from "../../engine/index.ts"
import {
  accountIds,
  digestOf,
  layer,
  MarketEngine,
  microsPerSecond,
  nextWake,
  openStream,
} from "../../engine/index.ts"
import type { StoredEntry } from "../store/journal.ts"
import type { MarketTotals } from "./totals.ts"
import { countIn, emptyTotals, wholeBalance } from "./totals.ts"
import type { Answer, Question, Written } from "./written.ts"
import { isAnswer, isQuestion, questionKey } from "./written.ts"

export interface Counterfactual {
  readonly totals: MarketTotals
  /** What each account has in the end, all lots together, minor units. */
  readonly balances: ReadonlyMap<AccountId, number>
  /** Over all commands. */
  readonly digest: string
  /** Events of the journal that this market rejected, such as a withdrawal it has no credit for. */
  readonly rejected: number
}

/** An answer that is due. */
interface Due {
  readonly event: Answer
  /** The journal's entry that it is; −1: it was made up, and comes before what was written. */
  readonly seq: number
}

/** What an instance can do: as measured, and before that as declared. */
interface Capacity {
  readonly slots: number
  readonly tokensPerSecond: number
}

const probeMicros = microsPerSecond
const measurementMicros = 5 * microsPerSecond

/** A driver's timers come a little late: what was asked within this of the written time is the same question. */
const timerDelayMicros = microsPerSecond

/** Takes a journal again, from its first entry to the time of its last. */
export const replayCounterfactual = (
  entries: ReadonlyArray<StoredEntry>,
  written: Written,
  economy: Economy,
  seed: string,
): Effect.Effect<Counterfactual> =>
  Effect.map(MarketEngine, (engine) => new Replay(engine, written, seed).take(entries)).pipe(
    Effect.provide(layer(economy, seed)),
  )

class Replay {
  private readonly engine: MarketService
  private readonly written: Written
  private readonly seed: string
  private readonly totals = emptyTotals()
  private rejected = 0
  /** In order of time, and at one time in that of the journal. */
  private due: Array<Due> = []
  private readonly probes = new Map<InstanceId, EventOf<"ProbeEnded">>()
  private readonly capacities = new Map<InstanceId, Capacity>()

  constructor(engine: MarketService, written: Written, seed: string) {
    this.engine = engine
    this.written = written
    this.seed = seed
  }

  take(entries: ReadonlyArray<StoredEntry>): Counterfactual {
    for (const { event, seq } of entries) {
      if (event._tag === "ProbeEnded") this.probes.set(event.instance, event)
      if ("slots" in event) this.capacities.set(event.instance, event)
      if (event._tag === "GatewayResumed") {
        this.cutOff(event)
        continue
      }
      this.catchUp(event.at, seq)
      if (!isAnswer(event)) this.step(event)
    }
    const { market } = this.engine
    const balances = accountIds(market).map(
      (account) => [account, wholeBalance(market, account)] as const,
    )
    return {
      totals: this.totals,
      balances: new Map(balances),
      digest: digestOf(market),
      rejected: this.rejected,
    }
  }

  /** Everything that is due by an entry of the journal: answers, and what the market itself waits for. */
  private catchUp(at: number, seq: number): void {
    for (;;) {
      const first = this.due[0]
      const isDue = first !== undefined && comesBefore(first, at, seq + 1)
      const wake = nextWake(this.engine.market)
      if (wake < (isDue ? first.event.at : at)) this.step({ _tag: "TimerFired", at: wake })
      else if (isDue) {
        this.due.shift()
        this.step(first.event)
      } else return
    }
  }

  /** Attempts under way while the gateway was away end as its own failure, and probes are asked for again. */
  private cutOff(resumed: EventOf<"GatewayResumed">): void {
    const { at } = resumed
    const lost = this.due.filter(({ event, seq }) => seq === -1 && event.at <= at)
    this.due = this.due.filter((one) => !lost.includes(one))
    this.step(resumed)
    for (const { event } of lost)
      if (event._tag === "AttemptEnded")
        this.step({ ...event, at, outcome: "gatewayFault", outputTokens: 0, reportedTokens: 0 })
  }

  private step(event: MarketEvent): void {
    const commands: Array<Command> = []
    this.engine.take(event, commands)
    countIn(this.totals, commands)
    for (const command of commands) {
      if (isQuestion(command)) this.ask(command)
      else if (command._tag === "Rejected") this.rejected += 1
    }
  }

  private ask(question: Question): void {
    const { now } = this.engine.market
    const same = this.written.asked.get(questionKey(question))
    const isSame =
      same?.instance === question.instance && Math.abs(same.atMicros - now) <= timerDelayMicros
    if (!isSame) this.schedule({ event: this.answerTo(question, now), seq: -1 })
    else if (same.answer !== undefined && same.answer.event.at >= now) this.schedule(same.answer)
  }

  private schedule(one: Due): void {
    let place = this.due.length
    while (place > 0 && comesBefore(one, this.due[place - 1].event.at, this.due[place - 1].seq))
      place -= 1
    this.due.splice(place, 0, one)
  }

  private answerTo(question: Question, now: number): Answer {
    switch (question._tag) {
      case "Dispatch":
        return this.endOf(question, now)
      case "Probe":
        return this.probeEnded(question, now)
      case "Measure": {
        const { instance, measurement } = question
        const { slots, tokensPerSecond } = this.capacities.get(instance) ?? unknownCapacity
        const at = now + measurementMicros
        return { _tag: "CapacityMeasured", at, instance, measurement, slots, tokensPerSecond }
      }
    }
  }

  private endOf(dispatch: Extract<Question, { _tag: "Dispatch" }>, now: number): Answer {
    const { request, attempt, instance } = dispatch
    const known = this.written.attempts.get(request) ?? []
    const like =
      known.find((one) => one.instance === instance) ?? known.at(-1) ?? this.anyOther(request)
    if (like === undefined) return { ...nothingKnown, at: now, request, attempt }
    const { event, durationMicros } = like
    const most = this.written.arrivals.get(request)?.maxTokens ?? 0
    return {
      ...event,
      at: now + durationMicros,
      request,
      attempt,
      outputTokens: Math.min(event.outputTokens, most),
      reportedTokens: Math.min(event.reportedTokens, most),
    }
  }

  /** How another call of the model ended: under one seed the same one for the same call. */
  private anyOther(request: number) {
    const model = this.written.arrivals.get(request)?.model
    const others = model === undefined ? [] : (this.written.lastAttempts.get(model) ?? [])
    const draw = openStream(this.seed, "counterfactual", request).next()
    return others[Math.floor(draw * others.length)]
  }

  private probeEnded(probe: Extract<Question, { _tag: "Probe" }>, now: number): Answer {
    const { instance, tokens } = probe
    const like = this.probes.get(instance)
    return {
      _tag: "ProbeEnded",
      at: now + Math.max(like?.decodeMicros ?? 0, probeMicros),
      instance,
      probe: probe.probe,
      outcome: like?.outcome ?? "completed",
      outputTokens: like?.outputTokens ?? tokens,
      decodeMicros: like?.decodeMicros ?? probeMicros,
      retryAfterMicros: like?.retryAfterMicros ?? 0,
    }
  }
}

const comesBefore = ({ event, seq }: Due, at: number, otherSeq: number): boolean =>
  event.at < at || (event.at === at && seq < otherSeq)

const unknownCapacity: Capacity = { slots: 1, tokensPerSecond: 1 }

/** No call of the model was ever served: nobody knows what one is like. */
const nothingKnown = {
  _tag: "AttemptEnded",
  outcome: "gatewayFault",
  outputTokens: 0,
  reportedTokens: 0,
  decodeMicros: 0,
  retryAfterMicros: 0,
} as const
