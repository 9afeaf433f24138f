/**
 * The store of a sweep: one SQLite file, to which each cell is added in a transaction of its own as
 * soon as it is finished. Whatever ends the program, what was added stays, and nothing is half there.
 *
 * One program at a time works on a file: it holds SQLite's own lock on it (locking_mode EXCLUSIVE), of
 * which nothing is left when the program is killed.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Data, Effect, Schema, Scope } from "effect"
import * as Layer from "effect/Layer"
import { insertRows } from "./json-rows.ts"
import {
  foreignFile,
  ioFailure,
  missingFile,
  readFailure,
  ResultsFileError,
  writeFailure,
} from "./results-file-error.ts"
import { sqliteCode, sqliteLayer } from "../../../platform/sqlite-client.ts"
import { differencesOf } from "./sweep-difference.ts"
import type { Shard, SweepCell, SweepPoint, SweepResult } from "../models/sweep-model.ts"
import { MetricFacts } from "../models/metric-facts.ts"
import { FactorValue, isOfShard, pathOfFactor, SweepDefinition } from "../models/sweep-model.ts"
import { createSweepStatements, sweepApplicationId, sweepLayoutVersion } from "./sweep-tables.ts"

/** The file holds another sweep than the one that is asked for. */
export class SweepDiffers extends Data.TaggedError("SweepDiffers")<{
  readonly path: string
  readonly differences: ReadonlyArray<string>
  readonly advice: string
}> {
  override get message(): string {
    return [
      `${this.path} holds another sweep:`,
      ...this.differences.map((line) => `  ${line}`),
      this.advice,
    ].join("\n")
  }
}

export interface SweepStore {
  /** Indices of the cells that are there. */
  readonly present: ReadonlySet<number>
  /** Adds cells and their metrics, all of them or none. */
  readonly add: (
    cells: ReadonlyArray<SweepCell>,
    facts: Readonly<Record<string, MetricFacts>>,
  ) => Effect.Effect<void, ResultsFileError>
  /** All that is there. O(cells). */
  readonly read: Effect.Effect<SweepResult, ResultsFileError>
}

export interface StoredSweep {
  readonly result: SweepResult
  readonly shard: Shard
}

type Io = FileSystem.FileSystem | Path.Path

/**
 * Opens the sweep's file, or makes it, for as long as the scope lasts. Fails with the differences where
 * the file holds another sweep or another shard.
 */
export const openSweep = (
  path: string,
  definition: SweepDefinition,
  points: ReadonlyArray<SweepPoint>,
  shard: Shard,
): Effect.Effect<SweepStore, ResultsFileError | SweepDiffers, Io | Scope.Scope> =>
  Effect.gen(function* () {
    const sql = yield* connect(path, "create")
    yield* Effect.gen(function* () {
      yield* sql.unsafe("PRAGMA locking_mode = EXCLUSIVE")
      yield* sql.unsafe("PRAGMA journal_mode = WAL")
      yield* sql.unsafe("PRAGMA synchronous = FULL")
      if (yield* isEmpty(sql)) yield* sql.withTransaction(create(sql, definition, points, shard))
    }).pipe(Effect.mapError((error) => writeFailureOf(path, error)))
    const stored = yield* readHead(sql, path)
    const differences = [
      ...differencesOf(stored.definition, definition),
      ...(stored.shard.index === shard.index && stored.shard.count === shard.count
        ? []
        : [`--shard: ${shardText(stored.shard)} there, ${shardText(shard)} now`]),
    ]
    if (differences.length > 0)
      return yield* new SweepDiffers({
        path,
        differences,
        advice:
          "Give the settings that it was begun with to continue it, or another folder with --out.",
      })
    const cells = yield* sql
      .unsafe<{ cell: number }>("SELECT cell FROM cells")
      .pipe(Effect.mapError((error) => readFailure(path, error)))
    return {
      present: new Set(cells.map(({ cell }) => cell)),
      add: (added, facts) =>
        sql
          .withTransaction(insertCells(sql, added, facts))
          .pipe(Effect.mapError((error) => writeFailureOf(path, error))),
      read: Effect.map(readStored(sql, path), ({ result }) => result),
    }
  })

/** Reads the sweep stored at `path`, whole or not. */
export const readSweep = (path: string): Effect.Effect<StoredSweep, ResultsFileError, Io> =>
  Effect.scoped(
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      if (!(yield* Effect.orElseSucceed(files.exists(path), () => false)))
        return yield* missingFile(path)
      return yield* readStored(yield* connect(path, "readOnly"), path)
    }),
  )

