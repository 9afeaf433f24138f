/**
 * Errors as every route of the live mode answers them: OpenAI's shape, so that its clients raise
 * their own typed errors. The message says what is wrong and what is allowed.
 */
import { Data } from "effect"

/** OpenAI's error types, by what a client makes of them. */
export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "not_found_error"
  | "conflict_error"
  | "insufficient_quota"
  | "rate_limit_error"
  | "server_error"
  | "overloaded_error"

export class HttpError extends Data.TaggedError("HttpError")<{
  readonly status: number
  readonly type: ErrorType
  /** For programs: snake_case, stable. */
  readonly code: string
  readonly message: string
  /** The field of the request that is wrong, where one is. */
  readonly param?: string
  readonly retryAfterSeconds?: number
}> {}

export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: ErrorType
    readonly param: string | null
    readonly code: string | null
  }
}

export const errorBody = (error: HttpError): ErrorBody => ({
  error: {
    message: error.message,
    type: error.type,
    param: error.param ?? null,
    code: error.code,
  },
})

export const badRequest = (message: string, param?: string): HttpError =>
  new HttpError({
    status: 400,
    type: "invalid_request_error",
    code: "invalid_request",
    message,
    ...(param === undefined ? {} : { param }),
  })

export const unknownCursor = (): HttpError =>
  badRequest("cursor has to be the next_cursor of an earlier page", "cursor")

export const notFound = (what: string): HttpError =>
  new HttpError({
    status: 404,
    type: "not_found_error",
    code: "not_found",
    message: `There is no ${what}`,
  })

export const conflict = (code: string, message: string): HttpError =>
  new HttpError({ status: 409, type: "conflict_error", code, message })

export const overloaded = (message: string, retryAfterSeconds: number): HttpError =>
  new HttpError({
    status: 503,
    type: "overloaded_error",
    code: "overloaded",
    message,
    retryAfterSeconds,
  })
