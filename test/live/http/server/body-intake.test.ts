import Fastify from "fastify"
import type { FastifyInstance } from "fastify"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { connect } from "node:net"
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import * as zlib from "node:zlib"
import { afterEach, describe, expect, it } from "vitest"
import { bodyBudget } from "../../../../live/http/server/body-budget.ts"
import { bodyIntake } from "../../../../live/http/server/body-intake.ts"
import { HttpError } from "../../../../live/http/http-error.ts"

let server: FastifyInstance | undefined
afterEach(async () => {
  server?.server.closeAllConnections()
  await server?.close()
})

const open = async ({
  bodyLimit = 1_000_000,
  bytes = 100_000_000,
  answerAfter = Promise.resolve(),
} = {}) => {
  const budget = bodyBudget({ bytes, millis: 60_000 })
  server = Fastify({ bodyLimit, logger: false })
  server.setErrorHandler((error, _request, reply) =>
    reply
      .status(
        error instanceof HttpError
          ? error.status
          : ((error as { statusCode?: number }).statusCode ?? 500),
      )
      .send({ message: (error as Error).message }),
  )
  server.addHook("onRequest", budget.onRequest)
  server.addHook("preParsing", bodyIntake(budget))
  server.addContentTypeParser("application/x-ndjson", (_request, payload, done) =>
    done(null, payload),
  )
  server.post("/", async (request) => {
    await answerAfter
    return { length: JSON.stringify(request.body).length }
  })
  server.get("/", async () => ({ ok: true }))
  await server.listen({ host: "127.0.0.1", port: 0 })
  const { port } = server.server.address() as AddressInfo
  const send = async (
    body: Buffer | string | ReadableStream,
    headers: Record<string, string> = {},
    type = "application/json",
  ) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": type, ...headers },
      body,
      ...(typeof body === "object" && "getReader" in body ? { duplex: "half" } : {}),
    } as RequestInit)
    return {
      status: answer.status,
      allowed: answer.headers.get("accept-encoding"),
      text: await answer.text(),
    }
  }
  return { port, send }
}

const body = JSON.stringify({ text: "word ".repeat(2000) })
const { zstdCompressSync } = zlib as { readonly zstdCompressSync?: (text: string) => Buffer }
/** A frame of Zstandard with `{}` in it, that wants a window of so many bits (RFC 8878, 3.1.1). */
const zstdFrame = (windowBits: number): Buffer =>
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowBits - 10) << 3, 0x11, 0x00, 0x00, 0x7b, 0x7d])

describe("a packed body", () => {
  it.each<readonly [string, Buffer]>([
    ["gzip", gzipSync(body)],
    ["GZIP", gzipSync(body)],
    ["x-gzip", gzipSync(body)],
    ["deflate", deflateSync(body)],
    ["br", brotliCompressSync(body)],
    ["identity", Buffer.from(body)],
    ["identity, gzip", gzipSync(body)],
    ...(zstdCompressSync === undefined ? [] : [["zstd", zstdCompressSync(body)] as const]),
  ])("is unpacked: %s", async (coding, bytes) => {
    const { send } = await open()
    const { status, text } = await send(bytes, { "content-encoding": coding })
    expect([status, text]).toEqual([200, JSON.stringify({ length: body.length })])
  })

  it("is unpacked where it comes in chunks, too", async () => {
    const { send } = await open()
    const chunks = new Blob([gzipSync(body)]).stream()
    expect((await send(chunks, { "content-encoding": "gzip" })).status).toBe(200)
  })

  it.each<readonly [string, Buffer]>([
    ["compress", gzipSync(body)],
    ["gzip, br", brotliCompressSync(gzipSync(body))],
    ["gzip, gzip", gzipSync(gzipSync(body))],
    ["gzip, aes128gcm", gzipSync(body)],
    ...(zstdCompressSync === undefined ? [["zstd", Buffer.from("28b52ffd", "hex")] as const] : []),
  ])("of another coding is 415, with those that there are: %s", async (coding, bytes) => {
    const { send } = await open()
    const { status, allowed, text } = await send(bytes, { "content-encoding": coding })
    expect(status).toBe(415)
    expect(allowed).toMatch(/^gzip, deflate, br(, zstd)?$/)
    expect(text).toContain(allowed)
  })

  it("that is a stream of lines is 415", async () => {
    const { send } = await open()
    const bytes = gzipSync("{}\n")
    const answer = await send(bytes, { "content-encoding": "gzip" }, "application/x-ndjson")
    expect(answer).toMatchObject({ status: 415, allowed: "identity" })
  })

  it.each([
    ["is not packed at all", Buffer.from(body)],
    ["ends early", gzipSync(body).subarray(0, 40)],
    ["is broken", Buffer.concat([gzipSync(body).subarray(0, 20), Buffer.alloc(100)])],
    ["is packed in another way", deflateRawSync(body)],
  ])("that %s is 400", async (_name, bytes) => {
    const { send } = await open()
    const { status, text } = await send(bytes, { "content-encoding": "gzip" })
    expect([status, text]).toEqual([400, '{"message":"The body is no valid gzip"}'])
  })

  it("is no bomb: 413 once it is longer than the route allows, and no more of it is unpacked", async () => {
    const { send } = await open({ bodyLimit: 100_000 })
    const packer = createGzip()
    const parts: Array<Buffer> = []
    packer.on("data", (part: Buffer) => parts.push(part))
    // 64 MB of blanks in 64 kB.
    for (let i = 0; i < 64; i++) packer.write(Buffer.alloc(1_000_000, 32))
    packer.end()
    await once(packer, "end")
    const bomb = Buffer.concat(parts)
    expect(bomb.length).toBeLessThan(100_000)
    expect((await send(bomb, { "content-encoding": "gzip" })).status).toBe(413)
    expect((await send(gzipSync(body), { "content-encoding": "gzip" })).status).toBe(200)
  })

  it.skipIf(zstdCompressSync === undefined)(
    "has a window of 8 MiB at most, whatever it asks for",
    async () => {
      const { send } = await open()
      const zstd = { "content-encoding": "zstd" }
      expect((await send(zstdFrame(23), zstd)).status).toBe(200)
      for (const bits of [24, 27, 30, 41])
        expect((await send(zstdFrame(bits), zstd)).status, `2^${bits}`).toBe(400)
    },
  )

  it("that nobody reads harms nobody", async () => {
    const { port, send } = await open()
    const bad = { "content-encoding": "gzip" }
    expect((await send(Buffer.from("x"), bad, "text/unknown")).status).toBe(415)
    const socket = connect(port, "127.0.0.1")
    socket.write(
      "GET / HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc",
    )
    await once(socket.resume(), "close")
    const aborted = connect(port, "127.0.0.1")
    aborted.write(
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
    )
    await new Promise((done) => setTimeout(done, 50))
    aborted.destroy()
    await new Promise((done) => setTimeout(done, 50))
    expect((await send(gzipSync(body), bad)).status).toBe(200)
  })
})

