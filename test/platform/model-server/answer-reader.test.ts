import { describe, expect, it } from "vitest"
import { makeAnswerReader } from "../../../platform/model-server/answer-reader.ts"

/** What a reader with small limits says of a body that comes in parts. */
const heard = (parts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const all: Array<string> = []
  const reader = makeAnswerReader(
    "chat",
    { eventChars: 1000, documentBytes: 1000 },
    {
      event: () => all.push("event"),
      alive: () => {},
      done: () => all.push("done"),
      malformed: (detail) => all.push(detail),
    },
  )
  for (const part of parts) reader.take(Buffer.from(part))
  reader.end()
  return all
}

const event = (finish: string | null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: finish }] })}\n\n`
const long = `data: ${"x".repeat(1001)}`

describe("the reader of answers", () => {
  it("reads nothing more behind an event that is too long, wherever it comes", () => {
    for (const more of [[long], [long, "\n\n"], [long, long, event("stop")], [`${long}\n\n`]]) {
      expect(heard([event("stop"), ...more])).toEqual(["event", "done"])
      expect(heard([event(null), ...more])).toEqual(["event", "an event that does not end"])
    }
    const lines = "data: x\n".repeat(600)
    expect(heard([event("stop"), lines, lines, "\n"])).toEqual(["event", "done"])
  })

  it("keeps no more of a document than it is told to", () => {
    const document = JSON.stringify({ choices: [{ message: { content: "x".repeat(900) } }] })
    expect(heard([document])).toEqual(["event"])
    const more = " ".repeat(1000)
    const refusal = "a document of more than 1000 bytes"
    expect(heard([document, more, more, document])).toEqual([refusal])
    expect(heard([document + more])).toEqual([refusal])
  })
})
