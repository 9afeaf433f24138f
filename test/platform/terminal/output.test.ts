import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { alignColumns, printable } from "../../../platform/terminal/output.ts"

describe("printable", () => {
  it("spells out what a terminal would obey", () => {
    expect(printable("a\u001b[31mb\u0007\u009b2Jc\u202ed\r")).toBe(
      "a\\u001b[31mb\\u0007\\u009b2Jc\\u202ed\\u000d",
    )
  })

  it("leaves text, line ends and tabs alone", () => {
    const text = "Größe ± 2 µs\n\tübrig — 10 000 €"
    expect(printable(text)).toBe(text)
  })

  it("lets no control character through, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text).replace(/[\t\n]/g, "")).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u)
      }),
    )
  })
})

describe("alignColumns", () => {
  it("pads every column but the last, and leaves no blanks at line ends", () => {
    expect(alignColumns([["a", "bb", "c"], ["aaa", "b", ""], ["a"]])).toBe("a    bb  c\naaa  b\na")
  })

  it("gives no lines for no rows", () => {
    expect(alignColumns([])).toBe("")
  })
})
