/**
 * Who calls, and what it may do: the key in `Authorization: Bearer …`, or else in `api-key`, as Azure's
 * clients send it, or else in `x-api-key`. The first of these that is there is the key, valid or not.
 */
import type { LiveServices } from "./services.ts"
import type { KeyRecord } from "./records.ts"
import { HttpError } from "../http/http-error.ts"
import type { KeyRole } from "../http/secrets.ts"
import { hashOf } from "../http/secrets.ts"

/** No secret is longer; what is longer is not worth hashing. */
const longestSecret = 256

type KeyServices = Pick<LiveServices, "directory" | "nowMillis">

/** Of a request, what says who calls. */
interface Caller {
  readonly headers: {
    readonly authorization?: string | undefined
    readonly "api-key"?: string | ReadonlyArray<string> | undefined
    readonly "x-api-key"?: string | ReadonlyArray<string> | undefined
  }
}

type KeyState = "valid" | "expired" | "revoked"

/** Whether a key opens the door now, and if not, why. */
export const keyState = (key: KeyRecord, nowMillis: number): KeyState => {
  if (key.revokedAtMillis !== undefined && key.revokedAtMillis <= nowMillis) return "revoked"
  if (key.expiresAtMillis !== undefined && key.expiresAtMillis <= nowMillis) return "expired"
  return "valid"
}

/** The key that a request bears, if it is valid now. */
export const keyOf = (services: KeyServices, caller: Caller): KeyRecord | undefined => {
  const key = bearerOf(services, caller)
  return key !== undefined && keyState(key, services.nowMillis()) === "valid" ? key : undefined
}

/** The key that a request bears, valid or not. */
export const bearerOf = (
  { directory }: Pick<KeyServices, "directory">,
  { headers }: Caller,
): KeyRecord | undefined => {
  const secret = secretOf(headers)
  return secret === undefined ? undefined : directory.keyByHash(hashOf(secret))
}

const secretOf = (headers: Caller["headers"]): string | undefined => {
  const { authorization = "" } = headers
  // Another scheme is a proxy's: it says nothing of who calls here.
  const bearer = /^bearer /i.test(authorization) ? authorization.slice("bearer ".length) : undefined
  for (const given of [bearer, headers["api-key"], headers["x-api-key"]]) {
    const secret = typeof given === "string" ? given.trim() : ""
    if (secret !== "") return secret.length > longestSecret ? undefined : secret
  }
  return undefined
}

/** The valid key of a request, of one of these roles. Throws what the client is to be told. */
export const requireKey = (
  services: KeyServices,
  caller: Caller,
  ...roles: ReadonlyArray<KeyRole>
): KeyRecord => {
  const key = keyOf(services, caller)
  if (key === undefined)
    throw new HttpError({
      status: 401,
      type: "authentication_error",
      code: "invalid_api_key",
      message:
        "No valid key: send one as `Authorization: Bearer …`, or else as `api-key` or `x-api-key`, of which the first that is there counts; it may be unknown, revoked or expired",
    })
  if (!roles.includes(key.role))
    throw new HttpError({
      status: 403,
      type: "permission_error",
      code: "wrong_key_role",
      message: `This needs a key of role ${roles.join(" or ")}; the one given is of role ${key.role}`,
    })
  return key
}
