import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeUploadWays, wayOf } from "../../../live/directory/upload-ways.ts"

const second = 1_000_000

describe("the way of an upload", () => {
  it.each([
    ["an answer that nginx kept for 6 s", 6, 0.02, 60, "heldBack"],
    ["a long answer that was kept, and took a while to come", 200, 8, 4000, "heldBack"],
    ["a stream", 0.005, 6, 60, "flowing"],
    ["a stream after a prefill of a minute", 0.005, 66, 60, "flowing"],
    ["a short answer", 0.005, 0.1, 60, "unknown"],
    ["a short answer that was kept", 1.2, 0.01, 60, "unknown"],
    ["an answer in one piece", 30, 0.01, 2, "unknown"],
  ] as const)("of %s", (_what, waited, open, chunks, way) => {
    const openedMicros = waited * second
    const finishedMicros = openedMicros + open * second
    expect(wayOf({ handedMicros: 0, openedMicros, finishedMicros, chunks })).toBe(way)
  })

  it("is never held back where the upload opened at once, however the tokens came", () => {
    fc.assert(
      fc.property(fc.nat(1_999_999), fc.nat(1e9), fc.nat(1e6), (waited, open, chunks) => {
        const upload = {
          handedMicros: 7,
          openedMicros: 7 + waited,
          finishedMicros: 7 + waited + open,
          chunks,
        }
        expect(wayOf(upload)).not.toBe("heldBack")
      }),
    )
  })

  it("is known until the contrary is seen, and told when it changes", () => {
    const ways = makeUploadWays()
    const told: Array<string> = []
    ways.onChange((host, way) => void told.push(`${host} ${way}`))
    ways.note(1, "heldBack")
    ways.note(1, "heldBack")
    ways.note(1, "unknown")
    ways.note(2, "flowing")
    expect([ways.of(1), ways.of(2), ways.of(3), ways.heldBack()]).toEqual([
      "heldBack",
      "flowing",
      "unknown",
      1,
    ])
    ways.note(1, "flowing")
    ways.forget(2)
    expect([ways.of(2), ways.heldBack()]).toEqual(["unknown", 0])
    expect(told).toEqual(["1 heldBack", "2 flowing", "1 flowing"])
  })
})
