import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { csvOf } from "../../../live/http/csv.ts"

/** As RFC 4180 says, by hand: fields in quotes hold anything, a quote twice. */
const parse = (csv: string): Array<Array<string>> => {
  const rows: Array<Array<string>> = [[]]
  for (let at = 0; at < csv.length;) {
    let field = ""
    if (csv[at] === '"')
      for (at++; csv[at] !== '"' || csv[at + 1] === '"'; at++) {
        if (csv[at] === '"') at++
        field += csv[at]
      }
    else while (at < csv.length && csv[at] !== "," && csv[at] !== "\r") field += csv[at++]
    if (csv[at] === '"') at++
    rows.at(-1)!.push(field)
    if (csv[at] === ",") at++
    else {
      at += 2
      rows.push([])
    }
  }
  return rows.slice(0, -1)
}

describe("CSV", () => {
  it("gives back every cell, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string(), fc.integer())),
        (rows) => {
          const [head, ...cells] = parse(csvOf(["a", "b", "c"], rows))
          expect(head).toEqual(["a", "b", "c"])
          expect(
            cells.map((row) => row.map((cell) => cell.replace(/^'(?=[=+\-@\t\r])/, ""))),
          ).toEqual(
            rows.map((row) => row.map(String).map((cell) => cell.replace(/^'(?=[=+\-@\t\r])/, ""))),
          )
        },
      ),
    )
  })

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x")'])(
    "lets no spreadsheet take %j for a formula",
    (text) => {
      const [, [cell]] = parse(csvOf(["a"], [[text]]))
      expect(cell).toBe(`'${text}`)
    },
  )

  it("leaves numbers numbers, and what is absent empty", () => {
    expect(csvOf(["a", "b"], [[-1.5, null]])).toBe("a,b\r\n-1.5,\r\n")
  })
})
