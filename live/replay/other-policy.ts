/**
 * Replay of the same demand under another policy: what would have happened.
 *
 * Accounts, credits, hosts, heartbeats and calls come as they were written. Where the other policy
 * routes a call, its attempt ends as it did in the journal if it went to the same instance; on
 * another instance it ends as the call's last written attempt did. It takes as long and gives as many
 * tokens. A call that was refused then and is served now takes the mean of its model's served calls.
 * Probes and measurements are answered as the instance's latest one was. That is an approximation: consumers and
 * operators would have met another market, and might have acted differently.
 */
import { Effect } from "effect"
import type {
  Command,
  Economy,
  EventOf,
  InstanceId,
  Market,
  MarketEvent,
  MarketService,
  ModelId,
} from "../../engine/index.ts"
import { layer, MarketEngine, microsPerSecond } from "../../engine/index.ts"
import type { MarketTotals } from "./comparison.ts"
import { countIn, emptyTotals } from "./comparison.ts"
import type { StoreFault } from "../store/errors.ts"
import type { MarketMeta } from "../store/meta.ts"
import type { JournalReader, StoredEntry } from "../store/journal.ts"

type AttemptEnded = EventOf<"AttemptEnded">
type RequestArrived = EventOf<"RequestArrived">
type ProbeEnded = EventOf<"ProbeEnded">
type CapacityMeasured = EventOf<"CapacityMeasured">
type Answer = AttemptEnded | ProbeEnded | CapacityMeasured

interface WrittenAttempt {
  readonly instance: InstanceId
  readonly durationMicros: number
  readonly end: AttemptEnded
}

/** Mean of a model's served calls. */
interface Mean {
  calls: number
  durationMicros: number
  outputTokens: number
  decodeMicros: number
}

/** What the journal says of each call. */
interface Written {
  readonly attempts: Map<number, Array<WrittenAttempt>>
  readonly arrivals: Map<number, RequestArrived>
  readonly means: Map<number, Mean>
}

/** What an instance can do: as measured, and before that as declared. */
interface Capacity {
  readonly slots: number
  readonly tokensPerSecond: number
}

/** An end that is due, ordered by time and then by the order in which it was scheduled. */
interface Due {
  readonly order: number
  readonly event: Answer
}

/** The driver's answers to the kernel; they are made anew, the rest of the journal is taken as it is. */
const answers = new Set<MarketEvent["_tag"]>([
  "AttemptEnded",
  "ProbeEnded",
  "CapacityMeasured",
  "TimerFired",
])

export interface OtherPolicy {
  readonly market: Market
  readonly totals: MarketTotals
  /** Events of the journal that the other market rejected, such as a withdrawal it has no credit for. */
  readonly rejected: number
}

export const replayOtherPolicy = (
  journal: JournalReader,
  meta: MarketMeta,
  economy: Economy,
): Effect.Effect<OtherPolicy, StoreFault> =>
  Effect.gen(function* () {
    const entries: Array<StoredEntry> = []
    yield* journal.entriesAfter(0, (page) =>
      Effect.sync(() => {
        for (const entry of page) entries.push(entry)
      }),
    )
    return simulateAgain(entries, yield* MarketEngine)
  }).pipe(Effect.provide(layer(economy, meta.seed)))

const simulateAgain = (entries: ReadonlyArray<StoredEntry>, engine: MarketService): OtherPolicy => {
  const { market } = engine
  const written = readWritten(entries)
  const totals = emptyTotals()
  const due: Array<Due> = []
  const probes = new Map<number, ProbeEnded>()
  const capacities = new Map<number, Capacity>()
  let order = 0
  let rejected = 0

  const schedule = (event: Answer): void => {
    const one = { order: order++, event }
    let place = due.length
    while (place > 0 && due[place - 1].event.at > event.at) place -= 1
    due.splice(place, 0, one)
  }
  const take = (event: MarketEvent): void => {
    const commands: Array<Command> = []
    engine.take(event, commands)
    countIn(totals, commands)
    for (const command of commands) {
      if (command._tag === "Dispatch") schedule(endOf(written, command, market.now))
      else if (command._tag === "Probe") schedule(answerTo(command, probes, market.now))
      else if (command._tag === "Measure") schedule(measurementOf(command, capacities, market.now))
      else if (command._tag === "Rejected") rejected += 1
    }
  }

  for (const { event } of entries) {
    if (event._tag === "ProbeEnded") probes.set(event.instance, event)
    if ("slots" in event) capacities.set(event.instance, event)
    if (answers.has(event._tag)) continue
    for (let first = due[0]; first !== undefined && first.event.at <= event.at; first = due[0]) {
      due.shift()
      take(first.event)
    }
    take(event)
  }
  // Calls that were under way when the journal ended go to their end; probes would go on for ever.
  for (let first = due.shift(); first !== undefined; first = due.shift())
    if (first.event._tag === "AttemptEnded") take(first.event)
  return { market, totals, rejected }
}

