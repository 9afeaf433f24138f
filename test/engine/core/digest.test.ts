import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  emptyDigest,
  hexOf,
  mix,
  mixBytes,
  mixText,
  mixThree,
} from "../../../engine/core/digest.ts"
import { assertProperty } from "../../support/property.ts"

const digestOf = (values: ReadonlyArray<number>): string => {
  const digest = emptyDigest()
  for (const value of values) mix(digest, value)
  return hexOf(digest)
}

describe("the rolling digest", () => {
  it("is 16 hexadecimal digits", async () => {
    await assertProperty(
      fc.property(fc.array(fc.maxSafeInteger()), (values) => {
        expect(digestOf(values)).toMatch(/^[0-9a-f]{16}$/)
      }),
    )
  })

  // A recorded value: a digest written by one version must be reproduced by the next.
  it("of 1, 2, 3 and of a text is what it has always been", () => {
    expect(digestOf([])).toBe("9e3779b9243f6a88")
    expect(digestOf([1, 2, 3])).toBe("60d6805a9c997371")
    const digest = emptyDigest()
    mixText(digest, "evenkeel")
    expect(hexOf(digest)).toBe("f672b2f806b9c6d0")
  })

  it("tells numbers apart in every one of their 53 bits", () => {
    const seen = new Set([digestOf([0])])
    for (let bit = 0; bit < 53; bit++) seen.add(digestOf([2 ** bit]))
    expect(seen.size).toBe(54)
  })

  it("tells sequences apart by order, length and any one member", async () => {
    await assertProperty(
      fc.property(
        fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        fc.maxSafeNat(),
        (values, index, other) => {
          const at = index % values.length
          const changed = values.with(at, other)
          expect(digestOf(changed) === digestOf(values)).toBe(values[at] === other)
          expect(digestOf([...values, other])).not.toBe(digestOf(values))
        },
      ),
    )
    expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]))
  })

  it("of bytes depends on each of them, wherever they lie and end", async () => {
    const ofBytes = (bytes: Uint8Array): string => {
      const digest = emptyDigest()
      mixBytes(digest, bytes)
      return hexOf(digest)
    }
    expect(ofBytes(new Uint8Array([1, 2, 3, 4, 5]))).toBe("2df783e0d8467ee1")
    await assertProperty(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(9),
        (bytes, index, change, offset) => {
          const moved = new Uint8Array(offset + bytes.length)
          moved.set(bytes, offset)
          expect(ofBytes(moved.subarray(offset))).toBe(ofBytes(bytes))
          const at = index % bytes.length
          const changed = bytes.with(at, (bytes[at] + change) % 256)
          expect(ofBytes(changed)).not.toBe(ofBytes(bytes))
          expect(ofBytes(bytes.subarray(1))).not.toBe(ofBytes(bytes))
          expect(ofBytes(new Uint8Array([...bytes, 0]))).not.toBe(ofBytes(bytes))
        },
      ),
    )
  })

  it("of three numbers at once is that of them one by one", async () => {
    const any = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 2 ** 31, 2 ** 32))
    await assertProperty(
      fc.property(fc.array(any, { maxLength: 5 }), any, any, any, (before, a, b, c) => {
        const digest = emptyDigest()
        for (const one of before) mix(digest, one)
        mixThree(digest, a, b, c)
        expect(hexOf(digest)).toBe(digestOf([...before, a, b, c]))
      }),
    )
  })

  it("of a text depends on where it ends", () => {
    const ofTexts = (...texts: ReadonlyArray<string>): string => {
      const digest = emptyDigest()
      for (const text of texts) mixText(digest, text)
      return hexOf(digest)
    }
    expect(ofTexts("ab", "c")).not.toBe(ofTexts("a", "bc"))
    expect(ofTexts("ab")).not.toBe(ofTexts("ab", ""))
  })
})
