/** A gateway's host routes on a real socket, and hand-written hosts and operators that call them. */
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach } from "vitest"
import type { JobBoard } from "../../../live/hosts/jobs/job-board.ts"
import { hostRoutes, jobBoardOf } from "../../../live/hosts/host-routes.ts"
import type { NetworkGuard } from "../../../live/hosts/network-guard.ts"
import { makeNetworkGuard } from "../../../live/hosts/network-guard.ts"
import type { HandedJob } from "../../../live/protocol/host-protocol.ts"
import type { Vault } from "../../../live/hosts/credentials/vault.ts"
import { makeVault } from "../../../live/hosts/credentials/vault.ts"
import { buildServer } from "../../../live/http/server/server.ts"
import type { MarketOptions, TestMarket } from "../support/market.ts"
import { openTestMarket } from "../support/market.ts"

const cleanups: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Json
  readonly text: string
}
// What an answer holds is what the test says it holds.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

export interface HostServer {
  readonly market: TestMarket
  readonly board: JobBoard
  readonly vault: Vault
  readonly port: number
  readonly call: (method: string, path: string, secret?: string, body?: unknown) => Promise<Answer>
  readonly host: (secret: string) => MiniHost
  readonly close: () => Promise<void>
}

/** As much of an agent as a test needs. */
export interface MiniHost {
  readonly poll: (waitSeconds?: number) => Promise<Answer>
  readonly upload: (job: HandedJob) => OpenedUpload
  readonly complete: (job: HandedJob, more?: object) => Promise<Answer>
  readonly fail: (job: HandedJob, more?: object) => Promise<Answer>
}

export interface OpenedUpload {
  readonly write: (chunk: unknown) => void
  readonly writeRaw: (text: string) => void
  readonly end: () => void
  readonly destroy: () => void
  readonly answer: Promise<Answer>
  readonly closed: Promise<void>
}

export const testVault = (): Vault => {
  const newKey = () => ({ id: `k${randomBytes(4).toString("hex")}`, bytes: randomBytes(32) })
  const first = newKey()
  return makeVault({ keys: [first], renew: Effect.sync(() => [newKey(), first] as const) })
}

export const openHostServer = async (
  options: MarketOptions & { readonly guard?: NetworkGuard } = {},
): Promise<HostServer> => {
  const market = openTestMarket(options)
  const board = jobBoardOf(market)
  const vault = testVault()
  const guard = options.guard ?? makeNetworkGuard(["127.0.0.0/8"])
  const server = await buildServer({
    config: market.config,
    plugins: [hostRoutes(market, board, { guard, vault })],
    logger: false,
  })
  await server.listen({ host: "127.0.0.1", port: 0 })
  const { port } = server.server.address() as AddressInfo
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    server.server.closeAllConnections()
    await server.close()
    market.driver.stop()
  }
  cleanups.push(close)
  const call: HostServer["call"] = (method, path, secret, body) =>
    request(port, method, path, secret, body)
  return { market, board, vault, port, call, host: (secret) => miniHostAt(port, secret), close }
}

const headersOf = (secret: string | undefined): http.OutgoingHttpHeaders =>
  secret === undefined ? {} : { authorization: `Bearer ${secret}` }

const request = (
  port: number,
  method: string,
  path: string,
  secret?: string,
  body?: unknown,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = headersOf(secret)
    if (body !== undefined) headers["content-type"] = "application/json"
    const sent = http.request({ host: "127.0.0.1", port, method, path, headers, agent: false })
    sent.once("response", (response) => resolve(answerOf(response)))
    sent.once("error", reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

const answerOf = async (response: http.IncomingMessage): Promise<Answer> => {
  let text = ""
  for await (const part of response) text += String(part)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  }
}

export const miniHostAt = (port: number, secret: string): MiniHost => {
  const claim = ({ attempt, epoch }: HandedJob) => ({ attempt, epoch })
  return {
    poll: (waitSeconds = 5) =>
      request(port, "POST", `/hosts/next-job?wait_seconds=${waitSeconds}`, secret),
    upload: (job) => openUpload(port, secret, job),
    complete: (job, more) =>
      request(port, "POST", `/hosts/jobs/${job.job_id}/complete`, secret, {
        ...claim(job),
        ...more,
      }),
    fail: (job, more) =>
      request(port, "POST", `/hosts/jobs/${job.job_id}/fail`, secret, { ...claim(job), ...more }),
  }
}

const openUpload = (port: number, secret: string, job: HandedJob): OpenedUpload => {
  const sent = http.request({
    host: "127.0.0.1",
    port,
    method: "POST",
    path: `/hosts/jobs/${job.job_id}/stream?attempt=${job.attempt}&epoch=${job.epoch}`,
    headers: { ...headersOf(secret), "content-type": "application/x-ndjson" },
    agent: false,
  })
  // Headers before there is a token: the answer may come at any time.
  sent.flushHeaders()
  const answer = new Promise<Answer>((resolve, reject) => {
    sent.once("response", (response) => resolve(answerOf(response)))
    sent.on("error", reject)
  })
  answer.catch(() => {})
  const closed = new Promise<void>((resolve) => void sent.once("close", resolve))
  const writeRaw = (text: string): void => void sent.write(text)
  return {
    write: (chunk) => writeRaw(`${JSON.stringify(chunk)}\n`),
    writeRaw,
    end: () => void sent.end(),
    destroy: () => void sent.destroy(),
    answer,
    closed,
  }
}

/** What a delivery left behind, in order. */
export const recordingSink = () => {
  const chunks: Array<Readonly<Record<string, unknown>>> = []
  const ends: Array<unknown> = []
  const waiting: Array<() => void> = []
  const wake = (): void => {
    for (const one of waiting.splice(0)) one()
  }
  return {
    chunks,
    ends,
    alive: (): void => {},
    chunk: (chunk: Readonly<Record<string, unknown>>): void => {
      chunks.push(chunk)
      wake()
    },
    end: (end: unknown): void => {
      ends.push(end)
      wake()
    },
    /** Resolves as soon as `isThere`. */
    until: async (isThere: () => boolean): Promise<void> => {
      while (!isThere()) await new Promise<void>((resolve) => void waiting.push(resolve))
    },
  }
}
