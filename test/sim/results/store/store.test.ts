import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql/SqlClient"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Effect, Either, Fiber } from "effect"
import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { RunResult } from "../../../../sim/results/models/run-model.ts"
import { ResultsFileError } from "../../../../sim/results/store/results-file-error.ts"
import { sqliteLayer } from "../../../../platform/sqlite-client.ts"
import { readRun, writeRun } from "../../../../sim/results/store/store.ts"
import { estimateOf, makeRunResult } from "../../../support/run-result.ts"
import { isLong } from "../../../support/property-runs.ts"

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-store-"))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const write = (path: string, result: RunResult): Promise<void> =>
  Effect.runPromise(writeRun(path, result).pipe(Effect.provide(NodeContext.layer)))

const read = (path: string): Promise<RunResult> =>
  Effect.runPromise(readRun(path).pipe(Effect.provide(NodeContext.layer)))

const failureOf = async (path: string): Promise<ResultsFileError> => {
  const outcome = await Effect.runPromise(
    readRun(path).pipe(Effect.either, Effect.provide(NodeContext.layer)),
  )
  if (Either.isRight(outcome)) throw new Error(`${path} was read as if nothing were wrong`)
  return outcome.left
}

const query = (
  path: string,
  ...statements: ReadonlyArray<string>
): Promise<ReadonlyArray<unknown>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const sql = yield* SqlClient
      let rows: ReadonlyArray<unknown> = []
      for (const statement of statements) rows = yield* sql.unsafe(statement)
      return rows
    }).pipe(Effect.provide(sqliteLayer({ filename: path, mode: "create" }))),
  )

const small = makeRunResult({ replications: 2, days: 2, nodes: 12 })

describe("a run that was written", () => {
  it("is read back exactly, in order", async () => {
    const path = join(folder, "deep", "er", "run.sqlite")
    await write(path, small)
    const back = await read(path)
    expect(back).toEqual(small)
    expect(Object.keys(back.metrics)).toEqual(Object.keys(small.metrics))
  })

  it("leaves nothing but itself in the folder", async () => {
    await write(join(folder, "run.sqlite"), small)
    expect(await readdir(folder)).toEqual(["run.sqlite"])
  })

  it("replaces the one before", async () => {
    const path = join(folder, "run.sqlite")
    await write(path, small)
    await write(path, { ...small, title: "second" })
    expect((await read(path)).title).toBe("second")
  })

  it("survives texts that are hostile to SQL and JSON", async () => {
    const path = join(folder, "run.sqlite")
    const hostile = `'; DROP TABLE run; -- "\\ \u2028 </script> \u0007 é 漢 🦙`
    const result = {
      ...small,
      title: hostile,
      metrics: {
        [hostile]: estimateOf(hostile, { halfWidth: null, n: 1, unit: hostile, meaning: hostile }),
      },
    }
    await write(path, result)
    expect(await read(path)).toEqual(result)
  })

  it("keeps infinities and NaN where a number must stand", async () => {
    const path = join(folder, "run.sqlite")
    const metric = estimateOf("plain", { halfWidth: null, n: 1 })
    const result: RunResult = {
      ...small,
      metrics: {
        none: { ...metric, mean: Number.NaN },
        most: { ...metric, mean: Number.POSITIVE_INFINITY, halfWidth: 0.1 },
      },
      replications: small.replications.map((replication) => ({
        ...replication,
        histograms: [
          {
            name: "h",
            key: "",
            unit: "s",
            edges: [0, 1, Number.POSITIVE_INFINITY],
            counts: [1, 2],
          },
          { name: "empty", key: "", unit: "s", edges: [0], counts: [] },
        ],
        series: [
          { name: "none", key: "", unit: "", binSeconds: 1, values: [] },
          { name: "gaps", key: "", unit: "", binSeconds: 1, values: [null, 1, null] },
        ],
      })),
    }
    await write(path, result)
    expect(await read(path)).toEqual(result)
  })

  it("is found in the tables by people who speak SQL", async () => {
    const path = join(folder, "run.sqlite")
    await write(path, small)
    const [replication] = small.replications
    const [series] = replication?.series ?? []
    expect(
      await query(
        path,
        `SELECT count(*) AS bins, sum(value) AS total FROM series
         WHERE replication = 0 AND name = '${series?.name}' AND key = '${series?.key}'`,
      ),
    ).toEqual([
      {
        bins: series?.values.length,
        total: expect.closeTo(series?.values.reduce<number>((a, b) => a + (b ?? 0), 0) ?? 0, 6),
      },
    ])
    expect(
      await query(path, "SELECT lower, upper, count FROM histograms WHERE name = 'health' LIMIT 1"),
    ).toEqual([{ lower: 0, upper: 0.02, count: 0 }])
    expect(await query(path, "SELECT count(*) AS n FROM nodes")).toEqual([{ n: 24 }])
  })
})

