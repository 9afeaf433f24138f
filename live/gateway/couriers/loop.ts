/**
 * A host's endpoint may be this gateway itself, also by way of others: a call to it would be sent
 * there again and again. What the gateway sends bears its mark (RFC 9110, `Via`), and a call that
 * comes back with it goes no further.
 */
import { randomBytes } from "node:crypto"
import { HttpError } from "../../http/http-error.ts"

export const loopMark = `1.1 evenkeel-${randomBytes(8).toString("hex")}`

/** The error for whoever sends what this gateway has sent. */
export const loopOf = (via: string | undefined): HttpError | undefined =>
  via?.includes(loopMark) === true
    ? new HttpError({
        status: 508,
        type: "invalid_request_error",
        code: "loop_detected",
        message: "The call comes from this very gateway: one of its hosts leads back to it",
      })
    : undefined
