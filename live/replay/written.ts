/**
 * What a journal says of everything that its market asked for (calls, probes, measurements): when, of
 * which instance, and what came of it.
 */
import type {
  Command,
  EventOf,
  InstanceId,
  MarketEvent,
  ModelId,
  RequestId,
} from "../../engine/index.ts"
import type { StoredEntry } from "../store/journal.ts"

/** What a driver answers the kernel with. */
export type Answer = EventOf<"AttemptEnded"> | EventOf<"ProbeEnded"> | EventOf<"CapacityMeasured">

/** What the kernel asks of a driver. */
export type Question = Extract<Command, { readonly _tag: "Dispatch" | "Probe" | "Measure" }>

export interface Asked {
  readonly instance: InstanceId
  readonly atMicros: number
  /** What came of it, and which entry of the journal that is; `undefined`: nothing did. */
  answer: { readonly event: Answer; readonly seq: number } | undefined
}

/** An attempt that ended, and how long it took. */
export interface Ended {
  readonly instance: InstanceId
  readonly durationMicros: number
  readonly event: EventOf<"AttemptEnded">
}

export interface Written {
  readonly asked: ReadonlyMap<string, Asked>
  /** The attempts of a call that ended, in order. */
  readonly attempts: ReadonlyMap<RequestId, ReadonlyArray<Ended>>
  readonly arrivals: ReadonlyMap<RequestId, EventOf<"RequestArrived">>
  /** The last attempts of all calls of a model, in order of their ends. */
  readonly lastAttempts: ReadonlyMap<ModelId, ReadonlyArray<Ended>>
}

/** Names the question, and the question that an answer belongs to. */
export const questionKey = (one: Question | Answer): string => {
  switch (one._tag) {
    case "Dispatch":
    case "AttemptEnded":
      return `attempt ${one.request}/${one.attempt}`
    case "Probe":
    case "ProbeEnded":
      return `probe ${one.instance}/${one.probe}`
    case "Measure":
    case "CapacityMeasured":
      return `measurement ${one.instance}/${one.measurement}`
  }
}

export const isQuestion = (command: Command): command is Question =>
  command._tag === "Dispatch" || command._tag === "Probe" || command._tag === "Measure"

export const isAnswer = (event: MarketEvent): event is Answer =>
  event._tag === "AttemptEnded" || event._tag === "ProbeEnded" || event._tag === "CapacityMeasured"

export const readWritten = (entries: ReadonlyArray<StoredEntry>): Written => {
  const asked = new Map<string, Asked>()
  const attempts = new Map<RequestId, Array<Ended>>()
  const arrivals = new Map<RequestId, EventOf<"RequestArrived">>()
  for (const { seq, event, commands } of entries) {
    if (event._tag === "RequestArrived") arrivals.set(event.request, event)
    if (isAnswer(event)) {
      const question = asked.get(questionKey(event))
      const isTaken = commands.every(({ _tag }) => _tag !== "Rejected")
      if (question !== undefined && isTaken) {
        question.answer = { event, seq }
        if (event._tag === "AttemptEnded") {
          const list = attempts.get(event.request) ?? []
          const { instance, atMicros } = question
          list.push({ instance, durationMicros: event.at - atMicros, event })
          attempts.set(event.request, list)
        }
      }
    }
    for (const command of commands)
      if (isQuestion(command))
        asked.set(questionKey(command), {
          instance: command.instance,
          atMicros: event.at,
          answer: undefined,
        })
  }
  return { asked, attempts, arrivals, lastAttempts: lastAttemptsOf(attempts, arrivals) }
}

const lastAttemptsOf = (
  attempts: Written["attempts"],
  arrivals: Written["arrivals"],
): Written["lastAttempts"] => {
  const byModel = new Map<ModelId, Array<Ended>>()
  for (const [request, ended] of attempts) {
    const model = arrivals.get(request)?.model
    const last = ended.at(-1)
    if (model === undefined || last === undefined) continue
    const list = byModel.get(model) ?? []
    list.push(last)
    byModel.set(model, list)
  }
  return byModel
}
