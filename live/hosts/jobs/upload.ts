/**
 * A host's upload of tokens: one request, one chunk a line, given to the board as they come. It ends
 * when the host has sent all of it, when its connection breaks, when something comes that is no
 * chunk, or when the board says that nothing of it is wanted any more: then at once, in the middle.
 */
import type { Readable } from "node:stream"
import { makeEventReader } from "../../../platform/model-server/answer-reader.ts"
import type { Claim, ClaimRefusal, JobBoard } from "./job-board.ts"
import { LineTooLong, makeLineSplitter } from "../../http/line-splitter.ts"

export type UploadResult =
  | { readonly how: "finished" | "broken" }
  | { readonly how: "malformed"; readonly detail: string }
  | { readonly how: "ended" | "refused"; readonly why: ClaimRefusal }

export interface UploadLimits {
  readonly lineBytes: number
  readonly bytes: number
}

/** Resolves with how it ended; never rejects. Whatever still comes then is nobody's. */
export const receiveUpload = (
  board: JobBoard,
  claim: Claim,
  source: Readable,
  limits: UploadLimits,
): Promise<UploadResult> =>
  new Promise((resolve) => {
    const lines = makeLineSplitter(limits.lineBytes)
    let isHeld = false
    let isOver = false
    let isAtEnd = false
    let bytes = 0

    const close = (result: UploadResult): void => {
      if (isOver) return
      isOver = true
      source.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose)
      // An error that comes now has nobody to tell; without a listener it would end the process.
      source.on("error", () => {})
      resolve(result)
    }
    const feed = board.openUpload(claim, {
      end: (why) => close({ how: "ended", why }),
      hold: () => {
        isHeld = true
        source.pause()
      },
      release: () => {
        isHeld = false
        if (!isOver) proceed()
      },
    })
    if (typeof feed === "string") return resolve({ how: "refused", why: feed })

    const reject = (detail: string): void => {
      close({ how: "malformed", detail })
      feed.malformed(detail)
    }
    /** Takes lines until there is none, or the consumer cannot keep up. */
    const proceed = (): void => {
      try {
        while (!isHeld && !isOver) {
          const line = lines.next()
          if (line === undefined) break
          takeLine(line)
        }
        if (isHeld || isOver) return
        if (isAtEnd) finish()
        else source.resume()
      } catch (error) {
        if (!(error instanceof LineTooLong)) throw error
        reject(error.message)
      }
    }
    // A line is to an upload what an event is to a stream.
    const reader = makeEventReader({
      event: feed.chunk,
      // An empty line is a sign of life.
      alive: feed.alive,
      done: () => {},
      malformed: (detail) => reject(`expected one JSON object a line, got ${detail}`),
    })
    const takeLine = (line: string): void => reader.take(line)
    const finish = (): void => {
      takeLine(lines.rest())
      if (isOver) return
      close({ how: "finished" })
      feed.finished()
    }
    const onData = (part: Buffer): void => {
      bytes += part.length
      if (bytes > limits.bytes) return reject(`the upload is longer than ${limits.bytes} bytes`)
      lines.push(part)
      proceed()
    }
    const onEnd = (): void => {
      isAtEnd = true
      proceed()
    }
    const onClose = (): void => {
      // What came before the end may still wait for a slow consumer.
      if (isOver || isAtEnd) return
      close({ how: "broken" })
      feed.broken()
    }
    source.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose)
    if (isHeld) source.pause()
  })
