/**
 * Who is signed in: a browser that showed a key once goes on with a session in its place, so that no page
 * has to keep a secret. A session does what its key may, for as long as the key is valid, and ends by
 * itself when it is idle or old. It outlives the gateway's process: the store keeps the hash of its secret,
 * so that nothing at rest opens an account.
 */
import { Effect, Option, Schema } from "effect"
import { createHash, randomBytes } from "node:crypto"
import type { StoreFault } from "../store/errors.ts"
import { type MarketStore, Store } from "../store/store.ts"
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

/** How often a use is written down: not every look at a page may be. */
const writtenEveryMillis = 600_000

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

/** A session as the store keeps it. */
const Kept = Schema.Struct({
  key: Schema.Int,
  role: Schema.Literal(...sessionRoles),
  owner: Schema.String,
  endsAtMillis: Schema.Number,
  /** To {@link writtenEveryMillis}. */
  usedAtMillis: Schema.Number,
})
type Kept = typeof Kept.Type
const KeptText = Schema.parseJson(Kept)
const encode = Schema.encodeSync(KeptText)
const decode = Schema.decodeOption(KeptText)

/** A session in memory, where its latest use is known. */
interface Known {
  readonly kept: Kept
  readonly usedAtMillis: number
}

/** Only the hash of a secret is kept, as of a key's. */
const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64")

const isOver = (
  { kept: { role, endsAtMillis }, usedAtMillis }: Known,
  nowMillis: number,
): boolean => nowMillis >= Math.min(endsAtMillis, usedAtMillis + lives[role].idleMillis)

/** The sessions that the store keeps; those that are over, or that this version does not know, are forgotten. */
export const loadSessions = (nowMillis: () => number): Effect.Effect<Sessions, StoreFault, Store> =>
  Effect.gen(function* () {
    const store = yield* Store
    const known = new Map<string, Known>()
    for (const { hash, session } of yield* store.sessions) {
      const one = Option.map(decode(session), (kept) => ({ kept, usedAtMillis: kept.usedAtMillis }))
      if (Option.isSome(one) && !isOver(one.value, nowMillis())) known.set(hash, one.value)
      else store.forgetSession(hash)
    }
    return makeSessions(nowMillis, store, known)
  })

/** Sessions that are kept in `store`, which has kept those that are `known`. */
export const makeSessions = (
  nowMillis: () => number,
  store: Pick<MarketStore, "putSession" | "forgetSession">,
  known: ReadonlyMap<string, Known> = new Map(),
): Sessions => {
  /** In the order of their latest use. */
  const sessions = new Map([...known].toSorted(([, a], [, b]) => a.usedAtMillis - b.usedAtMillis))

  const keep = (hash: string, kept: Kept): void => {
    sessions.set(hash, { kept, usedAtMillis: kept.usedAtMillis })
    store.putSession({ hash, session: encode(kept) })
  }
  const forget = (hash: string): void => {
    if (sessions.delete(hash)) store.forgetSession(hash)
  }

  const makeRoom = (owner: string): void => {
    const own = [...sessions].filter(([, { kept }]) => kept.owner === owner).map(([hash]) => hash)
    for (const hash of own.slice(0, Math.max(0, own.length + 1 - mostOfOwner))) forget(hash)
    const [oldest] = sessions.keys()
    if (sessions.size >= mostOfAll && oldest !== undefined) forget(oldest)
  }

  return {
    begin: ({ id, role, account }) => {
      const owner = role === "admin" ? "admin" : `account ${account}`
      makeRoom(owner)
      const token = randomBytes(32).toString("base64url")
      const now = nowMillis()
      const session = { key: id, role, endsAtMillis: now + lives[role].millis }
      keep(hashOf(token), { ...session, owner, usedAtMillis: now })
      return { token, session }
    },
    find: (token, role) => {
      const hash = hashOf(token)
      const found = sessions.get(hash)
      if (found === undefined || found.kept.role !== role) return undefined
      const { kept } = found
      const now = nowMillis()
      if (isOver(found, now)) {
        forget(hash)
        return undefined
      }
      sessions.delete(hash)
      if (now - kept.usedAtMillis < writtenEveryMillis)
        sessions.set(hash, { kept, usedAtMillis: now })
      else keep(hash, { ...kept, usedAtMillis: now })
      return kept
    },
    end: (token) => forget(hashOf(token)),
    follow: (token, from, to) => {
      const hash = hashOf(token)
      const found = sessions.get(hash)
      if (found?.kept.key === from.id)
        keep(hash, { ...found.kept, key: to.id, usedAtMillis: found.usedAtMillis })
    },
  }
}
