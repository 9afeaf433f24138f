/**
 * The keys that wrap the vault's data keys: from the environment (`EVENKEEL_MASTER_KEYS`), or from a
 * file in the data directory that only its owner may read, made on first start. `id:base64` each,
 * 256 bits; the first is the current one, the others still open what they wrapped.
 */
import type { FileSystem, Path } from "@effect/platform"
import { FileSystem as Files, Path as Paths } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import { Config, Data, Effect, Option, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { masterKeyFile } from "../../store/data-directory.ts"

export interface MasterKey {
  readonly id: string
  readonly bytes: Buffer
}
/** The first is the current one. */
export type MasterKeys = readonly [MasterKey, ...Array<MasterKey>]

/** The vault cannot be opened: says where and what to do. Never holds a key. */
export class VaultUnusable extends Data.TaggedError("VaultUnusable")<{
  readonly source: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.source}: ${this.reason}`
  }
}

export interface KeySource {
  readonly keys: MasterKeys
  /** Puts a new key before the others, for good. Fails where the keys are not the gateway's own. */
  readonly renew: Effect.Effect<MasterKeys, VaultUnusable>
}

const variable = "EVENKEEL_MASTER_KEYS"
const keyBytes = 32
const ownerOnly = 0o600

/** Reads the keys, or makes the first one. */
export const loadMasterKeys = (
  directory: string,
): Effect.Effect<KeySource, VaultUnusable, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const given = yield* Config.option(Config.redacted(variable)).pipe(
      Effect.mapError(() => new VaultUnusable({ source: variable, reason: "cannot be read" })),
    )
    if (Option.isSome(given) && Redacted.value(given.value).trim() !== "") {
      const keys = yield* parseKeys(variable, Redacted.value(given.value).split(/[\s,]+/))
      const renew = new VaultUnusable({
        source: variable,
        reason:
          "these keys come from the environment: put the new key before the others there and restart; what the others wrapped is wrapped anew then",
      })
      return { keys, renew }
    }
    return yield* keysOfFile(directory)
  })

const keysOfFile = (
  directory: string,
): Effect.Effect<KeySource, VaultUnusable, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* Files.FileSystem
    const paths = yield* Paths.Path
    const file = paths.join(directory, masterKeyFile)
    const failed = (error: PlatformError) =>
      new VaultUnusable({ source: file, reason: error.message })
    const isThere = yield* files.exists(file).pipe(Effect.mapError(failed))
    if (!isThere) yield* writeKeys(files, file, [newKey()]).pipe(Effect.mapError(failed))
    const { mode } = yield* files.stat(file).pipe(Effect.mapError(failed))
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      return yield* new VaultUnusable({
        source: file,
        reason: `others than its owner may read it; \`chmod 600 ${file}\``,
      })
    const read = Effect.flatMap(files.readFileString(file).pipe(Effect.mapError(failed)), (text) =>
      parseKeys(file, text.split(/\s+/)),
    )
    const renew = Effect.gen(function* () {
      const keys: MasterKeys = [newKey(), ...(yield* read)]
      yield* writeKeys(files, file, keys).pipe(Effect.mapError(failed))
      return keys
    })
    return { keys: yield* read, renew }
  })

const newKey = (): MasterKey => ({
  id: `k${randomBytes(6).toString("hex")}`,
  bytes: randomBytes(keyBytes),
})

/** Whole or not at all, and on disk: a token that is sealed with a lost key is lost. */
const writeKeys = (
  files: FileSystem.FileSystem,
  file: string,
  keys: ReadonlyArray<MasterKey>,
): Effect.Effect<void, PlatformError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const text = keys.map(({ id, bytes }) => `${id}:${bytes.toString("base64")}\n`).join("")
      const draft = `${file}.new`
      yield* files.remove(draft, { force: true })
      const opened = yield* files.open(draft, { flag: "wx", mode: ownerOnly })
      yield* opened.writeAll(new TextEncoder().encode(text))
      yield* opened.sync
      yield* files.rename(draft, file)
    }),
  )

const parseKeys = (
  source: string,
  texts: ReadonlyArray<string>,
): Effect.Effect<MasterKeys, VaultUnusable> => {
  const keys: Array<MasterKey> = []
  for (const text of texts.filter((one) => one !== "")) {
    const [, id, base64] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]+={0,2})$/.exec(text) ?? []
    const bytes = Buffer.from(base64 ?? "", "base64")
    const isKnown = keys.some((key) => key.id === id)
    if (id === undefined || bytes.length !== keyBytes || isKnown)
      return new VaultUnusable({
        source,
        reason: `key ${keys.length + 1} is no key; expected id:base64 of ${keyBytes} bytes, each id once (\`openssl rand -base64 ${keyBytes}\` makes one)`,
      })
    keys.push({ id, bytes })
  }
  const [first, ...others] = keys
  return first === undefined
    ? new VaultUnusable({ source, reason: "holds no key; expected id:base64" })
    : Effect.succeed([first, ...others])
}
