/** Who calls: the key in `Authorization: Bearer …`, and what it may do. */
import type { KeyRole } from "../accounts/secrets.ts"
import { hashOf } from "../accounts/secrets.ts"
import type { Directory, KeyRecord } from "../store/records.ts"
import { HttpError } from "./http-error.ts"

/** No secret is longer; what is longer is not worth hashing. */
const longestHeader = 256

/** The key that an `Authorization` header names, if it is valid now. */
export const keyOf = (
  directory: Directory,
  authorization: string | undefined,
  nowMillis: number,
): KeyRecord | undefined => {
  if (authorization === undefined || authorization.length > longestHeader) return undefined
  if (!/^bearer /i.test(authorization)) return undefined
  const key = directory.keyByHash(hashOf(authorization.slice("bearer ".length).trim()))
  if (key === undefined) return undefined
  const isOver =
    (key.revokedAtMillis !== undefined && key.revokedAtMillis <= nowMillis) ||
    (key.expiresAtMillis !== undefined && key.expiresAtMillis <= nowMillis)
  return isOver ? undefined : key
}

/** The valid key of a request, of one of these roles. Throws what the client is to be told. */
export const requireKey = (
  directory: Directory,
  authorization: string | undefined,
  nowMillis: number,
  ...roles: ReadonlyArray<KeyRole>
): KeyRecord => {
  const key = keyOf(directory, authorization, nowMillis)
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
