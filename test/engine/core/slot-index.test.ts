import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SlotIndex } from "../../../engine/core/slot-index.ts"
import { assertProperty } from "../../support/property.ts"

/** Few ids, so that they come again; neighbours, multiples of large powers, and the largest. */
const id = fc.oneof(
  fc.nat(40),
  fc.nat(40).map((n) => n * 2 ** 20),
  fc.nat(40).map((n) => n * 2 ** 40),
  fc.nat(5).map((n) => Number.MAX_SAFE_INTEGER - n),
)

describe("the index of slots", () => {
  it("does what a map does, through growth and deletions", async () => {
    await assertProperty(
      fc.property(fc.array(id, { maxLength: 300 }), (deeds) => {
        const index = new SlotIndex()
        const naive = new Map<number, number>()
        deeds.forEach((one, slot) => {
          expect(index.get(one)).toBe(naive.get(one))
          expect(index.has(one)).toBe(naive.has(one))
          if (naive.has(one)) index.remove(one)
          else index.add(one, slot)
          if (!naive.delete(one)) naive.set(one, slot)
        })
        const expected = [...naive].toSorted(([a], [b]) => a - b)
        expect(index.toArray()).toEqual(expected)
        expect(index.keys()).toEqual(expected.map(([one]) => one))
        expect(index.size).toBe(naive.size)
        for (const [one, slot] of naive) expect(index.find(one)).toBe(slot)
      }),
    )
  })

  it("finds nothing where nothing was entered, whatever is asked for", () => {
    const index = new SlotIndex()
    for (const one of [-1, 0.5, NaN, Infinity, 2 ** 60]) expect(index.find(one)).toBe(-1)
    index.add(0, 3)
    for (const one of [-1, 0.5, NaN, Infinity, 2 ** 60]) expect(index.find(one)).toBe(-1)
    expect(index.find(0)).toBe(3)
  })
})
