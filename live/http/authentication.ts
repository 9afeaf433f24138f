/** Who calls: the key in `Authorization: Bearer …`, and what it may do. */
import type { LiveServices } from "../services.ts"
import type { KeyRecord } from "../store/records.ts"
import { HttpError } from "./http-error.ts"
import type { KeyRole } from "./secrets.ts"
import { hashOf } from "./secrets.ts"

/** No secret is longer; what is longer is not worth hashing. */
const longestHeader = 256

type KeyServices = Pick<LiveServices, "directory" | "nowMillis">

/** Of a request, what says who calls. */
interface Caller {
  readonly headers: { readonly authorization?: string | undefined }
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
  { headers: { authorization } }: Caller,
): KeyRecord | undefined => {
  if (authorization === undefined || authorization.length > longestHeader) return undefined
  if (!/^bearer /i.test(authorization)) return undefined
  return directory.keyByHash(hashOf(authorization.slice("bearer ".length).trim()))
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
        "No valid key: send one as `Authorization: Bearer …`; it may be unknown, revoked or expired",
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
