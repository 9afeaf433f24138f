/**
 * A run out of the tables of a results file: the reading half of the store.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { factsColumns, nodeColumns, runColumns } from "../models/columns.ts"

type Row = Readonly<Record<string, unknown>>

/** What a run is and says, without its replications; not yet validated. */
export const selectSummary: Effect.Effect<Row, SqlError, SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient
  const [run] = yield* sql.unsafe<Row>("SELECT * FROM run")
  const metrics = yield* sql.unsafe<Row>("SELECT * FROM metrics ORDER BY position")
  return {
    ...Object.fromEntries(runColumns.map(({ field, column }) => [field, numberOr(run?.[column])])),
    metrics: recordOf(metrics, (it) => ({
      mean: numberOr(it["mean"]),
      low: it["low"],
      high: it["high"],
      halfWidth: it["half_width"],
      n: numberOr(it["n"]),
      basis: it["basis"],
      trend:
        it["trend_difference"] === null
          ? null
          : { difference: it["trend_difference"], halfWidth: it["trend_half_width"] },
      ...Object.fromEntries(
        factsColumns.map(({ field, column }) => [
          field,
          field === "isEffectRelative" ? it[column] === 1 : it[column],
        ]),
      ),
    })),
    checks: yield* selectChecks(sql, null),
  }
})

/** The tables put together in the shape of a RunResult, not yet validated. */
export const selectRun: Effect.Effect<unknown, SqlError, SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient
  const replications = yield* sql.unsafe<Row>("SELECT * FROM replications ORDER BY position")
  return {
    ...(yield* selectSummary),
    replications: yield* Effect.forEach(replications, (row) => selectReplication(sql, row)),
  }
})

const selectReplication = (sql: SqlClient, row: Row): Effect.Effect<unknown, SqlError> =>
  Effect.gen(function* () {
    const index = row["replication"]
    const metrics = yield* sql.unsafe<Row>(
      "SELECT name, value FROM replication_metrics WHERE replication = ? ORDER BY position",
      [index],
    )
    const nodes = yield* sql.unsafe<Row>(
      "SELECT * FROM nodes WHERE replication = ? ORDER BY position",
      [index],
    )
    return {
      index,
      digest: row["digest"],
      requests: numberOr(row["requests"]),
      events: numberOr(row["events"]),
      wallSeconds: numberOr(row["wall_seconds"]),
      metrics: recordOf(metrics, (it) => numberOr(it["value"])),
      checks: yield* selectChecks(sql, index),
      series: yield* selectSeries(sql, index),
      histograms: yield* selectHistograms(sql, index),
      nodes: nodes.map(nodeOf),
    }
  })

const selectChecks = (sql: SqlClient, replication: unknown): Effect.Effect<unknown, SqlError> =>
  Effect.map(
    sql.unsafe<Row>(
      "SELECT name, ok, detail FROM checks WHERE replication IS ? ORDER BY position",
      [replication],
    ),
    (rows) => recordOf(rows, (it) => ({ ok: it["ok"] === 1, detail: it["detail"] })),
  )

const selectSeries = (sql: SqlClient, replication: unknown): Effect.Effect<unknown, SqlError> =>
  Effect.gen(function* () {
    const heads = yield* sql.unsafe<Row>(
      "SELECT * FROM series_head WHERE replication = ? ORDER BY id",
      [replication],
    )
    const rows = yield* sql.unsafe<{ series: number; value: number | null }>(
      `SELECT series, value FROM series_value
       WHERE series IN (SELECT id FROM series_head WHERE replication = ?) ORDER BY series, bin`,
      [replication],
    )
    const values = new Map<unknown, Array<number | null>>()
    for (const head of heads) values.set(head["id"], [])
    for (const row of rows) values.get(row.series)?.push(row.value)
    return heads.map((head) => ({
      name: head["name"],
      key: head["key"],
      unit: head["unit"],
      binSeconds: numberOr(head["bin_seconds"]),
      values: values.get(head["id"]),
    }))
  })

const selectHistograms = (sql: SqlClient, replication: unknown): Effect.Effect<unknown, SqlError> =>
  Effect.gen(function* () {
    const heads = yield* sql.unsafe<Row>(
      "SELECT * FROM histogram_head WHERE replication = ? ORDER BY id",
      [replication],
    )
    return yield* Effect.forEach(heads, (head) =>
      Effect.map(
        sql.unsafe<{ edge: number; count: number | null }>(
          "SELECT edge, count FROM histogram_edge WHERE histogram = ? ORDER BY bin",
          [head["id"]],
        ),
        (rows) => ({
          name: head["name"],
          key: head["key"],
          unit: head["unit"],
          edges: rows.map((row) => numberOr(row.edge)),
          counts: rows.slice(0, -1).map((row) => numberOr(row.count)),
        }),
      ),
    )
  })

const nodeOf = (row: Row): unknown =>
  Object.fromEntries(
    nodeColumns.map(({ field, column }) => [
      field,
      // Only here is an absent value a fact (the node never left) and not a missing number.
      field === "leftSeconds" ? row[column] : numberOr(row[column]),
    ]),
  )

/** NULL in a column that always holds a number stands for NaN; everything else is itself. */
const numberOr = (value: unknown): unknown => (value === null ? Number.NaN : value)

const recordOf = <A>(
  rows: ReadonlyArray<Row>,
  valueOf: (row: Row) => A,
): Readonly<Record<string, A>> =>
  Object.fromEntries(rows.map((row) => [String(row["name"]), valueOf(row)]))
