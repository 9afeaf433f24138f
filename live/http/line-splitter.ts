/**
 * Lines of a byte stream, as they come, in bounded memory. Bytes of an unfinished line are kept as
 * they came and joined once: a long line in many pieces costs no more than its length.
 */
import { Data } from "effect"
const newline = 10

/** A line is longer than allowed. */
export class LineTooLong extends Data.TaggedError("LineTooLong")<{ readonly message: string }> {}

export interface LineSplitter {
  readonly push: (bytes: Buffer) => void
  /** The next whole line, without its end, or `undefined`. Throws `LineTooLong`. */
  readonly next: () => string | undefined
  /** What came after the last line's end. */
  readonly rest: () => string
}

export const makeLineSplitter = (longestBytes: number): LineSplitter => {
  const incoming: Array<Buffer> = []
  let offset = 0
  let begun: Array<Buffer> = []
  let begunBytes = 0

  const begin = (piece: Buffer): void => {
    begunBytes += piece.length
    if (begunBytes > longestBytes)
      throw new LineTooLong({ message: `a line is longer than ${longestBytes} bytes` })
    begun.push(piece)
  }
  const finish = (): string => {
    const line = begun.length === 1 ? begun[0]?.toString() : Buffer.concat(begun).toString()
    begun = []
    begunBytes = 0
    return line ?? ""
  }

  return {
    push: (bytes) => {
      incoming.push(bytes)
    },
    next: () => {
      for (let bytes = incoming[0]; bytes !== undefined; bytes = incoming[0]) {
        const end = bytes.indexOf(newline, offset)
        begin(bytes.subarray(offset, end < 0 ? bytes.length : end))
        offset = end + 1
        if (end < 0 || offset === bytes.length) {
          incoming.shift()
          offset = 0
        }
        if (end >= 0) return finish()
      }
      return undefined
    },
    rest: finish,
  }
}
