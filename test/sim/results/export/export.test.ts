import { NodeContext } from "@effect/platform-node"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { csvCell, csvChunks } from "../../../../sim/results/export/csv.ts"
import { exportRun } from "../../../../sim/results/export/export.ts"
import { exportTables } from "../../../../sim/results/export/export-tables.ts"
import type { ExportTable } from "../../../../sim/results/export/export-tables.ts"
import { writeParquet } from "../../../../sim/results/export/parquet.ts"
import { makeRunResult } from "../../../support/run-result.ts"

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-export-"))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const result = makeRunResult({ replications: 2, days: 2, nodes: 12 })

const exportTo = (path: string): Promise<ReadonlyArray<string>> =>
  Effect.runPromise(exportRun(result, path).pipe(Effect.provide(NodeContext.layer)))

/** RFC 4180, written down independently of the writer. */
const parseCsv = (text: string): Array<Array<string>> => {
  const rows: Array<Array<string>> = [[]]
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/gy
  for (const [, quoted, plain, end] of text.matchAll(pattern)) {
    rows.at(-1)?.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'))
    if (end === "\n") rows.push([])
  }
  rows.pop()
  return rows
}

describe("an export", () => {
  it("writes each table as CSV and as Parquet", async () => {
    const paths = await exportTo(join(folder, "tidy"))
    expect(paths.map((path) => path.slice(folder.length))).toEqual([
      ...[
        "run",
        "metrics",
        "replication_metrics",
        "series",
        "histograms",
        "nodes",
        "codebook",
      ].flatMap((name) => [`/tidy/${name}.csv`, `/tidy/${name}.parquet`]),
      ...["py", "R", "sql"].map((language) => `/tidy/read.${language}`),
    ])
  })

  it("says the same in both", async () => {
    await exportTo(folder)
    for (const table of exportTables(result)) {
      const file = await asyncBufferFromFile(join(folder, `${table.name}.parquet`))
      const columns = table.columns.map(({ name }) => name)
      const parquet = (await parquetReadObjects({ file })).map((row) =>
        columns.map((column) => row[column] ?? ""),
      )
      const [header, ...rows] = parseCsv(await readFile(join(folder, `${table.name}.csv`), "utf8"))
      expect(header).toEqual(columns)
      expect(rows.length).toBeGreaterThan(0)
      expect(rows).toEqual(parquet.map((row) => row.map(String)))
    }
  })

  it("gives all money in credits, to the last minor unit", async () => {
    await exportTo(folder)
    const file = await asyncBufferFromFile(join(folder, "nodes.parquet"))
    const rows = await parquetReadObjects({ file })
    const own = result.replications.flatMap(({ nodes }) => nodes)
    const minor = 10 ** result.scale
    const minorOf = (column: string) => rows.map((row) => Math.round(Number(row[column]) * minor))
    expect(minorOf("share_credits")).toEqual(own.map(({ shareEarned }) => shareEarned))
    expect(minorOf("bounty_credits")).toEqual(own.map(({ bountyEarned }) => bountyEarned))
    expect(minorOf("withheld_credits")).toEqual(own.map(({ withheld }) => withheld))
    expect(rows.map((row) => row["cost_credits"])).toEqual(
      own.map(({ costCredits }) => costCredits),
    )
    // Whole numbers are whole.
    expect(rows.every((row) => typeof row["requests"] === "bigint")).toBe(true)
  })

  it("says in the codebook what every column holds", async () => {
    const tables = exportTables(result)
    const book = tables.find(({ name }) => name === "codebook")
    const rows = [...(book?.rows() ?? [])]
    for (const { name, columns } of tables)
      if (name !== "codebook")
        expect(rows.filter(([table]) => table === name).map(([, column]) => column)).toEqual(
          columns.map((column) => column.name),
        )
    for (const [table, column, type, , meaning] of rows) {
      expect(["text", "integer", "count", "real"], `${table}.${column}`).toContain(type)
      expect(meaning, `${table}.${column}`).toMatch(/^[A-Za-z0-9].{3,}/)
    }
    // One unit for money, in columns and in values.
    for (const [, column, , unit] of rows)
      if (String(column).endsWith("_credits")) expect(unit).toBe("credits")
  })

  it("comes with scripts whose names are those of the tables", async () => {
    await exportTo(folder)
    const names = exportTables(result).flatMap(({ name, columns }) =>
      name === "nodes" || name === "metrics" ? columns.map((column) => column.name) : [],
    )
    for (const script of ["read.py", "read.R", "read.sql"]) {
      const text = await readFile(join(folder, script), "utf8")
      expect(text).toContain("nodes.csv")
      for (const [column] of text.matchAll(/\b\w+_credits\b|\bdevice_class\b|\blow\b|\bhigh\b/g))
        if (column !== "profit_credits") expect(names, `${script}`).toContain(column)
    }
  })

  it("says which file it could not write", async () => {
    await writeFile(join(folder, "file"), "not a folder")
    const path = join(folder, "file", "inside")
    const error = await Effect.runPromise(
      exportRun(result, path).pipe(Effect.flip, Effect.provide(NodeContext.layer)),
    )
    expect(error).toMatchObject({ _tag: "ExportError", path: join(path, "run.csv") })
    expect(error.message).toContain(join(path, "run.csv"))
  })

  it("has columns even when a table has no rows", async () => {
    const empty = { ...result, replications: [] }
    await Effect.runPromise(exportRun(empty, folder).pipe(Effect.provide(NodeContext.layer)))
    const file = await asyncBufferFromFile(join(folder, "nodes.parquet"))
    expect(await parquetReadObjects({ file })).toEqual([])
    const text = await readFile(join(folder, "nodes.csv"), "utf8")
    expect(text.startsWith("scenario,replication,node,operator,")).toBe(true)
    expect(text.trimEnd()).not.toContain("\n")
  })
})

