/** What a consumer is told when a call is not served: OpenAI's types, codes of our own. */
import type { Outcome, Refusal, Rejection } from "../../../engine/index.ts"
import { badRequest, conflict, HttpError, overloaded } from "../../http/http-error.ts"
import type { ModelRecord } from "../../directory/records.ts"
import type { AttemptEnd } from "./attempt.ts"
import type { Standings } from "./refusal-text.ts"
import { whyAttemptsFailed, whyNobodyTakes } from "./refusal-text.ts"

const retryAfterSeconds = 1

/**
 * The market did not take the call, or no host could serve it: after `ends`, the attempts so far, and
 * with the model's hosts as they stand.
 */
export const refusalError = (
  reason: Refusal,
  model: ModelRecord,
  ends: ReadonlyArray<AttemptEnd>,
  standings: Standings,
): HttpError => {
  switch (reason) {
    case "InsufficientCredits":
      return new HttpError({
        status: 402,
        type: "insufficient_quota",
        code: "insufficient_credits",
        message:
          "The account's credits do not cover the longest answer to this call: top up, or lower `max_tokens`",
      })
    case "PriceTooHigh":
      return new HttpError({
        status: 400,
        type: "invalid_request_error",
        code: "price_too_high",
        message: `${model.name} costs more than this call allows; GET /v1/models lists prices`,
      })
    case "NoInstance":
      return unavailable(whyNobodyTakes(model.name, standings), "no_instance")
    case "NoCapacity":
      return unavailable(whyNobodyTakes(model.name, standings), "no_capacity")
    case "AttemptFailed":
      return attemptError(ends, model)
    case "QueueFull":
      return new HttpError({
        status: 429,
        type: "overloaded_error",
        code: "queue_full",
        message: `Every host of ${model.name} is busy, and as many calls wait for one as may`,
        retryAfterSeconds,
      })
    case "QueueTimeout":
      return new HttpError({
        status: 503,
        type: "overloaded_error",
        code: "queue_timeout",
        message: `No host of ${model.name} came to have room for this call while it waited`,
        retryAfterSeconds,
      })
    case "Withdrawn":
      return unavailable("The call waited for a host when the gateway stopped", "withdrawn")
    case "Expired":
      return new HttpError({
        status: 504,
        type: "server_error",
        code: "batch_expired",
        message: "Its batch was over before it was answered; it is not charged",
      })
  }
}

const unavailable = (message: string, code: string): HttpError =>
  new HttpError({ status: 503, type: "overloaded_error", code, message, retryAfterSeconds })

const attemptError = (ends: ReadonlyArray<AttemptEnd>, model: ModelRecord): HttpError => {
  const outcome = ends.at(-1)?.outcome
  const message = whyAttemptsFailed(model.name, ends)
  if (outcome === "backpressure") return unavailable(message, "no_capacity")
  if (outcome === "firstTokenTimeout" || outcome === "stalled")
    return new HttpError({
      status: 504,
      type: "server_error",
      code: "upstream_timeout",
      message,
    })
  return new HttpError({
    status: 502,
    type: "server_error",
    code: "upstream_failed",
    message,
  })
}

/** The same of a call inside a booking, which one machine serves and nobody else. */
export const bookedRefusalError = (
  reason: Refusal,
  model: ModelRecord,
  ends: ReadonlyArray<AttemptEnd>,
): HttpError =>
  reason === "AttemptFailed"
    ? attemptError(ends, model)
    : reason === "NoCapacity"
      ? unavailable("All jobs of your booking are at work", "booking_busy")
      : unavailable(
          `The machine that you have booked does not serve ${model.name} now`,
          "no_instance",
        )

/** The host says that the request itself is wrong. */
export const consumerError = ({ status, detail }: AttemptEnd): HttpError =>
  new HttpError({
    status: status !== undefined && status >= 400 && status < 500 ? status : 400,
    type: "invalid_request_error",
    code: "rejected_by_host",
    message: detail ?? "The host does not take this request",
  })

/** The host broke off after a part of the answer had gone out. */
export const brokenOff = (outcome: Outcome): HttpError =>
  new HttpError({
    status: 502,
    type: "server_error",
    code: outcome === "stalled" ? "upstream_timeout" : "upstream_failed",
    message: `The answer is incomplete: the host broke off (${outcome}); what came is charged`,
  })

export const callTimeout = (): HttpError =>
  new HttpError({
    status: 504,
    type: "server_error",
    code: "call_timeout",
    message: "The call took longer than the gateway allows; ask for a shorter answer",
  })

export const shuttingDown = (): HttpError => overloaded("The gateway is shutting down", 5)

export const storeBroken = (): HttpError =>
  new HttpError({
    status: 500,
    type: "server_error",
    code: "store_broken",
    message: "The gateway cannot write its journal",
  })

/** The kernel took the fact for wrong: only races can cause it, such as an account just closed. */
export const rejectionError = (rejection: Rejection, model: ModelRecord): HttpError => {
  if (rejection === "UnknownModel") return unknownModel(model.name)
  if (rejection === "TooManyTokens")
    return badRequest("The call asks for more tokens than any model takes", "max_tokens")
  if (rejection === "TiersNotOffered")
    return badRequest("Calls of this market are of no tier", "x-evenkeel-tier")
  if (rejection === "WrongPhase" || rejection === "UnknownBooking")
    return conflict(
      "booking_not_running",
      "The booking of this call is not running: it has not begun, or is over",
    )
  return new HttpError({
    status: 500,
    type: "server_error",
    code: "internal_error",
    message: `The market did not take the call: ${rejection}`,
  })
}

export const unknownModel = (name: string): HttpError =>
  new HttpError({
    status: 404,
    type: "invalid_request_error",
    code: "model_not_found",
    message: `The model ${JSON.stringify(name.slice(0, 200))} does not exist; GET /v1/models lists what there is`,
    param: "model",
  })
