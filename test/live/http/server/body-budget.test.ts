import Fastify from "fastify"
import type { FastifyInstance } from "fastify"
import { once } from "node:events"
import type { AddressInfo, Socket } from "node:net"
import { connect } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { bodyBudget } from "../../../../live/http/server/body-budget.ts"
import { bodyIntake } from "../../../../live/http/server/body-intake.ts"

let server: FastifyInstance | undefined
const sockets: Array<Socket> = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.server.closeAllConnections()
  await server?.close()
})

const open = async (bytes: number, millis = 60_000) => {
  server = Fastify({ bodyLimit: 1_000_000, logger: false })
  const budget = bodyBudget({ bytes, millis })
  server.addHook("onRequest", budget.onRequest)
  server.addHook("preParsing", bodyIntake(budget))
  server.addContentTypeParser("application/x-ndjson", (_request, payload, done) =>
    done(null, payload),
  )
  server.post("/", async () => ({ ok: true }))
  await server.listen({ host: "127.0.0.1", port: 0 })
  const { port } = server.server.address() as AddressInfo
  /** The head of a request, and nothing of its body. */
  const begin = async (head: string): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1")
    sockets.push(socket)
    await once(socket, "connect")
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${head}\r\n\r\n`)
    return socket
  }
  const post = async (length: number): Promise<number> => {
    const body = JSON.stringify("x".repeat(length))
    const headers = { "content-type": "application/json" }
    return (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body })).status
  }
  return { begin, post }
}

const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 50))

describe("the room for bodies", () => {
  it("of one address is a quarter of it, and is given back", async () => {
    const { begin, post } = await open(400_000)
    const first = await begin("content-length: 90000")
    await settle()
    expect(await post(20_000)).toBe(503)
    expect(await post(1000), "small ones need none").toBe(200)
    first.destroy()
    await settle()
    expect(await post(20_000)).toBe(200)
    await settle()
    expect(await post(90_000)).toBe(200)
  })

  it("counts a body of no named length for what has come of it", async () => {
    const { begin, post } = await open(400_000)
    const socket = await begin("transfer-encoding: chunked")
    await settle()
    expect(await post(20_000)).toBe(200)
    socket.write(`15f90\r\n${"x".repeat(90_000)}\r\n`)
    await settle()
    expect(await post(20_000)).toBe(503)
    socket.destroy()
    await settle()
    expect(await post(20_000)).toBe(200)
  })

  it("lets one in, however large, where nothing else is", async () => {
    const { post } = await open(100_000)
    expect(await post(900_000)).toBe(200)
  })

  it("is not for whoever takes too long", async () => {
    const { begin, post } = await open(400_000, 100)
    const slow = await begin("content-length: 400000")
    await once(slow, "close")
    expect(await post(50_000)).toBe(200)
  })
})
