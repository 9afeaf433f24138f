/**
 * The head: how far a market has acknowledged, in a file apart from the database. Whatever the database
 * loses (frames of its log after a flipped bit, a file that was cut, removed or replaced by an older
 * one) it loses in silence; the head still knows.
 *
 *     commit of the group ─► on disk ─► head ─► on disk ─► whoever waits is told
 *
 * So the head is never ahead of the database, whenever the process or the machine ends, and never behind
 * what was acknowledged. It is written over in place, in two slots by turns: of a write that was cut
 * off, the one before remains.
 */
import { causeText } from "../../../../platform/cause.ts"
import { Data, Effect, Schema, Scope } from "effect"
import type { FileHandle } from "node:fs/promises"
import { constants, open, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { headName } from "../../data-directory.ts"
import type { Seal } from "./seal.ts"
import { digestOfText } from "./seal.ts"

const Mark = Schema.Struct({
  group: Schema.NonNegativeInt,
  lastSeq: Schema.NonNegativeInt,
  /** Unix time, ms. */
  writtenAtMillis: Schema.Int,
  chain: Schema.String,
})
/** The last group that was acknowledged. */
export type Mark = typeof Mark.Type

export const markOf = ({ number, lastSeq, writtenAtMillis, chain }: Seal): Mark => ({
  group: number,
  lastSeq,
  writtenAtMillis,
  chain,
})

/** A sector is written whole or not at all; slots lie a page apart. */
const slotBytes = 512
const slotDistance = 4096
const slots = 2

const slotText = (mark: Mark): Buffer => {
  const text = JSON.stringify(mark)
  return Buffer.from(`${digestOfText(text)} ${text}`.padEnd(slotBytes - 1).concat("\n"))
}

const decodeMark = Schema.decodeUnknownEither(Schema.parseJson(Mark))

const markIn = (slot: string): Mark | undefined => {
  const [, digest, text] = /^([0-9a-f]{32}) (\{[^}]*\})/.exec(slot) ?? []
  if (text === undefined || digestOfText(text) !== digest) return undefined
  const mark = decodeMark(text)
  return mark._tag === "Right" ? mark.right : undefined
}

/** `missing`: there is no such file. `damaged`: no slot of it can be read. */
export type FoundHead = Mark | "missing" | "damaged"

/** The system refuses the file. */
export class HeadUnusable extends Data.TaggedError("HeadUnusable")<{ readonly reason: string }> {
  override get message(): string {
    return `${headName}: ${this.reason}`
  }
}

export const headUnusable = (cause: unknown): HeadUnusable =>
  new HeadUnusable({ reason: causeText(cause) })

export const readHead = (file: string): Effect.Effect<FoundHead, HeadUnusable> =>
  Effect.tryPromise({
    try: async () => {
      const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === "ENOENT") return undefined
        throw cause
      })
      if (bytes === undefined) return "missing"
      let latest: Mark | undefined
      for (let slot = 0; slot < slots; slot++) {
        const at = slot * slotDistance
        const mark = markIn(bytes.subarray(at, at + slotBytes).toString("latin1"))
        if (mark !== undefined && (latest === undefined || mark.group > latest.group)) latest = mark
      }
      return latest ?? "damaged"
    },
    catch: headUnusable,
  })

/** A head of this mark alone: whole or not at all, and on disk. */
export const createHead = async (file: string, mark: Mark): Promise<void> => {
  const draft = `${file}.new`
  await rm(draft, { force: true })
  const made = await open(draft, "wx", 0o600)
  try {
    const bytes = Buffer.alloc(slots * slotDistance)
    slotText(mark).copy(bytes, (mark.group % slots) * slotDistance)
    await made.writeFile(bytes)
    await made.sync()
  } finally {
    await made.close()
  }
  await rename(draft, file)
  await syncFolder(dirname(file))
}

/** The name of a new file is on disk once its folder is; Windows has no such call. */
const syncFolder = async (folder: string): Promise<void> => {
  if (process.platform === "win32") return
  const opened = await open(folder, "r")
  try {
    await opened.sync()
  } finally {
    await opened.close()
  }
}

export interface Head {
  /** Resolves once it is on disk. One write at a time. */
  readonly write: (mark: Mark) => Promise<void>
}

/** Opens a head that there is. */
export const openHead = (file: string): Effect.Effect<Head, HeadUnusable, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.tryPromise({
        // Where the system has it, a write returns when it is on disk: one call instead of two.
        try: () => open(file, constants.O_RDWR | (constants.O_DSYNC ?? 0)),
        catch: headUnusable,
      }),
      (handle) => Effect.promise(() => handle.close()),
    ),
    (handle) => ({ write: (mark) => writeSlot(handle, mark) }),
  )

const writeSlot = async (handle: FileHandle, mark: Mark): Promise<void> => {
  const at = (mark.group % slots) * slotDistance
  await handle.write(slotText(mark), 0, slotBytes, at)
  if (constants.O_DSYNC === undefined) await handle.datasync()
}
