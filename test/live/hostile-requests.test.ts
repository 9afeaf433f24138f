/** Whatever comes in over HTTP: each route of the OpenAPI document answers it with an error of its own. */
import fc from "fast-check"
import { once } from "node:events"
import { connect } from "node:net"
import { describe, expect, it } from "vitest"
import type { TestGateway } from "./support/gateway.ts"
import { runningGateway } from "./support/gateway.ts"

interface Operation {
  readonly path: string
  readonly method: string
  readonly statuses: ReadonlyArray<string>
}

interface Documented {
  readonly openapi: string
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses?: Readonly<Record<string, unknown>> }>>
    >
  >
}

const operationsOf = async ({ url }: TestGateway): Promise<ReadonlyArray<Operation>> => {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Documented
  expect(document.openapi).toMatch(/^3\.1/)
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      path,
      method: method.toUpperCase(),
      statuses: Object.keys(responses ?? {}),
    })),
  )
}

/** An event stream never ends by itself; who reads it is tested elsewhere. */
const endless = new Set(["/events"])

const anyKey = (gateway: TestGateway): fc.Arbitrary<string | undefined> =>
  fc.constantFrom(
    undefined,
    "Bearer ",
    "Bearer sk_live_unknown",
    `Bearer ${"x".repeat(5000)}`,
    "Basic dXNlcjpwYXNz",
    `Bearer ${gateway.adminSecret ?? ""}`,
  )

const anySegment = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => {
    try {
      return encodeURIComponent(text)
    } catch {
      return "%00"
    }
  }),
  fc.constantFrom("..", "%2e%2e%2f", "%00", "host_x", "acct_x", "0", "-1", "a".repeat(300)),
)

const anyBody = fc.oneof(
  { weight: 4, arbitrary: fc.json({ maxDepth: 5 }) },
  fc.string(),
  fc.constantFrom("", "null", "[]", "{", '{"__proto__":{"a":1}}', '{"constructor":{}}', "1e999"),
  fc.constant(`${"[".repeat(5000)}${"]".repeat(5000)}`),
  fc.record({ model: fc.anything(), messages: fc.anything(), name: fc.anything() }).map((value) => {
    try {
      return JSON.stringify(value) ?? ""
    } catch {
      return "{}"
    }
  }),
)

/** What every route may answer beside what its description names. */
const common = [400, 401, 403, 404, 405, 409, 413, 414, 415, 429, 503]

