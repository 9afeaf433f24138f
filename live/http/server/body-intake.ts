/**
 * What comes in before it is read: packed bodies are unpacked (RFC 9110, 8.4), and a body whose
 * length nobody knows beforehand is counted as it comes, so that neither a small bomb nor an endless
 * body is ever held whole.
 */
import { errorCodes } from "fastify"
import type { FastifyReply, FastifyRequest, preParsingHookHandler, RequestPayload } from "fastify"
import type { TransformCallback } from "node:stream"
import { Transform } from "node:stream"
import * as zlib from "node:zlib"
import type { BodyBudget } from "./body-budget.ts"
import { isStream } from "./body-budget.ts"
import { badRequest, HttpError } from "../http-error.ts"

type Unpacker = () => Transform

/** Only newer versions of Node have it. */
const { createZstdDecompress, constants } = zlib as unknown as {
  readonly createZstdDecompress?: (options: {
    readonly params: Readonly<Record<number, number>>
  }) => Transform
  readonly constants: { readonly ZSTD_d_windowLogMax?: number }
}
/** Zstandard's window in bits: 8 MiB, what every decoder takes (RFC 8878, 3.1.1.1.2). The default is 128. */
const zstdWindowBits = 23
/** Its number in the format's own library, where Node does not name it. */
const zstdWindowKey = constants.ZSTD_d_windowLogMax ?? 100

const unpackers = new Map<string, Unpacker>([
  ["gzip", zlib.createGunzip],
  ["x-gzip", zlib.createGunzip],
  ["deflate", zlib.createInflate],
  ["br", zlib.createBrotliDecompress],
  ...(createZstdDecompress === undefined
    ? []
    : [
        [
          "zstd",
          () => createZstdDecompress({ params: { [zstdWindowKey]: zstdWindowBits } }),
        ] as const,
      ]),
])
const codings = [...unpackers.keys()].filter((name) => !name.startsWith("x-")).join(", ")

/**
 * What unpacking takes beside the body, of the room for all bodies: a stream's buffers and state. A window
 * is filled by what was unpacked, which is counted.
 */
const unpackingBytes = 65_536

export const bodyIntake =
  (budget: BodyBudget): preParsingHookHandler =>
  (request, reply, payload, done) => {
    const { headers } = request
    if (!hasBody(request)) return done(null, payload)
    const packed = codingsOf(headers["content-encoding"])
    const wanted = isStream(request) ? "identity" : codings
    const [coding] = packed
    const unpacker = coding === undefined ? undefined : unpackers.get(coding)
    // More than one is allowed, and nobody does it.
    const isKnown = packed.length === 0 || (packed.length === 1 && unpacker !== undefined)
    if (!isKnown || (packed.length > 0 && isStream(request))) {
      void reply.header("accept-encoding", wanted).header("connection", "close")
      return done(unsupported(packed, wanted))
    }
    if (isStream(request) || (packed.length === 0 && headers["transfer-encoding"] === undefined))
      return done(null, payload)
    const refusal = unpacker === undefined ? undefined : budget.arrived(request, unpackingBytes)
    if (refusal !== undefined) return done(refusal)
    done(null, counted(request, reply, payload, coding, unpacker, budget))
  }

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0

/** In the order in which they were applied. */
const codingsOf = (header: string | undefined): ReadonlyArray<string> =>
  (header ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")

const unsupported = (given: ReadonlyArray<string>, wanted: string): HttpError =>
  new HttpError({
    status: 415,
    type: "invalid_request_error",
    code: "unsupported_content_encoding",
    message: `A body of the content encoding ${given.join(", ").slice(0, 100)} is not read here; allowed: ${wanted}`,
  })

/** The body as it was before it was packed, no longer than the route allows. */
const counted = (
  request: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
  coding: string | undefined,
  unpacker: Unpacker | undefined,
  budget: BodyBudget,
): RequestPayload => {
  const most = request.routeOptions.bodyLimit ?? 0
  const stages = unpacker === undefined ? [] : [unpacker()]
  const beside = stages.length * unpackingBytes
  let bytes = 0
  let packedBytes = 0
  const count = (chunk: Buffer, _encoding: string, next: TransformCallback): void => {
    bytes += chunk.length
    if (bytes > most) return next(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
    const refusal = budget.arrived(request, beside + bytes)
    if (refusal === undefined) next(null, chunk)
    else next(refusal)
  }
  const body = new Transform({ transform: count })
  // Fastify compares it with the length that the head names.
  Object.defineProperty(body, "receivedEncodedLength", { get: () => packedBytes })
  const stop = (): void => {
    payload.unpipe()
    for (const stage of stages) stage.destroy()
  }
  const fail = (error: Error): void => {
    if (!body.readableEnded) body.destroy(error)
  }
  for (const stage of stages)
    stage.on("error", () => fail(badRequest(`The body is no valid ${coding}`)))
  payload.on("data", (chunk: Buffer) => {
    packedBytes += chunk.length
  })
  payload.once("error", fail).once("close", () => {
    if (!payload.readableEnded) fail(new Error("the client left within its body"))
  })
  // Where nobody reads it, an error has nobody to tell; without a listener it would end the process.
  body.on("error", () => {}).once("close", stop)
  reply.raw.once("close", () => body.destroy())
  ;[...stages, body].reduce<NodeJS.ReadableStream>((from, to) => from.pipe(to), payload)
  return body as RequestPayload
}
