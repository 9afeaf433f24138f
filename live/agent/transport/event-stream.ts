/** Reads what streams, line by line (NDJSON) or event by event, from whatever gives bytes. */
import { makeLineSplitter } from "../../http/line-splitter.ts"
import { makeSseParser } from "../../../platform/model-server/sse.ts"

/** Bytes, as a stream of Node or of the web gives them. */
type Bytes = AsyncIterable<unknown>

/** A line or an event that never ends is none. */
const longest = 8 * 1024 * 1024

/** Lines without their ends; the last one also where nothing ends it. */
export async function* linesOf(stream: Bytes): AsyncGenerator<string, void, undefined> {
  const splitter = makeLineSplitter(longest)
  for await (const part of stream) {
    splitter.push(Buffer.from(part as Uint8Array))
    for (let line = splitter.next(); line !== undefined; line = splitter.next())
      yield line.replace(/\r$/, "")
  }
  const rest = splitter.rest()
  if (rest !== "") yield rest.replace(/\r$/, "")
}

export interface ServerSentEvent {
  /** `message` where the stream does not say. */
  readonly event: string
  readonly data: string
}

/** Events in order. Unlike a browser, an event that the end of the stream cuts short is given too. */
export async function* eventsOf(stream: Bytes): AsyncGenerator<ServerSentEvent, void, undefined> {
  const events: Array<ServerSentEvent> = []
  const parser = makeSseParser(longest, (data, event) => events.push({ event, data }))
  for await (const part of stream) {
    const isFine = parser.feed(part as Uint8Array)
    yield* events.splice(0)
    if (!isFine) throw new Error(`an event is longer than ${longest} characters`)
  }
  parser.end()
  yield* events
}
