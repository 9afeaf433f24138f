/**
 * Reads what streams: lines (NDJSON) and server-sent events, https://html.spec.whatwg.org section
 * 9.2.6. Parts of bytes come in as the network cuts them, in the middle of a line or of a character.
 */

/** Bytes, as a stream of Node or of the web gives them. */
type Bytes = AsyncIterable<unknown>

/** A line that never ends is no line. */
const longestLineChars = 8 * 1024 * 1024

/** Lines without their ends; the last one also where nothing ends it. */
export async function* linesOf(stream: Bytes): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const part of stream) {
    rest += decoder.decode(part as Uint8Array, { stream: true })
    // A lone CR at the end may be half of a CR LF.
    let from = 0
    for (let at = 0; at < rest.length; at++) {
      const code = rest.charCodeAt(at)
      if (code !== 10 && code !== 13) continue
      if (code === 13 && at === rest.length - 1) break
      yield rest.slice(from, at)
      if (code === 13 && rest.charCodeAt(at + 1) === 10) at++
      from = at + 1
    }
    rest = rest.slice(from)
    if (rest.length > longestLineChars) throw new Error("a line is too long to be one")
  }
  rest += decoder.decode()
  if (rest !== "") yield rest.replace(/\r$/, "")
}

export interface ServerSentEvent {
  /** `message` where the stream does not say. */
  readonly event: string
  readonly data: string
}

/** Events in order. Unlike a browser, an event that the end of the stream cuts short is given too. */
export async function* eventsOf(stream: Bytes): AsyncGenerator<ServerSentEvent, void, undefined> {
  let event = "message"
  let data: Array<string> = []
  for await (const line of linesOf(stream)) {
    if (line === "") {
      if (data.length > 0 || event !== "message") yield { event, data: data.join("\n") }
      event = "message"
      data = []
      continue
    }
    const colon = line.indexOf(":")
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "")
    if (field === "event") event = value
    else if (field === "data") data.push(value)
  }
  if (data.length > 0) yield { event, data: data.join("\n") }
}
