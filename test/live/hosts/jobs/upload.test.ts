import { PassThrough } from "node:stream"
import { describe, expect, it } from "vitest"
import type { DeliveryEnd } from "../../../../live/protocol/delivery.ts"
import type { Claim, Handout } from "../../../../live/hosts/jobs/claim.ts"
import { makeJobBoard } from "../../../../live/hosts/jobs/job-board.ts"
import { makeUploadWays } from "../../../../live/directory/upload-ways.ts"
import { receiveUpload } from "../../../../live/hosts/jobs/upload.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { hostOf, jobFor, limits } from "./board-model.ts"

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** A job in the hands of host 1, and the stream that its tokens come in. */
const openUpload = (
  uploadLimits = { lineBytes: 1000, bytes: 1_000_000 },
  onText: (text: unknown) => void = () => {},
) => {
  const board = makeJobBoard({ clock: manualClock(), hostOf, uploads: makeUploadWays(), limits })
  const texts: Array<unknown> = []
  const ends: Array<DeliveryEnd> = []
  const delivery = board.deliver(jobFor(10), {
    alive: () => {},
    chunk: ({ text }) => {
      texts.push(text)
      onText(text)
    },
    end: (end) => void ends.push(end),
  })
  const handed: Array<Claim> = []
  board.poll(1, 0, (handout: Handout | undefined) => {
    if (handout !== undefined) handed.push(handout)
  })
  const source = new PassThrough()
  const result = receiveUpload(board, handed[0]!, source, uploadLimits)
  const write = (text: string): void => void source.write(`${JSON.stringify({ text })}\n`)
  return { board, claim: handed[0]!, texts, ends, delivery, source, result, write }
}

describe("an upload", () => {
  it("reads nothing while the consumer cannot keep up", async () => {
    const { delivery, source, write, texts, result } = openUpload()
    write("a")
    await turn()
    delivery.pause()
    for (let line = 0; line < 10_000; line++) write(String(line))
    await turn()
    expect([texts, source.isPaused()]).toEqual([["a"], true])
    expect(source.writableNeedDrain).toBe(true)
    delivery.resume()
    source.end()
    expect(await result).toEqual({ how: "finished" })
    expect(texts).toHaveLength(10_001)
  })

  it("stops within one packet when a line makes the consumer leave", async () => {
    const { board, claim, source, texts, delivery, result } = openUpload(undefined, (text) => {
      if (text === "b") delivery.cancel()
    })
    source.write('{"text":"a"}\n{"text":"b"}\n{"text":"c"}\n')
    expect(await result).toEqual({ how: "ended", why: "withdrawn" })
    expect(texts).toEqual(["a", "b"])
    expect(board.jobOf(claim)).toBe("withdrawn")
  })

  it("is bounded as a whole", async () => {
    const { source, result, ends } = openUpload({ lineBytes: 1000, bytes: 2000 })
    for (let line = 0; line < 3; line++) source.write(`${" ".repeat(900)}\n`)
    expect(await result).toMatchObject({ how: "malformed" })
    expect(ends).toMatchObject([{ outcome: "malformed" }])
  })

  it("takes an error of its connection for its end", async () => {
    const { source, result, ends } = openUpload()
    await turn()
    source.destroy(new Error("ECONNRESET"))
    expect(await result).toEqual({ how: "broken" })
    expect(ends).toMatchObject([{ outcome: "connectFailed" }])
  })

  it("is refused for a job that is over", async () => {
    const { board, claim, delivery } = openUpload()
    delivery.cancel()
    const late = receiveUpload(board, claim, new PassThrough(), { lineBytes: 10, bytes: 10 })
    expect(await late).toEqual({ how: "refused", why: "withdrawn" })
  })
})
