import { afterEach, describe, expect, it } from "vitest"
import type { HostCall } from "../mock-host.ts"
import { event, streamTexts } from "../mock-host.ts"
import type { Gateway } from "../open-gateway.ts"
import { openGateway } from "../open-gateway.ts"

let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})

const open = async (
  answer: (call: HostCall) => void,
  keepAliveSeconds: number,
): Promise<Gateway> => {
  gateway = await openGateway([answer], { config: { timeouts: { keepAliveSeconds } } })
  return gateway
}

const ask = ({ baseURL, secret }: Gateway): Promise<Response> =>
  fetch(`${baseURL}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body: JSON.stringify({
      model: "small",
      stream: true,
      messages: [{ role: "user", content: "Hi" }],
    }),
  })

const later = (answer: (call: HostCall) => void) => (call: HostCall) =>
  void setTimeout(() => answer(call), 700)

describe("a stream that has nothing to say for long", () => {
  it("says that it is alive, and then what it has to say", async () => {
    const t = await open(
      later((call) => streamTexts(call, ["Hello"])),
      0.2,
    )
    const response = await ask(t)
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text.startsWith(": keep-alive\n\n")).toBe(true)
    expect(text.match(/: keep-alive/g)?.length).toBeGreaterThan(1)
    expect(text).toContain('"Hello"')
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true)
  })

  it("has an error as an event then, as its status has gone", async () => {
    const t = await open(
      later(({ response }) => void response.writeHead(400).end('{"error":{"message":"no"}}')),
      0.2,
    )
    const text = await (await ask(t)).text()
    expect(text).toContain(": keep-alive")
    const last = text.trimEnd().split("\n\n").at(-1)!
    expect(JSON.parse(last.replace("data: ", ""))).toMatchObject({ error: { message: "no" } })
    expect(text).not.toContain("[DONE]")
  })

  it("keeps its silence, and its status, where that is wanted", async () => {
    const t = await open(
      later(({ response }) => void response.writeHead(400).end('{"error":{"message":"no"}}')),
      0,
    )
    expect((await ask(t)).status).toBe(400)
  })

  it("says nothing more where nobody listens", async () => {
    const t = await open(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(event({ choices: [{ index: 0, delta: { content: "A" } }] }))
    }, 0.1)
    const response = await ask(t)
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    await expect.poll(() => t.calls.size()).toBe(0)
  })
})
