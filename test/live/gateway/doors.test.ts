/** What clients of every habit find at the gateway's door. */
import fc from "fast-check"
import { once } from "node:events"
import { connect } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { plainUrl } from "../../../live/http/server/request-url.ts"
import type { MarketOptions } from "../support/market.ts"
import type { HostCall } from "./mock-host.ts"
import { streamTexts } from "./mock-host.ts"
import type { Gateway } from "./open-gateway.ts"
import { openGateway } from "./open-gateway.ts"

let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})
const hello = (call: HostCall): void => streamTexts(call, ["Hello"])
const open = async (
  answer: (call: HostCall) => void = hello,
  options: MarketOptions = {},
): Promise<Gateway & { readonly origin: string }> => {
  gateway = await openGateway([answer], options)
  return { ...gateway, origin: gateway.baseURL.replace("/v1", "") }
}

const chat = { model: "small", messages: [{ role: "user", content: "Hi" }] }
const post = (
  url: string,
  headers: Record<string, string>,
  body: string | Buffer = JSON.stringify(chat),
) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })

describe("a page of another origin", () => {
  const origin = "https://app.example"
  const preflight = (url: string, more: Record<string, string> = {}) =>
    fetch(url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-lang",
        ...more,
      },
    })

  it("may call by default, with any headers, and reads what an answer says", async () => {
    const t = await open()
    for (const path of ["/v1/chat/completions", "/v1//models/", "/v1/anything"]) {
      const asked = await preflight(t.origin + path)
      expect(asked.status).toBe(204)
      expect(Object.fromEntries(asked.headers)).toMatchObject({
        "access-control-allow-origin": "*",
        "access-control-allow-headers": "authorization,content-type,x-stainless-lang",
        "access-control-allow-methods": "GET, HEAD, POST, DELETE",
        "access-control-max-age": "7200",
        vary: "Access-Control-Request-Headers",
      })
      expect(asked.headers.has("access-control-allow-credentials")).toBe(false)
    }
    for (const stream of [true, false]) {
      const headers = { origin, authorization: `Bearer ${t.secret}` }
      const body = JSON.stringify({ ...chat, stream })
      const answer = await post(`${t.baseURL}/chat/completions`, headers, body)
      expect(answer.status).toBe(200)
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "access-control-allow-origin": "*",
        "access-control-expose-headers": expect.stringMatching(
          /x-request-id.*x-evenkeel-charge.*retry-after/,
        ) as string,
        "cross-origin-resource-policy": "cross-origin",
      })
      await answer.text()
    }
  })

  it("reads errors, too, whoever raised them", async () => {
    const t = await open(hello, { config: { limits: { requestsPerMinuteByAddress: 3 } } })
    const statuses = []
    for (const path of [
      "/chat/completions",
      "/nothing",
      "/models",
      "/models",
      "/models",
      "/models",
    ]) {
      const answer = await fetch(t.baseURL + path, { headers: { origin } })
      statuses.push(answer.status)
      expect(answer.headers.get("access-control-allow-origin"), path).toBe("*")
    }
    expect(statuses).toContain(429)
    expect(statuses).toContain(401)
  })

  it("may not where it is not allowed", async () => {
    const t = await open(hello, {
      config: { listen: { allowedOrigins: ["https://other.example", origin] } },
    })
    const mine = await preflight(`${t.baseURL}/chat/completions`)
    expect(mine.headers.get("access-control-allow-origin")).toBe(origin)
    expect(mine.headers.get("vary")).toBe("Origin, Access-Control-Request-Headers")
    for (const stranger of [
      "https://evil.example",
      "https://app.example.evil",
      "null",
      "http://app.example",
    ]) {
      const asked = await preflight(`${t.baseURL}/chat/completions`, { origin: stranger })
      expect(asked.headers.has("access-control-allow-origin"), stranger).toBe(false)
      expect(asked.headers.get("vary")).toContain("Origin")
      const answer = await fetch(`${t.baseURL}/models`, { headers: { origin: stranger } })
      expect(answer.headers.has("access-control-allow-origin"), stranger).toBe(false)
      expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin")
    }
  })

  it("may not where none is allowed, nor beside the calls", async () => {
    const closed = await open(hello, { config: { listen: { allowedOrigins: [] } } })
    const asked = await preflight(`${closed.baseURL}/chat/completions`)
    expect([asked.status, asked.headers.has("access-control-allow-origin")]).toEqual([404, false])
    await gateway?.close()
    const t = await open()
    for (const path of ["/accounts", "/account", "/hosts", "/healthz"]) {
      const refused = await preflight(t.origin + path)
      expect(refused.headers.has("access-control-allow-origin"), path).toBe(false)
    }
  })
})

describe("a path with slashes too many", () => {
  it("is the path that is meant", async () => {
    const t = await open()
    const key = { authorization: `Bearer ${t.secret}` }
    for (const path of [
      "/v1//chat/completions",
      "//v1/chat/completions",
      "/v1/chat/completions/",
      "/v1/chat//completions///?api-version=1",
    ])
      expect((await post(t.origin + path, key)).status, path).toBe(200)
    for (const path of [
      "/v1/models/",
      "//v1//models",
      "/v1/models/small/",
      "/v1//models/org/vectors",
    ])
      expect((await fetch(t.origin + path, { headers: key })).status, path).toBe(200)
  })

  it("is the same whatever way it is written, and is a path still", () => {
    const segment = fc.stringMatching(/^[a-zA-Z0-9%._~-]{1,8}$/)
    const slashes = fc.stringMatching(/^\/{1,4}$/)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(slashes, segment), { minLength: 1, maxLength: 5 }),
        fc.stringMatching(/^\/{0,3}$/),
        fc.constantFrom("", "?", "?a=//b/", "?a=b&c=/"),
        (pieces, end, query) => {
          const meant = `/${pieces.map(([, name]) => name).join("/")}`
          fc.pre(!/^\/(docs|dashboard)(\/|$)/.test(meant))
          const written = pieces.map(([gap, name]) => gap + name).join("") + end + query
          expect(plainUrl(written)).toBe(meant + query)
        },
      ),
    )
    for (const left of ["/", "//", "/docs/", "/dashboard/", "*", "http://x//y/"])
      expect(plainUrl(left)).toBe(left)
    expect(plainUrl("/docs//static/")).toBe("/docs/static/")
  })
})

