import { Redacted } from "effect"
import { createServer as createTcpServer } from "node:net"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import { buildConnector } from "undici"
import { afterEach, describe, expect, it } from "vitest"
import type { DeliveryEnd, Job } from "../../../../live/protocol/delivery.ts"
import type { PushCourier } from "../../../../live/gateway/couriers/push-courier.ts"
import { makePushCourier } from "../../../../live/gateway/couriers/push-courier.ts"
import type { HostRecord } from "../../../../live/directory/records.ts"
import type { HostCall, MockHost } from "../mock-host.ts"
import { answerEmbeddings, event, openMockHost, refuse, streamTexts } from "../mock-host.ts"

let host: MockHost | undefined
let courier: PushCourier | undefined
afterEach(async () => {
  await courier?.close()
  await host?.close()
  host = undefined
})

const recordOf = (endpoint: string | undefined, delivery: HostRecord["delivery"]): HostRecord => ({
  id: 1,
  publicId: "host_1",
  account: 1,
  name: "h",
  delivery,
  ...(endpoint === undefined ? {} : { endpoint }),
  hardware: {},
  createdAtMillis: 0,
})

const courierTo = (
  endpoint: string | undefined,
  delivery: HostRecord["delivery"] = "push",
  tokenOf: (record: HostRecord) => Redacted.Redacted | undefined = () => Redacted.make("token"),
): PushCourier => {
  courier = makePushCourier({
    hostOf: () => recordOf(endpoint, delivery),
    tokenOf,
    connect: buildConnector({ timeout: 500 }),
  })
  return courier
}

const jobOf = (more: Partial<Job> = {}): Job => ({
  request: 1,
  attempt: 0,
  instance: 1,
  kind: "chat",
  body: { model: "m", messages: [] },
  inputTokens: 1,
  maxTokens: 100,
  ...more,
})

/** Delivers a job to the end. */
const deliver = (to: PushCourier, job = jobOf()) =>
  new Promise<{ readonly end: DeliveryEnd; readonly chunks: ReadonlyArray<unknown> }>((resolve) => {
    const chunks: Array<unknown> = []
    to.deliver(job, {
      chunk: (chunk) => chunks.push(chunk),
      alive: () => {},
      end: (end) => resolve({ end, chunks }),
    })
  })

const answering = async (answer: (call: HostCall) => void, delivery?: HostRecord["delivery"]) => {
  host = await openMockHost(answer)
  return courierTo(host.endpoint, delivery)
}