describe("money", () => {
  it.each([1.5, 2 ** 53])(
    "of %d minor units is refused, and nothing is written",
    async (shareEarned) => {
      const path = join(folder, "run.sqlite")
      const broken: RunResult = {
        ...small,
        replications: small.replications.map((replication) => ({
          ...replication,
          nodes: replication.nodes.map((node) => ({ ...node, shareEarned })),
        })),
      }
      const error = await Effect.runPromise(
        writeRun(path, broken).pipe(Effect.flip, Effect.provide(NodeContext.layer)),
      )
      expect(error).toMatchObject({ _tag: "ResultsFileError", reason: "invalid", path })
      expect(error.message).toContain("share_earned")
      expect(await readdir(folder)).toEqual([])
    },
  )
})

describe("a file that is not a run", () => {
  const path = (): string => join(folder, "run.sqlite")

  it("is reported as missing", async () => {
    expect(await failureOf(path())).toMatchObject({ reason: "missing", path: path() })
  })

  it("is reported as foreign: text, an empty file, a folder, another program's database", async () => {
    await writeFile(path(), "name: a scenario, not a result\n".repeat(100))
    expect(await failureOf(path())).toMatchObject({ reason: "foreign" })
    await writeFile(path(), "")
    expect(await failureOf(path())).toMatchObject({ reason: "foreign" })
    expect(await failureOf(folder)).toMatchObject({ reason: "foreign" })
    await rm(path())
    await query(path(), "CREATE TABLE run (id)")
    expect(await failureOf(path())).toMatchObject({ reason: "foreign" })
  })

  it("is reported as older or newer by its layout", async () => {
    await write(path(), small)
    await query(path(), "PRAGMA user_version = 0")
    const older = await failureOf(path())
    expect(older).toMatchObject({ reason: "older" })
    expect(older.message).toContain(path())
    await query(path(), "PRAGMA user_version = 99")
    expect(await failureOf(path())).toMatchObject({ reason: "newer" })
  })

  it("is reported as damaged or foreign wherever it was cut short", async () => {
    await write(path(), small)
    const bytes = await readFile(path())
    for (const share of [0.02, 0.1, 0.3, 0.5, 0.9, 0.99]) {
      await writeFile(path(), bytes)
      await truncate(path(), Math.floor(bytes.length * share))
      expect(await failureOf(path())).toMatchObject({ reason: "damaged" })
    }
    await truncate(path(), 50)
    expect(await failureOf(path())).toMatchObject({ reason: "foreign" })
  })

  it("is reported as invalid when its tables do not make a run", async () => {
    await write(path(), small)
    await query(path(), "DELETE FROM run")
    const error = await failureOf(path())
    expect(error).toMatchObject({ reason: "invalid" })
    expect(error.message).toContain("version")
    await query(path(), "DROP TABLE metrics")
    expect(await failureOf(path())).toMatchObject({ reason: "invalid" })
  })
})

describe("a writer that is killed", () => {
  it("leaves a whole file, old or new, at every moment", async () => {
    const path = join(folder, "run.sqlite")
    await write(path, small)
    const script = fileURLToPath(new URL("./endless-writer.ts", import.meta.url))
    const viteNode = createRequire(import.meta.url).resolve("vite-node/vite-node.mjs")
    const generations = new Set<string>()
    for (const millis of isLong ? [0, 3, 7, 15, 23, 31, 40] : [7, 23]) {
      const child = spawn(process.execPath, [viteNode, script, path], {
        stdio: ["ignore", "pipe", "inherit"],
      })
      // It says when it begins to write; from then on it is killed at any point of its work.
      await new Promise((resolve) => child.stdout.once("data", resolve))
      await sleep(millis)
      const gone = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGKILL")
      await gone
      generations.add((await read(path)).title)
    }
    // Not only the first file survived: some of the writers got a new one through.
    expect(generations.size).toBeGreaterThan(1)
  })
})

describe("a writer that is interrupted", () => {
  it("leaves the old file and no other", async () => {
    const path = join(folder, "run.sqlite")
    await write(path, small)
    const big = makeRunResult({ replications: 3, days: 28, title: "big" })
    for (const millis of [1, 20, 60]) {
      await Effect.runPromise(
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(writeRun(path, big))
          yield* Effect.sleep(millis)
          yield* Fiber.interrupt(fiber)
        }).pipe(Effect.provide(NodeContext.layer)),
      )
      expect((await read(path)).title).toBe(small.title)
      expect(await readdir(folder)).toEqual(["run.sqlite"])
    }
  })
})
