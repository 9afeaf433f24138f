import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/core/random.ts"
import type { Portable } from "../../../engine/core/portable.ts"
import { pack, unpack } from "../../../engine/core/packed.ts"
import { SlotIndex } from "../../../engine/core/slot-index.ts"
import { assertProperty } from "../../support/property.ts"
import { plain } from "./plain-data.ts"

/** As it comes back from a file: the outline as text, the bytes at an odd place of a larger block. */
const throughFile = (value: unknown): unknown => {
  const { outline, bytes } = pack(value)
  const block = new Uint8Array(bytes.length + 3)
  block.set(bytes, 3)
  return unpack({
    outline: JSON.parse(JSON.stringify(outline)) as Portable,
    bytes: block.subarray(3),
  })
}

describe("plain data as bytes", () => {
  it("comes back exactly: minus 0, infinities, arrays, maps in their order", async () => {
    await assertProperty(
      fc.property(plain, (value) => {
        const back = throughFile(value)
        expect(back).toStrictEqual(value)
        if (value instanceof Map) expect([...(back as typeof value)]).toStrictEqual([...value])
      }),
    )
  })

  it("shares nothing with what it was packed from", () => {
    const value = { numbers: Float64Array.of(1, 2), map: new Map([[1, Int32Array.of(5)]]) }
    const packed = pack(value)
    value.numbers[0] = 9
    value.map.get(1)?.fill(7)
    expect(unpack(packed)).toEqual({
      numbers: Float64Array.of(1, 2),
      map: new Map([[1, Int32Array.of(5)]]),
    })
  })

  it("keeps streams where they stand, and every slot of an index", () => {
    const stream = openStream("s", "route", 1)
    stream.next()
    const slots = new SlotIndex()
    for (let id = 0; id < 1000; id += 7) slots.add(id, 1000 - id)
    const back = throughFile({ stream, slots }) as { stream: typeof stream; slots: SlotIndex }
    expect([back.stream.next(), back.stream.next()]).toEqual([stream.next(), stream.next()])
    expect(back.slots.toArray()).toEqual(slots.toArray())
  })

  it("refuses what is no plain data, marks that it does not know, and bytes that are not there", () => {
    expect(() => pack({ act: () => 1 })).toThrow("function")
    const bytes = new Uint8Array(8)
    expect(() => unpack({ outline: { $: "Date", at: 0, length: 1 }, bytes })).toThrow(
      'unknown mark "Date"',
    )
    expect(() => unpack({ outline: { $: "Float64Array", at: 0, length: 2 }, bytes })).toThrow(
      "beyond its bytes",
    )
  })
})
