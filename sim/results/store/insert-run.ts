/**
 * A run into the tables of an empty SQLite file: the writing half of the store.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { estimateColumns, nodeColumns, runColumns } from "../models/columns.ts"
import { insertRows, jsonArray } from "./json-rows.ts"
import type { Check, Histogram, ReplicationResult, RunResult, Series } from "../models/run-model.ts"
import { applicationId, createStatements, layoutVersion } from "./tables.ts"

/** Makes the tables and fills them, in one transaction. */
export const insertRun = (result: RunResult): Effect.Effect<void, SqlError, SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    // The file is nobody's until it is renamed: it needs no journal on disk, but it must be on disk
    // when the commit returns.
    yield* sql.unsafe("PRAGMA journal_mode = MEMORY")
    yield* sql.unsafe("PRAGMA synchronous = FULL")
    yield* sql.unsafe(`PRAGMA application_id = ${applicationId}`)
    yield* sql.unsafe(`PRAGMA user_version = ${layoutVersion}`)
    yield* sql.withTransaction(
      Effect.gen(function* () {
        for (const statement of createStatements) yield* sql.unsafe(statement)
        yield* insertRows(
          sql,
          "run",
          ["id", ...runColumns.map(({ column }) => column)],
          [[1, ...runColumns.map(({ field }) => result[field])]],
        )
        yield* insertRows(
          sql,
          "metrics",
          ["position", "name", ...estimateColumns.map(({ column }) => column)],
          Object.entries(result.metrics).map(([name, estimate], position) => [
            position,
            name,
            ...estimateColumns.map(({ valueOf }) => valueOf(estimate)),
          ]),
        )
        yield* insertRows(sql, "checks", checkColumns, checkRows(null, result.checks))
        let seriesId = 0
        let histogramId = 0
        for (const [position, replication] of result.replications.entries()) {
          yield* insertReplication(sql, replication, position)
          for (const series of replication.series) {
            yield* insertSeries(sql, replication.index, seriesId++, series)
          }
          for (const histogram of replication.histograms) {
            yield* insertHistogram(sql, replication.index, histogramId++, histogram)
          }
        }
      }),
    )
  })

const checkColumns = ["replication", "position", "name", "ok", "detail"]

const checkRows = (replication: number | null, checks: Readonly<Record<string, Check>>) =>
  Object.entries(checks).map(
    ([name, check], position) => [replication, position, name, check.ok, check.detail] as const,
  )

const insertReplication = (
  sql: SqlClient,
  replication: ReplicationResult,
  position: number,
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const { index, digest, requests, events, wallSeconds } = replication
    yield* insertRows(
      sql,
      "replications",
      ["replication", "position", "digest", "requests", "events", "wall_seconds"],
      [[index, position, digest, requests, events, wallSeconds]],
    )
    yield* insertRows(
      sql,
      "replication_metrics",
      ["replication", "position", "name", "value"],
      Object.entries(replication.metrics).map(([name, value], at) => [index, at, name, value]),
    )
    yield* insertRows(sql, "checks", checkColumns, checkRows(index, replication.checks))
    yield* insertRows(
      sql,
      "nodes",
      ["replication", "position", ...nodeColumns.map(({ column }) => column)],
      replication.nodes.map((node, at) => [
        index,
        at,
        ...nodeColumns.map(({ field }) => node[field]),
      ]),
    )
  })

const insertSeries = (
  sql: SqlClient,
  replication: number,
  id: number,
  series: Series,
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    yield* insertRows(
      sql,
      "series_head",
      ["id", "replication", "name", "key", "unit", "bin_seconds"],
      [[id, replication, series.name, series.key, series.unit, series.binSeconds]],
    )
    yield* sql.unsafe(
      "INSERT INTO series_value (series, bin, value) SELECT ?, key, value FROM json_each(?)",
      [id, jsonArray(series.values)],
    )
  })

const insertHistogram = (
  sql: SqlClient,
  replication: number,
  id: number,
  histogram: Histogram,
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    yield* insertRows(
      sql,
      "histogram_head",
      ["id", "replication", "name", "key", "unit"],
      [[id, replication, histogram.name, histogram.key, histogram.unit]],
    )
    yield* insertRows(
      sql,
      "histogram_edge",
      ["histogram", "bin", "edge", "count"],
      histogram.edges.map((edge, bin) => [id, bin, edge, histogram.counts[bin] ?? null]),
    )
  })
