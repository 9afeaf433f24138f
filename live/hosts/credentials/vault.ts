/**
 * The vault: tokens of cloud providers, sealed at rest. Envelope encryption: each token under a data
 * key of its own, the data key wrapped by a master key, both AES-256-GCM (NIST SP 800-38D) with fresh
 * random nonces. The host's id is bound to both as additional data: a sealed token that is moved to
 * another host does not open.
 *
 * Rotation: a new master key comes before the others, and data keys are wrapped anew. Tokens are not
 * touched, and whatever key wrapped them opens them meanwhile.
 *
 * An opened token is `Redacted`: a log or an error that it slips into shows nothing.
 */
import type { FileSystem, Path } from "@effect/platform"
import { Context, Data, Effect, Redacted } from "effect"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import type { Directory } from "../../directory/directory.ts"
import type { HostRecord } from "../../directory/records.ts"
import type { KeySource, MasterKey, MasterKeys } from "./master-keys.ts"
import { loadMasterKeys, VaultUnusable } from "./master-keys.ts"

/** A sealed token does not open: its master key is missing, or it is not what was sealed. */
export class SealBroken extends Data.TaggedError("SealBroken")<{ readonly reason: string }> {
  override get message(): string {
    return `A sealed token does not open: ${this.reason}`
  }
}

export interface Vault {
  /** `host`: public id of the host that the token is for. */
  readonly seal: (token: string, host: string) => string
  /** Throws `SealBroken`. */
  readonly open: (sealed: string, host: string) => Redacted.Redacted
  /** Is it wrapped by the current master key? */
  readonly isCurrent: (sealed: string) => boolean
  /** The same token, wrapped by the current master key. Throws `SealBroken`. */
  readonly rewrap: (sealed: string, host: string) => string
  /** Makes a new master key the current one. */
  readonly renew: Effect.Effect<void, VaultUnusable>
}

export class TokenVault extends Context.Tag("evenkeel/Vault")<TokenVault, Vault>() {}

const version = "ev1"
const cipher = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

const encrypt = (key: Buffer, plain: Buffer, bound: string): Buffer => {
  const nonce = randomBytes(nonceBytes)
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  sealing.setAAD(Buffer.from(bound))
  return Buffer.concat([nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()])
}

const decrypt = (key: Buffer, sealed: Buffer, bound: string): Buffer => {
  if (sealed.length < nonceBytes + tagBytes) throw new SealBroken({ reason: "it is cut short" })
  const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  opening.setAAD(Buffer.from(bound))
  opening.setAuthTag(sealed.subarray(-tagBytes))
  const plain = opening.update(sealed.subarray(nonceBytes, -tagBytes))
  try {
    return Buffer.concat([plain, opening.final()])
  } catch {
    throw new SealBroken({ reason: "it was changed, or sealed for another host or key" })
  }
}

const boundToken = (host: string): string => `${version} token ${host}`
const boundKey = (master: string, host: string): string => `${version} key ${master} ${host}`

interface Sealed {
  readonly master: string
  readonly wrappedKey: Buffer
  /** As it is written: rotation never touches it. */
  readonly token: string
}

const parse = (sealed: string): Sealed => {
  const [head, master, key, token, ...rest] = sealed.split(".")
  if (head !== version || master === undefined || key === undefined || token === undefined)
    throw new SealBroken({ reason: `it is no seal of version ${version}` })
  if (rest.length > 0) throw new SealBroken({ reason: "something was appended" })
  return { master, wrappedKey: Buffer.from(key, "base64url"), token }
}

const format = (master: string, wrappedKey: Buffer, token: string): string =>
  [version, master, wrappedKey.toString("base64url"), token].join(".")

/** A vault on these master keys. */
export const makeVault = (source: KeySource): Vault => {
  let keys: MasterKeys = source.keys

  const masterKey = (id: string): MasterKey => {
    const key = keys.find((one) => one.id === id)
    if (key === undefined)
      throw new SealBroken({ reason: `master key ${id} is not among those of this gateway` })
    return key
  }
  const wrap = (dataKey: Buffer, token: string, host: string): string => {
    const { id, bytes } = keys[0]
    return format(id, encrypt(bytes, dataKey, boundKey(id, host)), token)
  }
  const unwrap = ({ master, wrappedKey }: Sealed, host: string): Buffer =>
    decrypt(masterKey(master).bytes, wrappedKey, boundKey(master, host))

  return {
    seal: (token, host) => {
      const dataKey = randomBytes(32)
      const sealed = encrypt(dataKey, Buffer.from(token), boundToken(host))
      return wrap(dataKey, sealed.toString("base64url"), host)
    },
    open: (sealed, host) => {
      const parts = parse(sealed)
      const token = decrypt(
        unwrap(parts, host),
        Buffer.from(parts.token, "base64url"),
        boundToken(host),
      )
      return Redacted.make(token.toString())
    },
    isCurrent: (sealed) => parse(sealed).master === keys[0].id,
    rewrap: (sealed, host) => {
      const parts = parse(sealed)
      return wrap(unwrap(parts, host), parts.token, host)
    },
    renew: Effect.map(source.renew, (renewed) => {
      keys = renewed
    }),
  }
}

/** The vault of a data directory. */
export const openVault = (
  directory: string,
): Effect.Effect<Vault, VaultUnusable, FileSystem.FileSystem | Path.Path> =>
  Effect.map(loadMasterKeys(directory), makeVault)

export interface Rewrapped {
  readonly wrapped: number
  /** Public ids of what does not open: who gave it has to give it again. */
  readonly broken: ReadonlyArray<string>
}

/** Wraps everything that is sealed by the current master key where another one still does. */
export const rewrapTokens = (directory: Directory, vault: Vault): Rewrapped => {
  let wrapped = 0
  const broken: Array<string> = []
  const rewrap = (sealed: string | undefined, of: string, put: (again: string) => void): void => {
    if (sealed === undefined) return
    try {
      if (vault.isCurrent(sealed)) return
      put(vault.rewrap(sealed, of))
      wrapped += 1
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error
      broken.push(of)
    }
  }
  for (const host of directory.hosts.all())
    if (host.removedAtMillis === undefined)
      rewrap(host.sealedToken, host.publicId, (sealedToken) =>
        directory.hosts.put({ ...host, sealedToken }),
      )
  for (const booking of directory.bookings.all())
    rewrap(booking.sealedAccess, booking.publicId, (sealedAccess) =>
      directory.bookings.put({ ...booking, sealedAccess }),
    )
  for (const webhook of directory.webhooks.all())
    if (webhook.removedAtMillis === undefined)
      rewrap(webhook.sealedSecret, webhook.publicId, (sealedSecret) =>
        directory.webhooks.put({ ...webhook, sealedSecret }),
      )
  return { wrapped, broken }
}

/** The token of a cloud host. Throws `SealBroken`. */
export const tokenOf = (
  vault: Vault,
  { sealedToken, publicId }: HostRecord,
): Redacted.Redacted | undefined =>
  sealedToken === undefined ? undefined : vault.open(sealedToken, publicId)
