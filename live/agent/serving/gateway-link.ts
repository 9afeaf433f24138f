/**
 * The host protocol from the host's side: one function a route of live/protocol/host-protocol.ts. Answers are
 * checked against the same schemas that the gateway makes them of.
 */
import type { IncomingMessage } from "node:http"
import { Data, Schema } from "effect"
import { isObject } from "../../../platform/json/json-object.ts"
import type { Monitoring } from "../../protocol/figures-protocol.ts"
import type {
  Completion,
  Failure,
  Heartbeat,
  ModelChange,
  PriceChange,
  Registration,
} from "../../protocol/host-protocol.ts"
import {
  HandedJob,
  HeartbeatAnswer,
  NewKey,
  Registered,
  skipHeader,
  streamContentType,
} from "../../protocol/host-protocol.ts"
import type { DeliveryStart } from "../../protocol/hours-protocol.ts"
import type { HoursOptions } from "../plan/options.ts"
import type { Chunk } from "../backends/backend.ts"
import type { CallOptions } from "../transport/http.ts"
import { call, jsonOf, messageOf, openUpload, retryAfterSecondsOf } from "../transport/http.ts"

/** The gateway answered, and refused. That it could not be reached is `Unreachable`. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds?: number | undefined
}> {}

/** The upload of one attempt's tokens. */
export interface Upload {
  /** Resolves once there is room for more; rejects once the upload has ended. */
  readonly write: (chunk: Chunk) => Promise<void>
  /** Says that the work goes on, where there is nothing to write: an empty line. */
  readonly sign: () => void
  /** Since something was first written, ms; `undefined`: nothing was yet, or all of it was. */
  readonly sentSinceMillis: () => number | undefined
  /** Ends the body, and gives the status of the answer. */
  readonly finish: () => Promise<number>
  readonly abort: () => void
  /**
   * Resolves, and never rejects, when the gateway has answered, or `undefined` when the connection
   * broke. Where that is before `finish`, nobody wants the tokens any more.
   */
  readonly answered: Promise<number | undefined>
}

export interface Poll {
  readonly job: HandedJob | undefined
  /** Why there is none where it is not for want of demand: `model: Reason, …`. */
  readonly skipped: string | undefined
}

export interface Claim {
  readonly job_id: string
  readonly attempt: number
  readonly epoch: number
}

export interface GatewayLink {
  readonly register: (
    accountKey: string | undefined,
    registration: Registration,
  ) => Promise<Registered>
  readonly renewKey: (accountKey: string, hostId: string) => Promise<NewKeyAnswer>
  readonly listedModels: (key: string | undefined) => Promise<ReadonlyArray<string>>
  readonly changeModels: (hostId: string, change: ModelChange) => Promise<void>
  readonly setPrice: (hostId: string, change: PriceChange) => Promise<void>
  /** Sells the host's machine by the hour, as it was or from now on. */
  readonly sellHours: (hostId: string, listing: HoursOptions["listing"]) => Promise<void>
  /** Has its agents look at this. */
  readonly monitorHours: (hostId: string, monitoring: Monitoring) => Promise<void>
  /** Whether new bookings of it are taken. */
  readonly areHoursOffered: (hostId: string) => Promise<boolean>
  readonly offerHours: (hostId: string, isOffered: boolean) => Promise<void>
  /** Something small, to see how long it takes. */
  readonly ping: () => Promise<void>
  /** The consumer of a booking has access. */
  readonly startDelivery: (bookingId: string, given: DeliveryStart) => Promise<void>
  readonly heartbeat: (hostId: string, facts: Heartbeat) => Promise<HeartbeatAnswer>
  readonly nextJob: (waitSeconds: number, session: string, signal: AbortSignal) => Promise<Poll>
  readonly upload: (claim: Claim) => Upload
  readonly complete: (jobId: string, completion: Completion) => Promise<void>
  readonly fail: (jobId: string, failure: Failure) => Promise<void>
  /** Who asks, in everything that the host itself does. */
  readonly actAs: (host: { readonly hostId: string; readonly apiKey: string }) => void
}

type NewKeyAnswer = typeof NewKey.Type

/** A short call that takes longer has been lost. */
const callMillis = 20_000
/** What a long poll may take beyond its wait. */
const pollSlackMillis = 10_000

