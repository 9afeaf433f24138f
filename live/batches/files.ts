/** Files: kept in parts, seen by their account alone. */
import { Effect } from "effect"
import type { AccountRecord, FileRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { HttpError, notFound } from "../http/http-error.ts"
import { newFileId } from "../http/secrets.ts"
import type { StoreFault } from "../store/errors.ts"
import { StoreDamaged } from "../store/errors.ts"
import { secondsOf } from "../views/market-time.ts"
import type { FileView } from "./protocol.ts"

/** Size of a part: what is read or written at once. */
const partBytes = 1_048_576

export interface Files {
  readonly add: (account: AccountRecord, filename: string, bytes: Uint8Array) => FileRecord
  /** Throws 404 where the account has none of that id. */
  readonly named: (account: AccountRecord, publicId: string) => FileRecord
  /** The account's, the oldest first. */
  readonly of: (account: AccountRecord) => ReadonlyArray<FileRecord>
  readonly remove: (file: FileRecord) => void
  readonly part: (file: FileRecord, part: number) => Effect.Effect<Uint8Array, StoreFault>
  /** A file that is written line by line; it is there once it is closed. */
  readonly begin: (account: number, filename: string) => FileRecord
  readonly writer: (file: FileRecord) => FileWriter
}

export interface FileWriter {
  readonly line: (text: string) => void
  /** The file has all of its lines. */
  readonly close: () => void
}

export const makeFiles = ({
  config,
  directory,
  nowMillis,
  store,
}: Pick<LiveServices, "config" | "directory" | "nowMillis" | "store">): Files => {
  const { files } = directory
  const of: Files["of"] = (account) =>
    directory
      .filesOfAccount(account.id)
      .flatMap((id) => files.get(id) ?? [])
      .filter(({ isWhole, deletedAtMillis }) => isWhole && deletedAtMillis === undefined)
  const recordOf = (
    account: number,
    purpose: FileRecord["purpose"],
    filename: string,
  ): FileRecord => ({
    id: files.nextId(),
    publicId: newFileId(),
    account,
    purpose,
    filename,
    bytes: 0,
    parts: 0,
    isWhole: false,
    createdAtMillis: nowMillis(),
  })
  return {
    of,
    add: (account, filename, bytes) => {
      const { fileBytes, storedBytes } = config.batches
      if (bytes.length === 0) throw refused("The file is empty", "empty_file")
      if (bytes.length > fileBytes)
        throw refused(`A file has ${fileBytes} bytes at most`, "file_too_large", 413)
      const stored = of(account).reduce((sum, one) => sum + one.bytes, 0)
      if (stored + bytes.length > storedBytes)
        throw refused(
          `The files of an account have ${storedBytes} bytes at most together, and yours have ${stored}: delete some`,
          "storage_full",
          413,
        )
      const parts = Math.ceil(bytes.length / partBytes)
      const record = {
        ...recordOf(account.id, "batch", filename),
        bytes: bytes.length,
        parts,
        isWhole: true,
      }
      for (let part = 0; part < parts; part++)
        store.putFilePart(record.id, part, bytes.subarray(part * partBytes, (part + 1) * partBytes))
      files.put(record)
      return record
    },
    named: (account, publicId) => {
      const file = directory.fileByPublicId(publicId)
      if (file?.account !== account.id || !file.isWhole || file.deletedAtMillis !== undefined)
        throw notFound(`file ${publicId.slice(0, 100)} of yours`)
      return file
    },
    remove: (file) => {
      files.put({ ...file, deletedAtMillis: nowMillis() })
      store.forgetFileParts(file.id)
    },
    part: (file, part) =>
      Effect.flatMap(store.filePart(file.id, part), (bytes) =>
        bytes === undefined
          ? new StoreDamaged({
              table: "file_parts",
              where: `file ${file.id}`,
              what: `part ${part} of ${file.parts} is missing`,
            })
          : Effect.succeed(bytes),
      ),
    begin: (account, filename) => {
      const record = recordOf(account, "batch_output", filename)
      files.put(record)
      return record
    },
    writer: (file) => {
      let lines: Array<string> = []
      let length = 0
      let bytes = 0
      let parts = 0
      const flush = (): void => {
        if (lines.length === 0) return
        const part = Buffer.from(lines.join(""))
        store.putFilePart(file.id, parts++, part)
        bytes += part.length
        lines = []
        length = 0
      }
      return {
        line: (text) => {
          lines.push(text, "\n")
          length += text.length + 1
          if (length >= partBytes) flush()
        },
        close: () => {
          flush()
          files.put({ ...file, bytes, parts, isWhole: true })
        },
      }
    },
  }
}

const refused = (message: string, code: string, status = 400): HttpError =>
  new HttpError({ status, type: "invalid_request_error", code, message, param: "file" })

export const fileView = (file: FileRecord): FileView => ({
  id: file.publicId,
  object: "file",
  bytes: file.bytes,
  created_at: secondsOf(file.createdAtMillis),
  filename: file.filename,
  purpose: file.purpose,
  status: "processed",
})
