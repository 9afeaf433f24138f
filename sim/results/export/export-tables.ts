/**
 * A run as tidy tables (one observation a row, one variable a column; Wickham, "Tidy Data", Journal
 * of Statistical Software 59, 2014), which csv.ts and parquet.ts write down. Each table begins with
 * the scenario, so that tables of several runs can be laid one below the other.
 */
import { nodeColumns, runColumns } from "../models/columns.ts"
import type { NodeOutcome, RunResult } from "../models/run-model.ts"

/** `integer` fits 32 bits, `money` is whole minor units within ±(2^53 − 1), `real` is a double. */
export type CellType = "text" | "integer" | "money" | "real"

export interface ExportColumn {
  readonly name: string
  readonly type: CellType
}

/** A cell is a string in a column of text, a number in any other, or null where it has no value. */
export type ExportCell = string | number | null

export interface ExportTable {
  /** File name without its ending. */
  readonly name: string
  readonly columns: ReadonlyArray<ExportColumn>
  /** Made again on each call, row by row: a year of hourly series is millions of rows. */
  readonly rows: () => Iterable<ReadonlyArray<ExportCell>>
}

/** The tables of a run: run, metrics, replication_metrics, series, histograms, nodes. */
export const exportTables = (result: RunResult): ReadonlyArray<ExportTable> => [
  runTable(result),
  metricsTable(result),
  replicationMetricsTable(result),
  seriesTable(result),
  histogramsTable(result),
  nodesTable(result),
]

const text = (name: string): ExportColumn => ({ name, type: "text" })
const integer = (name: string): ExportColumn => ({ name, type: "integer" })
const real = (name: string): ExportColumn => ({ name, type: "real" })

const runTable = (result: RunResult): ExportTable => ({
  name: "run",
  columns: runColumns.map(({ field, column }) =>
    typeof result[field] === "string" ? text(column) : real(column),
  ),
  rows: () => [runColumns.map(({ field }) => result[field])],
})

const metricsTable = (result: RunResult): ExportTable => ({
  name: "metrics",
  columns: [
    text("scenario"),
    text("metric"),
    text("unit"),
    real("mean"),
    real("half_width"),
    real("lower"),
    real("upper"),
    real("n"),
    text("meaning"),
  ],
  rows: function* () {
    for (const [name, { unit, mean, halfWidth, n, meaning }] of Object.entries(result.metrics)) {
      const lower = halfWidth === null ? null : mean - halfWidth
      const upper = halfWidth === null ? null : mean + halfWidth
      yield [result.scenario, name, unit, mean, halfWidth, lower, upper, n, meaning]
    }
  },
})

const replicationMetricsTable = (result: RunResult): ExportTable => ({
  name: "replication_metrics",
  columns: [text("scenario"), integer("replication"), text("metric"), text("unit"), real("value")],
  rows: function* () {
    for (const replication of result.replications) {
      for (const [name, value] of Object.entries(replication.metrics)) {
        const unit = result.metrics[name]?.unit ?? null
        yield [result.scenario, replication.index, name, unit, value]
      }
    }
  },
})

const seriesTable = (result: RunResult): ExportTable => ({
  name: "series",
  columns: [
    text("scenario"),
    integer("replication"),
    text("name"),
    text("key"),
    text("unit"),
    integer("bin"),
    real("start_seconds"),
    real("bin_seconds"),
    real("value"),
  ],
  rows: function* () {
    for (const { index, series } of result.replications) {
      for (const { name, key, unit, binSeconds, values } of series) {
        for (const [bin, value] of values.entries()) {
          const start = bin * binSeconds
          yield [result.scenario, index, name, key, unit, bin, start, binSeconds, value]
        }
      }
    }
  },
})

const histogramsTable = (result: RunResult): ExportTable => ({
  name: "histograms",
  columns: [
    text("scenario"),
    integer("replication"),
    text("name"),
    text("key"),
    text("unit"),
    integer("bin"),
    real("lower"),
    real("upper"),
    real("count"),
  ],
  rows: function* () {
    for (const { index, histograms } of result.replications) {
      for (const { name, key, unit, edges, counts } of histograms) {
        for (const [bin, count] of counts.entries()) {
          const lower = edges[bin] ?? null
          const upper = edges[bin + 1] ?? null
          yield [result.scenario, index, name, key, unit, bin, lower, upper, count]
        }
      }
    }
  },
})

const nodeCellTypes: Partial<Record<keyof NodeOutcome, CellType>> = {
  device: "text",
  deviceClass: "text",
  model: "text",
  shareEarned: "money",
  bountyEarned: "money",
  withheld: "money",
}

const nodesTable = (result: RunResult): ExportTable => ({
  name: "nodes",
  columns: [
    text("scenario"),
    integer("replication"),
    ...nodeColumns.map(({ field, column }) => ({
      name: column,
      type: nodeCellTypes[field] ?? "real",
    })),
  ],
  rows: function* () {
    for (const { index, nodes } of result.replications) {
      for (const node of nodes) {
        yield [result.scenario, index, ...nodeColumns.map(({ field }) => node[field])]
      }
    }
  },
})
