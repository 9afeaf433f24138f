/**
 * Who is signed in: a browser that showed a key once goes on with a session in its place, so that no page
 * has to keep a secret. A session does what its key may, for as long as the key is valid, and ends by
 * itself when it is idle or old. Sessions are in memory alone: the end of the gateway ends them, and
 * nothing at rest opens an account.
 */
import { createHash, randomBytes } from "node:crypto"
import type { KeyRecord } from "./records.ts"

/** Who may sign in. */
export const sessionRoles = ["account", "admin"] as const
export type SessionRole = (typeof sessionRoles)[number]

export const isSessionRole = (role: KeyRecord["role"]): role is SessionRole => role !== "host"

const hourMillis = 3_600_000
const lives: Readonly<
  Record<SessionRole, { readonly idleMillis: number; readonly millis: number }>
> = {
  account: { idleMillis: 48 * hourMillis, millis: 14 * 24 * hourMillis },
  admin: { idleMillis: hourMillis, millis: 12 * hourMillis },
}

/** Of one owner, and of all; the oldest make room. */
const mostOfOwner = 20
const mostOfAll = 100_000

export interface Session {
  readonly key: number
  readonly role: SessionRole
  readonly endsAtMillis: number
}

export interface Sessions {
  /** Gives the secret that its browser keeps. */
  readonly begin: (key: KeyRecord & { readonly role: SessionRole }) => {
    readonly token: string
    readonly session: Session
  }
  /** The session of a secret, which is thereby in use. */
  readonly find: (token: string, role: SessionRole) => Session | undefined
  readonly end: (token: string) => void
  /**
   * A key took the place of the one that this session was begun with: it goes on with the new one. Others
   * of the old key end with that, since a key is replaced where somebody else may have it.
   */
  readonly follow: (token: string, from: KeyRecord, to: KeyRecord) => void
}

interface Kept extends Session {
  readonly owner: string
  readonly usedAtMillis: number
}

/** Only the hash of a secret is kept, as of a key's. */
const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64")

export const makeSessions = (nowMillis: () => number): Sessions => {
  /** In the order of their latest use. */
  const sessions = new Map<string, Kept>()

  const isOver = ({ role, usedAtMillis, endsAtMillis }: Kept): boolean =>
    nowMillis() >= Math.min(endsAtMillis, usedAtMillis + lives[role].idleMillis)

  const makeRoom = (owner: string): void => {
    const own = [...sessions].filter(([, one]) => one.owner === owner).map(([hash]) => hash)
    for (const hash of own.slice(0, Math.max(0, own.length + 1 - mostOfOwner)))
      sessions.delete(hash)
    const [oldest] = sessions.keys()
    if (sessions.size >= mostOfAll && oldest !== undefined) sessions.delete(oldest)
  }

  return {
    begin: ({ id, role, account }) => {
      const owner = role === "admin" ? "admin" : `account ${account}`
      makeRoom(owner)
      const token = randomBytes(32).toString("base64url")
      const now = nowMillis()
      const session = { key: id, role, endsAtMillis: now + lives[role].millis }
      sessions.set(hashOf(token), { ...session, owner, usedAtMillis: now })
      return { token, session }
    },
    find: (token, role) => {
      const hash = hashOf(token)
      const found = sessions.get(hash)
      if (found === undefined || found.role !== role) return undefined
      sessions.delete(hash)
      if (isOver(found)) return undefined
      sessions.set(hash, { ...found, usedAtMillis: nowMillis() })
      return found
    },
    end: (token) => void sessions.delete(hashOf(token)),
    follow: (token, from, to) => {
      const hash = hashOf(token)
      const found = sessions.get(hash)
      if (found?.key === from.id) sessions.set(hash, { ...found, key: to.id })
    },
  }
}
