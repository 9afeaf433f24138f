/**
 * The keys of an account and of the platform: made, listed, revoked, and rotated with an overlap in
 * which the old key and the new one both open the door, so that no client has to stop.
 */
import { Effect, Schema } from "effect"
import { keyState } from "../directory/authentication.ts"
import { described, UnixSeconds } from "../http/fields.ts"
import { conflict, notFound } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import type { KeyRecord } from "../directory/records.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { creditsOf } from "../views/credits.ts"
import { spentOfLimit } from "../views/key-spending.ts"
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
  last_used_at: described(Schema.NullOr(UnixSeconds), "To ten minutes; null: never"),
  spend_limit: described(
    Schema.NullOr(Schema.String),
    "What its calls may cost since the limit was set, credits; such a key changes nothing of the account. null: no limit",
  ),
  spent: described(
    Schema.NullOr(Schema.String),
    "Of that, what was charged so far, credits; null: no limit",
  ),
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

/** What an owner may decide of a key; `undefined`: as it is, `null`: none. */
export interface KeyTerms {
  readonly name?: string | undefined
  readonly lifetimeSeconds?: number | null | undefined
  /** Minor units, from now on. */
  readonly limitMinor?: number | null | undefined
}

/** One more key for the owner of `owner`. Throws where there are too many. */
export const makeFurtherKey = (
  services: LimitServices,
  owner: KeyRecord,
  name: string,
  terms: KeyTerms,
): NewKey => {
  requireRoom(services, keysOf(services, owner))
  return makeKey(services, { ...ownerOf(owner), name, ...termsOf(services, terms) })
}

type LimitServices = KeyServices & Pick<LiveServices, "driver">

const termsOf = (
  { driver, nowMillis }: LimitServices,
  { lifetimeSeconds, limitMinor }: KeyTerms,
): Pick<KeyRecord, "expiresAtMillis" | "limit"> => ({
  ...(typeof lifetimeSeconds === "number"
    ? { expiresAtMillis: nowMillis() + lifetimeSeconds * 1000 }
    : {}),
  ...(typeof limitMinor === "number"
    ? { limit: { minor: limitMinor, fromMicros: driver.clock.nowMicros() } }
    : {}),
})

/** Gives a valid key other terms. Throws where nobody could change anything any more. */
export const changeKey = (services: LimitServices, key: KeyRecord, terms: KeyTerms): KeyRecord => {
  if (keyState(key, services.nowMillis()) !== "valid")
    throw conflict("key_not_valid", "Only a valid key can be changed; make a new one instead")
  if (typeof terms.limitMinor === "number") requireOtherWhole(services, key)
  const { expiresAtMillis, limit, ...rest } = key
  const changed: KeyRecord = {
    ...rest,
    ...(terms.lifetimeSeconds !== undefined || expiresAtMillis === undefined
      ? {}
      : { expiresAtMillis }),
    ...(terms.limitMinor !== undefined || limit === undefined ? {} : { limit }),
    ...(terms.name === undefined ? {} : { name: terms.name }),
    ...termsOf(services, terms),
  }
  services.directory.keys.put(changed)
  return changed
}

/** Is there another valid key that may do everything? Without, the account's credits are out of reach. */
const requireOtherWhole = (services: KeyServices, key: KeyRecord): void => {
  const now = services.nowMillis()
  const isOther = (one: KeyRecord): boolean =>
    one.id !== key.id && one.limit === undefined && keyState(one, now) === "valid"
  if (!keysOf(services, key).some(isOther))
    throw conflict(
      "last_key",
      "This is your last valid key without a spending limit; make another one first, or rotate it",
    )
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
  if (key.limit === undefined && keyState(key, now) === "valid") requireOtherWhole(services, key)
  const revoked = { ...key, revokedAtMillis: now }
  services.directory.keys.put(revoked)
  return revoked
}

/**
 * A new key in the place of `key`, which stays valid for `overlapSeconds` more, or for as long as it
 * would have been anyway. The new one lives as long as the old one was meant to.
 */
export const rotateKey = (
  services: LimitServices,
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
  const { expiresAtMillis, limit } = key
  const made = makeKey(services, {
    ...ownerOf(key),
    name: key.name,
    ...termsOf(services, { limitMinor: limit?.minor }),
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

/** `spentMinor`: of its limit, where it has one. */
const keyView = (
  { driver, nowMillis }: LimitServices,
  key: KeyRecord,
  spentMinor: number,
): KeyView => ({
  id: key.publicId,
  name: key.name,
  prefix: key.prefix,
  last_four: key.lastFour ?? null,
  state: keyState(key, nowMillis()),
  created_at: secondsOf(key.createdAtMillis),
  expires_at: timeOf(key.expiresAtMillis),
  revoked_at: timeOf(key.revokedAtMillis),
  last_used_at: timeOf(key.usedAtMillis),
  spend_limit: key.limit === undefined ? null : creditsOf(driver.market, key.limit.minor),
  spent: key.limit === undefined ? null : creditsOf(driver.market, spentMinor),
})

/** The same with what was spent, read from the receipts. */
export const readKeyView = (
  services: LimitServices & Pick<LiveServices, "store">,
  key: KeyRecord,
): Effect.Effect<KeyView, StoreBroken | StoreFault> =>
  Effect.map(key.limit === undefined ? Effect.succeed(0) : spentOfLimit(services, key), (spent) =>
    keyView(services, key, spent),
  )

export const newKeyView = (services: LimitServices, { record, secret }: NewKey): NewKeyView => ({
  ...keyView(services, record, 0),
  api_key: secret,
})