const readWritten = (entries: ReadonlyArray<StoredEntry>): Written => {
  const attempts: Written["attempts"] = new Map()
  const arrivals: Written["arrivals"] = new Map()
  const means: Written["means"] = new Map()
  const dispatched = new Map<string, { readonly instance: InstanceId; readonly at: number }>()
  for (const { event, commands } of entries) {
    if (event._tag === "RequestArrived") arrivals.set(event.request, event)
    if (event._tag === "AttemptEnded") {
      const start = dispatched.get(`${event.request}/${event.attempt}`)
      if (start !== undefined) {
        const list = attempts.get(event.request) ?? []
        const durationMicros = event.at - start.at
        list.push({ instance: start.instance, durationMicros, end: event })
        attempts.set(event.request, list)
        const model = arrivals.get(event.request)?.model
        if (event.outcome === "completed" && model !== undefined)
          addTo(means, model, durationMicros, event)
      }
    }
    for (const command of commands)
      if (command._tag === "Dispatch")
        dispatched.set(`${command.request}/${command.attempt}`, {
          instance: command.instance,
          at: event.at,
        })
  }
  return { attempts, arrivals, means }
}

const addTo = (
  means: Written["means"],
  model: ModelId,
  durationMicros: number,
  end: AttemptEnded,
): void => {
  const mean = means.get(model) ?? { calls: 0, durationMicros: 0, outputTokens: 0, decodeMicros: 0 }
  mean.calls += 1
  mean.durationMicros += (durationMicros - mean.durationMicros) / mean.calls
  mean.outputTokens += (end.outputTokens - mean.outputTokens) / mean.calls
  mean.decodeMicros += (end.decodeMicros - mean.decodeMicros) / mean.calls
  means.set(model, mean)
}

/** How an attempt ends under the other policy. */
const endOf = (
  written: Written,
  { request, attempt, instance }: Extract<Command, { readonly _tag: "Dispatch" }>,
  now: number,
): AttemptEnded => {
  const known = written.attempts.get(request) ?? []
  const like = known.find((one) => one.instance === instance) ?? known.at(-1)
  if (like !== undefined) return { ...like.end, request, attempt, at: now + like.durationMicros }
  const arrival = written.arrivals.get(request)
  const mean = arrival === undefined ? undefined : written.means.get(arrival.model)
  const outputTokens = Math.min(Math.round(mean?.outputTokens ?? 0), arrival?.maxTokens ?? 0)
  return {
    _tag: "AttemptEnded",
    at: now + Math.round(mean?.durationMicros ?? 0),
    request,
    attempt,
    outcome: mean === undefined ? "gatewayFault" : "completed",
    outputTokens,
    reportedTokens: outputTokens,
    decodeMicros: Math.round(mean?.decodeMicros ?? 0),
    retryAfterMicros: 0,
  }
}

const answerTo = (
  { instance, probe, tokens }: Extract<Command, { readonly _tag: "Probe" }>,
  latest: ReadonlyMap<number, ProbeEnded>,
  now: number,
): ProbeEnded => {
  const like = latest.get(instance)
  const durationMicros = Math.max(like?.decodeMicros ?? 0, microsPerSecond)
  return {
    _tag: "ProbeEnded",
    at: now + durationMicros,
    instance,
    probe,
    outcome: like?.outcome ?? "completed",
    outputTokens: like?.outputTokens ?? tokens,
    decodeMicros: like?.decodeMicros ?? microsPerSecond,
    retryAfterMicros: like?.retryAfterMicros ?? 0,
  }
}

/** How long a measurement takes. */
const measureMicros = 5 * microsPerSecond

const measurementOf = (
  { instance, measurement }: Extract<Command, { readonly _tag: "Measure" }>,
  known: ReadonlyMap<number, Capacity>,
  now: number,
): CapacityMeasured => {
  const { slots, tokensPerSecond } = known.get(instance) ?? { slots: 1, tokensPerSecond: 1 }
  return {
    _tag: "CapacityMeasured",
    at: now + measureMicros,
    instance,
    measurement,
    slots,
    tokensPerSecond,
  }
}
