import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { KeyRecord } from "../../../live/directory/records.ts"
import { loadSessions, makeSessions } from "../../../live/directory/sessions.ts"
import { Store } from "../../../live/store/store.ts"
import { makeMemoryStore } from "../store/memory/memory-store.ts"

const hour = 3_600_000
const keyOf = (role: "account" | "admin", id = 1, account = 5) =>
  ({ id, role, ...(role === "account" ? { account } : {}) }) as KeyRecord & { role: typeof role }

const open = () => {
  let now = 1_000_000
  const store = makeMemoryStore()
  const sessions = makeSessions(() => now, store)
  /** The sessions as the next process of the gateway finds them. */
  const restart = () =>
    Effect.runSync(
      Effect.provideService(
        loadSessions(() => now),
        Store,
        store,
      ),
    )
  const atRest = () => Effect.runSync(store.sessions)
  return { store, sessions, restart, atRest, pass: (millis: number) => (now += millis) }
}

describe("a session", () => {
  it("is found by its own secret and role alone", () => {
    const { sessions } = open()
    const { token } = sessions.begin(keyOf("account"))
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(sessions.find(token, "account")).toMatchObject({ key: 1, role: "account" })
    expect(sessions.find(token, "admin")).toBeUndefined()
    expect(sessions.find(`${token}x`, "account")).toBeUndefined()
    sessions.end(token)
    expect(sessions.find(token, "account")).toBeUndefined()
  })

  it.each([
    ["account", 48, 14 * 24],
    ["admin", 1, 12],
  ] as const)(
    "of role %s ends after %d idle hours, and after %d hours in any case",
    (role, idle, all) => {
      const { sessions, pass } = open()
      const left = sessions.begin(keyOf(role)).token
      const used = sessions.begin(keyOf(role)).token
      for (let passed = 0; passed < all - idle / 2; passed += idle / 2) {
        expect(sessions.find(used, role)).toBeDefined()
        pass((idle / 2) * hour)
      }
      expect(sessions.find(left, role)).toBeUndefined()
      expect(sessions.find(used, role)).toBeDefined()
      pass((idle / 2) * hour)
      expect(sessions.find(used, role)).toBeUndefined()
    },
  )

  it("of an owner with many makes room for the latest, and leaves others' alone", () => {
    const { sessions } = open()
    const other = sessions.begin(keyOf("account", 9, 6)).token
    const tokens = Array.from({ length: 25 }, () => sessions.begin(keyOf("account")).token)
    const alive = tokens.filter((token) => sessions.find(token, "account") !== undefined)
    expect(alive).toEqual(tokens.slice(5))
    expect(sessions.find(other, "account")).toBeDefined()
  })

  it("follows its own key to the one in its place, and no other session does", () => {
    const { sessions } = open()
    const own = sessions.begin(keyOf("account", 1)).token
    const thief = sessions.begin(keyOf("account", 1)).token
    sessions.follow(own, keyOf("account", 1), keyOf("account", 2))
    expect(sessions.find(own, "account")?.key).toBe(2)
    expect(sessions.find(thief, "account")?.key).toBe(1)
    sessions.follow(own, keyOf("account", 1), keyOf("account", 3))
    expect(sessions.find(own, "account")?.key).toBe(2)
  })
})

describe("a session that a store keeps", () => {
  it("outlives the process, with its key, its role and its ends", () => {
    const { sessions, restart, pass } = open()
    const { token } = sessions.begin(keyOf("admin"))
    sessions.follow(token, keyOf("admin", 1), keyOf("admin", 2))
    pass(0.9 * hour)
    expect(sessions.find(token, "admin")).toBeDefined()
    pass(0.9 * hour)
    const next = restart()
    expect(next.find(token, "admin")).toMatchObject({ key: 2, role: "admin" })
    for (let passed = 1.8; passed < 12; passed += 0.9) {
      next.find(token, "admin")
      pass(0.9 * hour)
    }
    expect(next.find(token, "admin")).toBeUndefined()
  })

  it("stays ended: signed out, pushed out, idle or old, and leaves no row", () => {
    const { sessions, restart, atRest, pass } = open()
    const out = sessions.begin(keyOf("account", 1, 7)).token
    sessions.end(out)
    const tokens = Array.from({ length: 21 }, () => sessions.begin(keyOf("account")).token)
    const idle = sessions.begin(keyOf("admin")).token
    pass(hour)
    const next = restart()
    expect(next.find(out, "account")).toBeUndefined()
    expect(next.find(idle, "admin")).toBeUndefined()
    expect(tokens.map((token) => next.find(token, "account") !== undefined)).toEqual([
      false,
      ...Array.from({ length: 20 }, () => true),
    ])
    expect(atRest()).toHaveLength(20)
  })

  it("is written down when it begins, and of its uses one in ten minutes", () => {
    const { sessions, atRest, pass } = open()
    const { token } = sessions.begin(keyOf("account"))
    const begun = atRest()
    pass(599_999)
    sessions.find(token, "account")
    expect(atRest()).toEqual(begun)
    pass(1)
    sessions.find(token, "account")
    expect(atRest()).not.toEqual(begun)
    expect(JSON.stringify(atRest())).not.toContain(token)
  })

  it("of a later version, that this one cannot read, is forgotten", () => {
    const { store, restart, atRest } = open()
    store.putSession({ hash: "h", session: '{"role":"auditor"}' })
    restart()
    expect(atRest()).toEqual([])
  })
})