describe("bodies whose length nobody names", () => {
  const inChunks = (text: string) => new Blob([text]).stream()
  const pending = () => {
    let answer = (): void => {}
    const answerAfter = new Promise<void>((resolve) => {
      answer = resolve
    })
    return { answerAfter, answer: () => answer() }
  }

  it("count for what they are, however many wait for their answers", async () => {
    const { answerAfter, answer } = pending()
    const { send } = await open({ bodyLimit: 1_000_000, bytes: 16_000_000, answerAfter })
    const calls = [
      ...Array.from({ length: 40 }, () => send(inChunks(body))),
      ...Array.from({ length: 40 }, () => send(gzipSync(body), { "content-encoding": "gzip" })),
    ]
    setTimeout(answer, 500)
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200)
  })

  it("count for what unpacking takes, too, however small they are", async () => {
    const { answerAfter, answer } = pending()
    // Room of one address for three of them.
    const { send } = await open({ bytes: 4 * 3 * 65_536 + 80_000, answerAfter })
    const packed = Array.from({ length: 8 }, () =>
      send(gzipSync("{}"), { "content-encoding": "gzip" }),
    )
    setTimeout(answer, 500)
    const statuses = (await Promise.all(packed)).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 200, 200, 503, 503, 503, 503, 503])
    expect((await send(gzipSync("{}"), { "content-encoding": "gzip" })).status).toBe(200)
  })

  it("count for no more than has come, while they come slowly", async () => {
    const { port, send } = await open({ bodyLimit: 1_000_000, bytes: 4_000_000 })
    const slow = Array.from({ length: 30 }, () => {
      const socket = connect(port, "127.0.0.1")
      socket.write(
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n",
      )
      return socket
    })
    await new Promise((done) => setTimeout(done, 100))
    expect((await send(inChunks(body))).status).toBe(200)
    for (const socket of slow) {
      socket.write("2\r\n{}\r\n0\r\n\r\n")
      const [answer] = (await once(socket, "data")) as [Buffer]
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/)
      socket.destroy()
    }
  })

  it("are refused, in their middle, where there is no room for what comes", async () => {
    const { answerAfter, answer } = pending()
    const { send } = await open({ bodyLimit: 1_000_000, bytes: 1_000_000, answerAfter })
    const long = JSON.stringify("x".repeat(200_000))
    const first = send(inChunks(long))
    await new Promise((done) => setTimeout(done, 200))
    expect((await send(inChunks(long))).status).toBe(503)
    expect((await send(gzipSync(long), { "content-encoding": "gzip" })).status).toBe(503)
    setTimeout(answer, 50)
    expect((await first).status).toBe(200)
    expect((await send(inChunks(long))).status, "the room is given back").toBe(200)
  })

  it("are no longer than the route allows", async () => {
    const { send } = await open({ bodyLimit: 100_000 })
    expect((await send(inChunks(JSON.stringify("x".repeat(100_000))))).status).toBe(413)
  })
})
