/**
 * The file of a trace as pieces of text: what was compressed with gzip, whatever the file is called, is
 * read as what it was before.
 */
import type { Scope } from "effect"
import { Effect } from "effect"
import { open, stat } from "node:fs/promises"
import { pipeline } from "node:stream"
import { StringDecoder } from "node:string_decoder"
import { createGunzip } from "node:zlib"
import { TraceInvalid } from "./trace-invalid.ts"

/** By what a file is known to be the same one later on. */
export interface FileVersion {
  readonly bytes: number
  readonly modifiedMillis: number
}

/** Gives the next piece; `null` at the end. */
export type NextText = Effect.Effect<string | null, TraceInvalid>

const pieceBytes = 256 * 1024

const wholeFile = (path: string, found: string, allowed: string) =>
  new TraceInvalid({ path, line: null, column: null, found, allowed })

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
}

/** Why a file could not be read, or what was in it not be decompressed. */
const unreadable =
  (path: string) =>
  (cause: unknown): TraceInvalid => {
    const { code = "", message } = cause as NodeJS.ErrnoException
    return code.startsWith("Z_")
      ? wholeFile(path, `damaged gzip data (${message})`, "a whole file")
      : wholeFile(path, reasons[code] ?? code, "a file that can be read")
  }

const attempt = <A>(path: string, read: () => Promise<A>) =>
  Effect.tryPromise({ try: read, catch: unreadable(path) })

export const versionOf = (path: string): Effect.Effect<FileVersion, TraceInvalid> =>
  Effect.flatMap(
    attempt(path, () => stat(path)),
    (status) =>
      status.isFile()
        ? Effect.succeed({ bytes: status.size, modifiedMillis: status.mtimeMs })
        : // A pipe can be read once, and a trace is read for each replication.
          wholeFile(path, status.isDirectory() ? "a directory" : "no plain file", "a file"),
  )

/** Opens a file for the time of the scope. */
export const openText = (path: string): Effect.Effect<NextText, TraceInvalid, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      attempt(path, () => openBytes(path)),
      ({ close }) => Effect.sync(close),
    ),
    ({ bytes }) => decoded(path, bytes),
  )

const decoded = (path: string, bytes: Bytes): NextText => {
  const decoder = new StringDecoder("utf8")
  let isFirst = true
  return Effect.flatMap(
    attempt(path, () => bytes.next()),
    ({ done, value }) => {
      if (done === true) return Effect.succeed(null)
      const other = isFirst ? otherContent(value) : undefined
      isFirst = false
      return other === undefined
        ? Effect.succeed(decoder.write(value))
        : wholeFile(path, other, "text in UTF-8, compressed with gzip or not")
    },
  )
}

type Bytes = Awaited<ReturnType<typeof openBytes>>["bytes"]

const openBytes = async (path: string) => {
  const file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
  const raw = file.createReadStream({ start: 0, highWaterMark: pieceBytes })
  const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  // An error of either ends both; the iterator below says which it was.
  const read = isGzip ? pipeline(raw, createGunzip({ chunkSize: pieceBytes }), () => {}) : raw
  const bytes: AsyncIterator<Buffer> = read[Symbol.asyncIterator]()
  return {
    bytes,
    close: () => {
      read.destroy()
      raw.destroy()
    },
  }
}

const signatures: ReadonlyArray<readonly [string, string]> = [
  ["504b0304", "a zip archive"],
  ["28b52ffd", "Zstandard data"],
  ["fd377a58", "xz data"],
  ["425a68", "bzip2 data"],
  ["50415231", "a Parquet file"],
  ["1f8b", "gzip data within gzip data"],
  ["fffe", "text in UTF-16"],
  ["feff", "text in UTF-16"],
]

/** What a file is that is no text, as it begins. */
const otherContent = (bytes: Buffer): string | undefined => {
  const start = bytes.toString("hex", 0, 4)
  const known = signatures.find(([signature]) => start.startsWith(signature))
  return known?.[1] ?? (bytes.includes(0) ? "binary data" : undefined)
}
