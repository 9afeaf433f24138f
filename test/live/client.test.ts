import { afterEach, describe, expect, test } from "vitest"
import { ComputeClient, ComputeError } from "../../live/client.ts"
import { until } from "./agent/support/eventually.ts"
import type { Asked, LocalServer } from "./agent/support/local-server.ts"
import { chunkOf, localServer, sendEvents, sendJson } from "./agent/support/local-server.ts"

let server: LocalServer | undefined
afterEach(async () => {
  await server?.close()
})
const clientFor = async (answer: (asked: Asked) => unknown) => {
  server = await localServer(answer)
  return new ComputeClient({ baseUrl: `${server.url.origin}/`, apiKey: "sk_live_x" })
}
const json = JSON.stringify
const ask = { model: "m", messages: [{ role: "user", content: "Hello" }] } as const

describe("asking a market", () => {
  test("hosts, one host, earnings, models and balance, in camelCase", async () => {
    const asked: Array<string> = []
    const client = await clientFor(({ url, headers, response }) => {
      asked.push(`${url.pathname} ${headers.authorization}`)
      const host = { host_id: "host_1", total_jobs_completed: 3, models: [{ in_flight: 1 }] }
      const answers: Record<string, unknown> = {
        "/hosts":
          url.searchParams.get("cursor") === null
            ? { data: [host], next_cursor: "host_1" }
            : { data: [{ host_id: "host_2" }], next_cursor: null },
        "/hosts/host_1": host,
        "/hosts/host_1/earnings": {
          host_id: "host_1",
          total: { output_tokens: 5, earned: "0.10" },
        },
        "/v1/models": { object: "list", data: [{ id: "a_b" }] },
        "/account": { account_id: "acct_1", balance: { gift: "5.00", spendable: "5.00" } },
      }
      sendJson(response, answers[url.pathname])
    })
    expect(await client.listHosts()).toEqual([
      { hostId: "host_1", totalJobsCompleted: 3, models: [{ inFlight: 1 }] },
      { hostId: "host_2" },
    ])
    expect((await client.host("host_1")).totalJobsCompleted).toBe(3)
    expect((await client.earnings("host_1")).total).toEqual({ outputTokens: 5, earned: "0.10" })
    expect(await client.models()).toEqual([{ id: "a_b" }])
    expect((await client.balance()).spendable).toBe("5.00")
    expect(asked).toContain("/account Bearer sk_live_x")
  })

  test("a refusal has status, code and message", async () => {
    const client = await clientFor(({ response }) =>
      sendJson(response, { error: { message: "There is no host x", code: "not_found" } }, 404),
    )
    const error = await client.host("x").catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ComputeError)
    expect(error).toMatchObject({ status: 404, code: "not_found", message: "There is no host x" })
  })

  test("a gateway that is not there, and an address that is none", async () => {
    const client = await clientFor(() => {})
    await server?.close()
    await expect(client.listHosts()).rejects.toThrow(
      "/hosts?limit=1000 cannot be reached: connect ECONNREFUSED",
    )
    expect(() => new ComputeClient({ baseUrl: "market" })).toThrow("expected an http or https")
  })
})

describe("a chat", () => {
  test("comes in parts", async () => {
    let body: unknown
    const client = await clientFor(async (asked) => {
      body = await asked.json()
      const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }
      sendEvents(asked.response, [
        json(chunkOf("Hel")),
        json(chunkOf("lo", "stop")),
        json(usage),
        "[DONE]",
      ])
    })
    const parts = []
    for await (const { chunk: _chunk, ...part } of client.chat({
      ...ask,
      maxTokens: 5,
      extra: { top_k: 1 },
    }))
      parts.push(part)
    expect(parts).toEqual([
      { text: "Hel", finishReason: undefined, usage: undefined },
      { text: "lo", finishReason: "stop", usage: undefined },
      { text: "", finishReason: undefined, usage: { promptTokens: 1, completionTokens: 2 } },
    ])
    expect(body).toEqual({
      ...ask,
      max_tokens: 5,
      top_k: 1,
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test.each([
    [[json(chunkOf("a"))], "it ended without its last event"],
    [
      [json(chunkOf("a")), json({ error: { message: "the host died", code: "x" } })],
      "the host died",
    ],
  ])("%j broke off", async (data, message) => {
    const client = await clientFor(({ response }) => sendEvents(response, data))
    const read = async (): Promise<void> => {
      for await (const { text } of client.chat(ask)) expect(text).toBe("a")
    }
    await expect(read()).rejects.toThrow(message)
  })

  test("whoever leaves the loop ends the call", async () => {
    let closed = false
    const client = await clientFor(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(`data: ${json(chunkOf("a"))}\n\n`)
      response.on("close", () => {
        closed = true
      })
    })
    for await (const { text } of client.chat(ask)) {
      expect(text).toBe("a")
      break
    }
    await until(() => closed)
  })
})
