import { SafeIntegers, SqlClient } from "@effect/sql/SqlClient"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Chunk, Effect, Exit, Fiber, ManagedRuntime, Stream } from "effect"
import fc from "fast-check"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { insertRows, jsonArray } from "../../sim/results/store/json-rows.ts"
import { sqliteCode, sqliteLayer } from "../../platform/sqlite-client.ts"

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-sqlite-"))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const layer = (mode: "create" | "readOnly" = "create") =>
  sqliteLayer({ filename: join(folder, "test.sqlite"), mode })

const run = <A, E>(effect: Effect.Effect<A, E, SqlClient>): Promise<A> =>
  Effect.runPromise(effect.pipe(Effect.provide(layer())))

describe("transactions", () => {
  it("of two fibers follow one another, whole", async () => {
    const order = await run(
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`CREATE TABLE log (fiber TEXT, step INTEGER)`
        const transaction = (fiber: string) =>
          sql.withTransaction(
            Effect.forEach(
              [1, 2, 3],
              (step) =>
                Effect.zipRight(Effect.sleep(5), sql`INSERT INTO log VALUES (${fiber}, ${step})`),
              { discard: true },
            ),
          )
        yield* Effect.all([transaction("a"), transaction("b")], { concurrency: 2 })
        return yield* sql<{ fiber: string }>`SELECT fiber FROM log ORDER BY rowid`
      }),
    )
    expect(["aaabbb", "bbbaaa"]).toContain(order.map(({ fiber }) => fiber).join(""))
  })

  it("that fail or are interrupted leave nothing, and the connection goes on", async () => {
    const rows = await run(
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`CREATE TABLE t (x INTEGER)`
        const failing = sql.withTransaction(
          Effect.zipRight(sql`INSERT INTO t VALUES (1)`, Effect.fail("no")),
        )
        expect(Exit.isFailure(yield* Effect.exit(failing))).toBe(true)
        const endless = sql.withTransaction(
          Effect.zipRight(
            sql`INSERT INTO t VALUES (2)`,
            sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                INSERT INTO t SELECT i FROM n`,
          ),
        )
        const fiber = yield* Effect.fork(endless)
        yield* Effect.sleep(100)
        yield* Fiber.interrupt(fiber)
        yield* sql`INSERT INTO t VALUES (3)`
        return yield* sql`SELECT x FROM t`
      }),
    )
    expect(rows).toEqual([{ x: 3 }])
  })
})

describe("a connection", () => {
  it("tells what SQLite said", async () => {
    const error = await run(
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`CREATE TABLE t (x INTEGER UNIQUE)`
        yield* sql`INSERT INTO t VALUES (1)`
        return yield* Effect.flip(sql`INSERT INTO t VALUES (1)`)
      }),
    )
    expect(sqliteCode(error)).toBe("SQLITE_CONSTRAINT")
  })

  it("is closed with its scope, and opens only what exists when it reads", async () => {
    const opening = Effect.flip(Effect.provide(SqlClient, layer("readOnly")))
    expect(sqliteCode(await Effect.runPromise(opening))).toBe("SQLITE_CANTOPEN")
    await run(Effect.flatMap(SqlClient, (sql) => sql`CREATE TABLE t (x)`))
    // An exclusive lock is to be had only when the first connection is gone.
    await run(Effect.flatMap(SqlClient, (sql) => sql`BEGIN EXCLUSIVE`))
    const writing = Effect.flatMap(SqlClient, (sql) => Effect.flip(sql`INSERT INTO t VALUES (1)`))
    const error = await Effect.runPromise(writing.pipe(Effect.provide(layer("readOnly"))))
    expect(sqliteCode(error)).toBe("SQLITE_READONLY")
  })

  it("streams rows, in order", async () => {
    const rows = await run(
      Effect.gen(function* () {
        const sql = yield* SqlClient
        const numbers = sql<{ i: number }>`
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
          SELECT i FROM n`
        return yield* Stream.runCollect(numbers.stream)
      }),
    )
    expect(Chunk.toReadonlyArray(rows)).toEqual(
      Array.from({ length: 5000 }, (_, at) => ({ i: at + 1 })),
    )
  })

  it("refuses integers that it would change", async () => {
    const bind = (value: bigint) =>
      run(Effect.flatMap(SqlClient, (sql) => sql.unsafe("SELECT ? AS x", [value])))
    expect(await bind(2n ** 53n - 1n)).toEqual([{ x: Number.MAX_SAFE_INTEGER }])
    await expect(bind(2n ** 53n)).rejects.toThrow("2^53")
    await expect(
      run(
        Effect.flatMap(SqlClient, (sql) => sql`SELECT 1`).pipe(
          Effect.provideService(SafeIntegers, true),
        ),
      ),
    ).rejects.toThrow("SafeIntegers")
  })
})

describe("json_each", () => {
  it("gives every double back to the last digit", async () => {
    const doubles = fc
      .array(fc.oneof(fc.double({ noNaN: true }), fc.double({ min: 0, max: 1000, noNaN: true })), {
        minLength: 50,
        maxLength: 200,
      })
      // Minus zero becomes zero.
      .map((values) => values.map((value) => value + 0))
    const runtime = ManagedRuntime.make(layer())
    const throughSqlite = (values: ReadonlyArray<number>) =>
      Effect.flatMap(SqlClient, (sql) =>
        sql.unsafe<{ value: number }>("SELECT value FROM json_each(?)", [jsonArray(values)]),
      )
    try {
      await fc.assert(
        fc.asyncProperty(doubles, async (values) => {
          const rows = await runtime.runPromise(throughSqlite(values))
          expect(rows.map(({ value }) => value)).toEqual(values)
        }),
      )
    } finally {
      await runtime.dispose()
    }
  })

  it("inserts every kind of cell, more rows than one statement takes", async () => {
    const rows = Array.from(
      { length: 2_345 },
      (_, at) => [at, `"${at}'\\ é`, at % 2 === 0, at % 3 === 0 ? null : at / 7] as const,
    )
    const back = await run(
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`CREATE TABLE t (a INTEGER, b TEXT, c INTEGER, d REAL) STRICT`
        yield* insertRows(sql, "t", ["a", "b", "c", "d"], rows)
        return yield* sql<Record<string, unknown>>`SELECT * FROM t ORDER BY a`
      }),
    )
    expect(back.map((row) => Object.values(row))).toEqual(
      rows.map(([a, b, c, d]) => [a, b, c ? 1 : 0, d]),
    )
  })
})
