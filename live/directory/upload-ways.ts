/**
 * Whether the tokens of a host that polls come through as it sends them. A proxy that keeps a request's
 * body until it is whole, as nginx does unless told otherwise, lets an upload arrive in one go at its
 * end: no stream streams, and to the gateway the host looks dead meanwhile. Three things show it:
 *
 * - an upload that opened late and was over at once, against the time since its job was handed out;
 * - an upload that opened only after its job had been given up for want of one;
 * - the host itself, which has sent tokens of a job whose upload has not opened here.
 *
 * An upload whose tokens came over most of the time since its job was handed out shows the contrary.
 * It is a word for people and costs a host nothing: what it is paid and judged by is what arrives.
 */
import type { NodeId } from "../../engine/index.ts"
import { microsPerSecond } from "../../engine/index.ts"
import type { UploadWay } from "../protocol/upload-way.ts"

/** An upload that has come to its end. */
export interface UploadSeen {
  readonly handedMicros: number
  readonly openedMicros: number
  readonly finishedMicros: number
  readonly chunks: number
}

export interface UploadWays {
  readonly of: (host: NodeId) => UploadWay
  readonly note: (host: NodeId, way: UploadWay) => void
  readonly forget: (host: NodeId) => void
  /** Hosts whose uploads are held back now. */
  readonly heldBack: () => number
  /** Called whenever a host's way becomes another. */
  readonly onChange: (listen: (host: NodeId, way: UploadWay) => void) => void
}

/** Less of a wait says nothing: the first token may have been as late. */
const leastWaitMicros = 2 * microsPerSecond
/** Fewer chunks may well come at once. */
const leastChunks = 4
/** What was held back comes in less than this part of the time in which it was made. */
const burstPart = 0.1
/** What flows takes at least this part of the time since the job was handed out, and so long. */
const flowPart = 0.5
const leastFlowMicros = microsPerSecond / 5

export const wayOf = ({
  handedMicros,
  openedMicros,
  finishedMicros,
  chunks,
}: UploadSeen): UploadWay => {
  const waited = openedMicros - handedMicros
  const open = finishedMicros - openedMicros
  if (chunks < leastChunks) return "unknown"
  if (waited >= leastWaitMicros && open <= waited * burstPart) return "heldBack"
  return open >= leastFlowMicros && open >= (waited + open) * flowPart ? "flowing" : "unknown"
}

export const makeUploadWays = (): UploadWays => {
  const ways = new Map<number, UploadWay>()
  const listeners: Array<(host: NodeId, way: UploadWay) => void> = []
  return {
    of: (host) => ways.get(host) ?? "unknown",
    note: (host, way) => {
      if (way === "unknown" || ways.get(host) === way) return
      ways.set(host, way)
      for (const listen of listeners) listen(host, way)
    },
    forget: (host) => {
      ways.delete(host)
    },
    heldBack: () => [...ways.values()].filter((way) => way === "heldBack").length,
    onChange: (listen) => {
      listeners.push(listen)
    },
  }
}
