/**
 * The real gateway, killed with SIGKILL again and again while hosts serve and consumers call. What it
 * acknowledged has to be there afterwards, and nothing may be left hanging.
 */
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { booksView, countOpenRequests, drawBelow, openStream } from "../../engine/index.ts"
import { HostAgent } from "../../live/client.ts"
import { readStopped } from "./support/stopped-journal.ts"
import { freePort, serve } from "./support/served.ts"
import { temporaryFolder } from "./support/data-directory.ts"

const kills = Number(
  process.env["EVENKEEL_KILLS"] ?? (process.env["EVENKEEL_LONG"] === "1" ? 1_000 : 1),
)
const seed = process.env["EVENKEEL_CRASH_SEED"] ?? "crashes"

const settings = `
log: { level: error }
# A busy machine is no reason to fail the test.
limits: { loopDelayMillis: 0 }
economy: { preset: pooled, knobs: { ramp: { start: 1 }, breaker: { threshold: 16 } } }
hosts: { heartbeatSeconds: 1, pollSeconds: 1, leaseSeconds: 2 }
timeouts: { connectSeconds: 2, firstTokenSeconds: 3 }
models:
  - { name: small, inputPricePerToken: "0.00001", outputPricePerToken: "0.00002" }
`

const microsOf = (credits: string): number => Math.round(Number(credits) * 1_000_000)

describe("a gateway that is killed", () => {
  const timeout = 120_000 + kills * 60_000
  it("loses no acknowledged posting, leaves no hold, and replays", { timeout }, async () => {
    const chance = openStream(seed, "kill", 0)
    const folder = temporaryFolder()
    writeFileSync(join(folder, "gateway.yaml"), settings)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    let gateway = await serve(folder, port)
    const { adminKey } = gateway

    const post = async (path: string, key: string | undefined, body: object) => {
      const response = await fetch(url + path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(body),
      })
      return { response, answer: (await response.json()) as Record<string, unknown> }
    }
    const signUp = async (name: string) => {
      const { answer } = await post("/accounts", undefined, { name })
      return { id: String(answer["account_id"]), key: String(answer["api_key"]) }
    }
    const operator = await signUp("operator")
    const consumer = await signUp("consumer")
    const agents = [0, 1].map(
      (index) =>
        new HostAgent({
          apiUrl: url,
          apiKey: operator.key,
          name: `host ${index}`,
          backend: "simulated",
          models: ["small"],
          slots: 4,
          tokensPerSecond: 2000,
          simulated: { tokensPerSecond: 500, slots: 4, timeToFirstTokenMillis: 5 },
          stateFile: join(folder, `host-${index}.json`),
          handlesSignals: false,
        }),
    )
    await Promise.all(agents.map((agent) => agent.register()))
    const serving = agents.map((agent) => agent.serve())

    let isOver = false
    let answered = 0
    let charged = 0
    /** Consumers whose every charge is acknowledged by an answer in one piece. */
    const call = async (isStream: boolean): Promise<void> => {
      const body = { model: "small", max_tokens: 20, messages: [{ role: "user", content: "hi" }] }
      while (!isOver)
        try {
          if (isStream) {
            const response = await fetch(`${url}/v1/chat/completions`, {
              method: "POST",
              headers: {
                "content-type": "application/json",
                authorization: `Bearer ${consumer.key}`,
              },
              body: JSON.stringify({ ...body, stream: true }),
            })
            await response.text()
          } else {
            const { response } = await post("/v1/chat/completions", consumer.key, body)
            const charge = response.headers.get("x-evenkeel-charge")
            if (response.status !== 200 || charge === null) throw new Error("not served")
            answered += 1
            charged += microsOf(charge)
          }
        } catch {
          await pause(50)
        }
    }
    const bought = new Set<string>()
    const buy = async (): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        const id = `top-up-${n}`
        for (let isTaken = false; !isTaken && !isOver;)
          try {
            const path = `/admin/accounts/${consumer.id}/top-up`
            const { response } = await post(path, adminKey, { transfer_id: id, amount: "1" })
            isTaken = response.ok
            if (isTaken) bought.add(id)
          } catch {
            await pause(50)
          }
        await pause(20)
      }
    }
    const loads = [call(false), call(false), call(false), call(true), buy()]

    /** A gateway that serves nothing yet has nothing to lose: however slow the machine, it is given the time. */
    const untilServing = async (): Promise<void> => {
      const before = answered
      for (let wait = 0; answered === before && wait < 600; wait++) await pause(50)
    }
    for (let kill = 0; kill < kills; kill++) {
      await untilServing()
      await pause(drawBelow(chance, 700))
      gateway.process.kill("SIGKILL")
      await once(gateway.process, "exit")
      gateway = await serve(folder, port)
    }
    await untilServing()
    isOver = true
    await Promise.all(loads)
    await Promise.all(agents.map((agent) => agent.stop()))
    await Promise.all(serving)
    gateway.process.kill("SIGTERM")
    const [code] = (await once(gateway.process, "exit")) as [number]
    expect(code, "exit code of an orderly end").toBe(0)

    const { replayed, events, commands } = await readStopped(folder)
    const countEvents = (tag: string) => events.filter(({ _tag }) => _tag === tag).length
    const arrivals = countEvents("RequestArrived")
    const purchases = countEvents("CreditsBought")
    expect(replayed.difference).toBeUndefined()
    expect(replayed.balanceSum).toBe(0)
    const { market, totals } = replayed
    expect(countOpenRequests(market), "requests under way").toBe(0)
    expect(booksView(market).held, "held credits").toBe(0)
    const ended = commands.flatMap((command) =>
      command._tag === "Finish" || command._tag === "Refuse" ? [command.request] : [],
    )
    expect(new Set(ended).size, "each request ends once").toBe(ended.length)
    expect(ended.length, "every request ends").toBe(arrivals)
    expect(answered, "calls answered, some after each start").toBeGreaterThan(kills)
    expect(
      totals.paidByConsumers,
      `charges seen by consumers, seed ${seed}`,
    ).toBeGreaterThanOrEqual(charged)
    expect(purchases, "acknowledged purchases").toBeGreaterThanOrEqual(bought.size)
    expect(bought.size).toBeGreaterThan(0)
  })
})
