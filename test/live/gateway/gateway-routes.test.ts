import { request as httpRequest } from "node:http"
import type { ClientRequest, IncomingMessage } from "node:http"
import { afterEach, describe, expect, it } from "vitest"
import type { MarketOptions } from "../support/market.ts"
import type { HostCall } from "./mock-host.ts"
import { event, streamTexts } from "./mock-host.ts"
import type { Gateway } from "./open-gateway.ts"
import { openGateway } from "./open-gateway.ts"

let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})
const open = async (
  answer: (call: HostCall) => void,
  options: MarketOptions = {},
): Promise<Gateway> => {
  gateway = await openGateway([answer], options)
  return gateway
}

const chat = { model: "small", messages: [{ role: "user", content: "Hi" }] }

const post = (
  t: Gateway,
  body: unknown,
  headers: Record<string, string> = {},
  path = "/chat/completions",
): Promise<Response> =>
  fetch(t.baseURL + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${t.secret}`,
      "content-type": "application/json",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  })

/** A request on a socket of its own, whose answer nobody reads yet. */
const postRaw = (
  t: Gateway,
  body: unknown,
): { readonly request: ClientRequest; readonly response: Promise<IncomingMessage> } => {
  const request = httpRequest(`${t.baseURL}/chat/completions`, {
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${t.secret}`, "content-type": "application/json" },
  })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve)
    request.on("error", reject)
  })
  response.catch(() => {})
  request.end(JSON.stringify(body))
  return { request, response }
}

const finishesOf = (t: Gateway) =>
  t.market.journal.entries.flatMap(({ commands }) =>
    commands.filter(({ _tag }) => _tag === "Finish"),
  )

describe("a host that leads back to the gateway", () => {
  it("is a host that fails: the call goes round once, and no further", async () => {
    let asked = 0
    const t = await open(async ({ response, body, headers }) => {
      asked += 1
      const { via = "" } = headers
      // As a proxy on the way does.
      const again = await post(t, { ...body, model: "small" }, { via: `1.0 proxy, ${via}` })
      expect(await again.clone().json()).toMatchObject({ error: { code: "loop_detected" } })
      response.writeHead(again.status, { "content-type": "application/json" })
      response.end(await again.text())
    })
    expect((await post(t, chat)).status).toBe(502)
    expect(asked).toBe(1)
    expect(t.calls.size()).toBe(0)
  })
})

describe("a stream on the wire", () => {
  it("is server-sent events that end with [DONE]", async () => {
    const t = await open((call) => streamTexts(call, ["A", "B"]))
    const answer = await post(t, { ...chat, stream: true })
    expect(answer.status).toBe(200)
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/)
    // What every answer of the server carries.
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff")
    const lines = (await answer.text()).split("\n\n")
    expect(lines.slice(-2)).toEqual(["data: [DONE]", ""])
    for (const line of lines.slice(0, -2)) expect(line).toMatch(/^data: \{"id":"chatcmpl-/)
  })

  it("that breaks ends with an error and without [DONE]", async () => {
    const t = await open(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.end(event({ choices: [{ index: 0, delta: { content: "A" } }] }))
    })
    const text = await (await post(t, { ...chat, stream: true })).text()
    const last = text.trimEnd().split("\n\n").at(-1)
    expect(JSON.parse(last!.replace("data: ", ""))).toMatchObject({
      error: { type: "server_error", code: "upstream_failed" },
    })
    expect(text).not.toContain("[DONE]")
  })

  it("holds the host back while the consumer does not read", async () => {
    let sent = 0
    const other = { token: "b".repeat(32), logprob: -1, bytes: Array<number>(32).fill(98) }
    const logprobs = {
      content: [
        {
          token: "a",
          logprob: -1,
          bytes: null,
          top_logprobs: Array.from({ length: 20 }, () => other),
        },
      ],
    }
    const chunk = event({ choices: [{ index: 0, delta: { content: "a" }, logprobs }] })
    const t = await open(
      ({ response }) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        const write = (): void => {
          if (response.destroyed || sent > 50_000_000) return
          sent += chunk.length
          if (response.write(chunk)) setImmediate(write)
          else response.once("drain", write)
        }
        write()
      },
      { config: { timeouts: { betweenTokensSeconds: 3 } } },
    )
    const { request, response } = postRaw(t, {
      ...chat,
      stream: true,
      max_tokens: 900,
      logprobs: true,
      top_logprobs: 20,
    })
    const answer = await response
    answer.pause()
    await expect.poll(() => t.hosts[0]!.calls.length).toBe(1)
    // The sockets between are full, and nothing moves.
    let before = -1
    const hasSettled = (): boolean => {
      const isSame = sent === before
      before = sent
      return isSame
    }
    await expect.poll(hasSettled, { interval: 400, timeout: 4000 }).toBe(true)
    expect(sent).toBeLessThan(30_000_000)
    // Who never reads is as good as gone.
    await expect.poll(() => t.calls.size(), { timeout: 5000 }).toBe(0)
    expect(finishesOf(t)).toMatchObject([{ outcome: "consumerGone" }])
    request.destroy()
  })
})

