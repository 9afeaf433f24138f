/**
 * Server-sent events as they are written (the WHATWG's format): lines end in LF, CR LF or CR, lines
 * that begin with a colon are comments, an event's `data:` lines are joined by LF, `event:` names it,
 * and an empty line ends it. Bytes may come cut anywhere, also within a character or between CR and LF.
 *
 * What the other side may make its reader keep is bounded: an event longer than `maxChars` ends it all.
 */
import { StringDecoder } from "node:string_decoder"

export interface SseParser {
  /** Takes some bytes; gives false once an event was too long, after which nothing is taken. */
  readonly feed: (bytes: Uint8Array) => boolean
  /** Nothing more comes: what has data is an event, for whoever wants to take it for one. */
  readonly end: () => void
}

const lineFeed = 10
const carriageReturn = 13
const byteOrderMark = 0xfeff

/**
 * Calls `onEvent` with each event that has data or a name, in order; one without a name is a "message".
 * A comment is no event; it says that the other side is alive, to whoever gives `onComment`.
 */
export const makeSseParser = (
  maxChars: number,
  onEvent: (data: string, event: string) => void,
  onComment: () => void = () => {},
): SseParser => {
  const decoder = new StringDecoder("utf8")
  let unread = ""
  let data: string | undefined
  let event: string | undefined
  let isFirst = true
  /** The line before ended in CR: an LF that follows belongs to it. */
  let isAfterReturn = false
  let isTooLong = false

  const dispatch = (): void => {
    if (data === undefined && event === undefined) return
    const complete = data ?? ""
    const name = event ?? "message"
    data = undefined
    event = undefined
    onEvent(complete, name)
  }
  const takeLine = (line: string): void => {
    if (line === "") dispatch()
    else if (line.startsWith("data:")) {
      const value = line.slice(line.charCodeAt(5) === 32 ? 6 : 5)
      data = data === undefined ? value : `${data}\n${value}`
      if (data.length > maxChars) isTooLong = true
    } else if (line.startsWith("event:")) event = line.slice(line.charCodeAt(6) === 32 ? 7 : 6)
    else if (line.startsWith(":")) onComment()
    else if (line === "data") data = data === undefined ? "" : `${data}\n`
  }

  return {
    feed: (bytes) => {
      if (isTooLong) return false
      let text = decoder.write(bytes)
      if (isFirst && text !== "") {
        isFirst = false
        if (text.charCodeAt(0) === byteOrderMark) text = text.slice(1)
      }
      // What is unread holds no line end, so the search need not go over it again.
      let at = unread.length
      text = unread + text
      let start = 0
      for (; at < text.length && !isTooLong; at++) {
        const code = text.charCodeAt(at)
        if (code !== lineFeed && code !== carriageReturn) {
          isAfterReturn = false
          continue
        }
        if (code === lineFeed && isAfterReturn && at === start) {
          isAfterReturn = false
          start = at + 1
          continue
        }
        isAfterReturn = code === carriageReturn
        takeLine(text.slice(start, at))
        start = at + 1
      }
      unread = start === 0 ? text : text.slice(start)
      if (unread.length > maxChars) isTooLong = true
      if (isTooLong) {
        unread = ""
        data = undefined
      }
      return !isTooLong
    },
    end: () => {
      if (isTooLong) return
      takeLine(unread)
      unread = ""
      if (data !== undefined) dispatch()
    },
  }
}
