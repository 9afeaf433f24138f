import { NodeContext } from "@effect/platform-node"
import { Effect, Exit, Scope } from "effect"
import { once } from "node:events"
import { closeSync, openSync, statSync, truncateSync, writeSync } from "node:fs"
import { createServer } from "node:http"
import type { ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { describe, expect, it, onTestFinished } from "vitest"
import { booksView, countOpenRequests } from "../../../engine/index.ts"
import { HostAgent } from "../../../live/client.ts"
import { defaultConfig } from "../../../live/config/config.ts"
import { startGateway } from "../../../live/start/start.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import type { TestGateway } from "../support/gateway.ts"
import { runningGateway, sqliteOf } from "../support/gateway.ts"

const post = async (url: string, key: string, body: object): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })

const signUp = async ({ url }: TestGateway, name: string): Promise<string> => {
  const answer = (await (await post(`${url}/accounts`, "", { name })).json()) as {
    readonly api_key: string
  }
  return answer.api_key
}

const call = (gateway: TestGateway, key: string, isStream = false): Promise<Response> =>
  post(`${gateway.url}/v1/chat/completions`, key, {
    model: "small",
    stream: isStream,
    max_tokens: 50,
    messages: [{ role: "user", content: "hello" }],
  })

const spendable = async ({ url }: TestGateway, key: string): Promise<string> => {
  const response = await fetch(`${url}/account`, { headers: { authorization: `Bearer ${key}` } })
  const { balance } = (await response.json()) as {
    readonly balance: { readonly spendable: string }
  }
  return balance.spendable
}

