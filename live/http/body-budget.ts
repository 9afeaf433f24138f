/**
 * Memory for bodies. Each is bounded by its route, but anybody may send many at once, and slowly: so
 * all of them together are bounded, what one address has of that, and the time that a body takes.
 *
 * A body counts from its head, with the length that it names, until its answer has gone: so long
 * what it asks for is kept. Small ones cost less than counting them would; what is read as a stream
 * is kept by nobody.
 */
import type { FastifyRequest, onRequestHookHandler } from "fastify"
import { partyOf } from "./client-address.ts"
import { overloaded } from "./http-error.ts"

/** Bodies of this type are streams of lines. */
export const streamContentType = "application/x-ndjson"

export interface BodyLimits {
  /** Of all bodies together. */
  readonly bytes: number
  /** For one body to come in. */
  readonly millis: number
}

const smallBytes = 16_384
/** Of the bytes of all. */
const shareOfAddress = 0.25

/** A hook that refuses a request whose body there is no room for, before it is read. */
export const bodyBudget = (limits: BodyLimits): onRequestHookHandler => {
  const byAddress = new Map<string, number>()
  let taken = 0
  const change = (address: string, bytes: number): void => {
    taken += bytes
    const left = (byAddress.get(address) ?? 0) + bytes
    if (left === 0) byAddress.delete(address)
    else byAddress.set(address, left)
  }
  return (request, reply, done) => {
    const bytes = bytesOf(request)
    if (bytes <= smallBytes) return done()
    const address = partyOf(request.ip)
    const ofAddress = byAddress.get(address) ?? 0
    // What is alone is let in, however large: its route allows it.
    const isTooMuch = taken > 0 && taken + bytes > limits.bytes
    const isTooMuchOfOne = ofAddress > 0 && ofAddress + bytes > limits.bytes * shareOfAddress
    if (isTooMuch || isTooMuchOfOne)
      return done(overloaded("Too much is being sent at once; try again shortly", 1))
    change(address, bytes)
    const { raw } = request
    const late = setTimeout(() => raw.destroy(), limits.millis)
    raw.once("end", () => clearTimeout(late))
    reply.raw.once("close", () => {
      clearTimeout(late)
      change(address, -bytes)
    })
    done()
  }
}

/** As its head names them; a body of no named length may be as long as its route allows. */
const bytesOf = ({ headers, routeOptions }: FastifyRequest): number => {
  if (headers["content-type"]?.startsWith(streamContentType) === true) return 0
  const most = routeOptions.bodyLimit ?? 0
  const length = headers["content-length"]
  if (length !== undefined) return Math.min(most, Number(length))
  return headers["transfer-encoding"] === undefined ? 0 : most
}
