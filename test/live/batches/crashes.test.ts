/**
 * The real gateway, killed with SIGKILL while it answers a batch of 1,000 requests, in the long mode: each is
 * answered once and charged at the discount, and what is not answered by the deadline is void. A smaller one,
 * on images of the disk, is in batches.test.ts.
 */
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import OpenAI from "openai"
import { describe, expect, it } from "vitest"
import { booksView, countOpenBatches, countOpenRequests } from "../../../engine/index.ts"
import { HostAgent } from "../../../live/client.ts"
import { readStopped } from "../support/stopped-journal.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import { freePort, serve } from "../support/served.ts"
import { linesIn, linesOf, submit } from "./batch-gateway.ts"

const count = Number(process.env["EVENKEEL_BATCH_ITEMS"] ?? 1000)
const kills = 3
const windowSeconds = 120

const settings = `
log: { level: error }
limits: { loopDelayMillis: 0 }
economy:
  preset: aitbc
  knobs:
    promotion: { grantCredits: 0 }
    breaker: { threshold: 16 }
    batches: { windowHours: ${windowSeconds / 3600} }
hosts: { heartbeatSeconds: 1, pollSeconds: 1, leaseSeconds: 2 }
timeouts: { connectSeconds: 2, firstTokenSeconds: 3 }
models:
  - { name: small, inputPricePerToken: "0.00001", outputPricePerToken: "0.00002" }
`

describe.runIf(process.env["EVENKEEL_LONG"] === "1")("a gateway that is killed", () => {
  it("answers each item of a large batch once", { timeout: 600_000 }, async () => {
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
      return (await response.json()) as Record<string, string>
    }
    const operator = await post("/accounts", undefined, { name: "operator" })
    const consumer = await post("/accounts", undefined, { name: "consumer" })
    const top = { transfer_id: "1", amount: "100" }
    await post(`/admin/accounts/${consumer["account_id"]}/top-up`, adminKey, top)
    const agent = new HostAgent({
      apiUrl: url,
      apiKey: operator["api_key"] ?? "",
      name: "host",
      backend: "simulated",
      models: ["small"],
      slots: 4,
      tokensPerSecond: 2000,
      simulated: { tokensPerSecond: 500, slots: 4, timeToFirstTokenMillis: 5 },
      stateFile: join(folder, "host.json"),
      handlesSignals: false,
    })
    await agent.register()
    const serving = agent.serve()
    const client = new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: consumer["api_key"] ?? "",
      maxRetries: 5,
    })
    const { id } = await submit(client, linesOf(count))
    /** On a slow machine the window may be over first. */
    const untilAnswered = async (least: number): Promise<void> => {
      for (;;) {
        const { request_counts: counts, status } = await client.batches.retrieve(id)
        if (status === "expired" || (counts?.completed ?? 0) >= least) return
        await pause(20)
      }
    }
    for (let kill = 1; kill <= kills; kill++) {
      await untilAnswered((kill * count) / 5)
      gateway.process.kill("SIGKILL")
      await once(gateway.process, "exit")
      gateway = await serve(folder, port)
    }
    await untilAnswered((4 * count) / 5)
    await agent.stop()
    await serving
    const ended = async () => {
      for (;;) {
        const batch = await client.batches.retrieve(id)
        if (batch.status === "expired") return batch
        await pause(200)
      }
    }
    const batch = await ended()
    const answered = await linesIn(client, batch.output_file_id)
    const rest = await linesIn(client, batch.error_file_id)
    gateway.process.kill("SIGTERM")
    await once(gateway.process, "exit")

    expect(answered.length).toBeGreaterThan(0)
    expect(rest.length).toBeGreaterThan(0)
    expect(answered.length + rest.length).toBe(count)
    const names = [...answered, ...rest].map((line) => line.custom_id)
    expect(new Set(names).size, "each item has one line").toBe(count)
    expect(new Set(rest.map(({ error }) => error?.code))).toEqual(new Set(["batch_expired"]))
    const full = answered.reduce((sum, { response }) => {
      const usage = response?.body.usage as never as Readonly<Record<string, number>>
      return sum + 10 * (usage["prompt_tokens"] ?? 0) + 20 * (usage["completion_tokens"] ?? 0)
    }, 0)

    const { replayed, commands } = await readStopped(folder)
    expect(replayed.difference).toBeUndefined()
    expect(booksView(replayed.market)).toMatchObject({ total: 0, held: 0 })
    expect(countOpenRequests(replayed.market)).toBe(0)
    expect(countOpenBatches(replayed.market)).toBe(0)
    const paid = commands.flatMap((command) =>
      command._tag === "Finish" && command.charge > 0 ? [command.charge] : [],
    )
    expect(paid.length, "each answer is charged once").toBe(answered.length)
    const charged = paid.reduce((sum, charge) => sum + charge, 0)
    expect(charged, "at the discount").toBe(Math.ceil(0.7 * full))
    const closes = commands.filter(({ _tag }) => _tag === "CloseBatch")
    expect(closes).toMatchObject([
      { outcome: "expired", completed: answered.length, expired: rest.length, charged },
    ])
    process.stderr.write(
      `${answered.length} answered, ${rest.length} void, ${charged} charged of ${full}\n`,
    )
  })
})
