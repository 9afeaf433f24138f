/**
 * `npm run soak -- [CALLS]`: so many calls (1,000,000) through one gateway, whole and streamed, to hosts
 * of which a few in a hundred answers are refused, broken off or wrong, from consumers of whom a few in
 * a hundred leave in the middle. At the end nothing may be left: no call, no attempt, no hold.
 */
import { createServer } from "node:http"
import type { ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import { Pool } from "undici"
import { startProcess } from "./processes.ts"

const calls = Number(process.argv[2] ?? 1_000_000)
if (!Number.isSafeInteger(calls) || calls < 1) {
  console.error(`soak: expected a number of calls, got ${process.argv[2]}`)
  process.exit(2)
}
const clients = 64
const hosts = 3

const event = (choice: object): string => `data: ${JSON.stringify({ choices: [choice] })}\n\n`
const words = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/event-stream" })
  for (const content of ["one", " two", " three", " four"])
    response.write(event({ index: 0, delta: { content }, finish_reason: null }))
}
const refuse = (response: ServerResponse, status: number): void =>
  void response
    .writeHead(status, { "content-type": "application/json", "retry-after": "0" })
    .end(JSON.stringify({ error: { message: `refused with ${status}` } }))

/** What hosts do, and in how many of a thousand answers. */
const manners: ReadonlyArray<readonly [number, (response: ServerResponse) => void]> = [
  [6, (response) => refuse(response, 500)],
  [6, (response) => refuse(response, 400)],
  [6, (response) => refuse(response, 404)],
  [2, (response) => refuse(response, 429)],
  [6, (response) => response.destroy()],
  [6, (response) => (words(response), setImmediate(() => response.destroy()))],
  [6, (response) => (words(response), response.end())],
  [6, (response) => (words(response), response.end("data: no answer\n\n"))],
  [1000, (response) => (words(response), response.end(event(end) + "data: [DONE]\n\n"))],
]
const end = { index: 0, delta: {}, finish_reason: "stop" }

/** A sequence of its own for each host, the same at each run. */
const startHost = async (seed: number): Promise<string> => {
  let state = seed
  const server = createServer((request, response) => {
    request.resume()
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    let lot = state % 1000
    const manner = manners.find(([share]) => (lot -= share) < 0)
    request.once("end", () => manner?.[1](response))
  }).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const upstreams = await Promise.all(Array.from({ length: hosts }, (_, i) => startHost(7 + i)))
const gateway = await startProcess<{ readonly key: string }>("gateway.js", upstreams)
const pool = new Pool(gateway.url, { connections: clients, pipelining: 1 })
const headers = {
  "content-type": "application/json",
  authorization: `Bearer ${gateway.said.key}`,
}
const bodyOf = (stream: boolean): string =>
  JSON.stringify({
    model: "mock",
    max_tokens: 16,
    stream,
    messages: [{ role: "user", content: "hi" }],
  })
const bodies = [bodyOf(false), bodyOf(true)] as const

let begun = 0
const seen = new Map<string, number>()
const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)

const client = async (): Promise<void> => {
  while (begun < calls) {
    const number = begun++
    const isLeaving = number % 40 === 7
    const given = new AbortController()
    const options = { path: "/v1/chat/completions", method: "POST" as const, headers }
    try {
      const answer = await pool.request({
        ...options,
        body: bodies[number % 2] as string,
        signal: given.signal,
      })
      if (isLeaving) given.abort()
      await answer.body.dump()
      note(String(answer.statusCode))
    } catch {
      note(isLeaving ? "left" : "cut off")
    }
    if (number % 100_000 === 99_999) console.error(`${number + 1} calls …`)
  }
}

const began = performance.now()
await Promise.all(Array.from({ length: clients }, client))
const seconds = (performance.now() - began) / 1000
await pool.close()

const get = async (path: string): Promise<unknown> =>
  (await fetch(gateway.url + path, { headers: { authorization: headers.authorization } })).json()

interface Left {
  readonly inFlight: number
  readonly held: string
}
const left = async (): Promise<Left> => {
  const { instances } = (await get("/breakers")) as {
    readonly instances: ReadonlyArray<{ readonly in_flight: number }>
  }
  const { balance } = (await get("/account")) as { readonly balance: { readonly held: string } }
  const { held } = balance
  return { inFlight: instances.reduce((sum, one) => sum + one.in_flight, 0), held }
}
let last = await left()
for (let wait = 0; wait < 100 && (last.inFlight > 0 || Number(last.held) > 0); wait++) {
  await pause(100)
  last = await left()
}
const isClean = last.inFlight === 0 && Number(last.held) === 0
console.log(
  JSON.stringify({ calls, seconds: Math.round(seconds), ...last, ends: Object.fromEntries(seen) }),
)
console.log(
  isClean ? `nothing is left of ${calls} calls` : "something is left: in flight, or held credits",
)
await gateway.stop()
process.exit(isClean ? 0 : 1)
