/**
 * Snapshots of the market in the data directory: recovery takes the latest and the journal after it.
 * The journal stays whole, for replays and audits.
 *
 * The market is copied at once, in memory; the copy is compressed piece by piece on other threads, so
 * that calls go on meanwhile. A snapshot that is not as it was written is no reason for the market not to
 * start: there is an older one, and the journal.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { setImmediate as nextTurn } from "node:timers/promises"
import { promisify } from "node:util"
import { deflateRaw, inflateRawSync } from "node:zlib"
import type { Image, Market } from "../../../../engine/index.ts"
import { imageOf } from "../../../../engine/index.ts"
import type { StoredSnapshot } from "../../store.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"

const kept = 2

/**
 * Writes the market as it stands now, behind all that was journalled. The copy is taken before this
 * returns; resolves when it has been given to the queue.
 */
export const writeSnapshot = async (
  queue: Pick<CommitQueue, "write" | "lastSeq">,
  market: Market,
): Promise<void> => {
  const seq = queue.lastSeq()
  const state = await encodeImage(imageOf(market))
  queue.write("INSERT OR REPLACE INTO snapshots (seq, checksum, state) VALUES (?, ?, ?)", [
    seq,
    checksumOf(state),
    state,
  ])
  queue.write(
    "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
    [kept],
  )
}

/** Bytes that are compressed at a time: a few milliseconds on a thread of the pool. */
const pieceBytes = 2 ** 20
const deflate = promisify(deflateRaw)

/**
 *     length of the outline, u32 ┐
 *     outline, JSON              ├ in pieces, each: its compressed length, u32, and itself
 *     bytes                      ┘
 */
const encodeImage = async ({ outline, bytes }: Image): Promise<Buffer> => {
  // The copy is nobody else's: from here on there is time.
  await nextTurn()
  const text = Buffer.from(JSON.stringify(outline))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  const pieces: Array<Buffer> = []
  for (const part of [Buffer.concat([length, text]), Buffer.from(bytes.buffer)])
    for (let at = 0; at < part.length; at += pieceBytes) {
      const packed = await deflate(part.subarray(at, at + pieceBytes), { level: 1 })
      const size = Buffer.alloc(4)
      size.writeUInt32LE(packed.length)
      pieces.push(size, packed)
    }
  return Buffer.concat(pieces)
}

const decodeImage = (state: Buffer): Image => {
  const pieces: Array<Buffer> = []
  for (let at = 0; at < state.length;) {
    const size = state.readUInt32LE(at)
    pieces.push(inflateRawSync(state.subarray(at + 4, at + 4 + size)))
    at += 4 + size
  }
  const whole = Buffer.concat(pieces)
  const end = 4 + whole.readUInt32LE(0)
  return {
    outline: JSON.parse(whole.toString("utf8", 4, end)) as Image["outline"],
    bytes: new Uint8Array(whole.subarray(end)),
  }
}

const checksumOf = (state: Buffer): string => createHash("sha256").update(state).digest("hex")

/** The stored snapshots that are as they were written, latest first. */
export const readSnapshots = (
  reader: SqlClient,
): Effect.Effect<ReadonlyArray<StoredSnapshot>, SqlError> =>
  Effect.map(
    reader.unsafe<{ readonly seq: number; readonly checksum: string; readonly state: Buffer }>(
      "SELECT seq, checksum, state FROM snapshots ORDER BY seq DESC",
    ),
    (rows) =>
      rows
        // Of a page that is another table's, a row may hold anything.
        .filter(({ checksum, state }) => Buffer.isBuffer(state) && checksum === checksumOf(state))
        .map(({ seq, state }) => ({ seq, image: decodeImage(state) })),
  )
