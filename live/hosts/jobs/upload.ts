/**
 * A host's upload of tokens: one request, one chunk a line, given to the board as they come. It ends
 * when the host has sent all of it, when its connection breaks, when something comes that is no
 * chunk, or when the board says that nothing of it is wanted any more: then at once, in the middle.
 */
import type { Readable } from "node:stream"
import { makeEventReader } from "../../../platform/model-server/answer-reader.ts"
import { move } from "../../../engine/index.ts"
import type { Claim, ClaimRefusal } from "./claim.ts"
import type { JobBoard } from "./job-board.ts"
import type { UploadInput, UploadOutput, UploadState } from "./upload-machine.ts"
import { uploadMachine } from "./upload-machine.ts"
import { LineTooLong, makeLineSplitter } from "../../http/line-splitter.ts"

export type UploadResult =
  | { readonly how: "finished" | "broken" }
  | { readonly how: "malformed"; readonly detail: string }
  | { readonly how: "ended" | "refused"; readonly why: ClaimRefusal }

export interface UploadLimits {
  readonly lineBytes: number
  readonly bytes: number
}

/** What an input brings with it: what is wrong, or why nothing more is wanted. */
interface Brought {
  readonly detail?: string
  readonly why?: ClaimRefusal
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
    let state: UploadState = uploadMachine.initial
    let bytes = 0

    const step = (input: UploadInput, brought: Brought = {}): void => {
      const moved = move(uploadMachine, state, input)
      if (moved === undefined) return
      state = moved[0]
      // No input has two outputs.
      const [, output] = moved
      if (output !== undefined) act(output, brought)
    }
    const act = (output: UploadOutput, { detail = "", why = "lost" }: Brought): void => {
      switch (output) {
        case "takeLines":
          return takeLines()
        case "pauseSource":
          return void source.pause()
        case "resumeSource":
          return void source.resume()
        case "endFinished":
          close({ how: "finished" })
          return feed.finished()
        case "endMalformed":
          close({ how: "malformed", detail })
          return feed.malformed(detail)
        case "endBroken":
          close({ how: "broken" })
          return feed.broken()
        case "endUnwanted":
          return close({ how: "ended", why })
      }
    }

    const opened = board.openUpload(claim, {
      end: (why) => step("unwanted", { why }),
      hold: () => step("hold"),
      release: () => step("release"),
    })
    if (typeof opened === "string") return resolve({ how: "refused", why: opened })
    const feed = opened

    const close = (result: UploadResult): void => {
      source.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose)
      // An error that comes now has nobody to tell; without a listener it would end the process.
      source.on("error", () => {})
      resolve(result)
    }
    /** Takes lines until there is none, or the consumer cannot keep up. */
    const takeLines = (): void => {
      try {
        for (;;) {
          if (state !== "taking" && state !== "lastLines") return
          const line = lines.next()
          if (line === undefined) break
          reader.take(line)
        }
        // The last line, which no line end follows.
        if (state === "lastLines") reader.take(lines.rest())
        step("drained")
      } catch (error) {
        if (!(error instanceof LineTooLong)) throw error
        step("malformed", { detail: error.message })
      }
    }
    // A line is to an upload what an event is to a stream.
    const reader = makeEventReader({
      event: feed.chunk,
      // An empty line is a sign of life.
      alive: feed.alive,
      done: () => {},
      malformed: (detail) =>
        step("malformed", { detail: `expected one JSON object a line, got ${detail}` }),
    })
    const onData = (part: Buffer): void => {
      bytes += part.length
      if (bytes > limits.bytes)
        return step("malformed", { detail: `the upload is longer than ${limits.bytes} bytes` })
      lines.push(part)
      step("came")
    }
    const onEnd = (): void => step("sentAll")
    const onClose = (): void => step("closed")
    source.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose)
    if (state === "held") source.pause()
  })
