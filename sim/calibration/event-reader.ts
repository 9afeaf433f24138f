/**
 * The data of server-sent events (the WHATWG's format) from bytes that a stranger sends: lines end in
 * LF or CR LF and may come cut anywhere. Bounded: a line that never ends is refused, not kept.
 */
import { StringDecoder } from "node:string_decoder"

/** No honest event of a chat stream comes near it. */
const LONGEST_LINE = 256 * 1024

export interface EventReader {
  /** The data of the events that these bytes end, in order; `undefined` once a line was too long. */
  readonly read: (bytes: Uint8Array) => ReadonlyArray<string> | undefined
}

/** A reader for one stream. A chat event has one `data:` line; each such line is taken for an event. */
export const makeEventReader = (): EventReader => {
  const decoder = new StringDecoder("utf8")
  let unread = ""
  return {
    read: (bytes) => {
      const lines = (unread + decoder.write(bytes)).split("\n")
      unread = lines.pop() ?? ""
      if (unread.length > LONGEST_LINE || lines.some(({ length }) => length > LONGEST_LINE))
        return undefined
      return lines.flatMap((line) =>
        line.startsWith("data:") ? [line.slice("data:".length).trim()] : [],
      )
    },
  }
}
