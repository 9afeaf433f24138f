/**
 * The keys of an account and of the platform: made, listed, revoked, and rotated with an overlap in
 * which the old key and the new one both open the door, so that no client has to stop.
 */
import { Schema } from "effect"
import { keyState } from "../directory/authentication.ts"
import { UnixSeconds } from "../http/fields.ts"
import { conflict, notFound } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import type { KeyRecord } from "../directory/records.ts"
import { secondsOf } from "../views/market-time.ts"
import type { KeyWish, NewKey } from "../directory/keys.ts"
import { makeKey } from "../directory/keys.ts"

type KeyServices = Pick<LiveServices, "directory" | "nowMillis">

/** Valid keys that one account may have at a time. */
const maxKeys = 50
const maxKeysADay = 200
const millisPerDay = 86_400_000

/** A key as its owner sees it later: never the secret. */
export const KeyView = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  prefix: Schema.String,
  last_four: Schema.NullOr(Schema.String),
  state: Schema.Literal("valid", "expired", "revoked"),
  created_at: UnixSeconds,
  expires_at: Schema.NullOr(UnixSeconds),
  revoked_at: Schema.NullOr(UnixSeconds),
})
export type KeyView = typeof KeyView.Type

/** A key as its owner sees it once. */
export const NewKeyView = Schema.Struct({
  ...KeyView.fields,
  api_key: Schema.String,
})
export type NewKeyView = typeof NewKeyView.Type

/** Keys of one owner: an account's, or the platform's. In the order in which they were made. */
export const keysOf = (services: KeyServices, owner: KeyRecord): ReadonlyArray<KeyRecord> =>
  [...services.directory.keys.all()].filter((key) => isOfSameOwner(key, owner))

const isOfSameOwner = (key: KeyRecord, owner: KeyRecord): boolean =>
  key.role === owner.role && key.account === owner.account

/** One more key for the owner of `owner`. Throws where there are too many. */
export const makeFurtherKey = (
  services: KeyServices,
  owner: KeyRecord,
  name: string,
  lifetimeSeconds: number | undefined,
): NewKey => {
  const now = services.nowMillis()
  requireRoom(services, keysOf(services, owner))
  return makeKey(services, {
    ...ownerOf(owner),
    name,
    ...(lifetimeSeconds === undefined ? {} : { expiresAtMillis: now + lifetimeSeconds * 1000 }),
  })
}

/** Is there room for one more beside these? */
const requireRoom = (
  { nowMillis }: Pick<KeyServices, "nowMillis">,
  keys: ReadonlyArray<KeyRecord>,
): void => {
  const now = nowMillis()
  if (keys.filter((key) => keyState(key, now) === "valid").length >= maxKeys)
    throw conflict("too_many_keys", `At most ${maxKeys} valid keys; revoke one first`)
  // Keys that have ended are kept, for audits: they may not fill the memory.
  const recent = keys.filter(({ createdAtMillis }) => createdAtMillis > now - millisPerDay)
  if (recent.length >= maxKeysADay)
    throw conflict("too_many_keys", `At most ${maxKeysADay} new keys a day`)
}

const ownerOf = ({ role, account }: KeyRecord): Pick<KeyWish, "role" | "account"> => {
  if (role === "host") throw new Error("accounts: a host's key has no further keys")
  return { role, ...(account === undefined ? {} : { account }) }
}

/** The key of that public id, where it is of the same owner. Throws otherwise: 404. */
export const requireOwnKey = (
  services: KeyServices,
  owner: KeyRecord,
  publicId: string,
): KeyRecord => {
  const key = keysOf(services, owner).find((one) => one.publicId === publicId)
  if (key === undefined) throw notFound(`key ${publicId} of yours; list them for their ids`)
  return key
}

/** Ends a key at once. Repeating it changes nothing. Throws for the owner's last valid one. */
export const revokeKey = (services: KeyServices, key: KeyRecord): KeyRecord => {
  const now = services.nowMillis()
  if (key.revokedAtMillis !== undefined) return key
  const others = keysOf(services, key).filter((one) => one.id !== key.id)
  // Without a key nobody could reach the account's credits again.
  if (!others.some((one) => keyState(one, now) === "valid"))
    throw conflict("last_key", "This is your last valid key; make another one first, or rotate it")
  const revoked = { ...key, revokedAtMillis: now }
  services.directory.keys.put(revoked)
  return revoked
}

/**
 * A new key in the place of `key`, which stays valid for `overlapSeconds` more, or for as long as it
 * would have been anyway. The new one lives as long as the old one was meant to.
 */
export const rotateKey = (
  services: KeyServices,
  key: KeyRecord,
  overlapSeconds: number,
): NewKey => {
  const now = services.nowMillis()
  if (keyState(key, now) !== "valid")
    throw conflict("key_not_valid", "Only a valid key can be rotated; make a new one instead")
  // The old key takes no room of its own where it ends at once.
  requireRoom(
    services,
    keysOf(services, key).filter((one) => one.id !== key.id || overlapSeconds > 0),
  )
  const { expiresAtMillis } = key
  const made = makeKey(services, {
    ...ownerOf(key),
    name: key.name,
    ...(expiresAtMillis === undefined
      ? {}
      : { expiresAtMillis: now + expiresAtMillis - key.createdAtMillis }),
  })
  const endsAtMillis = now + overlapSeconds * 1000
  services.directory.keys.put({
    ...key,
    expiresAtMillis: Math.min(endsAtMillis, expiresAtMillis ?? endsAtMillis),
  })
  return made
}

const timeOf = (millis: number | undefined): number | null =>
  millis === undefined ? null : secondsOf(millis)

export const keyView = (key: KeyRecord, nowMillis: number): KeyView => ({
  id: key.publicId,
  name: key.name,
  prefix: key.prefix,
  last_four: key.lastFour ?? null,
  state: keyState(key, nowMillis),
  created_at: secondsOf(key.createdAtMillis),
  expires_at: timeOf(key.expiresAtMillis),
  revoked_at: timeOf(key.revokedAtMillis),
})

export const newKeyView = ({ record, secret }: NewKey, nowMillis: number): NewKeyView => ({
  ...keyView(record, nowMillis),
  api_key: secret,
})
