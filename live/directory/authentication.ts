/**
 * Who calls, and what it may do: the key in `Authorization: Bearer …`, or else in `api-key`, as Azure's
 * clients send it, or else in `x-api-key`. The first of these that is there is the key, valid or not.
 * Where none is, a page of the gateway's own may stand in for the key that its reader signed in with.
 */
import type { LiveServices } from "./services.ts"
import type { KeyRecord } from "./records.ts"
import { HttpError } from "../http/http-error.ts"
import type { KeyRole } from "../http/secrets.ts"
import { hashOf } from "../http/secrets.ts"
import { cookieIn } from "../http/cookies.ts"
import type { SessionRole } from "./sessions.ts"
import { sessionRoles } from "./sessions.ts"

/** No secret is longer; what is longer is not worth hashing. */
const longestSecret = 256

type KeyServices = Pick<LiveServices, "directory" | "nowMillis" | "sessions">

/** Of a request, what says who calls. */
interface Caller {
  readonly method?: string
  readonly url?: string
  /** Its port is in the cookies' names: a browser keeps one jar for all ports of a machine. */
  readonly host?: string
  readonly headers: {
    readonly cookie?: string | undefined
    readonly [pageHeader]?: string | ReadonlyArray<string> | undefined
    readonly "sec-fetch-site"?: string | ReadonlyArray<string> | undefined
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

/** The key that a request bears, if it is valid now. `roles`: whose sessions count beside. */
export const keyOf = (
  services: KeyServices,
  caller: Caller,
  roles: ReadonlyArray<KeyRole> = sessionRoles,
): KeyRecord | undefined => {
  const key = hasSecret(caller) ? bearerOf(services, caller) : signedIn(services, caller, roles)
  return key !== undefined && keyState(key, services.nowMillis()) === "valid"
    ? usedNow(services, key)
    : undefined
}

const usedEveryMillis = 600_000

/** Notes that a key is in use, to some minutes: not every call may be written down. */
const usedNow = ({ directory, nowMillis }: KeyServices, key: KeyRecord): KeyRecord => {
  const now = nowMillis()
  if (now - (key.usedAtMillis ?? 0) < usedEveryMillis) return key
  const used = { ...key, usedAtMillis: now }
  directory.keys.put(used)
  return used
}

/**
 * The page says so itself, in a header that no form and no image can send, and that a script of another
 * origin may not: with the cookie's SameSite=Strict, nobody acts for a reader who does not know.
 */
const pageHeader = "x-evenkeel-page"

export const isOwnPage = ({ headers }: Caller): boolean =>
  headers[pageHeader] !== undefined &&
  (headers["sec-fetch-site"] === undefined || headers["sec-fetch-site"] === "same-origin")

export const sessionCookie = (role: SessionRole, { host = "" }: Pick<Caller, "host">): string => {
  const port = /:(\d{1,5})$/.exec(host)?.[1]
  return `evenkeel_${role}${port === undefined ? "" : `_${port}`}`
}

/** The secret of the session that a page of the gateway's own sends. Calls of models are no page's. */
export const sessionTokenOf = (caller: Caller, role: SessionRole): string | undefined =>
  isOwnPage(caller) && caller.url?.startsWith("/v1/") !== true
    ? cookieIn(caller.headers.cookie, sessionCookie(role, caller))
    : undefined

const signedIn = (
  { directory, sessions }: KeyServices,
  caller: Caller,
  roles: ReadonlyArray<KeyRole>,
): KeyRecord | undefined => {
  for (const role of sessionRoles) {
    const token = roles.includes(role) ? sessionTokenOf(caller, role) : undefined
    const session = token === undefined ? undefined : sessions.find(token, role)
    if (session !== undefined) return directory.keys.get(session.key)
  }
  return undefined
}

/** The key that a request bears, valid or not. */
export const bearerOf = (
  { directory }: Pick<KeyServices, "directory">,
  { headers }: Caller,
): KeyRecord | undefined => {
  const secret = secretOf(headers)
  return secret === undefined ? undefined : directory.keyByHash(hashOf(secret))
}

const hasSecret = ({ headers }: Caller): boolean =>
  /^bearer /i.test(headers.authorization ?? "") ||
  headers["api-key"] !== undefined ||
  headers["x-api-key"] !== undefined

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
  const key = keyOf(services, caller, roles)
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
  if (key.limit !== undefined && !isForLimited(caller)) throw limitedKey()
  return key
}

/** A key that may spend so much only may not give itself more: it looks, and calls models. */
const isForLimited = ({ method = "GET", url = "" }: Caller): boolean =>
  method === "GET" || method === "HEAD" || url.startsWith("/v1/")

const limitedKey = (): HttpError =>
  new HttpError({
    status: 403,
    type: "permission_error",
    code: "limited_key",
    message:
      "This key has a spending limit: it can call models and look at its account, but change nothing; use a key without a limit",
  })
