import { connect } from "node:net"
import type { AddressInfo, Socket } from "node:net"
import { afterEach, describe, expect, it, vi } from "vitest"
import type { OperationsServer } from "./operations-server.ts"
import { openOperations } from "./operations-server.ts"

interface Reader {
  readonly socket: Socket
  /** Status line and headers, then events, as they came. */
  readonly text: () => string
  readonly until: (found: string | RegExp) => Promise<string>
  readonly closed: Promise<void>
}

const sockets: Array<Socket> = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const portOf = async ({ server }: OperationsServer): Promise<number> => {
  if (!server.server.listening) await server.listen({ host: "127.0.0.1", port: 0 })
  return (server.server.address() as AddressInfo).port
}

const read = async (all: OperationsServer, isReading = true): Promise<Reader> => {
  const socket = connect({ host: "127.0.0.1", port: await portOf(all) })
  sockets.push(socket)
  socket.on("error", () => {})
  let text = ""
  socket.write("GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n")
  if (isReading) socket.on("data", (data) => (text += data.toString()))
  return {
    socket,
    text: () => text,
    until: async (found) => {
      await vi.waitFor(() => expect(text).toMatch(found), { timeout: 5000, interval: 5 })
      return text
    },
    closed: new Promise((resolve) => {
      socket.on("close", () => resolve())
    }),
  }
}

/** Data of the events of one name, parsed. */
const eventsOf = (text: string, name: string): ReadonlyArray<Record<string, unknown>> =>
  [...text.matchAll(new RegExp(`event: ${name}\\r?\\ndata: (.*)\\n`, "g"))].map(
    ([, data]) => JSON.parse(data!) as Record<string, unknown>,
  )

describe("the feed", () => {
  it("begins with the market's state, and tells of changes and of news", async () => {
    const all = await openOperations({ limits: { stateMillis: 20 } })
    const model = all.market.listModel({ name: "small" })
    const { account } = all.market.openAccount()
    const { host } = all.market.startHost({ model })
    const reader = await read(all)
    await reader.until(/event: market/)
    expect(reader.text()).toMatch(/^HTTP\/1.1 200 OK/)
    expect(reader.text()).toMatch(/content-type: text\/event-stream/i)
    expect(reader.text()).toMatch(/content-security-policy/i)
    expect(eventsOf(reader.text(), "market")).toMatchObject([
      { models: [{ model: "small", instances: { Eligible: 1 } }] },
    ])
    for (let n = 0; n < 3; n++) all.serve(account.id, model.id, "upstreamError", 1)
    await reader.until(/"Parked":1/)
    expect(eventsOf(reader.text(), "park")).toEqual([
      { host_id: host.publicId, host: host.name, model: "small", recovers_in_seconds: 15 },
    ])
    const told = eventsOf(reader.text(), "market").length
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
    expect(eventsOf(reader.text(), "market")).toHaveLength(told)
  })

  it("keeps what is between the platform and an account to itself", async () => {
    const all = await openOperations()
    const { account } = all.market.openAccount({ name: "secretive" })
    const reader = await read(all)
    await reader.until(/event: market/)
    all.market.driver.submit({ _tag: "FraudConfirmed", account: account.id })
    const second = await read(all)
    await second.until(/event: market/)
    expect(reader.text()).not.toContain("Clawback")
    expect(reader.text() + second.text()).not.toMatch(/secretive|acct_/)
  })

  it("lets a reader go that does not read", async () => {
    const all = await openOperations({ limits: { unreadBytes: 65_536 } })
    const model = all.market.listModel({ name: "m".repeat(200) })
    const { account } = all.market.openAccount()
    const quick = await read(all)
    await quick.until(/event: market/)
    const slow = await read(all, false)
    await vi.waitFor(() => expect(all.feed.readers()).toBe(2))
    slow.socket.pause()
    const { driver } = all.market
    for (let n = 0; n < 60_000 && all.feed.readers() === 2; n++) {
      if (n % 50 === 0)
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      // Each host is parked at its third failure, and each park is told.
      const { instance } = all.market.startHost({ model, account: account.id })
      for (let failures = 0; failures < 3; failures++)
        all.serve(account.id, model.id, "upstreamError", 1)
      driver.submit({ _tag: "InstanceStopped", instance: instance.id })
    }
    expect(all.feed.readers()).toBe(1)
    await quick.until(/event: park/)
    expect(quick.socket.destroyed).toBe(false)
  })

  it("has so many readers and no more, in all and of one address", async () => {
    const all = await openOperations({ limits: { readersOfOneAddress: 2 } })
    const readers = [await read(all), await read(all)]
    await Promise.all(readers.map((reader) => reader.until(/event: market/)))
    const refused = await all.server.inject({
      method: "GET",
      url: "/events",
      remoteAddress: "127.0.0.1",
    })
    expect(refused.statusCode).toBe(503)
    expect(refused.headers["retry-after"]).toBe("30")
    expect(refused.json()).toMatchObject({ error: { code: "overloaded" } })
    readers[0]!.socket.destroy()
    await vi.waitFor(() => expect(all.feed.readers()).toBe(1))
    const third = await read(all)
    await third.until(/event: market/)
  })

  it("ends with the server", async () => {
    const all = await openOperations()
    const reader = await read(all)
    await reader.until(/event: market/)
    await all.server.close()
    await reader.closed
    expect(all.feed.readers()).toBe(0)
  })
})
