/**
 * A call from its arrival to its end: what the kernel orders, what the hosts bring, what the consumer
 * gets.
 *
 * - The kernel holds the credits and picks the instance (`Dispatch`); each attempt that ends is told
 *   to it, and it answers with another attempt, or with the end (`Finish`, `Refuse`).
 * - A byte goes out only when the hold is on disk: the write starts with the dispatch and hides behind
 *   the time to the first token. What tells the charge, an answer in one piece or the end of a stream
 *   that tells its usage, goes out when the charge is.
 * - Until the first byte nothing is delivered: an attempt that fails costs nothing, and another
 *   instance may be tried. After it the answer is this attempt's, whole or broken off.
 * - Where no host has room, the kernel may have it wait (`Wait`): nothing is held open but the consumer's
 *   connection, and a consumer that leaves gives its place up.
 * - A consumer that leaves stops the host at once, and pays for what the host had made for it.
 *
 * Every call ends exactly once, here and in the kernel.
 */
import type {
  AccountId,
  BatchId,
  BookingId,
  Command,
  InstanceId,
  ModelId,
  Outcome,
  Priority,
  Refusal,
  RequestId,
} from "../../../engine/index.ts"
import { move } from "../../../engine/index.ts"
import type { MarketDriver } from "../../driver/market-driver.ts"
import type { HttpError } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { DeliveryNotes } from "../../store/store.ts"
import type { ModelRecord } from "../../directory/records.ts"
import { creditsNumberOf } from "../../views/credits.ts"
import type { Assembler, Usage } from "../answer/answer.ts"
import type { Attempt, AttemptEnd, AttemptTimeouts } from "./attempt.ts"
import { startAttempt } from "./attempt.ts"
import type {
  CallInput,
  CallOutput,
  CallState,
  ReaderInput,
  ReaderOutput,
  ReaderState,
} from "./call-machine.ts"
import { callMachine, readerMachine } from "./call-machine.ts"
import type { Courier, Job, JobKind } from "../../protocol/delivery.ts"
import {
  bookedRefusalError,
  brokenOff,
  callTimeout,
  consumerError,
  refusalError,
  rejectionError,
  storeBroken,
} from "./failures.ts"
import type { Asker } from "./receipts.ts"
import type { Standings } from "./refusal-text.ts"

/** What is asked, checked and counted. */
export interface CallOrder {
  readonly account: AccountId
  readonly model: ModelRecord
  readonly kind: JobKind
  /** For the host, but for what the instance decides: its name of the model. */
  readonly body: JsonObject
  readonly inputTokens: number
  readonly maxTokens: number
  /** Minor units per million output tokens. */
  readonly maxPricePerMtok?: number
  /** It is an item of a batch, as the kernel calls both. */
  readonly item?: { readonly batch: BatchId; readonly item: number }
  /** Minor units an hour, where a call costs its time. */
  readonly maxRatePerHour?: number
  /** The account's own hours that it is part of. */
  readonly booking?: BookingId
  /** The tier that it is of, by its priority. */
  readonly tier?: Priority
  /** For its receipt. */
  readonly asker?: Asker
}

export type CallEnd =
  | { readonly _tag: "Served"; readonly usage: Usage; readonly chargeMinor: number }
  | {
      readonly _tag: "Failed"
      readonly error: HttpError
      /** Why the kernel refused it, where it did. */
      readonly refusal?: Refusal
    }

/** Who gets the answer. */
export interface Consumer {
  /** Chunks go out as they come; otherwise the answer goes out at its end. */
  readonly isStreaming: boolean
  /** It is told what the call cost: then the end waits for the charge to be on disk. */
  readonly hearsCharge: boolean
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
  readonly failOver: (isLost: (instance: InstanceId) => boolean) => void
  /** Its attempt gives way to somebody else's call: it ends now, and nobody is blamed. */
  readonly recall: () => void
  /** Writes down what was delivered so far, for the recovery after a crash. */
  readonly checkpoint: () => void
}

export type CallCommand = Extract<
  Command,
  | { readonly _tag: "Dispatch" }
  | { readonly _tag: "Wait" }
  | { readonly _tag: "Finish" }
  | { readonly _tag: "Refuse" }
>

export interface CallTools {
  readonly driver: Pick<MarketDriver, "submit" | "durable" | "clock" | "market">
  readonly deliveries: Pick<DeliveryNotes, "noteDelivered" | "forgetDelivered">
  readonly timeouts: AttemptTimeouts & { readonly requestMicros: number }
  /** The way to an instance and what it calls the model. */
  readonly routeTo: (instance: InstanceId) => { readonly courier: Courier; readonly model: string }
  /** How the hosts of a model stand, for who is refused. */
  readonly standings: (model: ModelId) => Standings
  /** The call is over: it takes no command any more. */
  readonly forget: (request: RequestId) => void
}