/** The layer of the database as a client of the scope's own. */
const connect = (path: string, mode: "create" | "readOnly") =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const layer = sqliteLayer({ filename: paths.resolve(path), mode, busyTimeoutMillis: 1_000 })
    const context = yield* Layer.build(layer)
    return yield* Effect.provide(SqlClient, context)
  }).pipe(Effect.mapError((error) => readFailureOf(path, error)))

/** Made by a program that was killed before its first transaction, or new. */
const isEmpty = (sql: SqlClient) =>
  Effect.gen(function* () {
    const [row] = yield* sql.unsafe<{ tables: number }>(
      "SELECT COUNT(*) AS tables FROM sqlite_master",
    )
    return row.tables === 0
  })

const create = (
  sql: SqlClient,
  definition: SweepDefinition,
  points: ReadonlyArray<SweepPoint>,
  shard: Shard,
) =>
  Effect.gen(function* () {
    yield* sql.unsafe(`PRAGMA application_id = ${sweepApplicationId}`)
    yield* sql.unsafe(`PRAGMA user_version = ${sweepLayoutVersion}`)
    for (const statement of createSweepStatements) yield* sql.unsafe(statement)
    const { version, seed } = definition
    yield* sql.unsafe(
      "INSERT INTO sweep (id, version, seed, definition, shard, shards) VALUES (1, ?, ?, ?, ?, ?)",
      [version, seed, JSON.stringify(definition), shard.index, shard.count],
    )
    yield* insertRows(
      sql,
      "points",
      ["point", `"values"`, "coordinates"],
      points.map(({ index, values, coordinates }) => [
        index,
        JSON.stringify(values),
        JSON.stringify(coordinates),
      ]),
    )
  })

const insertCells = (
  sql: SqlClient,
  cells: ReadonlyArray<SweepCell>,
  facts: Readonly<Record<string, MetricFacts>>,
) =>
  Effect.gen(function* () {
    yield* insertRows(
      sql,
      "cells",
      [
        "cell",
        "point",
        "replication",
        "digest",
        "requests",
        "events",
        "warmup_seconds",
        "failed_checks",
      ],
      cells.map((cell) => [
        cell.index,
        cell.point,
        cell.replication,
        cell.digest,
        cell.requests,
        cell.events,
        cell.warmupSeconds,
        JSON.stringify(cell.failedChecks),
      ]),
    )
    yield* insertRows(
      sql,
      "metrics",
      ["cell", "position", "name", "value"],
      cells.flatMap(({ index, metrics }) =>
        Object.entries(metrics).map(([name, value], position) => [index, position, name, value]),
      ),
    )
    // Of what no cell has, nothing is kept: a file holds the same rows whichever cell came first.
    const measured = new Set(cells.flatMap(({ metrics }) => Object.keys(metrics)))
    for (const [name, own] of Object.entries(facts))
      if (measured.has(name))
        yield* sql.unsafe(
          "INSERT INTO metric_facts (name, facts) VALUES (?, ?) ON CONFLICT DO NOTHING",
          [name, JSON.stringify(own)],
        )
  })

interface Head {
  readonly definition: SweepDefinition
  readonly shard: Shard
}

const readHead = (sql: SqlClient, path: string): Effect.Effect<Head, ResultsFileError> =>
  Effect.gen(function* () {
    const [application] = yield* sql.unsafe<{ application_id: number }>("PRAGMA application_id")
    if (application.application_id !== sweepApplicationId)
      return yield* foreignFile(path, "it holds no sweep")
    const [layout] = yield* sql.unsafe<{ user_version: number }>("PRAGMA user_version")
    if (layout.user_version !== sweepLayoutVersion)
      return yield* new ResultsFileError({
        path,
        reason: layout.user_version < sweepLayoutVersion ? "older" : "newer",
        message: `${path} was written by another version of Evenkeel (layout ${layout.user_version}; this one reads ${sweepLayoutVersion}). Run the sweep again in another folder, or use the version that wrote it.`,
      })
    const [row] = yield* sql.unsafe<{ definition: string; shard: number; shards: number }>(
      "SELECT definition, shard, shards FROM sweep",
    )
    const definition = yield* decodeDefinition(row?.definition).pipe(
      Effect.mapError(() => invalidSweep(path)),
    )
    return { definition, shard: { index: row.shard, count: row.shards } }
  }).pipe(Effect.mapError((error) => readFailureOf(path, error)))

const decodeDefinition = Schema.decodeUnknown(Schema.parseJson(SweepDefinition))
const decodeValues = Schema.decodeUnknown(Schema.parseJson(Schema.Array(FactorValue)))
const decodeCoordinates = Schema.decodeUnknown(Schema.parseJson(Schema.Array(Schema.Number)))
const decodeFacts = Schema.decodeUnknown(Schema.parseJson(MetricFacts))
const decodeNames = Schema.decodeUnknown(Schema.parseJson(Schema.Array(Schema.String)))

