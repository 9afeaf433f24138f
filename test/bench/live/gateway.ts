/**
 * The gateway under measurement, with the full economy on: `node gateway.js UPSTREAM_URL…`, a process
 * of its own with a data directory of its own. A pushed host with many slots for each of the upstreams
 * serves "mock".
 */
import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { configFrom } from "../../../live/config/load-config.ts"
import { startGateway } from "../../../live/start/start.ts"
import { announcePort } from "./processes.ts"

const upstreams = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), "evenkeel-bench-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const config = Either.getOrThrow(
  configFrom("the benchmark's settings", {
    listen: { port: 0 },
    log: { level: "silent" },
    economy: {
      preset: "pooled",
      knobs: {
        ramp: { start: 1 },
        floor: { tokensPerSecond: 0, readmitTokensPerSecond: 0 },
        // Where hosts fail on purpose, calls are to come to them all the same.
        breaker: { threshold: 16, windowSeconds: 0.001 },
      },
    },
    models: [
      { name: "mock", inputPricePerToken: "0.0000001", outputPricePerToken: "0.0000004" },
      { name: "pulled", inputPricePerToken: "0.0000001", outputPricePerToken: "0.0000004" },
    ],
    hosts: { allowedNetworks: ["127.0.0.0/8"], heartbeatSeconds: 3600 },
    accounts: { signUpsPerHour: 10_000 },
    limits: { requestsPerMinute: 100_000_000, requestsPerMinuteByAddress: 100_000_000 },
  }),
)

const program = Effect.gen(function* () {
  const { url, server, adminSecret } = yield* startGateway({
    config,
    dataDirectory: join(folder, "data"),
    logger: false,
  })
  const { consumer, operator } = yield* Effect.promise(() => populate(url, adminSecret ?? ""))
  announcePort(server.server, { key: consumer, operatorKey: operator })
  return yield* Effect.never
})

const post = async (url: string, key: string, body: object): Promise<Record<string, string>> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })
  if (response.status === 503) {
    await pause(1000)
    return post(url, key, body)
  }
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Record<string, string>
}

/** A consumer with credits, an operator with pushed hosts, and one whose hosts are yet to come. */
const populate = async (url: string, admin: string) => {
  const consumer = await post(`${url}/accounts`, "", { name: "consumer" })
  const operator = await post(`${url}/accounts`, "", { name: "operator" })
  const idle = await post(`${url}/accounts`, "", { name: "operator of idle hosts" })
  await post(`${url}/admin/accounts/${consumer["account_id"]}/top-up`, admin, {
    transfer_id: "bench",
    amount: "1000000",
  })
  for (const [index, upstream] of upstreams.entries())
    await post(`${url}/hosts`, operator["api_key"], {
      name: `upstream ${index + 1}`,
      delivery: "push",
      endpoint: `${upstream}/v1`,
      models: [{ model: "mock", slots: 1024, tokens_per_second: 1_000_000 }],
    })
  return { consumer: consumer["api_key"], operator: idle["api_key"] }
}

// An end by signal or by the parent's end lets the process go as it is: its data are thrown away.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0))
Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(NodeContext.layer))).catch(
  (cause: unknown) => {
    console.error(cause)
    process.exit(1)
  },
)
