/**
 * `npm run bench:live`: the gateway with the full economy on, against a bare Fastify route and a
 * proxy of node:http and undici, over the same upstream, in one run. `--json` prints one document;
 * `--quick` takes a fifth of the time.
 *
 * Load, upstream and gateway share the machine's cores, so that requests a second say little by
 * themselves: the ratios do.
 */
import { setTimeout as pause } from "node:timers/promises"
import type { LoadResult } from "./load.ts"
import { percentile, runLoad } from "./load.ts"
import type { Started } from "./processes.ts"
import { residentBytes, startProcess } from "./processes.ts"
import { measureRelay } from "./relay.ts"
import { measureSnapshotPause } from "./snapshot-pause.ts"
import { benchTransfers } from "./transfers.ts"

const isJson = process.argv.includes("--json")
const work = process.argv.includes("--quick") ? 0.2 : 1
const say = (text: string) => void process.stderr.write(`${text}\n`)

const clients = 64
const rounds = 3
const idleHosts = 1000
const openStreams = 1000
const body = { model: "mock", max_tokens: 16, messages: [{ role: "user", content: "hi" }] }

const median = (values: ReadonlyArray<number>): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )

interface Target {
  readonly name: string
  readonly url: string
  readonly key?: string
}

/** Each target in turn, several rounds; the median of each figure. */
const compare = async (
  targets: ReadonlyArray<Target>,
  concurrent: number,
  seconds: number,
): Promise<Readonly<Record<string, LoadResult>>> => {
  const results = new Map<string, Array<LoadResult>>(targets.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++)
    for (const { name, url, key } of targets) {
      const load = { url, clients: concurrent, seconds: round === 0 ? seconds / 2 : seconds, body }
      const result = await runLoad(key === undefined ? load : { ...load, key })
      // The first round warms up.
      if (round > 0) results.get(name)?.push(result)
    }
  return Object.fromEntries(
    [...results].map(([name, list]) => {
      const of = (figure: keyof LoadResult) => median(list.map((one) => one[figure]))
      return [
        name,
        {
          calls: of("calls"),
          failed: Math.max(...list.map(({ failed }) => failed)),
          perSecond: of("perSecond"),
          p50Millis: of("p50Millis"),
          p99Millis: of("p99Millis"),
        },
      ]
    }),
  )
}

