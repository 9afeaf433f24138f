import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeSseParser } from "../../../platform/model-server/sse.ts"

const eventsOf = (parts: ReadonlyArray<Buffer>, maxChars = 10_000): Array<string> => {
  const events: Array<string> = []
  const parser = makeSseParser(maxChars, (data) => events.push(data))
  for (const part of parts) if (!parser.feed(part)) break
  return events
}
const eventsOfText = (text: string): Array<string> => eventsOf([Buffer.from(text)])

const cutAt = (bytes: Buffer, cuts: ReadonlyArray<number>): Array<Buffer> => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  )
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place))
}

const line = fc.oneof(
  fc.constant(""),
  fc.string({ unit: "grapheme" }).map((text) => `data: ${text.replace(/[\r\n]/g, "")}`),
  fc.string().map((text) => `data:${text.replace(/[\r\n]/g, "")}`),
  fc.string().map((text) => `:${text.replace(/[\r\n]/g, "")}`),
  fc.constantFrom("event: ping", "id: 5", "data", "retry: 10", "nonsense"),
)
const stream = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")))
  .map((lines) => lines.map(([text, end]) => text + end).join(""))

describe("the parser of server-sent events", () => {
  it("gives the same events however the bytes are cut", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(2000), { maxLength: 20 }), (text, cuts) => {
        const bytes = Buffer.from(text)
        expect(eventsOf(cutAt(bytes, cuts))).toEqual(eventsOf([bytes]))
      }),
    )
  })

  it("reads what was written, with any line ends", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 })),
        fc.constantFrom("\n", "\r\n", "\r"),
        (events, end) => {
          const clean = events.map((lines) => lines.map((one) => one.replace(/[\r\n]/g, "")))
          const text = clean
            .map((lines) => lines.map((one) => `data: ${one}${end}`).join("") + end)
            .join("")
          expect(eventsOfText(text)).toEqual(clean.map((lines) => lines.join("\n")))
        },
      ),
    )
  })

  it("skips comments, other fields and the byte order mark", () => {
    expect(eventsOfText("\ufeffdata: a\n: keep-alive\nevent: x\ndata: b\n\n\n\n:\n\n")).toEqual([
      "a\nb",
    ])
  })

  it("gives nothing of an event that was not ended", () => {
    expect(eventsOfText("data: whole\n\ndata: half\n")).toEqual(["whole"])
  })

  it("keeps no more of a line or an event than it is told to", () => {
    const parser = makeSseParser(100, () => {})
    expect(parser.feed(Buffer.from(`data: ${"x".repeat(90)}\n\n`))).toBe(true)
    expect(parser.feed(Buffer.from(`data: ${"x".repeat(60)}`))).toBe(true)
    expect(parser.feed(Buffer.from("x".repeat(60)))).toBe(false)
    const many = makeSseParser(100, () => {})
    expect(many.feed(Buffer.from(`data: ${"x".repeat(40)}\n`.repeat(3)))).toBe(false)
  })
})
