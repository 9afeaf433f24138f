import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { LineTooLong, makeLineSplitter } from "../../../live/http/line-splitter.ts"

const linesOf = (pieces: ReadonlyArray<Buffer>, longest = 1000): ReadonlyArray<string> => {
  const splitter = makeLineSplitter(longest)
  const lines: Array<string> = []
  for (const piece of pieces) {
    splitter.push(piece)
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) lines.push(line)
  }
  return [...lines, splitter.rest()]
}

describe("lines of a byte stream", () => {
  it("are the same however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "é", "🙂", "\n") })),
        fc.array(fc.nat({ max: 20 })),
        (texts, cuts) => {
          const text = texts.join("\n")
          const bytes = Buffer.from(text)
          const pieces: Array<Buffer> = []
          let at = 0
          for (const cut of cuts) pieces.push(bytes.subarray(at, (at += cut)))
          pieces.push(bytes.subarray(at))
          expect(linesOf(pieces)).toEqual(text.split("\n"))
        },
      ),
    )
  })

  it("are refused as soon as one is too long, whole or not", () => {
    expect(linesOf([Buffer.from("12345\n12345")], 5)).toEqual(["12345", "12345"])
    expect(() => linesOf([Buffer.from("123456")], 5)).toThrow(LineTooLong)
    expect(() => linesOf([Buffer.from("123"), Buffer.from("456\n")], 5)).toThrow(LineTooLong)
  })
})