/** From a consumer's call to the host that polls, by the hosts' own clock, which is ours. */
const measureDispatch = async (gateway: Target, hosts: Started, calls: number) => {
  const millis: Array<number> = []
  hosts.child.on("message", (said: { readonly dispatchMillis?: number }) => {
    if (said.dispatchMillis !== undefined) millis.push(said.dispatchMillis)
  })
  let failed = 0
  for (let call = 0; call < calls; call++) {
    const sent = Number(process.hrtime.bigint() / 1_000n) / 1_000
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.key}` },
      body: JSON.stringify({
        model: "pulled",
        max_tokens: 16,
        messages: [{ role: "user", content: sent.toFixed(3) }],
      }),
    })
    await response.arrayBuffer()
    if (!response.ok) failed += 1
  }
  await pause(200)
  millis.sort((a, b) => a - b)
  return {
    calls: millis.length,
    failed,
    p50Millis: percentile(millis, 0.5),
    p99Millis: percentile(millis, 0.99),
  }
}

const upstream = await startProcess("upstream.js")
const fastify = await startProcess("peers.js", ["fastify", upstream.url])
const proxy = await startProcess("peers.js", ["proxy", upstream.url])
const gateway = await startProcess<{ readonly key: string; readonly operatorKey: string }>(
  "gateway.js",
  [upstream.url],
)
const direct: Target = { name: "upstream", url: upstream.url }
const own: Target = { name: "gateway", url: gateway.url, key: gateway.said.key }
const peers: ReadonlyArray<Target> = [
  { name: "fastify", url: fastify.url },
  { name: "proxy", url: proxy.url },
]

say(`requests a second, ${clients} clients …`)
const throughput = await compare([direct, ...peers, own], clients, 4 * work)
say("added latency, 1 client …")
const latency = await compare([direct, ...peers, own], 1, 3 * work)
say("relay of 50 streams of 100 tokens/s …")
const relay = {
  upstream: await measureRelay(direct.url, undefined, 50, Math.round(500 * work), 100),
  gateway: await measureRelay(own.url, gateway.said.key, 50, Math.round(500 * work), 100),
}
say(`dispatch to ${idleHosts} idle hosts that poll …`)
const before = await residentBytes(gateway.child)
const hosts = await startProcess("hosts.js", [
  gateway.url,
  gateway.said.operatorKey,
  String(idleHosts),
])
await pause(500)
const dispatch = await measureDispatch(own, hosts, Math.round(1000 * work))
const withHosts = await residentBytes(gateway.child)
say(`${openStreams} open streams …`)
let withStreams = 0
await measureRelay(own.url, gateway.said.key, openStreams, 20, 4, async () => {
  withStreams = await residentBytes(gateway.child)
})
for (const one of [hosts, gateway, proxy, fastify, upstream]) await one.stop()
say("durable transfers …")
const transfers = await benchTransfers(1000, 5 * work)
say("snapshots of 20,000 accounts and 2,000 instances …")
const snapshot = await measureSnapshotPause(20_000, 2000, 5)

const added = (share: "p50Millis" | "p99Millis"): number =>
  latency["gateway"][share] - latency["upstream"][share]
const ratio = (peer: string): number => throughput["gateway"].perSecond / throughput[peer].perSecond
const goal = (name: string, value: number, isMet: boolean, text: string) => ({
  name,
  value,
  goal: text,
  isMet,
})

const goals = [
  goal("added p50, ms", added("p50Millis"), added("p50Millis") <= 0.5, "≤ 0.5"),
  goal("added p99, ms", added("p99Millis"), added("p99Millis") <= 5, "≤ 5"),
  goal(
    "requests/s, not streaming",
    throughput["gateway"].perSecond,
    throughput["gateway"].perSecond >= 8000,
    "≥ 8000",
  ),
  goal("relay p99, 50 streams, ms", relay.gateway.p99Millis, relay.gateway.p99Millis <= 5, "≤ 5"),
  goal("dispatch p50, ms", dispatch.p50Millis, dispatch.p50Millis <= 5, "≤ 5"),
  goal("dispatch p99, ms", dispatch.p99Millis, dispatch.p99Millis <= 25, "≤ 25"),
  goal("durable transfers/s", transfers, transfers >= 50_000, "≥ 50000"),
  goal("longest pause of a snapshot, ms", snapshot.pauseMillis, snapshot.pauseMillis <= 50, "≤ 50"),
]
const memory = {
  bytes: before,
  bytesWithIdleHosts: withHosts,
  bytesWithOpenStreams: withStreams,
  bytesAnIdleHost: (withHosts - before) / idleHosts,
  bytesAnOpenStream: (withStreams - withHosts) / openStreams,
}
const ratios = { gatewayToFastify: ratio("fastify"), gatewayToProxy: ratio("proxy") }

if (isJson)
  console.log(
    JSON.stringify(
      { goals, ratios, throughput, latency, relay, dispatch, memory, transfers, snapshot },
      null,
      2,
    ),
  )
else {
  for (const { name, value, goal: text, isMet } of goals)
    console.log(`${isMet ? "met   " : "missed"}  ${name}: ${value.toPrecision(4)} (goal ${text})`)
  for (const [name, { perSecond, p50Millis, p99Millis, failed }] of Object.entries(throughput))
    console.log(
      `${name}: ${Math.round(perSecond)} requests/s, p50 ${p50Millis.toFixed(2)} ms, p99 ${p99Millis.toFixed(2)} ms, ${failed} failed`,
    )
  console.log(
    `gateway ÷ bare Fastify ${ratios.gatewayToFastify.toFixed(2)}, ÷ bare proxy ${ratios.gatewayToProxy.toFixed(2)}`,
  )
  console.log(
    `memory: ${(before / 1e6).toFixed(0)} MB; ${Math.round(memory.bytesAnIdleHost / 1000)} kB an idle host, ${Math.round(memory.bytesAnOpenStream / 1000)} kB an open stream`,
  )
}
process.exit(0)
