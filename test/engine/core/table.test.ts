import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  countOf,
  grow,
  insert,
  isPresent,
  makeTable,
  remove,
  slotOf,
} from "../../../engine/core/table.ts"
import { assertProperty } from "../../support/property.ts"

const spec = { a: "f64", b: "i32", c: "u32", d: "u8" } as const

describe("a table", () => {
  it("finds what was inserted and nothing else", () => {
    const table = makeTable(spec)
    const slot = insert(table, 7)
    expect(slotOf(table, 7)).toBe(slot)
    expect(isPresent(table, 7)).toBe(true)
    expect(slotOf(table, 8)).toBe(-1)
    expect(slotOf(table, Number.NaN)).toBe(-1)
    expect(countOf(table)).toBe(1)
  })

  it("gives a freed slot again, zeroed, last freed first", () => {
    const table = makeTable(spec)
    const [first, second] = [insert(table, 1), insert(table, 2)]
    table.columns.a[second] = 5
    table.columns.d[second] = 1
    remove(table, first)
    remove(table, second)
    expect(table.ids[second]).toBe(-1)
    expect(insert(table, 3)).toBe(second)
    expect([table.columns.a[second], table.columns.d[second]]).toEqual([0, 0])
    expect(insert(table, 4)).toBe(first)
    expect(table.used).toBe(2)
  })

  it("grows to a capacity asked for, keeping its rows", () => {
    const table = makeTable(spec, 2)
    const slot = insert(table, 9)
    table.columns.b[slot] = -3
    grow(table, 100)
    expect(table.ids.length).toBe(100)
    expect(table.columns.b.length).toBe(100)
    expect(table.columns.b[slot]).toBe(-3)
    expect([...table.ids.subarray(1)].every((id) => id === -1)).toBe(true)
  })

  it("does what a map does, and uses no more slots than it ever held rows", async () => {
    const deed = fc.record({ id: fc.nat(30), value: fc.integer({ min: 1, max: 200 }) })
    await assertProperty(
      fc.property(fc.array(deed, { maxLength: 200 }), (deeds) => {
        const table = makeTable(spec, 1)
        const naive = new Map<number, number>()
        let most = 0
        for (const { id, value } of deeds) {
          if (naive.has(id)) {
            remove(table, slotOf(table, id))
            naive.delete(id)
          } else {
            const slot = insert(table, id)
            expect(Object.values(table.columns).map((column) => column[slot])).toEqual([0, 0, 0, 0])
            for (const column of Object.values(table.columns)) column[slot] = value
            naive.set(id, value)
          }
          most = Math.max(most, naive.size)
          expect(table.used).toBe(most)
        }
        expect(countOf(table)).toBe(naive.size)
        for (const [one, held] of naive) {
          const slot = slotOf(table, one)
          expect(table.ids[slot]).toBe(one)
          const row = Object.values(table.columns).map((column) => column[slot])
          expect(row).toEqual([held, held, held, held])
        }
      }),
    )
  })
})
