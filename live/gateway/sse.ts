/**
 * Server-sent events as a host writes them (the WHATWG's format): lines end in LF, CR LF or CR, lines
 * that begin with a colon are comments, an event's `data:` lines are joined by LF, and an empty line
 * ends it. Bytes may come cut anywhere, also within a character or between CR and LF.
 *
 * What a host may make the gateway keep is bounded: an event longer than `maxChars` ends it all.
 */
import { StringDecoder } from "node:string_decoder"

export interface SseParser {
  /** Takes some bytes; gives false once an event was too long, after which nothing is taken. */
  readonly feed: (bytes: Buffer) => boolean
}

const lineFeed = 10
const carriageReturn = 13
const byteOrderMark = 0xfeff

/** Calls `onEvent` with the data of each event that has any, in order. */
export const makeSseParser = (maxChars: number, onEvent: (data: string) => void): SseParser => {
  const decoder = new StringDecoder("utf8")
  let unread = ""
  let data: string | undefined
  let isFirst = true
  /** The line before ended in CR: an LF that follows belongs to it. */
  let isAfterReturn = false
  let isTooLong = false

  const takeLine = (line: string): void => {
    if (line === "") {
      const complete = data
      data = undefined
      if (complete !== undefined) onEvent(complete)
    } else if (line.startsWith("data:")) {
      const value = line.slice(line.charCodeAt(5) === 32 ? 6 : 5)
      data = data === undefined ? value : `${data}\n${value}`
      if (data.length > maxChars) isTooLong = true
    } else if (line === "data") data = data === undefined ? "" : `${data}\n`
  }

  return {
    feed: (bytes) => {
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
      return !isTooLong
    },
  }
}