describe("a push to a host", () => {
  it("brings the stream's chunks and its end", async () => {
    const { end, chunks } = await deliver(
      await answering((call) => streamTexts(call, ["Hello", " there"])),
    )
    expect(end).toEqual({ outcome: "completed" })
    expect(chunks).toHaveLength(5)
    expect(host!.calls[0]).toMatchObject({
      path: "/v1/chat/completions",
      body: { model: "m" },
      headers: { "accept-encoding": "identity" },
    })
    expect(host!.calls[0]!.headers.authorization).toBeUndefined()
  })

  it.each([
    ["", "/v1/completions"],
    ["/", "/v1/completions"],
    ["/v1", "/v1/completions"],
    ["/api/openai/v1/", "/api/openai/v1/completions"],
  ])("to an endpoint that ends in %j calls %s", async (path, called) => {
    host = await openMockHost((call) => streamTexts(call, ["a"]))
    await deliver(courierTo(host.endpoint + path), jobOf({ kind: "completion" }))
    expect(host.calls[0]!.path).toBe(called)
  })

  it("brings an embedding whole", async () => {
    const { end, chunks } = await deliver(
      await answering(answerEmbeddings),
      jobOf({ kind: "embedding", body: { input: "a" } }),
    )
    expect(end.outcome).toBe("completed")
    expect(chunks).toMatchObject([{ data: [{ embedding: [0.25, -0.5, 0] }] }])
  })

  it("carries the provider's token to a cloud host, and to no other", async () => {
    await deliver(await answering((call) => streamTexts(call, ["a"]), "cloud"))
    expect(host!.calls[0]!.headers.authorization).toBe("Bearer token")
  })

  it("does not begin where the token cannot be opened", async () => {
    host = await openMockHost(() => {})
    const to = courierTo(host.endpoint, "cloud", () => {
      throw new Error("no such key")
    })
    expect((await deliver(to)).end.outcome).toBe("credentialRefused")
    expect(host.calls).toEqual([])
  })

  it("fails where there is nothing to connect to", async () => {
    host = await openMockHost(() => {})
    const { endpoint } = host
    await host.close()
    expect((await deliver(courierTo(endpoint))).end.outcome).toBe("connectFailed")
    expect((await deliver(courierTo(undefined))).end.outcome).toBe("connectFailed")
  })

  it("fails where the host speaks no TLS", async () => {
    host = await openMockHost(() => {})
    const { end } = await deliver(courierTo(host.endpoint.replace("http:", "https:")))
    expect(end.outcome).toBe("connectFailed")
  })

  it.each([
    [500, {}, "push", { outcome: "upstreamError" }],
    [503, {}, "push", { outcome: "upstreamError" }],
    [503, { "retry-after": "2" }, "push", { outcome: "backpressure", retryAfterMicros: 2_000_000 }],
    [429, {}, "push", { outcome: "backpressure" }],
    [429, { "retry-after": "0.5" }, "push", { outcome: "backpressure", retryAfterMicros: 500_000 }],
    [401, {}, "push", { outcome: "upstreamError" }],
    [401, {}, "cloud", { outcome: "credentialRefused" }],
    [403, {}, "cloud", { outcome: "credentialRefused" }],
    [400, {}, "push", { outcome: "consumerError", status: 400, detail: "because" }],
    [404, {}, "push", { outcome: "notServed", status: 404 }],
    [402, {}, "push", { outcome: "upstreamError", status: 402 }],
    [413, {}, "push", { outcome: "consumerError", status: 413 }],
    [422, {}, "push", { outcome: "consumerError", status: 422 }],
    [302, { location: "http://169.254.169.254/" }, "push", { outcome: "upstreamError" }],
    [307, { location: "/v1/elsewhere" }, "push", { outcome: "upstreamError" }],
  ] as const)(
    "takes status %i with %j from a %s host as it is meant",
    async (status, headers, kind, expected) => {
      const to = await answering((call) => refuse(call, status, "because", { ...headers }), kind)
      expect((await deliver(to)).end).toMatchObject(expected)
      expect(host!.calls).toHaveLength(1)
    },
  )

  it("reads a Retry-After that is a date", async () => {
    const date = new Date(Date.now() + 30_000).toUTCString()
    const to = await answering((call) => refuse(call, 503, "later", { "retry-after": date }))
    const { retryAfterMicros } = (await deliver(to)).end
    expect(retryAfterMicros).toBeGreaterThan(25_000_000)
    expect(retryAfterMicros).toBeLessThanOrEqual(30_000_000)
  })

  it.each([
    ["an event that is no JSON", "data: {\n\n"],
    ["an event that is no object", "data: 5\n\n"],
    ["an event without an end", `data: ${"x".repeat(2_000_000)}`],
    ["more than any answer holds", event({ pad: "x".repeat(500_000) }).repeat(10)],
  ])("takes %s for malformed", async (_name, body) => {
    const to = await answering(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(body)
    })
    expect((await deliver(to)).end.outcome).toBe("malformed")
    await expect.poll(() => host!.calls[0]!.closedAtMillis).toBeDefined()
  })

  it("does not unpack what nobody asked to be packed", async () => {
    const to = await answering(({ response }) => {
      response.writeHead(200, { "content-encoding": "gzip" })
      response.end(gzipSync(Buffer.alloc(1_000_000)))
    })
    expect((await deliver(to)).end.outcome).toBe("malformed")
  })

  it("tells a connection that broke in the stream from one that broke before it", async () => {
    const after = await answering(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(event({ choices: [{ index: 0, delta: { content: "a" } }] }))
      setTimeout(() => response.destroy(), 20)
    })
    expect(await deliver(after)).toMatchObject({ end: { outcome: "truncated" }, chunks: [{}] })
    await courier?.close()
    await host?.close()
    const before = await answering(({ response }) => void response.destroy())
    expect((await deliver(before)).end.outcome).toBe("connectFailed")
  })

  it("does not wait for a response that goes on after its last event", async () => {
    const to = await answering(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write("data: [DONE]\n\n")
    })
    expect((await deliver(to)).end).toEqual({ outcome: "completed" })
    await expect.poll(() => host!.calls[0]!.closedAtMillis, { timeout: 3000 }).toBeDefined()
  })

  it("closes the host's connection within 100 ms of a cancellation, in any phase", async () => {
    const to = await answering(({ response, body }) => {
      if (body["phase"] === "waiting") return
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(event({ choices: [{ index: 0, delta: { content: "a" } }] }))
    })
    const waits: Array<number> = []
    for (let round = 0; round < 40; round++) {
      const phase = round % 2 === 0 ? "waiting" : "streaming"
      const heard: Array<string> = []
      const delivery = to.deliver(jobOf({ body: { phase } }), {
        chunk: () => heard.push("chunk"),
        alive: () => {},
        end: () => heard.push("end"),
      })
      await expect.poll(() => host!.calls.length).toBe(round + 1)
      if (phase === "streaming") await expect.poll(() => heard).toEqual(["chunk"])
      const call = host!.calls[round]!
      const cancelled = performance.now()
      delivery.cancel()
      delivery.cancel()
      await expect.poll(() => call.closedAtMillis, { interval: 1 }).toBeDefined()
      waits.push(call.closedAtMillis! - cancelled)
      expect(heard).not.toContain("end")
    }
    expect(Math.max(...waits)).toBeLessThan(100)
  })

  it("sends nothing where it is cancelled before it is connected", async () => {
    host = await openMockHost(() => {})
    const to = courierTo(host.endpoint)
    to.deliver(jobOf(), { chunk: () => {}, alive: () => {}, end: () => {} }).cancel()
    await new Promise((resume) => setTimeout(resume, 100))
    expect(host.calls).toEqual([])
  })

  it("holds a fast host back while it is paused", async () => {
    // A bare socket, to see how much the other side takes.
    let written = 0
    const filler = Buffer.from(`: ${"x".repeat(10_000)}\n`)
    const server = createTcpServer((socket) => {
      socket.on("error", () => {})
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        const write = (): void => {
          while (written < 1_500_000) {
            written += filler.length
            if (!socket.write(filler)) return void socket.once("drain", write)
          }
          socket.end("data: [DONE]\n\n")
        }
        write()
      })
    })
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
    const to = courierTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const ends: Array<DeliveryEnd> = []
    const delivery = to.deliver(jobOf(), {
      chunk: () => {},
      alive: () => {},
      end: (end) => ends.push(end),
    })
    delivery.pause()
    await new Promise((resume) => setTimeout(resume, 200))
    expect(ends).toEqual([])
    delivery.resume()
    await expect.poll(() => ends, { timeout: 5000 }).toEqual([{ outcome: "completed" }])
    server.close()
  })
})
