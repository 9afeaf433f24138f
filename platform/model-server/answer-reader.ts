/**
 * The body of a model server's answer, from its bytes. It is a stream of server-sent events, or one JSON
 * document where it begins with a brace: what the server calls it (its media type) is often wrong.
 *
 * `[DONE]` ends it, and so does its last byte, with or without the empty line that an event ends in. What
 * is no JSON object is no answer, but behind the finish reason nothing is judged: the answer is there.
 */
import { choiceOf, isFinishing } from "./choices.ts"
import type { AnswerKind } from "./endpoint.ts"
import type { JsonObject } from "../json/json-object.ts"
import { isObject, parseObject } from "../json/json-object.ts"
import { makeSseParser } from "./sse.ts"
import { errorIn } from "./stream-error.ts"

export interface AnswerSink {
  /** An event of the stream, or the whole document. */
  readonly event: (event: JsonObject) => void
  /** A comment, an event without data, a further part of a document. */
  readonly alive: () => void
  /** The server says that nothing more comes; or the answer is there, and what comes is read no more. */
  readonly done: () => void
  /** It is no answer. Nothing follows. */
  readonly malformed: (detail: string) => void
}

/** Takes the data of events, however they came. */
export interface EventReader {
  readonly take: (data: string, name?: string) => void
  /** Nothing of the answer is missing any more. */
  readonly isFinished: () => boolean
}

export interface AnswerReader {
  readonly take: (bytes: Uint8Array) => void
  /** The body is whole. */
  readonly end: () => void
}

const namesOfLife = /^(ping|heartbeat|keep-?alive)$/i
const longestQuoted = 80

export const makeEventReader = (sink: AnswerSink): EventReader => {
  let isFinished = false
  let isOver = false
  return {
    take: (data, name = "message") => {
      if (isOver) return
      const text = data.trim()
      if (text === "[DONE]") {
        isOver = true
        return sink.done()
      }
      if (text === "" || namesOfLife.test(name)) return sink.alive()
      const parsed = parseObject(text)
      const event = name === "error" ? asError(parsed ?? text) : parsed
      if (event !== undefined) {
        isFinished ||= isFinishing(event)
        return sink.event(event)
      }
      if (isFinished) return
      isOver = true
      sink.malformed(`an event that is no JSON object: ${text.slice(0, longestQuoted)}`)
    },
    isFinished: () => isFinished,
  }
}

/** An event that is named an error is one, whatever its data looks like. */
const asError = (data: JsonObject | string): JsonObject =>
  isObject(data) && data["error"] !== undefined ? data : { error: data }

const openingBrace = 0x7b
const blanks = new Set([0x20, 0x09, 0x0a, 0x0d])
const byteOrderMark = [0xef, 0xbb, 0xbf]

/** Whoever calls bounds a stream as a whole. */
export interface AnswerLimits {
  /** Of one event. */
  readonly eventChars: number
  /** A document is kept, and parsed, in one piece. */
  readonly documentBytes: number
}

export const makeAnswerReader = (
  kind: AnswerKind,
  limits: AnswerLimits,
  sink: AnswerSink,
): AnswerReader => {
  let body: AnswerReader | undefined
  let before = 0
  return {
    take: (bytes) => {
      if (body === undefined) {
        let at = 0
        while (at < bytes.length && isBefore(bytes[at], before)) {
          at++
          before++
        }
        if (at === bytes.length) return at > 0 ? sink.alive() : undefined
        body =
          bytes[at] === openingBrace
            ? documentReader(kind, limits.documentBytes, sink)
            : streamReader(limits.eventChars, sink)
        if (at > 0) return body.take(bytes.subarray(at))
      }
      body.take(bytes)
    },
    end: () => {
      body?.end()
    },
  }
}

/** White space, or the mark that a text of UTF-8 may begin with. */
const isBefore = (byte: number | undefined, place: number): boolean =>
  byte !== undefined && (blanks.has(byte) || byte === byteOrderMark[place])

const streamReader = (maxEventChars: number, sink: AnswerSink): AnswerReader => {
  let isEnding = false
  let isOver = false
  let hasEvents = false
  const events = makeEventReader({
    ...sink,
    // An event that the end cuts in two is not there; the answer may be whole without it.
    malformed: (detail) => {
      if (!isEnding) fail(detail)
    },
  })
  const fail = (detail: string): void => {
    isOver = true
    sink.malformed(detail)
  }
  const parser = makeSseParser(
    maxEventChars,
    (data, name) => {
      hasEvents = true
      events.take(data, name)
    },
    () => {
      hasEvents = true
      sink.alive()
    },
  )
  return {
    take: (bytes) => {
      if (isOver || parser.feed(bytes)) return
      if (!events.isFinished()) return fail("an event that does not end")
      isOver = true
      sink.done()
    },
    end: () => {
      if (isOver) return
      isEnding = true
      parser.end()
      if (!hasEvents) fail("neither events nor a JSON object")
    },
  }
}

const documentReader = (kind: AnswerKind, maxBytes: number, sink: AnswerSink): AnswerReader => {
  const parts: Array<Uint8Array> = []
  let bytesLeft = maxBytes
  return {
    take: (bytes) => {
      if (bytesLeft < 0) return
      bytesLeft -= bytes.length
      if (bytesLeft < 0) {
        parts.length = 0
        return sink.malformed(`a document of more than ${maxBytes} bytes`)
      }
      if (parts.length > 0) sink.alive()
      parts.push(Uint8Array.from(bytes))
    },
    end: () => {
      if (bytesLeft < 0) return
      const answer = parseObject(Buffer.concat(parts).toString("utf8"))
      parts.length = 0
      if (answer === undefined) sink.malformed("an answer that is no JSON object")
      else if (errorIn(answer) !== undefined) sink.event(answer)
      else if (kind === "embedding" && answer["data"] !== undefined) sink.event(answer)
      else if (choiceOf(answer) !== undefined) sink.event(asWhole(answer))
      else sink.malformed(`an answer without ${kind === "embedding" ? "data" : "choices"}`)
    },
  }
}

/** A document is whole as it is: a choice without a finish reason has stopped. */
const asWhole = (answer: JsonObject): JsonObject => {
  const choice = choiceOf(answer)
  if (!isObject(choice)) return answer
  return { ...answer, choices: [{ ...choice, finish_reason: choice["finish_reason"] ?? "stop" }] }
}
