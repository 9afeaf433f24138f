/**
 * Routes of a host's own work: fetch a job, stream its tokens, say how it ended. Every one bears the
 * host's key, which says whose jobs are meant.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Readable } from "node:stream"
import { instanceView, microsPerSecond } from "../../engine/index.ts"
import { rateByKey } from "../directory/key-rate.ts"
import { badRequest, conflict, errorBody, HttpError } from "../http/http-error.ts"
import type { DeliveryEnd } from "../protocol/delivery.ts"
import { consumerStatuses } from "../../platform/model-server/status.ts"
import { mostAnswerBytes } from "../protocol/delivery.ts"
import type { LiveServices } from "../directory/services.ts"
import type { HostRecord } from "../directory/records.ts"
import { requireHostKey } from "./host-access.ts"
import { servedInstances } from "../directory/host-state.ts"
import type { Claim, ClaimRefusal, Handout, Submission } from "./jobs/claim.ts"
import type { JobBoard } from "./jobs/job-board.ts"
import * as Protocol from "../protocol/host-protocol.ts"
import type { Registry } from "./registry/registry.ts"
import { routeSchema } from "../http/route-schema.ts"
import { receiveUpload } from "./jobs/upload.ts"

export interface JobParts {
  readonly services: LiveServices
  readonly board: JobBoard
  readonly registry: Registry
}

const smallBodyBytes = 65_536
/** A vector of an embedding may be long, and a call may ask for many. */
const answerBytes = 67_108_864
/** A chunk of a stream is a token with its surroundings. */
const chunkBytes = 1_048_576
/** How long an upload whose answer is out may go on before its connection is closed. */
const lingerMillis = 500
/** Hosts are counted by themselves: a hall of them may share one address. */
const requestsPerMinute = 120_000
const mostReasons = 20

export const jobRoutes = (app: FastifyInstance, parts: JobParts): void => {
  // Left as a stream: it is read as it comes.
  app.addContentTypeParser(Protocol.streamContentType, (_request, payload, done) =>
    done(null, payload),
  )
  pollRoute(app, parts)
  streamRoute(app, parts)
  endRoutes(app, parts)
}

const pollRoute = (app: FastifyInstance, { services, board, registry }: JobParts): void => {
  app.post<{ Querystring: Protocol.PollQuery }>(
    "/hosts/next-job",
    {
      bodyLimit: smallBodyBytes,
      config: rateByKey(services, requestsPerMinute),
      schema: routeSchema({
        tag: "Jobs",
        summary: "Wait for a job",
        without: `None came; the header ${Protocol.skipHeader} says why, for each model`,
        keys: ["host"],
        query: Protocol.PollQuery,
        answers: { 200: Protocol.HandedJob },
        errors: [404],
      }),
    },
    async (request, reply) => {
      const { host_id, session, wait_seconds } = request.query
      const host = requireHostKey(services, request, host_id)
      const { pollSeconds } = services.config.hosts
      const wait = Math.min(pollSeconds, Number(wait_seconds ?? pollSeconds))
      registry.polled(host, session)
      const mayTake = (): boolean => registry.mayTake(host, session)
      const handout = await nextJob(board, host, wait * microsPerSecond, mayTake, reply.raw)
      requireStillValid(services, board, request, handout)
      registry.polled(host, session)
      if (handout === undefined)
        return reply.status(204).header(Protocol.skipHeader, skipReasons(services, host)).send()
      // Written as it is: what a host is sent was checked when the consumer sent it.
      return reply
        .header("content-type", "application/json; charset=utf-8")
        .send(JSON.stringify(handedJob(services, handout)))
    },
  )
}

/** Whoever waits with a key that has ended meanwhile, such as a thief, gets no consumer's prompt. */
const requireStillValid = (
  services: LiveServices,
  board: JobBoard,
  request: FastifyRequest,
  handout: Handout | undefined,
): void => {
  try {
    requireHostKey(services, request, undefined)
  } catch (error) {
    if (handout !== undefined) board.giveBack(handout)
    throw error
  }
}

/** Waits for a job as long as whoever asked does. Throws where this host asks too often at once. */
const nextJob = (
  board: JobBoard,
  host: HostRecord,
  waitMicros: number,
  mayTake: () => boolean,
  response: ServerResponse,
): Promise<Handout | undefined> =>
  new Promise((resolve, reject) => {
    let handed: Handout | undefined
    const answer = (handout: Handout | undefined): void => {
      handed = handout
      resolve(handout)
    }
    const leave = board.poll(host.id, waitMicros, answer, mayTake)
    if (leave === undefined)
      return reject(
        new HttpError({
          status: 429,
          type: "rate_limit_error",
          code: "too_many_polls",
          message: "Too many polls of this host wait already; one is enough",
          retryAfterSeconds: 1,
        }),
      )
    response.once("close", () => {
      if (response.writableFinished) return
      if (handed !== undefined) return board.giveBack(handed)
      leave()
      resolve(undefined)
    })
  })

