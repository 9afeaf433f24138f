/** The gateway's side of the host protocol, as far as an agent sees it, and as a test directs it. */
import type { ServerResponse } from "node:http"
import { eventually } from "./eventually.ts"
import type { Asked, LocalServer } from "./local-server.ts"
import { localServer, sendJson } from "./local-server.ts"

type Body = Readonly<Record<string, unknown>>

export interface ScriptedUpload {
  readonly chunks: Array<Body>
  /** Empty lines. */
  signs: number
  isOpen: boolean
  readonly response: ServerResponse
}
export interface ScriptedEnd {
  readonly how: "complete" | "fail"
  readonly body: Body
}

export interface ScriptedGateway {
  readonly url: string
  readonly registrations: Array<Body>
  readonly keys: Array<string | undefined>
  readonly heartbeats: Array<Body>
  readonly modelChanges: Array<Body>
  readonly polls: () => number
  /** Polls that wait for a job now. */
  readonly openPolls: () => number
  readonly uploads: Map<string, ScriptedUpload>
  readonly ends: Map<string, ScriptedEnd>
  /** Hands out a job to the next poll. Gives its id. */
  readonly give: (body?: Body) => string
  /** Ends a job's upload early. */
  readonly withdraw: (jobId: string) => void
  /** Leaves a job out of the heartbeats' answers from now on. */
  readonly forget: (jobId: string) => void
  /** Answers every request on a path that matches with this status, until it is called again. */
  readonly refuse: (
    path: RegExp | undefined,
    status?: number,
    headers?: Record<string, string>,
  ) => void
  /** Says of every job from now on that its upload has not opened, as behind a proxy that buffers. */
  readonly holdBack: (isHolding: boolean) => void
  /** Forgets all hosts. */
  readonly reset: () => void
  /** Knows again all hosts that it ever knew. */
  readonly remember: () => void
  readonly close: () => Promise<void>
  readonly end: (jobId: string) => Promise<ScriptedEnd>
}

export interface ScriptedOptions {
  readonly heartbeatSeconds?: number
  readonly pollSeconds?: number
  readonly leaseSeconds?: number
  readonly port?: number
  readonly listed?: ReadonlyArray<string>
}