export const makeGatewayLink = (gateway: URL): GatewayLink => {
  let hostKey = ""
  let hostId = ""
  /** So that the gateway can tell a key that it does not know from a host that there is not. */
  const named = (path: string): string =>
    `${path}${path.includes("?") ? "&" : "?"}host_id=${encodeURIComponent(hostId)}`
  const routeOf = (path: string): URL =>
    new URL(gateway.pathname.replace(/\/+$/, "") + path, gateway.origin)
  const bearer = (key: string | undefined): Readonly<Record<string, string>> =>
    key === undefined || key === "" ? {} : { authorization: `Bearer ${key}` }

  const send = async (path: string, options: CallOptions = {}): Promise<IncomingMessage> => {
    const response = await call(routeOf(path), {
      method: "POST",
      timeoutMillis: callMillis,
      headers: bearer(hostKey),
      ...options,
    })
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return response
    const retryAfterSeconds = retryAfterSecondsOf(response)
    const message = messageOf(await jsonOf(response))
    throw new Refused({ status, message, retryAfterSeconds })
  }
  const ask = async <A, I>(
    schema: Schema.Schema<A, I>,
    path: string,
    options: CallOptions,
  ): Promise<A> => {
    const answer = await jsonOf(await send(path, options))
    return Schema.decodeUnknownPromise(schema)(answer).catch((error: Error) => {
      throw new Refused({
        status: 502,
        message: `${routeOf(path).href} answers in another way than agreed: ${error.message}`,
      })
    })
  }
  const tell = async (path: string, json: unknown, method?: "PATCH" | "PUT"): Promise<void> => {
    await jsonOf(await send(path, method === undefined ? { json } : { json, method }))
  }

  return {
    actAs: (host) => {
      hostId = host.hostId
      hostKey = host.apiKey
    },
    register: (accountKey, registration) =>
      ask(Registered, "/hosts", { json: registration, headers: bearer(accountKey) }),
    renewKey: (accountKey, id) =>
      ask(NewKey, `/hosts/${encodeURIComponent(id)}/key`, {
        headers: bearer(accountKey),
      }),
    listedModels: async (key) => {
      const options = { method: "GET", headers: bearer(key) } as const
      const answer = await jsonOf(await send("/v1/models", options))
      const data = isObject(answer) && Array.isArray(answer["data"]) ? answer["data"] : []
      return data.flatMap((one: unknown) =>
        isObject(one) && typeof one["id"] === "string" ? [one["id"]] : [],
      )
    },
    changeModels: (id, change) => tell(`/hosts/${encodeURIComponent(id)}/models`, change),
    setPrice: (id, change) => tell(`/hosts/${encodeURIComponent(id)}/price`, change, "PATCH"),
    sellHours: (id, listing) => tell("/marketplace/gpu", { ...listing, host_id: id }),
    monitorHours: (id, monitoring) =>
      tell(`/marketplace/gpu/${encodeURIComponent(id)}/monitoring`, monitoring, "PUT"),
    areHoursOffered: async (id) => {
      const path = `/marketplace/gpu/${encodeURIComponent(id)}`
      const answer = await jsonOf(await send(path, { method: "GET" }))
      return isObject(answer) && answer["phase"] === "open"
    },
    offerHours: (id, isOffered) =>
      tell(`/marketplace/gpu/${encodeURIComponent(id)}`, { is_offered: isOffered }, "PATCH"),
    ping: async () => {
      await jsonOf(await send("/healthz", { method: "GET" }))
    },
    startDelivery: (bookingId, given) =>
      tell(`/marketplace/bookings/${encodeURIComponent(bookingId)}/start`, given),
    heartbeat: (id, facts) =>
      ask(HeartbeatAnswer, `/hosts/${encodeURIComponent(id)}/heartbeat`, { json: facts }),
    nextJob: async (waitSeconds, session, signal) => {
      const query = `wait_seconds=${Math.ceil(waitSeconds)}&session=${encodeURIComponent(session)}`
      const response = await send(named(`/hosts/next-job?${query}`), {
        signal,
        timeoutMillis: waitSeconds * 1000 + pollSlackMillis,
      })
      const answer = await jsonOf(response)
      const skipped = response.headers[skipHeader]
      return {
        job:
          response.statusCode === 204
            ? undefined
            : await Schema.decodeUnknownPromise(HandedJob)(answer),
        skipped: typeof skipped === "string" ? skipReasons(skipped) : undefined,
      }
    },
    upload: ({ job_id, attempt, epoch }) =>
      startUpload(
        routeOf(
          named(
            `/hosts/jobs/${encodeURIComponent(job_id)}/stream?attempt=${attempt}&epoch=${epoch}`,
          ),
        ),
        bearer(hostKey),
      ),
    complete: (jobId, completion) =>
      tell(named(`/hosts/jobs/${encodeURIComponent(jobId)}/complete`), completion),
    fail: (jobId, failure) => tell(named(`/hosts/jobs/${encodeURIComponent(jobId)}/fail`), failure),
  }
}

/** `model=Reason, …` in words; that nobody asks for a model is no news. */
const skipReasons = (header: string): string | undefined => {
  const reasons = header
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "" && !one.endsWith("=NoDemand"))
    .map((one) => decodeURIComponent(one).replace("=", ": "))
  return reasons.length === 0 ? undefined : reasons.join(", ")
}

class UploadEnded extends Data.TaggedError("UploadEnded") {}

/** Opens the upload at once, before there is anything to send: it is the job's sign of life. */
const startUpload = (url: URL, headers: Readonly<Record<string, string>>): Upload => {
  const request = openUpload(url, {
    ...headers,
    "content-type": streamContentType,
    "transfer-encoding": "chunked",
  })
  request.setNoDelay(true)
  request.flushHeaders()
  const answered = new Promise<number | undefined>((resolve) => {
    request.once("response", (response) => {
      const status = response.statusCode ?? 0
      // Nothing in it is of use, but unread it would hold the connection.
      response.resume()
      response.on("error", () => {})
      resolve(status)
    })
    request.on("error", () => resolve(undefined))
    request.once("close", () => resolve(undefined))
  })
  let hasEnded = false
  const endEarly = async (): Promise<void> => {
    await answered
    hasEnded = true
    if (!request.writableEnded) request.destroy()
  }
  void endEarly()
  let sentMillis: number | undefined
  return {
    answered,
    sentSinceMillis: () =>
      sentMillis === undefined || request.writableEnded
        ? undefined
        : performance.now() - sentMillis,
    sign: () => {
      // What waits to be sent is a sign of life itself.
      if (hasEnded || request.writableEnded || request.writableNeedDrain) return
      sentMillis ??= performance.now()
      request.write("\n")
    },
    write: async (chunk) => {
      if (hasEnded) throw new UploadEnded()
      sentMillis ??= performance.now()
      if (request.write(`${JSON.stringify(chunk)}\n`)) return
      await Promise.race([new Promise((resolve) => request.once("drain", resolve)), answered])
      if (hasEnded) throw new UploadEnded()
    },
    finish: async () => {
      if (!hasEnded) request.end()
      return (await answered) ?? 0
    },
    abort: () => request.destroy(),
  }
}