const invalidSweep = (path: string) =>
  new ResultsFileError({
    path,
    reason: "invalid",
    message: `The content of ${path} is not a sweep. Run the sweep again in another folder.`,
  })

const readStored = (sql: SqlClient, path: string): Effect.Effect<StoredSweep, ResultsFileError> =>
  Effect.gen(function* () {
    const { definition, shard } = yield* readHead(sql, path)
    const pointRows = yield* sql.unsafe<{ point: number; values: unknown; coordinates: unknown }>(
      `SELECT point, "values", coordinates FROM points ORDER BY point`,
    )
    const points = yield* Effect.forEach(pointRows, ({ point, values, coordinates }) =>
      Effect.all({
        index: Effect.succeed(point),
        values: decodeValues(values),
        coordinates: decodeCoordinates(coordinates),
      }),
    ).pipe(Effect.mapError(() => invalidSweep(path)))
    const metricRows = yield* sql.unsafe<{ cell: number; name: string; value: number }>(
      "SELECT cell, name, value FROM metrics ORDER BY cell, position",
    )
    const metricsOf = new Map<number, Record<string, number>>()
    for (const { cell, name, value } of metricRows) {
      const own = metricsOf.get(cell) ?? {}
      own[name] = value
      metricsOf.set(cell, own)
    }
    const cellRows = yield* sql.unsafe<CellRow>("SELECT * FROM cells ORDER BY cell")
    const cells = yield* Effect.forEach(cellRows, (row) =>
      Effect.map(decodeNames(row.failed_checks), (failedChecks) => ({
        index: row.cell,
        point: row.point,
        replication: row.replication,
        digest: row.digest,
        requests: row.requests,
        events: row.events,
        warmupSeconds: row.warmup_seconds,
        failedChecks,
        metrics: metricsOf.get(row.cell) ?? {},
      })),
    ).pipe(Effect.mapError(() => invalidSweep(path)))
    const factRows = yield* sql.unsafe<{ readonly name: string; readonly facts: string }>(
      "SELECT name, facts FROM metric_facts",
    )
    const facts = yield* Effect.forEach(factRows, (row) =>
      Effect.map(decodeFacts(row.facts), (own) => [row.name, own] as const),
    ).pipe(Effect.mapError(() => invalidSweep(path)))
    const factsOf = new Map(facts)
    // In the order of the registry, as cells have them, and not of the alphabet, as their table has.
    const names = [...new Set(cells.flatMap((cell) => Object.keys(cell.metrics)))]
    const measured = names.flatMap((name) => {
      const own = factsOf.get(name)
      return own === undefined ? [] : [[name, own] as const]
    })
    if (measured.length < names.length) return yield* invalidSweep(path)
    const metrics = Object.fromEntries(measured)
    const factors = definition.vary.map(pathOfFactor)
    return { result: { definition, factors, points, cells, metrics }, shard }
  }).pipe(Effect.mapError((error) => readFailureOf(path, error)))

interface CellRow {
  readonly cell: number
  readonly point: number
  readonly replication: number
  readonly digest: string
  readonly requests: number
  readonly events: number
  readonly warmup_seconds: number
  readonly failed_checks: string
}

const inUse = (path: string) =>
  ioFailure(path, "another sweep is at work on this file; let it end, or name another folder")

const isBusy = (error: SqlError): boolean =>
  ["SQLITE_BUSY", "SQLITE_LOCKED"].includes(sqliteCode(error) ?? "")

const readFailureOf = (path: string, error: SqlError | ResultsFileError): ResultsFileError =>
  error._tag === "ResultsFileError" ? error : isBusy(error) ? inUse(path) : readFailure(path, error)

const writeFailureOf = (path: string, error: SqlError): ResultsFileError =>
  isBusy(error)
    ? inUse(path)
    : sqliteCode(error) === "SQLITE_NOTADB"
      ? foreignFile(path, "it is not a SQLite file")
      : writeFailure(path, error)

export const shardText = ({ index, count }: Shard): string => `${index}/${count}`

/** Indices of the cells that the shard has to have and the result has not. */
export const missingCells = (
  { definition, cells }: SweepResult,
  shard: Shard,
): ReadonlyArray<number> => {
  const present = new Set(cells.map(({ index }) => index))
  const { points, replications } = definition
  return Array.from({ length: points * replications }, (_, index) => index).filter(
    (index) => isOfShard(shard, Math.floor(index / replications)) && !present.has(index),
  )
}
