/**
 * Snapshots: the whole state of a market, saved and restored. `restore(snapshot(m))` behaves exactly
 * as `m` from there on, and so does `restoreImage(imageOf(m))`.
 *
 * A snapshot is JSON with a checksum. An image is the same as a copy in memory: it takes a hundredth of
 * the time, and is written out by whoever took it, while the market goes on.
 */
import { Data, Either, ParseResult, Schema } from "effect"
import { eligibilityReasons } from "./admission/eligibility.ts"
import { compileRules } from "../economy/rules.ts"
import { Economy } from "../economy/schema.ts"
import { emptyDigest, hexOf, mixBytes, mixText } from "../core/digest.ts"
import type { MarketHandle } from "./state/market-state.ts"
import { makeMarket, open } from "./state/market-state.ts"
import type { Portable } from "../core/portable.ts"
import { freeze, thaw } from "../core/portable.ts"
import type { Packed } from "../core/packed.ts"
import { pack, unpack } from "../core/packed.ts"
import { SlotIndex } from "../core/slot-index.ts"

/** Raised with every change of the state's shape. */
const snapshotVersion = 13

const Portable: Schema.Schema<Portable> = Schema.Union(
  Schema.Null,
  Schema.Boolean,
  Schema.Number,
  Schema.String,
  Schema.Array(Schema.suspend(() => Portable)),
  Schema.Record({ key: Schema.String, value: Schema.suspend(() => Portable) }),
)

export const Snapshot = Schema.Struct({
  version: Schema.Literal(snapshotVersion),
  economy: Economy,
  seed: Schema.String,
  digest: Schema.Struct({ high: Schema.Int, low: Schema.Int }),
  /** Everything else of the market, by field. */
  state: Schema.Record({ key: Schema.String, value: Portable }),
  /** Digest of all but the version: a snapshot that was cut or altered is refused. */
  checksum: Schema.String,
}).annotations({ identifier: "Snapshot" })
export type Snapshot = typeof Snapshot.Type

/** What was given is no snapshot that this version can restore. */
export class SnapshotInvalid extends Data.TaggedError("SnapshotInvalid")<{
  readonly reason: string
}> {
  override get message(): string {
    return `Not a snapshot of a market that can be restored: ${this.reason}`
  }
}

/** O(state). The market goes on unchanged. */
export const snapshot = (handle: MarketHandle): Snapshot => {
  const market = open(handle)
  const { seed } = market
  // Decoded, so that its keys stand in the schema's order whatever it was written in.
  const economy = Schema.decodeSync(Economy)(market.economy)
  const digest = { ...market.sink.digest }
  const state = freeze(stateOf(market)) as Snapshot["state"]
  return {
    version: snapshotVersion,
    economy,
    seed,
    digest,
    state,
    checksum: checksumOf(economy, seed, digest, state),
  }
}

export const restore = (input: unknown): Either.Either<MarketHandle, SnapshotInvalid> =>
  Schema.decodeUnknownEither(Snapshot)(input).pipe(
    Either.mapLeft((error) => new SnapshotInvalid({ reason: firstIssueOf(error) })),
    Either.filterOrLeft(
      ({ economy, seed, digest, state, checksum }) =>
        checksumOf(economy, seed, digest, state) === checksum,
      () =>
        new SnapshotInvalid({ reason: "its checksum does not match, so it was cut or altered" }),
    ),
    Either.flatMap((saved) => marketOf(saved, () => thaw(saved.state))),
  )

/** A market as it stood, copied: it shares nothing with the market. */
export type Image = Packed

const ImageOutline = Schema.Struct({
  version: Schema.Literal(snapshotVersion),
  economy: Economy,
  seed: Schema.String,
  digest: Schema.Struct({ high: Schema.Int, low: Schema.Int }),
  state: Schema.Unknown,
}).annotations({ identifier: "Image" })

/** O(state), most of it the copying of memory. The market goes on unchanged. */
export const imageOf = (handle: MarketHandle): Image => {
  const { economy, rules: _, seed, sink, ...state } = open(handle)
  const packed = pack(state)
  const head = { version: snapshotVersion, economy: Schema.encodeSync(Economy)(economy), seed }
  return {
    outline: { ...head, digest: { ...sink.digest }, state: packed.outline } as unknown as Portable,
    bytes: packed.bytes,
  }
}

