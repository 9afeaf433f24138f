/**
 * Memory for bodies. Each is bounded by its route, but anybody may send many at once, and slowly: so
 * all of them together are bounded, what one address has of that, and the time that a body takes.
 *
 * A body counts from its head, with the length that it names, until its answer has gone: so long
 * what it asks for is kept. One that names none, or is packed, counts for what has come of it. Small
 * ones cost less than counting them would; what is read as a stream is kept by nobody.
 */
import type { FastifyRequest, onRequestHookHandler } from "fastify"
import { partyOf } from "../client-address.ts"
import type { HttpError } from "../http-error.ts"
import { overloaded } from "../http-error.ts"

/** Bodies of this type are streams of lines. */
export const streamContentType = "application/x-ndjson"

export interface BodyLimits {
  /** Of all bodies together. */
  readonly bytes: number
  /** For one body to come in. */
  readonly millis: number
}

export interface BodyBudget {
  /** Refuses a request whose body there is no room for, before it is read. */
  readonly onRequest: onRequestHookHandler
  /** So many bytes of a body have come in; gives the error where there is no room for them. */
  readonly arrived: (request: FastifyRequest, bytes: number) => HttpError | undefined
}

/** What one body has of the room. */
interface Share {
  readonly address: string
  bytes: number
}

const smallBytes = 16_384
/** Of the bytes of all. */
const shareOfAddress = 0.25

export const bodyBudget = (limits: BodyLimits): BodyBudget => {
  const byAddress = new Map<string, number>()
  const shares = new WeakMap<FastifyRequest, Share>()
  let taken = 0
  const change = (share: Share, bytes: number): void => {
    const more = bytes - share.bytes
    share.bytes = bytes
    taken += more
    const left = (byAddress.get(share.address) ?? 0) + more
    if (left === 0) byAddress.delete(share.address)
    else byAddress.set(share.address, left)
  }
  const grow = (share: Share, bytes: number): HttpError | undefined => {
    if (bytes <= share.bytes) return undefined
    const others = taken - share.bytes
    const othersOfAddress = (byAddress.get(share.address) ?? 0) - share.bytes
    // What is alone is let in, however large: its route allows it.
    const isTooMuch = others > 0 && others + bytes > limits.bytes
    const isTooMuchOfOne =
      othersOfAddress > 0 && othersOfAddress + bytes > limits.bytes * shareOfAddress
    if (isTooMuch || isTooMuchOfOne)
      return overloaded("Too much is being sent at once; try again shortly", 1)
    change(share, bytes)
    return undefined
  }
  return {
    onRequest: (request, reply, done) => {
      const bytes = namedBytes(request)
      if (bytes !== undefined && bytes <= smallBytes) return done()
      const share: Share = { address: partyOf(request.ip), bytes: 0 }
      const refusal = grow(share, bytes ?? 0)
      if (refusal !== undefined) return done(refusal)
      shares.set(request, share)
      const { raw } = request
      const late = setTimeout(() => raw.destroy(), limits.millis)
      raw.once("end", () => clearTimeout(late))
      reply.raw.once("close", () => {
        clearTimeout(late)
        change(share, 0)
      })
      done()
    },
    arrived: (request, bytes) => {
      const share = shares.get(request)
      return share === undefined || bytes <= smallBytes ? undefined : grow(share, bytes)
    },
  }
}

/** Whether a body is read as it comes, and kept by nobody. */
export const isStream = ({ headers }: FastifyRequest): boolean =>
  headers["content-type"]?.startsWith(streamContentType) === true

/** The length of a body as its head names it; `undefined` where that says nothing. */
const namedBytes = (request: FastifyRequest): number | undefined => {
  const { headers, routeOptions } = request
  if (isStream(request)) return 0
  if (headers["transfer-encoding"] !== undefined) return undefined
  const length = headers["content-length"]
  if (length === undefined) return 0
  if (headers["content-encoding"] !== undefined) return undefined
  return Math.min(routeOptions.bodyLimit ?? 0, Number(length))
}
