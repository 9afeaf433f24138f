/** The agent, the gateway's own routes and the client library, over real sockets. */
import type { AddressInfo } from "node:net"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, test } from "vitest"
import { accountView, economies } from "../../../engine/index.ts"
import { makeCalls } from "../../../live/gateway/call/calls.ts"
import { gatewayRoutes } from "../../../live/gateway/gateway-routes.ts"
import { hostRoutes, jobBoardOf } from "../../../live/hosts/host-routes.ts"
import { makeNetworkGuard } from "../../../live/hosts/network-guard.ts"
import type { AgentEvent, HostAgentOptions } from "../../../live/client.ts"
import { ComputeClient, HostAgent } from "../../../live/client.ts"
import { buildServer } from "../../../live/http/server/server.ts"
import { testVault } from "../hosts/host-server.ts"
import type { MarketOptions } from "../support/market.ts"
import { openTestMarket } from "../support/market.ts"
import { until } from "./support/eventually.ts"

const cleanups: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const openGateway = async (options: MarketOptions = {}) => {
  const market = openTestMarket({
    config: { hosts: { heartbeatSeconds: 0.1, pollSeconds: 2 } },
    ...options,
  })
  const board = jobBoardOf(market)
  const guard = makeNetworkGuard([])
  const server = await buildServer({
    config: market.config,
    plugins: [
      gatewayRoutes(market, makeCalls(market, { pull: board, push: board })),
      hostRoutes(market, board, { guard, vault: testVault() }),
    ],
    logger: false,
  })
  await server.listen({ host: "127.0.0.1", port: 0 })
  cleanups.push(async () => {
    server.server.closeAllConnections()
    await server.close()
    market.driver.stop()
  })
  market.listModel({ name: "sim" })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  const consumer = market.openAccount()
  return {
    market,
    board,
    url,
    consumer,
    client: new ComputeClient({ baseUrl: url, apiKey: consumer.secret }),
  }
}
type Gateway = Awaited<ReturnType<typeof openGateway>>

const startAgent = async (
  { market, url, board }: Gateway,
  over: Partial<HostAgentOptions> = {},
) => {
  const operator = market.openAccount({ name: "operator", minor: 0 })
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-e2e-"))
  const events: Array<AgentEvent> = []
  const agent = new HostAgent({
    apiUrl: url,
    apiKey: operator.secret,
    backend: "simulated",
    models: ["sim"],
    simulated: { tokensPerSecond: 200, timeToFirstTokenMillis: 5, answerTokens: 20, slots: 4 },
    stateFile: join(folder, "state.json"),
    drainSeconds: 1,
    handlesSignals: false,
    onEvent: (event) => events.push(event),
    ...over,
  })
  const served = agent.serve()
  served.catch(() => {})
  cleanups.push(async () => {
    await agent.stop()
    rmSync(folder, { recursive: true })
  })
  await until(() => board.totals().polls > 0)
  return { agent, served, operator, events }
}
const ended = (events: ReadonlyArray<AgentEvent>) =>
  events.flatMap((event) => (event.type === "jobEnded" ? [event] : []))

