/** What a data directory says of itself: written once, when the market is opened. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, ParseResult, Schema } from "effect"
import { Economy } from "../../engine/index.ts"
import type { CommitQueue } from "./commit-queue.ts"

/** The market of a data directory: its rules, its chance, its zero of time. */
export const MarketMeta = Schema.Struct({
  economy: Economy,
  /** 256 random bits: whoever knew it could tell where the next request goes. */
  seed: Schema.String,
  /** Unix time, ms. */
  openedAtMillis: Schema.Int,
})
export type MarketMeta = typeof MarketMeta.Type

const Encoded = Schema.parseJson(MarketMeta)

/** `undefined` where no market was opened yet. */
export const readMeta = (
  reader: SqlClient,
): Effect.Effect<MarketMeta | undefined, SqlError | ParseResult.ParseError> =>
  Effect.gen(function* () {
    const rows = yield* reader.unsafe<{ readonly value: string }>(
      "SELECT value FROM meta WHERE name = 'market'",
    )
    const row = rows[0]
    return row === undefined ? undefined : yield* Schema.decode(Encoded)(row.value)
  })

/** Time of the market at a Unix time, µs; 0 where none was opened yet. */
export const marketMicros = (
  reader: SqlClient,
  nowMillis: number,
): Effect.Effect<number, SqlError | ParseResult.ParseError> =>
  Effect.map(readMeta(reader), (meta) =>
    meta === undefined ? 0 : Math.max(0, Math.round((nowMillis - meta.openedAtMillis) * 1000)),
  )

export const writeMeta = (queue: CommitQueue, meta: MarketMeta): void => {
  const row = ["market", Schema.encodeSync(Encoded)(meta)] as const
  queue.write("INSERT INTO meta (name, value) VALUES (?, ?)", row, {
    table: "meta",
    key: row[0],
    row,
  })
}