export const scriptedGateway = async (options: ScriptedOptions = {}): Promise<ScriptedGateway> => {
  const { heartbeatSeconds = 0.05, pollSeconds = 5, leaseSeconds = 5 } = options
  const hosts = new Set<string>()
  const queue: Array<Body> = []
  const waiting: Array<ServerResponse> = []
  const open = new Map<string, Body>()
  const forgotten = new Set<string>()
  const uploads = new Map<string, ScriptedUpload>()
  const ends = new Map<string, ScriptedEnd>()
  const registrations: Array<Body> = []
  const keys: Array<string | undefined> = []
  const heartbeats: Array<Body> = []
  const modelChanges: Array<Body> = []
  let refusal: { path: RegExp; status: number; headers: Record<string, string> } | undefined
  let jobs = 0
  let polls = 0
  let holdsBack = false

  const dictated = {
    heartbeat_interval_seconds: heartbeatSeconds,
    lease_seconds: leaseSeconds,
    poll_seconds: pollSeconds,
  }
  const hostOf = (asked: Asked): string =>
    (asked.headers.authorization ?? "").replace("Bearer hk_live_", "host_")

  const handOut = (response: ServerResponse, job: Body): void => {
    open.set(String(job["job_id"]), job)
    sendJson(response, job)
  }
  const poll = (response: ServerResponse): void => {
    polls++
    const job = queue.shift()
    if (job !== undefined) return handOut(response, job)
    waiting.push(response)
    response.on("close", () => {
      const index = waiting.indexOf(response)
      if (index >= 0) waiting.splice(index, 1)
    })
  }
  const upload = async (jobId: string, { request, response }: Asked): Promise<void> => {
    const own: ScriptedUpload = { chunks: [], signs: 0, isOpen: true, response }
    uploads.set(jobId, own)
    response.on("close", () => {
      own.isOpen = false
    })
    let rest = ""
    try {
      for await (const part of request) {
        const lines = (rest + String(part)).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) {
          if (line === "") own.signs++
          else own.chunks.push(JSON.parse(line) as Body)
        }
      }
      own.isOpen = false
      if (!response.headersSent) sendJson(response, { job_id: jobId, status: "received" })
    } catch {
      own.isOpen = false
    }
  }

  const phaseOf = (jobId: string): Body => {
    const own = holdsBack ? undefined : uploads.get(jobId)
    if (own === undefined) return { phase: "handed", chunks: 0 }
    return { phase: own.isOpen ? "uploading" : "uploaded", chunks: own.chunks.length }
  }

  const answer = async (asked: Asked): Promise<void> => {
    const { method, url, response, json } = asked
    const path = url.pathname
    if (refusal?.path.test(path) === true) {
      for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value)
      return sendJson(response, { error: { message: "refused by the test" } }, refusal.status)
    }
    if (path === "/v1/models")
      return sendJson(response, { data: (options.listed ?? ["m"]).map((id) => ({ id })) })
    if (path === "/hosts" && method === "POST") {
      const body = (await json()) as Body
      keys.push(asked.headers.authorization)
      registrations.push(body)
      const host_id = `host_${registrations.length}`
      hosts.add(host_id)
      return sendJson(response, registered(host_id, dictated), 201)
    }
    if (!hosts.has(hostOf(asked)))
      return sendJson(response, { error: { message: "There is no such host" } }, 404)
    const jobId = /^\/hosts\/jobs\/([^/]+)\//.exec(path)?.[1] ?? ""
    if (path === "/hosts/next-job") return poll(response)
    if (path.endsWith("/stream")) return upload(jobId, asked)
    const body = (await json()) as Body
    if (path.endsWith("/complete") || path.endsWith("/fail")) {
      open.delete(jobId)
      ends.set(jobId, { how: path.endsWith("/fail") ? "fail" : "complete", body })
      return sendJson(response, { job_id: jobId, status: "completed" })
    }
    if (path.endsWith("/models")) {
      modelChanges.push(body)
      return sendJson(response, {})
    }
    if (path.endsWith("/heartbeat")) {
      heartbeats.push(body)
      const listed = [...open.values()].filter((job) => !forgotten.has(String(job["job_id"])))
      return sendJson(response, {
        status: "active",
        ...dictated,
        jobs: listed.map(({ job_id, attempt, epoch }) => ({
          job_id,
          attempt,
          epoch,
          ...phaseOf(String(job_id)),
        })),
        stop: [],
      })
    }
    return sendJson(response, { error: { message: `no route ${path}` } }, 404)
  }

  const server: LocalServer = await localServer(answer, options.port)
  return {
    url: server.url.origin,
    registrations,
    keys,
    heartbeats,
    modelChanges,
    polls: () => polls,
    openPolls: () => waiting.length,
    uploads,
    ends,
    give: (body = { model: "m", messages: [{ role: "user", content: "Hello" }], stream: true }) => {
      const job_id = `job_${++jobs}`
      const job = {
        job_id,
        attempt: 0,
        epoch: 1,
        lease_seconds: 5,
        kind: "chat",
        model: "m",
        body,
        input_tokens: 1,
        max_tokens: 100,
      }
      const waiter = waiting.shift()
      if (waiter === undefined) queue.push(job)
      else handOut(waiter, job)
      return job_id
    },
    withdraw: (jobId) => {
      const own = uploads.get(jobId)
      open.delete(jobId)
      if (own !== undefined) sendJson(own.response, { error: { message: "withdrawn" } }, 499)
    },
    forget: (jobId) => {
      forgotten.add(jobId)
    },
    refuse: (path, status = 503, headers = {}) => {
      refusal = path === undefined ? undefined : { path, status, headers }
    },
    holdBack: (isHolding) => {
      holdsBack = isHolding
    },
    reset: () => {
      hosts.clear()
      for (const response of waiting.splice(0)) response.writeHead(204).end()
    },
    remember: () => {
      for (let host = 1; host <= registrations.length; host++) hosts.add(`host_${host}`)
    },
    close: server.close,
    end: (jobId) => eventually(() => ends.get(jobId)),
  }
}

const registered = (host_id: string, dictated: object): Body => ({
  host_id,
  api_key: host_id.replace("host_", "hk_live_"),
  ...dictated,
  pricing: { set_by: "platform", fee_bps: 1200, asked_price_per_token: null, message: "" },
  host: {
    host_id,
    name: "test",
    delivery: "pull",
    status: "active",
    gpu: null,
    load: 0,
    in_flight: 0,
    total_jobs_completed: 0,
    models: [],
    created_at: 0,
    endpoint: null,
    has_token: false,
    backend: null,
    hardware: {},
    last_heartbeat: null,
    sessions: [],
    uploads: "unknown",
    waiting_jobs: 0,
    open_jobs: 0,
  },
})
