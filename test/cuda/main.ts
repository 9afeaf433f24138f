/**
 * A market on one GPU: a model server, the gateway, the host agent between them, and consumers. Prints
 * a JSON record of what was measured, or writes it to a file. Run by run.sh; see README.md.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Target } from "./load.ts"
import { chunksOf, hasText, quantiles, runLevel } from "./load.ts"
import type { Program } from "./processes.ts"
import { output, startProgram } from "./processes.ts"

const { values: given } = parseArgs({
  options: {
    cpu: { type: "boolean", default: false },
    python: { type: "string", default: "python3" },
    weights: { type: "string" },
    size: { type: "string" },
    concurrency: { type: "string", default: "1,2,4,8,16,32,64" },
    rounds: { type: "string", default: "3" },
    tokens: { type: "string", default: "128" },
    aborts: { type: "string", default: "20" },
    out: { type: "string" },
  },
})

const here = dirname(fileURLToPath(import.meta.url))
// This file runs from dist/test/cuda.
const root = resolve(here, "../../..")
const evenkeel = join(root, "dist/evenkeel.js")
const levels = given.concurrency.split(",").map(Number)
const rows = Math.max(...levels)
const [rounds, tokens, aborts] = [given.rounds, given.tokens, given.aborts].map(Number) as [
  number,
  number,
  number,
]

interface ServerFacts {
  readonly port: number
  readonly device: string
  readonly model: string
}
interface ServerStats {
  readonly active: number
  readonly tokens: number
  readonly idle_since_unix_seconds: number
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}
const wait = (millis: number): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, millis)
  })

const jsonAt = async (url: string, init: RequestInit = {}): Promise<unknown> => {
  const response = await fetch(url, init)
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

const programs: Array<Program> = []
const started = (program: Program): Program => {
  programs.push(program)
  return program
}

const startModelServer = async (): Promise<ServerFacts> => {
  const size = given.size ?? (given.cpu ? "tiny" : undefined)
  const words = [
    join(root, "test/cuda/model_server.py"),
    "--rows",
    String(rows),
    ...(given.cpu ? ["--cpu"] : []),
    ...(size === undefined ? [] : ["--size", size]),
    ...(given.weights === undefined ? [] : ["--weights", given.weights]),
  ]
  const firstLine = (stdout: string): unknown =>
    stdout.includes("\n") ? JSON.parse(stdout.slice(0, stdout.indexOf("\n"))) : undefined
  return (await started(startProgram(given.python, words, firstLine)).ready) as ServerFacts
}

/** A token of output costs one minor unit, one of input nothing: what is paid is what was counted. */
const settingsOf = (model: string): string => `
models:
  - name: ${JSON.stringify(model)}
    inputPricePerToken: "0"
    outputPricePerToken: "0.000001"
economy:
  preset: pooled
  knobs:
    # A new host has all its slots at once: it is measured here, not tried.
    ramp: { start: 1 }
limits:
  requestsPerMinute: 1000000
  requestsPerMinuteByAddress: 1000000
`

const startGateway = async (folder: string, model: string): Promise<string> => {
  const settings = join(folder, "gateway.yaml")
  writeFileSync(settings, settingsOf(model))
  const words = [evenkeel, "serve", "--data", join(folder, "data"), "--port", "0"]
  const program = startProgram(
    process.execPath,
    [...words, "--config", settings, "--json"],
    (stdout) => /"url": "([^"]+)"/.exec(stdout)?.[1],
  )
  return (await started(program).ready) as string
}

