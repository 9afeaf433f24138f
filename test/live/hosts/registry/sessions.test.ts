import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeSessions } from "../../../../live/hosts/registry/sessions.ts"

const silentMicros = 45

describe("the sessions of a host", () => {
  it("let one of them take jobs as long as any is heard of, whatever drains and falls silent", () => {
    const heard = fc.record({
      pass: fc.nat({ max: 30 }),
      session: fc.constantFrom("", "a", "b", "c"),
      isDraining: fc.option(fc.boolean(), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(heard, { maxLength: 40, size: "small" }), (steps) => {
        const sessions = makeSessions(silentMicros)
        /** Written down again: what was heard of each last. */
        const last = new Map<string, { at: number; isDraining: boolean }>()
        let now = 0
        for (const { pass, session, isDraining } of steps) {
          now += pass
          for (const [name, { at }] of last) if (at + silentMicros <= now) last.delete(name)
          const drains = isDraining ?? last.get(session)?.isDraining ?? false
          last.set(session, { at: now, isDraining: drains })
          expect(sessions.heard(1, session, now, isDraining)).toBe(drains)
          const willing = [...last.values()].filter((one) => !one.isDraining)
          expect(sessions.takesUntil(1, now)).toBe(
            willing.length === 0
              ? undefined
              : Math.max(...willing.map(({ at }) => at)) + silentMicros,
          )
          const takers = [...last.keys()].filter((name) => sessions.mayTake(1, name, now))
          expect(takers.length).toBeGreaterThan(0)
          for (const [name, one] of last)
            expect(sessions.mayTake(1, name, now)).toBe(!one.isDraining || willing.length === 0)
          expect(sessions.of(1, now).map((one) => one.session)).toHaveLength(last.size)
          expect(sessions.of(1, now)[0]?.session).toBe(session)
          expect(sessions.takesUntil(2, now)).toBeUndefined()
        }
        expect(sessions.of(1, now + silentMicros)).toEqual([])
      }),
    )
  })

  it("are so many and no more, however many names a host makes up", () => {
    const sessions = makeSessions(silentMicros)
    for (let name = 0; name < 1000; name++) sessions.heard(1, String(name), 0)
    expect(sessions.of(1, 0)).toHaveLength(64)
    expect(sessions.of(1, 0)[0]?.session).toBe("999")
  })
})