describe("a key", () => {
  it.each([
    ["a bearer's", { authorization: "Bearer KEY" }, 200],
    ["a careless bearer's", { authorization: "bearer   KEY " }, 200],
    ["an Azure client's", { "api-key": "KEY" }, 200],
    ["in x-api-key", { "x-api-key": "KEY" }, 200],
    ["beside a proxy's own", { authorization: "Basic dTpw", "api-key": "KEY" }, 200],
    ["beside an empty bearer", { authorization: "Bearer ", "api-key": "KEY" }, 200],
    ["of which the first counts", { authorization: "Bearer KEY", "api-key": "sk_live_no" }, 200],
    ["of which the first is wrong", { authorization: "Bearer sk_live_no", "api-key": "KEY" }, 401],
    ["of which api-key is wrong", { "api-key": "sk_live_no", "x-api-key": "KEY" }, 401],
    ["that is nobody's", { "api-key": "sk_live_no" }, 401],
    ["that is none", { "api-key": "" }, 401],
    ["that is too long", { "api-key": "x".repeat(5000) }, 401],
  ])("%s: %j is answered %d", async (_name, headers, status) => {
    const t = await open()
    const mine = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace("KEY", t.secret)]),
    )
    const answer = await post(`${t.baseURL}/chat/completions`, mine)
    expect(answer.status).toBe(status)
    if (status === 401)
      expect(await answer.text()).toMatch(/Authorization: Bearer.*`api-key` or `x-api-key`/)
  })
})

describe("a text that is no Unicode, and a field that is named as prototypes are", () => {
  it("reach a host mended, and as they are", async () => {
    const t = await open()
    const key = { authorization: `Bearer ${t.secret}` }
    const body = `{"model":"small","messages":[{"role":"user","content":"cut \\ud83d"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"__proto__":{"type":"\\ude00"},"constructor":{"prototype":{}}}}}}],"__proto__":{"polluted":1}}`
    expect((await post(`${t.baseURL}/chat/completions`, key, body)).status).toBe(200)
    const sent = JSON.stringify(t.hosts[0]!.calls[0]!.body)
    expect(sent).toContain('"content":"cut \ufffd"')
    expect(sent).toContain('{"__proto__":{"type":"\ufffd"},"constructor":{"prototype":{}}}')
    expect(sent).not.toContain("polluted")
    const latin = Buffer.from(
      '{"model":"small","messages":[{"role":"user","content":"\u00e9"}]}',
      "latin1",
    )
    const refused = await post(`${t.baseURL}/chat/completions`, key, latin)
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("UTF-8")])
  })
})

describe("a client that closes its half once its request is out", () => {
  const head = (t: Gateway, body: string, version: string): string =>
    `POST /v1/chat/completions HTTP/${version}\r\nhost: x\r\nauthorization: Bearer ${t.secret}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

  it.each([
    ["in one piece", false],
    ["as a stream", true],
  ])("gets its answer %s", async (_name, stream) => {
    const t = await open((call) => void setTimeout(() => streamTexts(call, ["Hello"]), 300))
    const socket = connect({
      port: Number(new URL(t.baseURL).port),
      host: "127.0.0.1",
      allowHalfOpen: true,
    })
    let answer = ""
    socket.on("data", (part: Buffer) => (answer += part.toString()))
    socket.end(head(t, JSON.stringify({ ...chat, stream }), "1.1"))
    await once(socket, "end")
    expect(answer).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)*HTTP\/1\.1 200/)
    expect(answer).toContain("100 Continue")
    expect(answer).toContain("Hello")
    if (stream) expect(answer).toContain("[DONE]")
    socket.destroy()
  })

  it("and then leaves stops the host", async () => {
    const t = await open(() => {})
    const socket = connect({
      port: Number(new URL(t.baseURL).port),
      host: "127.0.0.1",
      allowHalfOpen: true,
    })
    socket.end(head(t, JSON.stringify(chat), "1.1"))
    await expect.poll(() => t.hosts[0]!.calls.length).toBe(1)
    await new Promise((done) => setTimeout(done, 200))
    expect(t.calls.size()).toBe(1)
    socket.destroy()
    await expect.poll(() => t.calls.size(), { timeout: 3000 }).toBe(0)
  })

  it.each([false, true])("over HTTP/1.0 has left: stream %s", async (stream) => {
    const t = await open(() => {})
    const socket = connect({ port: Number(new URL(t.baseURL).port), host: "127.0.0.1" })
    socket.write(head(t, JSON.stringify({ ...chat, stream }), "1.0"))
    await expect.poll(() => t.hosts[0]!.calls.length).toBe(1)
    socket.end()
    await expect.poll(() => t.calls.size(), { timeout: 3000 }).toBe(0)
  })
})
