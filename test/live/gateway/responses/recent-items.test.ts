import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { InputItem } from "../../../../live/gateway/responses/items.ts"
import { makeRecentItems } from "../../../../live/gateway/responses/recent-items.ts"

const message = (id: string, chars: number) => ({
  type: "message",
  id,
  role: "assistant",
  content: "x".repeat(chars),
})
const reference = (id: string) => ({ type: "item_reference", id }) as InputItem

describe("the items of the latest answers", () => {
  it("are those that one may find again, each account its own, within both bounds", () => {
    const step = fc.record({
      account: fc.integer({ min: 0, max: 3 }),
      id: fc.integer({ min: 0, max: 5 }),
      chars: fc.integer({ min: 0, max: 60 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "small" }), (steps) => {
        const limits = { charsPerCall: 10_000, chars: 600, charsPerAccount: 250 }
        const recent = makeRecentItems(limits)
        const latest = new Map<string, object>()
        for (const { account, id, chars } of steps) {
          const item = message(`msg_${account}_${id}`, chars)
          latest.set(item.id, item)
          recent.keep(account, [item])
          // What was answered just now is there.
          expect(recent.resolved(account, [reference(item.id)])).toEqual([item])
        }
        const sizes = [0, 0, 0, 0]
        for (const [id, item] of latest) {
          const owner = Number(id.split("_")[1])
          for (const account of sizes.keys()) {
            const found = foundBy(recent, account, id)
            if (account === owner && found !== undefined) {
              expect(found).toEqual([item])
              sizes[account]! += JSON.stringify(item).length
            } else expect(found).toBeUndefined()
          }
        }
        for (const size of sizes) expect(size).toBeLessThanOrEqual(limits.charsPerAccount)
        expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(limits.chars)
      }),
    )
  })

  it("are forgotten oldest first; a conversation that goes on is not old", () => {
    const recent = makeRecentItems({ charsPerCall: 10_000, chars: 10_000, charsPerAccount: 400 })
    for (const id of ["a", "b", "c"]) recent.keep(0, [message(id, 50)])
    recent.resolved(0, [reference("a")])
    recent.keep(0, [message("d", 50)])
    expect(() => recent.resolved(0, [reference("b")])).toThrow(/no such item/)
    for (const id of ["a", "c", "d"]) recent.resolved(0, [reference(id)])
  })

  it("of a loud account push out none of another's, but when all are too many", () => {
    const recent = makeRecentItems({ charsPerCall: 10_000, chars: 1000, charsPerAccount: 400 })
    recent.keep(0, [message("quiet", 50)])
    for (let number = 0; number < 100; number++) recent.keep(1, [message(`loud_${number}`, 50)])
    expect(recent.resolved(0, [reference("quiet")])).toEqual([message("quiet", 50)])
  })

  it("are no way to a call larger than a body: each reference counts, the same one again too", () => {
    const size = JSON.stringify(message("a", 50)).length
    const counts = fc.array(fc.constantFrom("a", "b"), { maxLength: 12 })
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 8 }), (ids, most) => {
        const recent = makeRecentItems({ charsPerCall: most * size })
        recent.keep(0, [message("a", 50), message("b", 50)])
        const resolve = () => recent.resolved(0, ids.map(reference))
        if (ids.length > most) expect(resolve).toThrow(/longer than a call's body/)
        else expect(resolve()).toEqual(ids.map((id) => message(id, 50)))
      }),
    )
  })

  it("are read once a call, however often they are referred to", () => {
    const recent = makeRecentItems({ charsPerCall: 1_000_000 })
    recent.keep(0, [message("a", 50)])
    const items = recent.resolved(0, Array(1000).fill(reference("a")))
    expect(new Set<unknown>(items as ReadonlyArray<unknown>).size).toBe(1)
  })
})

const foundBy = (
  recent: ReturnType<typeof makeRecentItems>,
  account: number,
  id: string,
): unknown => {
  try {
    return recent.resolved(account, [reference(id)])
  } catch {
    return undefined
  }
}
