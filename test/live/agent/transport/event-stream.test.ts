import { Readable } from "node:stream"
import fc from "fast-check"
import { expect, test } from "vitest"
import { eventsOf, linesOf } from "../../../../live/agent/transport/event-stream.ts"

const all = async <T>(from: AsyncIterable<T>): Promise<ReadonlyArray<T>> => {
  const items: Array<T> = []
  for await (const item of from) items.push(item)
  return items
}

/** The bytes of the text, cut into parts of these sizes again and again. */
const cut = (text: string, sizes: ReadonlyArray<number>): Readable => {
  const bytes = Buffer.from(text)
  const parts: Array<Buffer> = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    parts.push(bytes.subarray(at, at + size))
    at += size
  }
  return Readable.from(parts)
}

test("lines are the same however the network cuts them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[^\r\n]*$/u)),
      fc.constantFrom("\n", "\r\n"),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      async (lines, end, sizes) => {
        const wellFormed = lines.map((line) => Buffer.from(line).toString())
        const text = wellFormed.map((line) => line + end).join("")
        expect(await all(linesOf(cut(text, sizes)))).toEqual(wellFormed)
      },
    ),
    { numRuns: 200 },
  )
})

test("the last line needs no end", async () => {
  expect(await all(linesOf(cut("a\nb", [2])))).toEqual(["a", "b"])
  expect(await all(linesOf(cut("a\r", [1])))).toEqual(["a"])
})

test("events have names, several lines of data, and comments between them", async () => {
  const text =
    ': hello\n\nevent: data\ndata: 1\ndata:2\n\ndata: {"a":1}\nid: 7\n\nevent: end\n\ndata: cut'
  expect(await all(eventsOf(cut(text, [3])))).toEqual([
    { event: "data", data: "1\n2" },
    { event: "message", data: '{"a":1}' },
    { event: "end", data: "" },
    { event: "message", data: "cut" },
  ])
})

test("a line without end is given up", async () => {
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(1024 * 1024, "x")
    })(),
  )
  await expect(all(linesOf(endless))).rejects.toThrow("longer than")
})
