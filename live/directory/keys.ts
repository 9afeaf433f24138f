/** Keys, made: which party each belongs to stands in its record, its secret nowhere. */
import type { KeyRole } from "../http/secrets.ts"
import { newPublicId, newSecret } from "../http/secrets.ts"
import type { KeyRecord } from "./records.ts"
import type { LiveServices } from "./services.ts"

type KeyServices = Pick<LiveServices, "directory" | "nowMillis">

export interface NewKey {
  readonly record: KeyRecord
  readonly secret: string
}

export interface KeyWish {
  readonly role: KeyRole
  readonly account?: number
  readonly host?: number
  readonly name: string
  readonly expiresAtMillis?: number
  readonly limit?: KeyRecord["limit"]
}

/** Puts a new key into the directory. */
export const makeKey = (services: KeyServices, wish: KeyWish): NewKey => {
  const { directory, nowMillis } = services
  const { secret, hash, prefix, lastFour } = newSecret(wish.role)
  const { limit, ...rest } = wish
  const record: KeyRecord = {
    ...rest,
    ...(limit === undefined ? {} : { limit }),
    id: directory.keys.nextId(),
    publicId: newPublicId("key"),
    hash,
    prefix,
    lastFour,
    createdAtMillis: nowMillis(),
  }
  directory.keys.put(record)
  return { record, secret }
}

/**
 * The platform's own key, made at the first start: gives its secret once, to be printed, and
 * `undefined` where there is one already. Whoever prints it waits for `driver.durable()` first.
 */
export const ensureAdminKey = (services: KeyServices): string | undefined => {
  for (const key of services.directory.keys.all()) if (key.role === "admin") return undefined
  return makeKey(services, { role: "admin", name: "first admin key" }).secret
}