const signUp = async (url: string, name: string): Promise<string> => {
  const answer = await jsonAt(`${url}/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  })
  return (answer as { readonly api_key: string }).api_key
}

/** What an account can spend, in minor units. */
const spendable = async (url: string, key: string): Promise<number> => {
  const answer = await jsonAt(`${url}/account`, { headers: { authorization: `Bearer ${key}` } })
  const { balance } = answer as { readonly balance: { readonly spendable: string } }
  return Math.round(Number(balance.spendable) * 1_000_000)
}

/** Consumers that leave: how long until the GPU has nothing left to do. */
const measureAborts = async (target: Target, serverUrl: string) => {
  const idleMillis: Array<number> = []
  for (let index = 0; index < aborts; index++) {
    const controller = new AbortController()
    const pieces = 1 + (index % 10)
    let seen = 0
    try {
      const chunks = chunksOf(target, `Abort ${index}`, 1024, controller.signal)
      for await (const chunk of chunks) if (hasText(chunk) && ++seen === pieces) break
    } finally {
      controller.abort()
    }
    const abortedMillis = Date.now()
    for (;;) {
      const stats = (await jsonAt(`${serverUrl}/stats`)) as ServerStats
      if (stats.active === 0) {
        idleMillis.push(Math.max(0, stats.idle_since_unix_seconds * 1000 - abortedMillis))
        break
      }
      if (Date.now() - abortedMillis > 60_000) throw new Error("the GPU did not become idle")
      await wait(2)
    }
  }
  return { aborts, idleMillis: quantiles(idleMillis) }
}

const main = async (folder: string): Promise<void> => {
  say("Starting the model server …")
  const server = await startModelServer()
  const serverUrl = `http://127.0.0.1:${server.port}`
  say(`${server.model} on ${server.device}. Starting the gateway …`)
  const url = await startGateway(folder, server.model)
  const operatorKey = await signUp(url, "operator")
  const consumerKey = await signUp(url, "consumer")

  const stateFile = join(folder, "agent.json")
  const agentWords = `agent --url ${url} --backend openai --endpoint ${serverUrl} --json`
    .split(" ")
    .concat("--model", server.model, "--state", stateFile)
  const agentEnv = { EVENKEEL_KEY: operatorKey }
  say("The agent looks at the machine and measures it …")
  const detected: unknown = JSON.parse(
    await output(process.execPath, [evenkeel, ...agentWords, "--dry-run"], agentEnv),
  )
  say("The agent begins to serve …")
  const agent = startProgram(
    process.execPath,
    // What was measured is in the record; the load goes beyond it on purpose.
    [evenkeel, ...agentWords, "--slots", String(rows), "--tokens-per-second", "1000000"],
    (stdout) => (stdout.includes('"type":"serving"') ? true : undefined),
    agentEnv,
  )
  await started(agent).ready

  const market: Target = { base: `${url}/v1`, key: consumerKey, model: server.model }
  const direct: Target = { ...market, base: `${serverUrl}/v1` }
  // A first call opens connections; the agent's first poll may still be on its way.
  await runLevel(market, 1, 1, 4)
  const before = {
    spendable: await spendable(url, consumerKey),
    made: ((await jsonAt(`${serverUrl}/stats`)) as ServerStats).tokens,
  }
  const results = []
  for (const concurrency of levels) {
    const throughMarket = await runLevel(market, concurrency, rounds, tokens)
    say(`${concurrency} streams: ${throughMarket.tokensPerSecond} tokens/s`)
    results.push(throughMarket)
  }
  const after = {
    spendable: await spendable(url, consumerKey),
    made: ((await jsonAt(`${serverUrl}/stats`)) as ServerStats).tokens,
  }
  const directly = []
  for (const concurrency of levels)
    directly.push(await runLevel(direct, concurrency, rounds, tokens))
  say("Consumers leave …")
  const abortToIdle = await measureAborts(market, serverUrl)

  const record = {
    recordedAt: new Date().toISOString(),
    isGpu: !given.cpu,
    machine: { cpu: cpus()[0]?.model, cpuCores: cpus().length, node: process.version },
    server,
    detected,
    load: { levels, rounds, tokens },
    throughTheMarket: results,
    directToTheServer: directly,
    abortToIdle,
    tokens: {
      generatedByTheServer: after.made - before.made,
      toldToTheConsumer: results.reduce((sum, level) => sum + level.tokens, 0),
      billedToTheConsumer: before.spendable - after.spendable,
    },
  }
  const text = `${JSON.stringify(record, null, 2)}\n`
  if (given.out === undefined) process.stdout.write(text)
  else {
    mkdirSync(dirname(resolve(given.out)), { recursive: true })
    writeFileSync(given.out, text)
    say(`Written to ${given.out}`)
  }
}

const folder = mkdtempSync(join(tmpdir(), "evenkeel-cuda-"))
try {
  await main(folder)
} catch (error) {
  say((error as Error).message)
  process.exitCode = 1
} finally {
  for (const program of programs.toReversed()) await program.stop()
  rmSync(folder, { recursive: true, force: true })
}
