/** What whoever gives an address that the gateway may not call is told. */
import { HttpError } from "../http/http-error.ts"
import { EndpointRefused } from "./network-guard.ts"

/** The error to raise for one that the guard's check raised: any other is raised as it is. */
export const refusedAddress = (error: unknown, param: string, what: string): unknown =>
  error instanceof EndpointRefused
    ? new HttpError({
        status: 400,
        type: "invalid_request_error",
        code: "endpoint_refused",
        param,
        message: `${what} is refused: ${error.message}`,
      })
    : error