/** An attempt of a call that was given up before it. */
const notBegun: AttemptEnd = {
  outcome: "gatewayFault",
  outputTokens: 0,
  reportedTokens: 0,
  decodeMicros: 0,
  retryAfterMicros: 0,
}

/** What the kernel has ordered last, and what has come of it. */
interface Turn {
  readonly number: number
  readonly instance: InstanceId
  /** Its answer in one piece. */
  readonly assembler: Assembler | undefined
  /** Chunks that have not gone out. */
  kept: Array<JsonObject>
  attempt: Attempt | undefined
  end: AttemptEnd | undefined
}

const noTurn: Turn = {
  number: 0,
  instance: -1,
  assembler: undefined,
  kept: [],
  attempt: undefined,
  end: undefined,
}

export const openCall = (
  tools: CallTools,
  request: RequestId,
  order: CallOrder,
  consumer: Consumer,
): Call => {
  const { driver, timeouts } = tools
  const { clock } = driver
  const { model } = order
  let state: CallState = callMachine.initial
  let reader: ReaderState = readerMachine.initial
  let turn = noTurn
  /** Of the attempts so far. */
  const ends: Array<AttemptEnd> = []
  /** Why the gateway itself has given the call up. */
  let error: HttpError | undefined
  let result: CallEnd | undefined
  let savedTokens = 0
  let disarmStall = (): void => {}

  const disarm = clock.wakeAt(clock.nowMicros() + timeouts.requestMicros, () =>
    // A host that has lived on signs of life alone does not get away with it.
    abandon(callTimeout(), turn.attempt?.overdue()),
  )

  /** What `input` brings with it: a chunk, or with `stopped` the outcome. */
  const step = (input: CallInput, chunk?: JsonObject, outcome?: Outcome): void => {
    const moved = move(callMachine, state, input)
    if (moved === undefined) {
      // What was under way when it ended comes too late.
      if (state === "over") return
      throw new Error(`call ${request}: ${input} while ${state}`)
    }
    state = moved[0]
    for (let next = 1; next < moved.length; next++) act(moved[next] as CallOutput, chunk, outcome)
  }

  const act = (output: CallOutput, chunk?: JsonObject, outcome?: Outcome): void => {
    switch (output) {
      case "withdraw":
        driver.submit({ _tag: "RequestWithdrawn", request })
        return
      case "awaitHold":
        driver.durable().then(
          () => step("holdWritten"),
          () => abandon(storeBroken()),
        )
        return
      case "startAttempt":
        return start()
      case "tellNotBegun":
        return queueMicrotask(() => tell(notBegun))
      case "tell":
        return tell(turn.end ?? notBegun)
      case "stop":
        return stopAttempt(outcome ?? "gatewayFault")
      case "keep":
        return void turn.kept.push(chunk as JsonObject)
      case "pass":
        return consumer.chunk(chunk as JsonObject)
      case "collect":
        return turn.assembler?.add(chunk as JsonObject)
      case "flush":
        return flush()
      case "awaitCharge":
        driver.durable().then(
          () => step("chargeWritten"),
          () => step("chargeLost"),
        )
        return
      case "conclude":
        return conclude(result ?? { _tag: "Failed", error: unserved() })
      case "concludeUnwritten":
        return conclude({ _tag: "Failed", error: storeBroken() })
    }
  }

  const take = (command: CallCommand): void => {
    if (state === "over") return
    if (command._tag === "Wait") return step("queued")
    if (command._tag === "Dispatch") return dispatch(command.attempt, command.instance)
    if (command._tag === "Refuse") return fail(error ?? refused(command.reason), command.reason)
    if (command.outcome !== "completed") return fail(error ?? unserved())
    result = {
      _tag: "Served",
      usage: {
        promptTokens: order.inputTokens,
        completionTokens: command.outputTokens,
        cost: creditsNumberOf(driver.market, command.charge),
      },
      chargeMinor: command.charge,
    }
    step(consumer.hearsCharge && reader !== "gone" ? "served" : "ended")
  }

  const fail = (why: HttpError, refusal?: Refusal): void => {
    result = { _tag: "Failed", error: why, ...(refusal === undefined ? {} : { refusal }) }
    step("ended")
  }

  const refused = (reason: Refusal): HttpError =>
    order.booking === undefined
      ? refusalError(reason, model, ends, tools.standings(model.id))
      : bookedRefusalError(reason, model, ends)

  /** The last attempt ended with an outcome that is the end of the call. */
  const unserved = (): HttpError => {
    const last = ends.at(-1)
    return last?.outcome === "consumerError" && state !== "closing"
      ? consumerError(last)
      : brokenOff(last?.outcome ?? "gatewayFault")
  }

  const dispatch = (number: number, instance: InstanceId): void => {
    const assembler = error === undefined ? consumer.assembler?.() : turn.assembler
    turn = { ...noTurn, number, instance, assembler, kept: [] }
    if (error !== undefined) step("dispatchedInVain")
    else step(consumer.isStreaming ? "dispatched" : "dispatchedWhole")
  }

  const start = (): void => {
    const { number, instance } = turn
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
    turn.attempt = startAttempt(clock, timeouts, courier, job, {
      chunk: (chunk, isText) => step(isText ? "text" : "chunk", chunk),
      end: (end) => {
        turn.attempt = undefined
        turn.end = end
        step(end.outcome === "completed" ? "completed" : "failed")
      },
    })
  }

  const stopAttempt = (outcome: Outcome): void => {
    const { attempt } = turn
    turn.attempt = undefined
    turn.end =
      attempt === undefined ? { ...(turn.end ?? notBegun), outcome } : attempt.stop(outcome)
  }

  const flush = (): void => {
    const chunks = turn.kept
    turn.kept = []
    for (const chunk of chunks) consumer.chunk(chunk)
  }

  /** What the consumer has, or would have had if it had stayed. */
  const isDelivered = ({ outcome }: AttemptEnd): boolean =>
    consumer.isStreaming
      ? state === "closing"
      : outcome === "completed" || outcome === "consumerGone"

  /** The kernel's answer, a command, may come before this returns. */
  const tell = (end: AttemptEnd): void => {
    ends.push(end)
    const delivered = isDelivered(end)
    const rejection = driver.submit({
      _tag: "AttemptEnded",
      request,
      attempt: turn.number,
      outcome: end.outcome,
      outputTokens: delivered ? end.outputTokens : 0,
      reportedTokens: delivered ? end.reportedTokens : 0,
      decodeMicros: delivered ? end.decodeMicros : 0,
      // What service levels of hours are judged by; where none are sold, nobody asks.
      ...(end.firstTokenMicros === undefined || !driver.market.economy.hours.areSold
        ? {}
        : { firstTokenMicros: end.firstTokenMicros }),
      retryAfterMicros: end.retryAfterMicros,
    })
    if (rejection !== undefined) fail(error ?? rejectionError(rejection, model))
  }

  const conclude = (end: CallEnd): void => {
    disarm()
    disarmStall()
    if (savedTokens > 0) tools.deliveries.forgetDelivered(request)
    tools.forget(request)
    if (reader !== "gone") consumer.end(end, turn.assembler)
  }

  const abandon = (reason: HttpError, outcome: Outcome = "gatewayFault"): void => {
    if (state === "over" || error !== undefined) return
    error = reason
    step("stopped", undefined, outcome)
  }

  const read = (input: ReaderInput): void => {
    const moved = state === "over" ? undefined : move(readerMachine, reader, input)
    if (moved === undefined) return
    const [next, ...outputs] = moved
    reader = next
    for (const output of outputs) actOnReader(output)
  }

  const actOnReader = (output: ReaderOutput): void => {
    switch (output) {
      case "pause":
        turn.attempt?.pause()
        // The same patience with a consumer as with a host: neither may keep a slot for nothing.
        disarmStall = clock.wakeAt(clock.nowMicros() + timeouts.betweenTokensMicros, () =>
          read("stalled"),
        )
        return
      case "resume":
        disarmStall()
        return turn.attempt?.resume()
      case "timeOut":
        return consumer.end({ _tag: "Failed", error: callTimeout() })
      case "stop":
        return step("stopped", undefined, "consumerGone")
    }
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
        ...order.item,
        ...(order.maxRatePerHour === undefined ? {} : { maxRatePerHour: order.maxRatePerHour }),
        ...(order.booking === undefined ? {} : { booking: order.booking }),
        ...(order.tier === undefined ? {} : { tier: order.tier }),
      })
      if (rejection !== undefined) fail(rejectionError(rejection, model))
    },
    take,
    leave: () => read("left"),
    abandon,
    pause: () => read("paused"),
    resume: () => read("resumed"),
    failOver: (isLost) => {
      const { attempt, instance } = turn
      if (attempt === undefined || !isLost(instance)) return
      step("stopped", undefined, attempt.tokens() > 0 ? "stalled" : "connectFailed")
    },
    recall: () => step("stopped", undefined, "gatewayFault"),
    checkpoint: () => {
      const { attempt, number } = turn
      const tokens = state === "open" && attempt !== undefined ? attempt.tokens() : 0
      if (tokens <= savedTokens) return
      savedTokens = tokens
      tools.deliveries.noteDelivered({ request, attempt: number, tokens })
    },
  }
}