/** Whoever kept the image has checked that it is what was kept: it has no checksum of its own. */
export const restoreImage = ({
  outline,
  bytes,
}: Image): Either.Either<MarketHandle, SnapshotInvalid> =>
  Schema.decodeUnknownEither(ImageOutline)(outline).pipe(
    Either.mapLeft((error) => new SnapshotInvalid({ reason: firstIssueOf(error) })),
    Either.flatMap((saved) =>
      marketOf(saved, () => unpack({ outline: saved.state as Portable, bytes })),
    ),
  )

/** The market of a saved state, where that has the shape that this version's have. */
const marketOf = (
  { economy, seed, digest }: Pick<Snapshot, "economy" | "seed" | "digest">,
  read: () => unknown,
): Either.Either<MarketHandle, SnapshotInvalid> =>
  Either.try({
    try: read,
    catch: (cause) =>
      new SnapshotInvalid({ reason: cause instanceof Error ? cause.message : String(cause) }),
  }).pipe(
    Either.flatMap((state) => {
      const difference = differenceOf(shapeUnder(economy), state, "state")
      return difference === undefined
        ? Either.right(state as object)
        : Either.left(
            new SnapshotInvalid({ reason: `${difference}; another version of Evenkeel made it` }),
          )
    }),
    Either.map(
      (state) =>
        ({
          economy,
          rules: compileRules(economy),
          seed,
          sink: { commands: [], digest: { ...digest } },
          ...state,
        }) as unknown as MarketHandle,
    ),
  )

/** An empty market's state: every market's has its fields, whatever they hold. */
const shapeUnder = (economy: Economy): unknown => {
  const {
    economy: _,
    rules,
    seed,
    sink,
    ...state
  } = makeMarket(economy, "", eligibilityReasons.length)
  return state
}

/**
 * Where a saved state is of another shape, in words; `undefined` where it is not. Lists, maps and
 * arrays may hold anything.
 */
const differenceOf = (expected: unknown, given: unknown, path: string): string | undefined => {
  const kind = kindOf(given)
  if (kind !== kindOf(expected)) return `${path} is ${kind}, expected ${kindOf(expected)}`
  if (kind !== "a record") return undefined
  const fields = given as { readonly [key: string]: unknown }
  const wanted = expected as { readonly [key: string]: unknown }
  const stranger = Object.keys(fields).find((key) => !Object.hasOwn(wanted, key))
  if (stranger !== undefined) return `${path}.${stranger} is not known`
  for (const [key, one] of Object.entries(wanted)) {
    if (!Object.hasOwn(fields, key)) return `${path}.${key} is missing`
    const difference = differenceOf(one, fields[key], `${path}.${key}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** What a value is; a text, such as the kind of a column, stands for itself. */
const kindOf = (value: unknown): string => {
  if (value === null) return "null"
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value !== "object") return `a ${typeof value}`
  if (Array.isArray(value)) return "a list"
  const isClass =
    ArrayBuffer.isView(value) ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof SlotIndex
  return isClass ? `a ${value.constructor.name}` : "a record"
}

const firstIssueOf = (error: ParseResult.ParseError): string => {
  const [{ path, message }] = ParseResult.ArrayFormatter.formatErrorSync(error)
  return path.length === 0 ? message : `${path.join(".")}: ${message}`
}

/** Digest of the whole state but the commands' digest: equal states have equal ones. O(state). */
export const stateDigest = (market: MarketHandle): string =>
  checksumOf(freeze(stateOf(market), digestOfBytes))

const stateOf = (handle: MarketHandle): object => {
  const { economy: _, rules, seed, sink, ...state } = open(handle)
  return state
}

const digestOfBytes = (bytes: Uint8Array): string => {
  const digest = emptyDigest()
  mixBytes(digest, bytes)
  return hexOf(digest)
}

const checksumOf = (...parts: ReadonlyArray<unknown>): string => {
  const digest = emptyDigest()
  for (const part of parts) mixText(digest, JSON.stringify(part))
  return hexOf(digest)
}