describe("agent and gateway", () => {
  test("a chat is served, counted and paid for alike on both sides", async () => {
    const gateway = await openGateway()
    const { events, operator } = await startAgent(gateway)
    let text = ""
    let usage: unknown
    const messages = [{ role: "user", content: "Hello" }] as const
    for await (const part of gateway.client.chat({ model: "sim", messages })) {
      text += part.text
      usage = part.usage ?? usage
    }
    expect(text).toMatch(/^simulated: /)
    expect(usage).toMatchObject({ completionTokens: 20 })
    await until(() => ended(events).length === 1)
    expect(ended(events)).toMatchObject([{ end: "completed", tokens: 20 }])
    const [host] = await gateway.client.listHosts()
    expect(host).toMatchObject({ status: "active", totalJobsCompleted: 1, inFlight: 0 })
    expect(host?.models).toMatchObject([{ model: "sim", slots: 4, tokensPerSecond: 800 }])
    const { market } = gateway
    const { earned = 0 } = accountView(market.driver.market, operator.account.id) ?? {}
    expect(earned).toBeGreaterThan(0)
  })

  test("a host asks its price, changes it, and is paid by the token generated", async () => {
    const gateway = await openGateway({ economy: economies["infrintia"], knobs: {} })
    const { market, client, url, consumer } = gateway
    const { agent, operator } = await startAgent(gateway, { pricePerToken: 0.0005 })
    const rates = () => client.marketRates()
    expect(await rates()).toMatchObject([{ model: "sim", hosts: 1, min: "0.0005", max: "0.0005" }])
    await agent.setPrice("0.0002")
    const { hostId } = await agent.register()
    expect((await client.host(hostId)).models).toMatchObject([
      { inputPricePerToken: "0.00", outputPricePerToken: "0.0002" },
    ])
    const chat = (maxPrice: string) =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${consumer.secret}`,
          "content-type": "application/json",
          "x-evenkeel-max-price": maxPrice,
        },
        body: JSON.stringify({ model: "sim", messages: [{ role: "user", content: "Hello" }] }),
      })
    const refused = await chat("0.0001")
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { code: "price_too_high" } })
    const served = await chat("0.0002")
    expect(served.status).toBe(200)
    // 20 tokens at 0.0002 credits, less 12%.
    expect(await served.json()).toMatchObject({ usage: { completion_tokens: 20, cost: 0.004 } })
    expect(accountView(market.driver.market, operator.account.id)?.earned).toBe(3520)
    await expect(agent.setPrice(0.00012345)).rejects.toThrow("0.000123 and 0.000124")
  })

  test("what fails a host's own check is not handed in, and another host serves the call", async () => {
    const gateway = await openGateway()
    const strict = await startAgent(gateway, { name: "strict" })
    strict.agent.setQualityChecker(({ text }) => [!text.startsWith("simulated"), "not good enough"])
    const ask = async (): Promise<string> => {
      let text = ""
      const messages = [{ role: "user", content: "Hello" }] as const
      for await (const part of gateway.client.chat({ model: "sim", messages })) text += part.text
      return text
    }
    await expect(ask()).rejects.toThrow("No host of sim could answer")
    await until(() => ended(strict.events).length > 0)
    expect(ended(strict.events)[0]).toMatchObject({ end: "failed", detail: "not good enough" })
    const other = await startAgent(gateway, { name: "other" })
    await until(() => other.events.some(({ type }) => type === "serving"))
    await until(() => gateway.board.totals().polls >= 2)
    expect(await ask()).toMatch(/^simulated: /)
    await until(() => ended(other.events).length === 1)
    expect(ended(other.events)).toMatchObject([{ end: "completed" }])
  })

  test("when the consumer leaves, the host stops", async () => {
    const gateway = await openGateway()
    const { events } = await startAgent(gateway, {
      simulated: { tokensPerSecond: 50, answerTokens: 1000, slots: 2 },
    })
    for await (const { text } of gateway.client.chat({
      model: "sim",
      messages: [{ role: "user", content: "Hello" }],
    }))
      if (text !== "") break
    await until(() => ended(events).length === 1)
    expect(ended(events)).toMatchObject([{ end: "withdrawn" }])
    const [{ tokens = 1000 } = {}] = ended(events)
    expect(tokens).toBeLessThan(500)
  })

  test("a host that drains finishes its work and gets no more; started again, it is the same host", async () => {
    const gateway = await openGateway()
    const { agent, served, events } = await startAgent(gateway, { drainSeconds: 5 })
    const chat = async (): Promise<string> => {
      let text = ""
      const messages = [{ role: "user", content: "Hello" }] as const
      for await (const part of gateway.client.chat({ model: "sim", messages })) text += part.text
      return text
    }
    const running = chat()
    await until(() => gateway.board.totals().open === 1)
    const stopping = agent.stop()
    expect(await running).toMatch(/^simulated: /)
    await stopping
    await served
    expect(ended(events)).toMatchObject([{ end: "completed" }])
    const [host] = await gateway.client.listHosts()
    expect(host?.status).toBe("draining")

    const again = new HostAgent({
      apiUrl: gateway.url,
      backend: "simulated",
      models: ["sim"],
      simulated: { tokensPerSecond: 200, answerTokens: 5 },
      stateFile: agent.stateFile,
      handlesSignals: false,
    })
    const servedAgain = again.serve()
    cleanups.push(async () => {
      await again.stop()
      await servedAgain
    })
    await until(() => gateway.board.totals().polls > 0)
    expect(await chat()).toMatch(/^simulated: /)
    expect((await gateway.client.host(String(host?.hostId))).status).toBe("active")
    expect(gateway.market.directory.hosts.size()).toBe(1)
  })

  test("a rolling update leaves no gap: the new agent is up, the old one drains, every call is served", async () => {
    const gateway = await openGateway()
    const old = await startAgent(gateway, { drainSeconds: 5 })
    const fresh = new HostAgent({
      apiUrl: gateway.url,
      backend: "simulated",
      models: ["sim"],
      simulated: { tokensPerSecond: 200, timeToFirstTokenMillis: 5, answerTokens: 20, slots: 4 },
      stateFile: old.agent.stateFile,
      handlesSignals: false,
    })
    const servedFresh = fresh.serve()
    cleanups.push(async () => {
      await fresh.stop()
      await servedFresh
    })
    await until(() => gateway.board.totals().polls > 1)
    let served = 0
    let isOver = false
    const consumer = async (): Promise<void> => {
      while (!isOver) {
        let text = ""
        const messages = [{ role: "user", content: "Hello" }] as const
        for await (const part of gateway.client.chat({ model: "sim", messages })) text += part.text
        expect(text).toMatch(/^simulated: /)
        served++
      }
    }
    const consumers = [consumer(), consumer()]
    await until(() => served > 4)
    await old.agent.stop()
    await old.served
    const servedThen = served
    await until(() => served > servedThen + 4)
    const [host] = await gateway.client.listHosts()
    expect(host?.status).toBe("active")
    isOver = true
    await Promise.all(consumers)
    expect(gateway.market.directory.hosts.size()).toBe(1)
  })

  test("a gateway whose older backup was put back gets its hosts again, without a word of their operator", async () => {
    const gateway = await openGateway()
    const { market } = gateway
    const { events } = await startAgent(gateway)
    const registered = () => events.filter(({ type }) => type === "registered")
    const [host] = market.directory.hosts.all()
    const keys = [...market.directory.keys.all()].filter(({ role }) => role === "host")
    // The backup knows the account, and neither the host nor its key: polls are answered 401 or 404.
    for (const key of keys) market.directory.keys.put({ ...key, hash: `not ${key.hash}` })
    market.directory.hosts.put({ ...host!, publicId: "host_of_another_time" })
    await until(() => registered().length === 2, 10_000)
    let text = ""
    const messages = [{ role: "user", content: "Hello" }] as const
    for await (const part of gateway.client.chat({ model: "sim", messages })) text += part.text
    expect(text).toMatch(/^simulated: /)
    expect(registered().at(-1)).toMatchObject({ isNew: true })
  })

  test("a host that was removed registers again", async () => {
    const gateway = await openGateway()
    const { operator, events } = await startAgent(gateway)
    const [host] = await gateway.client.listHosts()
    const response = await fetch(`${gateway.url}/hosts/${host?.hostId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${operator.secret}` },
    })
    expect(response.status).toBe(200)
    const registered = () => events.filter(({ type }) => type === "registered")
    await until(() => registered().length === 2)
    const renewed = registered().at(-1)
    expect(renewed).toMatchObject({ type: "registered", isNew: true })
    expect(JSON.stringify(renewed)).not.toContain(host?.hostId)
  })

  test("a failure of the model server fails the job, and the consumer is told", async () => {
    const gateway = await openGateway()
    const failing = await startAgent(gateway, {
      simulated: { failProbability: 1, seed: "x", tokensPerSecond: 1000, answerTokens: 5 },
    })
    const messages = [{ role: "user", content: "Hello" }] as const
    const read = async (): Promise<void> => {
      for await (const { text } of gateway.client.chat({ model: "sim", messages }))
        expect(text).not.toBe("never")
    }
    await expect(read()).rejects.toThrow("No host of sim could answer")
    await until(() => ended(failing.events).length > 0)
    expect(ended(failing.events)[0]).toMatchObject({ end: "failed", detail: "a simulated failure" })
  })
})
