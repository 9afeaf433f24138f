import { describe, expect, it } from "vitest"
import type { KeyRecord } from "../../../live/directory/records.ts"
import { makeSessions } from "../../../live/directory/sessions.ts"

const hour = 3_600_000
const keyOf = (role: "account" | "admin", id = 1, account = 5) =>
  ({ id, role, ...(role === "account" ? { account } : {}) }) as KeyRecord & { role: typeof role }

const open = () => {
  let now = 1_000_000
  const sessions = makeSessions(() => now)
  return { sessions, pass: (millis: number) => (now += millis) }
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
