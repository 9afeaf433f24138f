/**
 * A call from its arrival to its end: what the kernel orders, what the hosts bring, what the consumer
 * gets.
 *
 * - The kernel holds the credits and picks the instance (`Dispatch`); each attempt that ends is told
 *   to it, and it answers with another attempt, or with the end (`Finish`, `Refuse`).
 * - A byte goes out only when the hold is on disk: the write starts with the dispatch and hides behind
 *   the time to the first token. An answer in one piece goes out when its charge is.
 * - Until the first byte nothing is delivered: an attempt that fails costs nothing, and another
 *   instance may be tried. After it the answer is this attempt's, whole or broken off.
 * - A consumer that leaves stops the host at once, and pays for what the host had made for it.
 *
 * Every call ends exactly once, here and in the kernel.
 */
import type { Command, Outcome, Refusal } from "../../../engine/index.ts"
import type { MarketDriver } from "../../driver/market-driver.ts"
import type { HttpError } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { DeliveryNotes } from "../../store/store.ts"
import type { ModelRecord } from "../../directory/records.ts"
import type { Assembler, Usage } from "../answer/answer.ts"
import type { Attempt, AttemptEnd, AttemptTimeouts } from "./attempt.ts"
import { startAttempt } from "./attempt.ts"
import type { Courier, Job, JobKind } from "../../protocol/delivery.ts"
import {
  brokenOff,
  callTimeout,
  consumerError,
  refusalError,
  rejectionError,
  storeBroken,
} from "./failures.ts"
import type { Standings } from "./refusal-text.ts"

/** What is asked, checked and counted. */
export interface CallOrder {
  readonly account: number
  readonly model: ModelRecord
  readonly kind: JobKind
  /** For the host, but for what the instance decides: its name of the model. */
  readonly body: JsonObject
  readonly inputTokens: number
  readonly maxTokens: number
  /** Minor units per million output tokens. */
  readonly maxPricePerMtok?: number
}

export type CallEnd =
  | { readonly _tag: "Served"; readonly usage: Usage; readonly chargeMinor: number }
  | { readonly _tag: "Failed"; readonly error: HttpError }

/** Who gets the answer. */
export interface Consumer {
  /** Chunks go out as they come; otherwise the answer goes out at its end. */
  readonly isStreaming: boolean
  /** Puts an answer in one piece together; one for each attempt. Absent where it streams. */
  readonly assembler?: () => Assembler
  /** Where it streams. Never before the hold is on disk. */
  readonly chunk: (chunk: JsonObject) => void
  /** Once, last; not if the consumer left. `assembler` has the answer where it does not stream. */
  readonly end: (end: CallEnd, assembler?: Assembler) => void
}

export interface Call {
  /** Brings it before the kernel, once, after whoever hands commands on knows it. */
  readonly begin: () => void
  /** The consumer is gone, whatever the call is at. */
  readonly leave: () => void
  /** The consumer reads slower than the host writes. */
  readonly pause: () => void
  readonly resume: () => void
  /** A command of the kernel for this call. */
  readonly take: (command: CallCommand) => void
  /** Ends it for a reason of the gateway's own: nobody is blamed. */
  readonly abandon: (error: HttpError) => void
  /** These instances are lost: an attempt on one of them fails now. */
  readonly failOver: (isLost: (instance: number) => boolean) => void
  /** Writes down what was delivered so far, for the recovery after a crash. */
  readonly checkpoint: () => void
}

export type CallCommand = Extract<
  Command,
  { readonly _tag: "Dispatch" } | { readonly _tag: "Finish" } | { readonly _tag: "Refuse" }
>

export interface CallTools {
  readonly driver: Pick<MarketDriver, "submit" | "durable" | "clock">
  readonly deliveries: Pick<DeliveryNotes, "noteDelivered" | "forgetDelivered">
  readonly timeouts: AttemptTimeouts & { readonly requestMicros: number }
  /** The way to an instance and what it calls the model. */
  readonly routeTo: (instance: number) => { readonly courier: Courier; readonly model: string }
  /** How the hosts of a model stand, for who is refused. */
  readonly standings: (model: number) => Standings
  /** The call is over: it takes no command any more. */
  readonly forget: (request: number) => void
}