const handedJob = (services: LiveServices, handout: Handout): Protocol.HandedJob => {
  const { config, directory } = services
  const { jobId, attempt, epoch, job } = handout
  const instance = directory.instances.get(job.instance)
  const model = instance === undefined ? undefined : directory.models.get(instance.model)
  return {
    job_id: jobId,
    attempt,
    epoch,
    lease_seconds: config.hosts.leaseSeconds,
    timeout_seconds: config.timeouts.requestSeconds,
    kind: job.kind,
    model: model?.name ?? String(job.body["model"]),
    body: job.body,
    input_tokens: job.inputTokens,
    max_tokens: job.maxTokens,
  }
}

/** Why a host gets no job: `model=Reason` for each; Eligible: no consumer asks for it now. */
const skipReasons = (services: LiveServices, host: HostRecord): string =>
  servedInstances(services, host.id)
    .slice(0, mostReasons)
    .map(({ id, model }) => {
      const name = services.directory.models.get(model)?.name ?? String(model)
      const reason = instanceView(services.driver.market, id)?.reason ?? "Stopped"
      return `${encodeURIComponent(name)}=${reason === "Eligible" ? "NoDemand" : reason}`
    })
    .join(", ")

const streamRoute = (app: FastifyInstance, { services, board }: JobParts): void => {
  app.post<{ Params: Protocol.JobPath; Querystring: Protocol.StreamQuery }>(
    "/hosts/jobs/:id/stream",
    {
      config: rateByKey(services, requestsPerMinute),
      schema: routeSchema({
        tag: "Jobs",
        summary:
          "Send tokens as they come: one OpenAI chunk a line; an empty line is a sign of life. Answered before its end with 499 when nobody wants them any more: stop generating",
        keys: ["host"],
        params: Protocol.JobPath,
        query: Protocol.StreamQuery,
        stream: {
          type: Protocol.streamContentType,
          meaning: "One chunk of an OpenAI stream a line, as JSON",
        },
        answers: { 200: Protocol.JobAnswer },
        errors: [404, 409, Protocol.statusWithdrawn],
      }),
    },
    async (request, reply) => {
      closeAfterAnswer(request.raw, reply.raw)
      const { attempt, epoch, host_id } = request.query
      const host = requireHostKey(services, request, host_id)
      const claim = claimOf(host, request.params.id, Number(attempt), Number(epoch))
      return answerUpload(board, claim, request.body, reply)
    },
  )
}

const answerUpload = async (
  board: JobBoard,
  claim: Claim,
  body: unknown,
  reply: FastifyReply,
): Promise<FastifyReply | Protocol.JobAnswer> => {
  const job = board.jobOf(claim)
  if (typeof job === "string") return refuseUpload(claim, job, reply)
  if (!isReadable(body))
    throw new HttpError({
      status: 415,
      type: "invalid_request_error",
      code: "unsupported_media_type",
      message: `Send the chunks as ${Protocol.streamContentType}`,
    })
  const isEmbedding = job.kind === "embedding"
  const result = await receiveUpload(board, claim, body, {
    lineBytes: isEmbedding ? answerBytes : chunkBytes,
    bytes: mostAnswerBytes(job),
  })
  switch (result.how) {
    case "finished":
      return { job_id: claim.jobId, status: "received" }
    case "malformed":
      throw badRequest(`The job has failed: ${result.detail}`)
    case "broken":
      // Nobody is there to be answered.
      return reply.hijack()
    case "ended":
    case "refused":
      return refuseUpload(claim, result.why, reply)
  }
}

const refuseUpload = (claim: Claim, why: ClaimRefusal, reply: FastifyReply): FastifyReply => {
  const error = refusalError(claim, why)
  if (why !== "withdrawn") throw error
  return reply.status(Protocol.statusWithdrawn).send(errorBody(error))
}

const isReadable = (body: unknown): body is Readable =>
  typeof body === "object" && body !== null && "pipe" in body

/**
 * An answer may go out while the upload still comes in. What comes after is read and dropped for a
 * moment, so that the client gets to see the answer, and then the connection is closed.
 */
const closeAfterAnswer = (request: IncomingMessage, response: ServerResponse): void => {
  response.once("finish", () => {
    if (request.complete) return
    request.resume()
    const timer = setTimeout(() => request.socket.destroy(), lingerMillis)
    request.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer))
  })
}