/** A model server in this process; `answer` writes what it likes. */
const modelServer = async (answer: (response: ServerResponse) => void): Promise<string> => {
  const server = createServer((request, response) => {
    request.resume()
    request.on("end", () => answer(response))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

const token = (text: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] })}\n\n`

const pushed = { hosts: { allowedNetworks: ["127.0.0.0/8"] } }

const registerPushed = async (gateway: TestGateway, endpoint: string): Promise<void> => {
  const operator = await signUp(gateway, "operator")
  const response = await post(`${gateway.url}/hosts`, operator, {
    delivery: "push",
    endpoint,
    models: [{ model: "small", slots: 16, tokens_per_second: 1000 }],
  })
  expect(response.status, await response.clone().text()).toBe(201)
}

describe("a gateway", () => {
  it("carries on where it ended: accounts, balances, hosts; and nobody is punished for the outage", async () => {
    const settings = { hosts: { heartbeatSeconds: 1, pollSeconds: 1 } }
    const first = await runningGateway(settings)
    expect(first.opened).toMatchObject({ isNew: true })
    expect(first.adminSecret).toMatch(/^ak_live_/)
    const { port } = new URL(first.url)
    const operator = await signUp(first, "operator")
    const consumer = await signUp(first, "consumer")
    const registrations: Array<boolean> = []
    const agent = new HostAgent({
      apiUrl: first.url,
      apiKey: operator,
      backend: "simulated",
      models: ["small"],
      slots: 4,
      tokensPerSecond: 2000,
      simulated: { tokensPerSecond: 500, slots: 4, timeToFirstTokenMillis: 1 },
      stateFile: join(first.folder, "host.json"),
      handlesSignals: false,
      onEvent: (event) => {
        if (event.type === "registered") registrations.push(event.isNew)
      },
    })
    onTestFinished(() => agent.stop())
    await agent.register()
    void agent.serve()
    const answer = await call(first, consumer)
    expect(answer.status, await answer.clone().text()).toBe(200)
    const balance = await spendable(first, consumer)
    expect(Number(balance)).toBeLessThan(5)
    await first.stop()

    await pause(300)
    const second = await runningGateway(
      { ...settings, listen: { port: Number(port) } },
      first.folder,
    )
    expect(second.opened).toMatchObject({ isNew: false, cutOff: 0 })
    expect(second.opened.replayed, "entries after the snapshot of an orderly end").toBe(0)
    expect(second.adminSecret).toBeUndefined()
    expect(await spendable(second, consumer)).toBe(balance)
    // The host takes jobs again by itself, under the name that it had.
    for (let tries = 0; tries < 50; tries++) {
      const again = await call(second, consumer)
      await again.arrayBuffer()
      if (again.status === 200) break
      await pause(100)
    }
    expect(Number(await spendable(second, consumer))).toBeLessThan(Number(balance))
    expect(registrations).toEqual([true])
    expect(booksView(second.services.driver.market).total).toBe(0)
  })

  it("that ends lets calls under way finish, and takes no more", async () => {
    let finish = (): void => {}
    const endpoint = await modelServer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(token("Hello"))
      finish = () => response.end(`${token(" there", "stop")}data: [DONE]\n\n`)
    })
    const gateway = await runningGateway(pushed)
    await registerPushed(gateway, endpoint)
    const consumer = await signUp(gateway, "consumer")
    const streaming = await call(gateway, consumer, true)
    const stopped = gateway.stop()
    await pause(50)
    const late = await call(gateway, consumer).then(
      ({ status }) => status,
      () => 503,
    )
    expect(late).toBe(503)
    finish()
    const text = await streaming.text()
    expect(text).toContain(" there")
    expect(text.trimEnd()).toMatch(/data: \[DONE\]$/)
    await stopped
  })

  it("never ends a stream cleanly that its host broke off, whenever that was", async () => {
    const deaths = process.env["EVENKEEL_LONG"] === "1" ? 1000 : 60
    let death = 0
    const endpoint = await modelServer((response) => {
      const words = death++ % 5
      response.writeHead(200, { "content-type": "text/event-stream" })
      for (let word = 0; word <= words; word++) response.write(token(` word${word}`))
      // Some break the connection, some end it as if all had been said.
      setTimeout(() => (death % 2 === 0 ? response.destroy() : response.end()), 3 * (death % 7))
    })
    const gateway = await runningGateway({
      ...pushed,
      economy: {
        preset: "pooled",
        knobs: { ramp: { start: 1 }, breaker: { threshold: 16, windowSeconds: 0.001 } },
      },
    })
    await registerPushed(gateway, endpoint)
    const consumer = await signUp(gateway, "consumer")
    let begun = 0
    for (let n = 0; n < deaths; n++) {
      const response = await call(gateway, consumer, true)
      const text = await response.text()
      expect(text, `stream ${n}`).not.toContain("[DONE]")
      // Before the first byte it is an error with a status of its own.
      if (response.status === 200) begun += 1
      else expect(response.status, text).toBe(502)
      expect(text, `stream ${n}`).toMatch(
        response.status === 200 ? /data: \{"error":.*\n\n$/ : /^\{"error":/,
      )
    }
    expect(begun).toBeGreaterThan(deaths / 10)
    const { market } = gateway.services.driver
    expect(countOpenRequests(market)).toBe(0)
    expect(booksView(market).held).toBe(0)
  })

  it("lets a new market bootstrap unless its settings say otherwise, and never changes the rules of an old one", async () => {
    const rampOf = (gateway: TestGateway) => gateway.services.driver.market.economy.ramp
    const first = await runningGateway({ economy: { preset: "hardened", knobs: { feeBps: 500 } } })
    expect(rampOf(first)).toMatchObject({ bootstrapShare: 0.25, start: 0.1, successes: 200 })
    await first.stop()
    const off = { economy: { knobs: { ramp: { bootstrapShare: 0 } } } }
    expect(rampOf(await runningGateway(off, first.folder)).bootstrapShare).toBe(0.25)
    expect(rampOf(await runningGateway(off)).bootstrapShare).toBe(0)
  })

  it("is refused where its settings or its folder are wrong, with what is", async () => {
    const start = (config: Partial<typeof defaultConfig>, dataDirectory: string) =>
      Effect.runPromise(
        Effect.scoped(
          startGateway({ config: { ...defaultConfig, ...config }, dataDirectory, logger: false }),
        ).pipe(Effect.flip, Effect.provide(NodeContext.layer)),
      )
    const folder = temporaryFolder()
    const at = { ...defaultConfig.listen, port: 0 }
    expect((await start({ economy: { preset: "none", knobs: {} } }, folder)).message).toMatch(
      /none: no economy is called that; there are pooled/,
    )
    expect(
      (await start({ economy: { preset: "pooled", knobs: { feeBps: -1 } } }, folder)).message,
    ).toMatch(/economy\.knobs\.feeBps/)
    expect(
      (await start({ hosts: { ...defaultConfig.hosts, allowedNetworks: ["10/8"] } }, folder))
        .message,
    ).toMatch(/hosts\.allowedNetworks/)
    expect((await start({ listen: { ...at, trustedProxies: ["proxy"] } }, folder)).message).toMatch(
      /listen\.trustedProxies:\s+proxy is no network/,
    )
    const models = [
      {
        name: "m",
        kind: "text" as const,
        contextTokens: 10,
        inputPricePerToken: "free",
        outputPricePerToken: "0",
      },
    ]
    expect((await start({ models, listen: at }, folder)).message).toMatch(
      /Model m: inputPricePerToken/,
    )
    const gateway = await runningGateway()
    const port = Number(new URL(gateway.url).port)
    expect((await start({ listen: { ...at, port } }, folder)).message).toMatch(
      /127\.0\.0\.1:\d+: cannot be listened on/,
    )
    expect((await start({ listen: at }, join(gateway.folder, "data"))).message).toMatch(
      /another process runs a market in it/,
    )
  })

  it("checks a large directory while it runs, says so in statements, and ends where it is damaged", async () => {
    const first = await runningGateway()
    const key = await signUp(first, "someone")
    const statement = async ({ url }: TestGateway) => {
      const headers = { authorization: `Bearer ${key}` }
      const response = await fetch(`${url}/account/statement`, { headers })
      return (await response.json()) as { readonly verified: boolean }
    }
    expect((await statement(first)).verified).toBe(true)
    sqliteOf(first).queue.write("UPDATE postings SET amount = amount + 1", [])
    await first.stop()
    // Any size is a large one.
    const store = { checkedFirstMib: 0 }
    const second = await runningGateway({ store }, first.folder)
    expect((await statement(second)).verified).toBe(false)
    const found = await Effect.runPromise(Effect.flip(second.broken))
    expect(found.message).toMatch(
      /data: market\.sqlite is damaged: table postings, group \d+, entries \d+ to \d+: a posting is missing, or not as it was written\. Put a backup/,
    )
  })

  it("leaves nothing behind when its scope is closed before it listens", async () => {
    const folder = temporaryFolder()
    const scope = await Effect.runPromise(Scope.make())
    const config = {
      ...defaultConfig,
      listen: { ...defaultConfig.listen, host: "256.0.0.1", port: 0 },
    }
    const failed = await Effect.runPromise(
      startGateway({ config, dataDirectory: join(folder, "data"), logger: false }).pipe(
        Effect.flip,
        Scope.extend(scope),
        Effect.provide(NodeContext.layer),
      ),
    )
    expect(failed.message).toMatch(/256\.0\.0\.1:0: cannot be listened on/)
    await Effect.runPromise(Scope.close(scope, Exit.void))
    const again = await runningGateway({}, folder)
    expect(again.opened.isNew).toBe(false)
    // Nobody has seen an admin key yet: only a start that succeeds makes it.
    expect(again.adminSecret).toMatch(/^ak_live_/)
  })

  it("does not begin anew where its market was lost or spoiled", async () => {
    const start = (folder: string) =>
      Effect.runPromise(
        Effect.scoped(
          startGateway({
            config: { ...defaultConfig, listen: { ...defaultConfig.listen, port: 0 } },
            dataDirectory: join(folder, "data"),
            logger: false,
          }),
        ).pipe(Effect.flip, Effect.provide(NodeContext.layer)),
      )
    const gateway = await runningGateway()
    await signUp(gateway, "consumer")
    await gateway.stop()
    const file = join(gateway.folder, "data", "market.sqlite")
    const { size } = statSync(file)
    const spoiled = openSync(file, "r+")
    for (let page = 2; page < size / 4096; page++)
      writeSync(spoiled, Buffer.alloc(4096, "A"), 0, 4096, page * 4096)
    closeSync(spoiled)
    expect((await start(gateway.folder)).message).toMatch(/data: .*malformed/)
    truncateSync(file, 0)
    expect((await start(gateway.folder)).message).toMatch(/data: its market is gone/)
  })
})