describe("a consumer that leaves", () => {
  it.each([
    ["before the first byte of a stream", true, false],
    ["in the middle of a stream", true, true],
    ["before an answer in one piece has begun", false, false],
    ["while an answer in one piece is made", false, true],
  ])("%s stops the host at once", async (_name, stream, hasBegun) => {
    const t = await open(({ response }) => {
      if (!hasBegun) return
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(event({ choices: [{ index: 0, delta: { content: "Hello there" } }] }))
    })
    const { request, response } = postRaw(t, { ...chat, stream })
    await expect.poll(() => t.hosts[0]!.calls.length).toBe(1)
    if (stream && hasBegun) (await response).resume()
    await new Promise((resume) => setTimeout(resume, 50))
    const left = performance.now()
    request.destroy()
    const [call] = t.hosts[0]!.calls
    await expect.poll(() => call!.closedAtMillis, { interval: 1 }).toBeDefined()
    expect(call!.closedAtMillis! - left).toBeLessThan(2000)
    await expect.poll(() => t.calls.size()).toBe(0)
    expect(finishesOf(t)).toMatchObject([
      { outcome: "consumerGone", outputTokens: hasBegun ? 2 : 0 },
    ])
  })
})

describe("what is no call", () => {
  it.each([
    ["no JSON", "{", 400],
    ["no object", "5", 400],
    ["no body", "", 400],
    ["a body that is too long", JSON.stringify({ pad: "x".repeat(20_000) }), 413],
  ])("such as %s is refused in OpenAI's shape", async (_name, body, status) => {
    const t = await open(() => {}, { config: { limits: { bodyBytes: 10_000 } } })
    const answer = await post(t, body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } })
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/)
  })

  it("such as no key is refused before the body is looked at", async () => {
    const t = await open(() => {})
    const answer = await post(t, "{", { authorization: "" })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: { code: "invalid_api_key" } })
    const { secret } = t.market.giveKey("host", { host: 0 })
    expect((await post(t, chat, { authorization: `Bearer ${secret}` })).status).toBe(403)
    expect(t.market.driver.market.lastRequest).toBe(-1)
  })
})

describe("a server that closes", () => {
  const openStream = async () => {
    let finish = (): void => {}
    const t = await open((call) => {
      call.response.writeHead(200, { "content-type": "text/event-stream" })
      call.response.write(event({ choices: [{ index: 0, delta: { content: "A" } }] }))
      finish = () =>
        call.response.end(
          event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) + "data: [DONE]\n\n",
        )
    })
    return { t, answer: await post(t, { ...chat, stream: true }), finish: () => finish() }
  }

  it("lets a stream finish, and takes no more calls", async () => {
    const { t, answer, finish } = await openStream()
    const drained = t.calls.drain(30)
    expect((await post(t, chat)).status).toBe(503)
    finish()
    expect(await answer.text()).toContain("[DONE]")
    await drained
    expect(t.calls.size()).toBe(0)
  })

  it("ends what is left, with an error that says so", async () => {
    const { t, answer } = await openStream()
    const closed = t.server.close()
    expect(await answer.text()).toContain("shutting down")
    await closed
    expect(finishesOf(t)).toMatchObject([{ outcome: "gatewayFault", outputTokens: 1 }])
  })
})
