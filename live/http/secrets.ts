/**
 * Keys: 256 random bits behind a prefix that says whose they are. Only the SHA-256 is kept: a secret
 * of so many bits needs no slow hash, and a lookup by hash compares nothing that leaks through time.
 */
import { createHash, randomBytes } from "node:crypto"

const prefixes = {
  account: "sk_live_",
  host: "hk_live_",
  admin: "ak_live_",
  recovery: "rc_live_",
} as const
export type SecretKind = keyof typeof prefixes
/** Recovery codes open no door by themselves. */
export type KeyRole = Exclude<SecretKind, "recovery">

export interface NewSecret {
  /** Shown once, never stored. */
  readonly secret: string
  readonly hash: string
  /** Start of the secret, for display. */
  readonly prefix: string
  /** End of the secret, for display. */
  readonly lastFour: string
}

export const newSecret = (kind: SecretKind): NewSecret => {
  const secret = prefixes[kind] + randomBytes(32).toString("base64url")
  return {
    secret,
    hash: hashOf(secret),
    prefix: secret.slice(0, prefixes[kind].length + 4),
    lastFour: secret.slice(-4),
  }
}

export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex")

export type PublicIdKind = "acct" | "batch" | "bk" | "ct" | "host" | "key" | "rsv" | "tr" | "wh"

/** `acct_…`, `bk_…` and so on: 96 random bits, so that ids tell nothing of how many there are. */
export const newPublicId = (kind: PublicIdKind): string =>
  `${kind}_${randomBytes(12).toString("base64url")}`

/** As OpenAI's clients know files. */
export const newFileId = (): string => `file-${randomBytes(12).toString("base64url")}`