describe("hostile requests", () => {
  it("every route answers anything with a status of its own and an error in one shape, never with a fault", async () => {
    const gateway = await runningGateway()
    const operations = (await operationsOf(gateway)).filter(({ path }) => !endless.has(path))
    expect(operations.length).toBeGreaterThan(40)
    const anyRequest = fc.record({
      operation: fc.constantFrom(...operations),
      segments: fc.array(anySegment, { minLength: 3, maxLength: 3 }),
      key: anyKey(gateway),
      body: anyBody,
      type: fc.constantFrom("application/json", "text/plain", "application/x-ndjson", "x/y", ""),
      query: fc.constantFrom(
        "",
        "?limit=-1",
        "?cursor=%27",
        "?attempt=0&epoch=1",
        "?wait_seconds=0",
      ),
    })
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ operation, segments, key, body, type, query }) => {
        const { path, method, statuses } = operation
        let next = 0
        const filled = path.replace(/\{[^}]+\}/g, () => segments[next++ % segments.length])
        const response = await fetch(gateway.url + filled + query, {
          method,
          headers: {
            ...(type === "" ? {} : { "content-type": type }),
            ...(key === undefined ? {} : { authorization: key }),
          },
          ...(method === "GET" || method === "HEAD" ? {} : { body }),
          signal: AbortSignal.timeout(30_000),
        })
        const text = await response.text()
        const { status } = response
        const said = `${method} ${filled}${query} → ${status} ${text.slice(0, 300)}`
        expect(
          common.includes(status) || statuses.includes(String(status)),
          `a status that is not documented: ${said}`,
        ).toBe(true)
        expect(response.headers.get("x-request-id"), said).toMatch(/^req_/)
        if (status >= 400 && status !== 503) {
          const { error } = JSON.parse(text) as { readonly error: Record<string, unknown> }
          expect(error, said).toMatchObject({
            message: expect.any(String) as string,
            type: expect.any(String) as string,
          })
          expect(text, said).not.toMatch(/node_modules|\.ts:|at Object\./)
        }
      }),
      { numRuns: process.env["EVENKEEL_LONG"] === "1" ? 20_000 : 400 },
    )
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
  })

  it("methods and paths that are not there are 404 in the same shape", async () => {
    const gateway = await runningGateway()
    for (const [method, path] of [
      ["DELETE", "/v1/models"],
      ["PUT", "/accounts"],
      ["GET", "/.env"],
      ["GET", "/dashboard/../../package.json"],
      ["GET", "/dashboard/%2e%2e/%2e%2e/package.json"],
      ["POST", "/metrics"],
      ["GET", "//"],
    ]) {
      const response = await fetch(gateway.url + path, { method: method as string })
      expect(response.status, `${method} ${path}`).toBe(404)
      expect(await response.json()).toMatchObject({ error: { type: "not_found_error" } })
    }
  })

  it("bodies and headers that are too large are refused, and cost no more than that", async () => {
    const gateway = await runningGateway({ limits: { bodyBytes: 10_000, loopDelayMillis: 0 } })
    const large = await fetch(`${gateway.url}/accounts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "x".repeat(20_000) }),
    })
    expect(large.status).toBe(413)
    const flood = Array.from({ length: 3000 }, (_, index) => `x-${index}: ${"y".repeat(20)}\r\n`)
    expect(
      await rawAnswer(gateway, `GET /healthz HTTP/1.1\r\nhost: x\r\n${flood.join("")}\r\n`),
    ).toMatch(/^HTTP\/1\.1 431/)
    expect(await rawAnswer(gateway, "NONSENSE\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/)
    expect(
      await rawAnswer(
        gateway,
        "POST /accounts HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      ),
      "a request that two readers would read differently",
    ).toMatch(/^HTTP\/1\.1 400/)
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  })

  it("bodies that are nested deep are refused before anything walks them", async () => {
    const gateway = await runningGateway()
    const post = (path: string, key: string, body: string): Promise<Response> =>
      fetch(gateway.url + path, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
        body,
      })
    const account = await post("/accounts", "", JSON.stringify({ name: "operator" }))
    const { api_key } = (await account.json()) as { readonly api_key: string }
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels)
    const registration = (levels: number): string =>
      `{"models":["small"],"hardware":{"a":${nested(levels)}}}`
    expect((await post("/hosts", api_key, registration(62))).status).toBe(201)
    for (const levels of [63, 60_000]) {
      const response = await post("/hosts", api_key, registration(levels))
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({
        error: { message: "The body is nested more than 64 levels deep" },
      })
    }
  })

  it("answers that nobody reads are not gathered, however many are asked for ahead", async () => {
    const gateway = await runningGateway()
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1").pause()
    socket.on("error", () => {})
    await once(socket, "connect")
    socket.write("GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50))
    await expect.poll(() => openConnections(gateway), { timeout: 5000 }).toBe(0)
    socket.destroy()
  })

  it("one address has a quarter of the connections", async () => {
    const gateway = await runningGateway({ limits: { connections: 40, loopDelayMillis: 0 } })
    const sockets = Array.from({ length: 30 }, () =>
      connect(Number(new URL(gateway.url).port), "127.0.0.1").on("error", () => {}),
    )
    await expect
      .poll(() => sockets.filter(({ readyState }) => readyState === "open").length)
      .toBe(10)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => openConnections(gateway)).toBe(0)
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  })

  it("a gateway that is late sheds new work, and still says how it is", async () => {
    const gateway = await runningGateway({ limits: { loopDelayMillis: 1 } })
    const until = performance.now() + 1500
    const block = (): void => {
      const end = performance.now() + 200
      while (performance.now() < end);
      if (performance.now() < until) setImmediate(block)
    }
    block()
    let shed: Response | undefined
    while (shed === undefined && performance.now() < until + 5000) {
      const response = await fetch(`${gateway.url}/v1/models`)
      if (response.status === 503) shed = response
    }
    expect(shed?.headers.get("retry-after")).toBe("1")
    expect(await shed?.json()).toMatchObject({ error: { type: "overloaded_error" } })
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
    // A host that was not heard would be blamed for it.
    block()
    for (const path of ["/hosts/next-job", "/hosts/jobs/x/complete", "/hosts/x/heartbeat"])
      expect((await fetch(gateway.url + path, { method: "POST" })).status, path).not.toBe(503)
  })

  it("clients behind a trusted proxy are told apart by what it says of them, and nobody else is believed", async () => {
    const ask = async (gateway: TestGateway, client: string): Promise<number> =>
      (await fetch(`${gateway.url}/healthz`, { headers: { "x-forwarded-for": client } })).status
    const limits = { requestsPerMinuteByAddress: 5, loopDelayMillis: 0 }
    const trusting = await runningGateway({
      limits,
      listen: { port: 0, trustedProxies: ["127.0.0.1"] },
    })
    for (let client = 0; client < 10; client++)
      expect(await ask(trusting, `198.51.100.${client}`)).toBe(200)
    const wary = await runningGateway({ limits })
    const statuses = new Set<number>()
    for (let client = 0; client < 10; client++)
      statuses.add(await ask(wary, `198.51.100.${client}`))
    expect(statuses).toContain(429)
  })

  it("one address cannot take more than its share", async () => {
    const gateway = await runningGateway({
      limits: { requestsPerMinuteByAddress: 20, loopDelayMillis: 0 },
    })
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => fetch(`${gateway.url}/v1/models`)),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(20)
    expect(Number(refused[0].headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await refused[0].json()).toMatchObject({ error: { type: "rate_limit_error" } })
  })
})

const openConnections = ({ server }: TestGateway): Promise<number> =>
  new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)))

const rawAnswer = async ({ url }: TestGateway, text: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  await once(socket, "connect")
  let answer = ""
  socket.on("data", (part) => (answer += String(part)))
  socket.on("error", () => {})
  socket.write(text)
  await Promise.race([once(socket, "close"), once(socket, "data")])
  socket.destroy()
  return answer
}
