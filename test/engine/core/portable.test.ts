import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/core/random.ts"
import type { Portable } from "../../../engine/core/portable.ts"
import { freeze, thaw } from "../../../engine/core/portable.ts"
import { assertProperty } from "../../support/property.ts"
import { plain } from "./plain-data.ts"

const throughText = (value: unknown): unknown =>
  thaw(JSON.parse(JSON.stringify(freeze(value))) as Portable)

describe("plain data as text", () => {
  it("comes back exactly: minus 0, infinities, arrays, maps in their order", async () => {
    await assertProperty(
      fc.property(plain, (value) => {
        const back = throughText(value)
        expect(back).toStrictEqual(value)
        if (value instanceof Map) expect([...(back as typeof value)]).toStrictEqual([...value])
      }),
    )
  })

  it("keeps every bit of a double in a typed array", () => {
    const values = Float64Array.of(0.1, -0, Number.NaN, 5e-324, Infinity, 2 ** 53 - 1)
    const back = throughText(values) as Float64Array
    expect(new Uint8Array(back.buffer)).toEqual(new Uint8Array(values.buffer))
  })

  it("keeps a view's own part of its buffer only", () => {
    const part = Float64Array.of(1, 2, 3, 4).subarray(1, 3)
    expect(throughText(part)).toEqual(Float64Array.of(2, 3))
  })

  it("keeps a stream where it stands", () => {
    const stream = openStream("s", "route", 1)
    stream.next()
    const back = throughText(stream) as typeof stream
    expect([back.next(), back.next()]).toEqual([stream.next(), stream.next()])
  })

  it("refuses what is no plain data, and marks that it does not know", () => {
    expect(() => freeze({ act: () => 1 })).toThrow("function")
    expect(() => freeze(Symbol("s"))).toThrow("symbol")
    expect(() => thaw({ $: "Date", base64: "" })).toThrow('unknown mark "Date"')
  })
})