/** An attempt that comes when the call is over. */
const notBegun: AttemptEnd = {
  outcome: "gatewayFault",
  outputTokens: 0,
  reportedTokens: 0,
  decodeMicros: 0,
  retryAfterMicros: 0,
}

export const openCall = (
  tools: CallTools,
  request: number,
  order: CallOrder,
  consumer: Consumer,
): Call => {
  const { driver, timeouts } = tools
  const { clock } = driver
  const { model } = order
  let attempt: Attempt | undefined
  let attemptNumber = 0
  let instanceNow = -1
  /** Of the attempts so far. */
  const ends: Array<AttemptEnd> = []
  /** A stream that came to its end before the hold was on disk. */
  let endToTell: AttemptEnd | undefined
  let assembler: Assembler | undefined
  let waiting: Array<JsonObject> = []
  let error: HttpError | undefined
  let isHoldAsked = false
  let isHeld = false
  let isOpen = false
  let isGone = false
  let isOver = false
  let savedTokens = 0
  let disarmStall: (() => void) | undefined

  const disarm = clock.wakeAt(clock.nowMicros() + timeouts.requestMicros, () =>
    // A host that has lived on signs of life alone does not get away with it.
    abandon(callTimeout(), attempt?.overdue()),
  )

  const take = (command: CallCommand): void => {
    if (isOver) return
    if (command._tag === "Dispatch") dispatch(command.attempt, command.instance)
    else if (command._tag === "Refuse")
      conclude({ _tag: "Failed", error: error ?? refused(command.reason) })
    else if (command.outcome === "completed")
      serve({
        _tag: "Served",
        usage: { promptTokens: order.inputTokens, completionTokens: command.outputTokens },
        chargeMinor: command.charge,
      })
    else conclude({ _tag: "Failed", error: error ?? unserved() })
  }

  const refused = (reason: Refusal): HttpError =>
    refusalError(reason, model, ends, tools.standings(model.id))

  /** The last attempt ended with an outcome that is the end of the call. */
  const unserved = (): HttpError => {
    const last = ends.at(-1)
    return last?.outcome === "consumerError" && !isOpen
      ? consumerError(last)
      : brokenOff(last?.outcome ?? "gatewayFault")
  }

  const dispatch = (number: number, instance: number): void => {
    attemptNumber = number
    instanceNow = instance
    if (error !== undefined) return queueMicrotask(() => tell(notBegun))
    waiting = []
    assembler = consumer.assembler?.()
    if (consumer.isStreaming && !isHoldAsked) awaitHold()
    const { courier, model: upstreamModel } = tools.routeTo(instance)
    const job: Job = {
      request,
      attempt: number,
      instance,
      kind: order.kind,
      body: { ...order.body, model: upstreamModel },
      inputTokens: order.inputTokens,
      maxTokens: order.maxTokens,
    }
    attempt = startAttempt(clock, timeouts, courier, job, { chunk: takeChunk, end: takeEnd })
  }

  const awaitHold = (): void => {
    isHoldAsked = true
    driver.durable().then(takeHold, () => abandon(storeBroken()))
  }

  const takeHold = (): void => {
    isHeld = true
    if (isOver) return
    if (endToTell !== undefined) {
      flush()
      tell(endToTell)
    } else if (attempt !== undefined && attempt.tokens() > 0) flush()
  }

  const takeChunk = (chunk: JsonObject, isText: boolean): void => {
    if (!consumer.isStreaming) return assembler?.add(chunk)
    if (isOpen) return consumer.chunk(chunk)
    waiting.push(chunk)
    // A first chunk that only names the role delivers nothing yet, and may still be another host's.
    if (isHeld && isText) flush()
  }

  const flush = (): void => {
    const chunks = waiting
    waiting = []
    isOpen = true
    for (const chunk of chunks) consumer.chunk(chunk)
  }

  const takeEnd = (end: AttemptEnd): void => {
    attempt = undefined
    if (consumer.isStreaming && end.outcome === "completed") {
      if (!isHeld) {
        endToTell = end
        return
      }
      flush()
    }
    tell(end)
  }

  /** What the consumer has, or would have had if it had stayed. */
  const isDelivered = (end: AttemptEnd): boolean =>
    consumer.isStreaming ? isOpen : end.outcome === "completed" || end.outcome === "consumerGone"

  /** The kernel's answer, a command, may come before this returns. */
  const tell = (end: AttemptEnd): void => {
    ends.push(end)
    endToTell = undefined
    const delivered = isDelivered(end)
    const rejection = driver.submit({
      _tag: "AttemptEnded",
      request,
      attempt: attemptNumber,
      outcome: end.outcome,
      outputTokens: delivered ? end.outputTokens : 0,
      reportedTokens: delivered ? end.reportedTokens : 0,
      decodeMicros: delivered ? end.decodeMicros : 0,
      retryAfterMicros: end.retryAfterMicros,
    })
    if (rejection !== undefined)
      conclude({ _tag: "Failed", error: error ?? rejectionError(rejection, model) })
  }

  const serve = (end: CallEnd): void => {
    if (consumer.isStreaming || isGone) return conclude(end)
    driver.durable().then(
      () => conclude(end),
      () => conclude({ _tag: "Failed", error: storeBroken() }),
    )
  }

  const conclude = (end: CallEnd): void => {
    if (isOver) return
    isOver = true
    disarm()
    disarmStall?.()
    if (savedTokens > 0) tools.deliveries.forgetDelivered(request)
    tools.forget(request)
    if (!isGone) consumer.end(end, assembler)
  }

  /** Ends the attempt that is under way, if one is, with this outcome. */
  const stop = (outcome: Outcome): void => {
    const running = attempt
    attempt = undefined
    if (running !== undefined) tell(running.stop(outcome))
    else if (endToTell !== undefined) tell({ ...endToTell, outcome })
  }

  const leave = (): void => {
    if (isOver || isGone) return
    isGone = true
    stop("consumerGone")
  }

  const abandon = (reason: HttpError, outcome: Outcome = "gatewayFault"): void => {
    if (isOver || error !== undefined) return
    error = reason
    stop(outcome)
  }

  return {
    begin: () => {
      const rejection = driver.submit({
        _tag: "RequestArrived",
        request,
        account: order.account,
        model: model.id,
        inputTokens: order.inputTokens,
        maxTokens: order.maxTokens,
        ...(order.maxPricePerMtok === undefined ? {} : { maxPricePerMtok: order.maxPricePerMtok }),
      })
      if (rejection !== undefined)
        conclude({ _tag: "Failed", error: rejectionError(rejection, model) })
    },
    take,
    leave,
    abandon,
    pause: () => {
      if (isOver || disarmStall !== undefined) return
      attempt?.pause()
      // The same patience with a consumer as with a host: neither may keep a slot for nothing.
      disarmStall = clock.wakeAt(clock.nowMicros() + timeouts.betweenTokensMicros, () => {
        consumer.end({ _tag: "Failed", error: callTimeout() })
        leave()
      })
    },
    resume: () => {
      disarmStall?.()
      disarmStall = undefined
      attempt?.resume()
    },
    failOver: (isLost) => {
      const running = attempt
      if (running === undefined || !isLost(instanceNow)) return
      attempt = undefined
      tell(running.stop(running.tokens() > 0 ? "stalled" : "connectFailed"))
    },
    checkpoint: () => {
      const tokens = isOpen && attempt !== undefined ? attempt.tokens() : 0
      if (tokens <= savedTokens) return
      savedTokens = tokens
      tools.deliveries.noteDelivered({ request, attempt: attemptNumber, tokens })
    },
  }
}