describe("Parquet", () => {
  it("comes through whole in several groups of rows, and CSV in several pieces", async () => {
    const rows = Array.from({ length: 120_001 }, (_, at) => [`row ${at % 7}`, at, at / 3] as const)
    const table: ExportTable = {
      name: "long",
      columns: [
        { name: "name", type: "text", unit: "", meaning: "" },
        { name: "at", type: "integer", unit: "", meaning: "" },
        { name: "third", type: "real", unit: "", meaning: "" },
      ],
      rows: () => rows,
    }
    const path = join(folder, "long.parquet")
    await Effect.runPromise(writeParquet(path, table).pipe(Effect.provide(NodeContext.layer)))
    const back = await parquetReadObjects({ file: await asyncBufferFromFile(path) })
    expect(back.map(({ name, at, third }) => [name, at, third])).toEqual(rows)
    expect(parseCsv([...csvChunks(table)].join("")).slice(1)).toEqual(
      rows.map((row) => row.map(String)),
    )
  })
})

describe("CSV", () => {
  it.each([
    ["plain", "plain"],
    ["", '""'],
    ['say "hi", twice', '"say ""hi"", twice"'],
    ["two\nlines", '"two\nlines"'],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", '"\'\r=1"'],
    ["a=b", "a=b"],
    [-1.5, "-1.5"],
    [1e21, "1e+21"],
    [null, ""],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ])("writes %j as %s", (cell, expected) => {
    expect(csvCell(cell)).toBe(expected)
  })

  it("gives any texts and doubles back, and no cell of text starts a formula", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", '"', ",", "\n", "\r", "=", "-", "\t", "é"),
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.double({ noNaN: true }))), (rows) => {
        const table: ExportTable = {
          name: "t",
          columns: [
            { name: "text", type: "text", unit: "", meaning: "" },
            { name: "number", type: "real", unit: "", meaning: "" },
          ],
          rows: () => rows,
        }
        const [, ...back] = parseCsv([...csvChunks(table)].join(""))
        expect(back.length).toBe(rows.length)
        for (const [at, [written, number]] of back.entries()) {
          const [original, value] = rows[at] ?? ["", 0]
          expect(written).not.toMatch(/^[=+\-@\t\r]/)
          expect(written?.replace(/^'(?=[=+\-@\t\r])/, "")).toBe(original)
          expect(Number(number?.replace("inf", "Infinity"))).toBe(value + 0)
        }
      }),
    )
  })
})
