/** What a data directory says of its market, as any version may have written it. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schema } from "effect"
import { defaultEconomy, deriveEconomy } from "../../../../engine/index.ts"
import type { CommitQueue } from "../journal/commit-queue.ts"
import { MarketMeta } from "../../meta.ts"
import { StoreDamaged } from "../../errors.ts"
import { readingTable } from "../schema/damage.ts"

const Encoded = Schema.parseJson(MarketMeta)

/** As any version may have written it. */
const decodeStored = Schema.decodeUnknown(
  Schema.parseJson(
    Schema.Struct({
      ...MarketMeta.fields,
      economy: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    }),
  ),
)

/** `undefined` where no market was opened yet. */
export const readMeta = (
  reader: SqlClient,
): Effect.Effect<MarketMeta | undefined, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const known = yield* reader.unsafe("SELECT 1 FROM sqlite_schema WHERE name = 'meta'")
    if (known.length === 0) return undefined
    const [row] = yield* readingTable("meta")(
      reader.unsafe<{ readonly value: unknown }>("SELECT value FROM meta WHERE name = 'market'"),
    )
    if (row === undefined) return undefined
    const stored = yield* decodeStored(row.value).pipe(
      Effect.mapError(() => unreadable("what it says of its market is not as it was written")),
    )
    // A version before this one had fewer knobs; at their defaults the market keeps its rules.
    const economy = yield* deriveEconomy(defaultEconomy, stored.economy).pipe(
      Effect.mapError(({ message }) =>
        unreadable(
          `${message.replaceAll("\n", "; ")} (or a later version of Evenkeel wrote it: then run that one)`,
        ),
      ),
    )
    return { ...stored, economy }
  })

const unreadable = (what: string): StoreDamaged =>
  new StoreDamaged({ table: "meta", where: "", what })

export const writeMeta = (queue: CommitQueue, meta: MarketMeta): void => {
  const row = ["market", Schema.encodeSync(Encoded)(meta)] as const
  queue.write("INSERT INTO meta (name, value) VALUES (?, ?)", row, {
    table: "meta",
    key: row[0],
    row,
  })
}
