import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joined, markup, nothing, trusted } from "../../reports/markup.ts"

describe("markup", () => {
  it("escapes every text that is put into it, whatever it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const made = markup`<p title="${text}">${text}</p>`.text
        expect(made.match(/[<>"]/g)).toEqual(["<", '"', '"', ">", "<", ">"])
      }),
    )
  })

  it("takes in what a template made, lists line by line, and numbers", () => {
    const items = ["a", "<b>"].map((name) => markup`<li>${name}</li>`)
    expect(markup`<ul>${items}</ul>${nothing}${3}`.text).toBe(
      "<ul><li>a</li>\n<li>&#60;b&#62;</li></ul>3",
    )
    expect(joined([...items, "&"], ", ").text).toBe("<li>a</li>, <li>&#60;b&#62;</li>, &#38;")
    expect(markup`${trusted("<svg></svg>")}`.text).toBe("<svg></svg>")
  })

  it("refuses to become a text by any other way", () => {
    expect(() => `${markup`<p></p>` as unknown as string}`).toThrow(/put together/)
    expect(() => [markup`<p></p>`, nothing].join("")).toThrow(/put together/)
  })
})