const endRoutes = (app: FastifyInstance, { services, board }: JobParts): void => {
  app.post<{
    Params: Protocol.JobPath
    Querystring: Protocol.EndQuery
    Body: Protocol.Completion
  }>(
    "/hosts/jobs/:id/complete",
    {
      bodyLimit: answerBytes,
      config: rateByKey(services, requestsPerMinute),
      // A body this large is not read for a stranger.
      onRequest: async (request) => {
        requireHostKey(services, request, claimedIn(request.query))
      },
      schema: routeSchema({
        tag: "Jobs",
        summary: "The job is done. Sent again, it is answered alike",
        keys: ["host"],
        params: Protocol.JobPath,
        query: Protocol.EndQuery,
        body: Protocol.Completion,
        answers: { 200: Protocol.JobAnswer },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const host = requireHostKey(services, request, request.query.host_id)
      const { attempt, epoch, usage, response } = request.body
      const claim = claimOf(host, request.params.id, attempt, epoch)
      const job = board.jobOf(claim)
      if (response !== undefined && typeof job === "object" && job.kind !== "embedding")
        throw badRequest(
          "Only embeddings are answered whole; send the chunks of a text to /stream",
          "response",
        )
      const submission = await new Promise<Submission>((resolve) =>
        board.complete(claim, completionEnd(usage), response, resolve),
      )
      return submitted(services, claim, submission)
    },
  )
  app.post<{ Params: Protocol.JobPath; Querystring: Protocol.EndQuery; Body: Protocol.Failure }>(
    "/hosts/jobs/:id/fail",
    {
      bodyLimit: smallBodyBytes,
      config: rateByKey(services, requestsPerMinute),
      schema: routeSchema({
        tag: "Jobs",
        summary: "The job cannot be done, or not to its end. Sent again, it is answered alike",
        keys: ["host"],
        params: Protocol.JobPath,
        query: Protocol.EndQuery,
        body: Protocol.Failure,
        answers: { 200: Protocol.JobAnswer },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const host = requireHostKey(services, request, request.query.host_id)
      const { attempt, epoch } = request.body
      const claim = claimOf(host, request.params.id, attempt, epoch)
      return submitted(services, claim, board.fail(claim, failureEnd(request.body)))
    },
  )
}

/** Of a query that has not been checked yet. */
const claimedIn = ({ host_id: claimed }: { readonly host_id?: unknown }): string | undefined =>
  typeof claimed === "string" ? claimed : undefined

const claimOf = (host: HostRecord, jobId: string, attempt: number, epoch: number): Claim => ({
  host: host.id,
  jobId,
  attempt,
  epoch,
})

const completionEnd = (usage: Protocol.Completion["usage"]): DeliveryEnd => ({
  outcome: "completed",
  ...(usage?.completion_tokens === undefined ? {} : { reportedTokens: usage.completion_tokens }),
})

const failureEnd = (failure: Protocol.Failure): DeliveryEnd => {
  const { outcome = "upstreamError", status, message, retry_after_seconds, usage } = failure
  if (outcome === "consumerError" && !consumerStatuses.includes(status ?? 0))
    throw badRequest(
      `A consumerError comes with the status that says so: ${consumerStatuses.join(", ")}`,
      "status",
    )
  return {
    outcome,
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { detail: message }),
    ...(retry_after_seconds === undefined
      ? {}
      : { retryAfterMicros: Math.round(retry_after_seconds * microsPerSecond) }),
    ...(usage?.completion_tokens === undefined ? {} : { reportedTokens: usage.completion_tokens }),
  }
}

/** A host is told that its word counts once that survives a crash. */
const submitted = async (
  services: LiveServices,
  claim: Claim,
  submission: Submission,
): Promise<Protocol.JobAnswer> => {
  if (!submission.isTaken) throw refusalError(claim, submission.reason)
  await services.driver.durable()
  return { job_id: claim.jobId, status: submission.status }
}

const refusals: Readonly<Record<ClaimRefusal, readonly [code: string, message: string]>> = {
  unknown: ["unknown_job", "is not among the jobs of this host; it may be long over"],
  stale: ["stale_claim", "was handed out anew: this attempt and epoch are not those in force"],
  uploadOpen: ["upload_open", "has an upload open already; one at a time"],
  completed: ["job_completed", "was completed before"],
  failed: ["job_failed", "has failed before"],
  withdrawn: ["job_withdrawn", "is not wanted any more: the consumer left, or time ran out"],
  lost: ["job_lost", "was given up: its lease ran out, its upload broke, or its host fell silent"],
}

const refusalError = ({ jobId }: Claim, why: ClaimRefusal): HttpError => {
  const [code, message] = refusals[why]
  return conflict(code, `Job ${jobId} ${message}`)
}
