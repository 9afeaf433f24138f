/**
 * A run as tidy tables (one observation a row, one variable a column; Wickham, "Tidy Data", Journal
 * of Statistical Software 59, 2014), which csv.ts and parquet.ts write down. Each table begins with
 * the scenario, so that tables of several runs can be laid one below the other. All money is in credits.
 * What each column holds is itself a table, the codebook.
 */
import { estimateColumns, runColumns } from "../models/columns.ts"
import type { NodeOutcome, RunResult } from "../models/run-model.ts"

export type ExportFormat = "csv" | "parquet"

/** `integer` fits 32 bits, `count` is whole within ±(2^53 − 1), `real` is a double. */
export type CellType = "text" | "integer" | "count" | "real"

export interface ExportColumn {
  readonly name: string
  readonly type: CellType
  /** "" where it has none. */
  readonly unit: string
  readonly meaning: string
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

/** The tables of a run: run, metrics, replication_metrics, series, histograms, nodes, and their codebook. */
export const exportTables = (result: RunResult): ReadonlyArray<ExportTable> => {
  const tables = [
    runTable(result),
    metricsTable(result),
    replicationMetricsTable(result),
    seriesTable(result),
    histogramsTable(result),
    nodesTable(result),
  ]
  return [...tables, codebook(tables)]
}

const column =
  (type: CellType) =>
  (name: string, meaning: string, unit = ""): ExportColumn => ({ name, type, unit, meaning })
const text = column("text")
const integer = column("integer")
const count = column("count")
const real = column("real")

const scenario = text("scenario", "Name of the scenario")
const replication = integer("replication", "Index of the replication, from 0")

/** What the columns of tables hold: a row for each. */
export const codebook = (tables: ReadonlyArray<ExportTable>): ExportTable => ({
  name: "codebook",
  columns: [
    text("table", "Table that the column is in"),
    text("column", "Name of the column"),
    text("type", "text, integer, count (whole, up to 2^53) or real"),
    text("unit", "Unit of its values; empty where they have none"),
    text("meaning", "What it holds"),
  ],
  rows: function* () {
    for (const { name, columns } of tables)
      for (const own of columns) yield [name, own.name, own.type, own.unit, own.meaning]
  },
})

/** What the values of a run are, by field; the rest is text that speaks for itself. */
const runFacts: Partial<Record<keyof RunResult, ExportColumn>> = {
  scale: integer("scale", "Decimal places of a credit in minor units"),
  creditUsd: real("credit_usd", "What a credit is worth", "US dollars"),
  horizonSeconds: real("horizon_seconds", "Length of a replication", "s"),
  warmupSeconds: real("warmup_seconds", "Cut from the front before metrics are taken", "s"),
  replicationsAsked: integer("replications_asked", "Replications asked for"),
  requests: count("requests", "Requests in all replications"),
  events: count("events", "Events of the simulation in all replications"),
  wallSeconds: real("wall_seconds", "How long the run took", "s"),
}

const runTable = (result: RunResult): ExportTable => ({
  name: "run",
  columns: runColumns.map(
    ({ field, column: name }) =>
      runFacts[field] ?? text(name, `The run's ${name.replaceAll("_", " ")}`),
  ),
  rows: () => [runColumns.map(({ field }) => result[field])],
})

/** What the columns of an estimate are; a metric's facts stand beside its figures. */
const estimateFacts: Readonly<Record<string, ExportColumn>> = {
  mean: real("mean", "Mean over replications, in the metric's unit"),
  low: real("low", "Lower end of its 95% interval"),
  high: real("high", "Upper end of its 95% interval"),
  half_width: real("half_width", "Half of the interval's length"),
  n: integer("n", "Replications that have the metric"),
  basis: text("basis", "interval; one: a single replication; same: no replication differs"),
  trend_difference: real(
    "trend_difference",
    "Second half less first, where that is shown to differ",
  ),
  trend_half_width: real("trend_half_width", "Half-width of that difference's interval"),
  metric_group: text("metric_group", "Group that the metric is shown in"),
  label: text("label", "The metric in a few words"),
  unit: text("unit", "Unit; a share is between 0 and 1"),
  meaning: text("meaning", "What the metric means"),
  base: text("base", "What it is taken over, or divided by"),
  metric_window: text("metric_window", "Stretch of the run that it is of"),
  least: real("least", "The least that it can be; empty: no bound"),
  most: real("most", "The most that it can be; empty: no bound"),
  smallest_effect: real("smallest_effect", "Smallest difference that matters"),
  is_effect_relative: integer("is_effect_relative", "1: as a share of what it is compared with"),
}

const metricsTable = (result: RunResult): ExportTable => ({
  name: "metrics",
  columns: [
    scenario,
    text("metric", "Name of the metric"),
    ...estimateColumns.map(({ column: name }) => estimateFacts[name]),
  ],
  rows: function* () {
    for (const [name, estimate] of Object.entries(result.metrics))
      yield [
        result.scenario,
        name,
        ...estimateColumns.map(({ valueOf }) => {
          const value = valueOf(estimate)
          return typeof value === "boolean" ? Number(value) : value
        }),
      ]
  },
})

const replicationMetricsTable = (result: RunResult): ExportTable => ({
  name: "replication_metrics",
  columns: [
    scenario,
    replication,
    text("metric", "Name of the metric"),
    text("unit", "Unit; a share is between 0 and 1"),
    real("value", "Its value in the replication"),
  ],
  rows: function* () {
    for (const { index, metrics } of result.replications) {
      for (const [name, value] of Object.entries(metrics)) {
        const unit = result.metrics[name]?.unit ?? null
        yield [result.scenario, index, name, unit, value]
      }
    }
  },
})

const seriesTable = (result: RunResult): ExportTable => ({
  name: "series",
  columns: [
    scenario,
    replication,
    text("name", "Name of the series"),
    text("key", "What it is split by: a model, a device class, a destination"),
    text("unit", "Unit of its values"),
    integer("bin", "Index of the bin of time, from 0"),
    real("start_seconds", "Start of the bin, from the start of the run", "s"),
    real("bin_seconds", "Length of the bin", "s"),
    real("value", "Value in the bin; empty: nothing was observed"),
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
    scenario,
    replication,
    text("name", "What was observed"),
    text("key", "What it is split by"),
    text("unit", "Unit of the edges"),
    integer("bin", "Index of the bin, from 0"),
    real("lower", "Lower edge of the bin, which it includes"),
    real("upper", "Upper edge, which it does not"),
    real("count", "Observations in the bin"),
  ],
  rows: function* () {
    for (const { index, histograms } of result.replications) {
      for (const { name, key, unit, edges, counts } of histograms) {
        for (const [bin, own] of counts.entries()) {
          const lower = edges[bin] ?? null
          const upper = edges[bin + 1] ?? null
          yield [result.scenario, index, name, key, unit, bin, lower, upper, own]
        }
      }
    }
  },
})

/** A column of nodes, and its value; money in credits of so many minor units. */
type NodeColumn = readonly [ExportColumn, (node: NodeOutcome, minor: number) => ExportCell]

const afterWarmup = "after the warm-up"
const nodeTable: ReadonlyArray<NodeColumn> = [
  [integer("node", "Index of the node in its replication"), ({ node }) => node],
  [integer("operator", "Index of its operator"), ({ operator }) => operator],
  [text("device", "Its device"), ({ device }) => device],
  [text("device_class", "consumer, datacenter or apple"), ({ deviceClass }) => deviceClass],
  [text("model", "Model that it served last"), ({ model }) => model],
  [
    real("joined_seconds", "When it joined; before 0: it was there at the start", "s"),
    ({ joinedSeconds }) => joinedSeconds,
  ],
  [
    real("left_seconds", "When it left for good; empty: it was there at the end", "s"),
    ({ leftSeconds }) => leftSeconds,
  ],
  [real("online_hours", `Time online ${afterWarmup}`, "h"), ({ onlineHours }) => onlineHours],
  [
    real("busy_slot_hours", `Busy slots, summed over time ${afterWarmup}`, "slot h"),
    ({ busySlotHours }) => busySlotHours,
  ],
  [integer("slots", "Its slots at the end"), ({ slots }) => slots],
  [count("requests", `Requests that it served ${afterWarmup}`), ({ requests }) => requests],
  [count("failures", `Attempts that it failed ${afterWarmup}`), ({ failures }) => failures],
  [
    count("output_tokens", `Output tokens that it delivered ${afterWarmup}`, "tokens"),
    ({ outputTokens }) => outputTokens,
  ],
  [
    real("share_credits", `Provider shares paid to it ${afterWarmup}`, "credits"),
    ({ shareEarned }, minor) => shareEarned / minor,
  ],
  [
    real("bounty_credits", `Bounties paid to it ${afterWarmup}`, "credits"),
    ({ bountyEarned }, minor) => bountyEarned / minor,
  ],
  [
    real("withheld_credits", `Pay withheld from it for switching models ${afterWarmup}`, "credits"),
    ({ withheld }, minor) => withheld / minor,
  ],
  [
    real("cost_credits", `Electricity or rent ${afterWarmup}`, "credits"),
    ({ costCredits }) => costCredits,
  ],
  [integer("parks", `Times that the breaker parked it ${afterWarmup}`), ({ parks }) => parks],
  [integer("switches", `Model switches ${afterWarmup}`), ({ switches }) => switches],
  [real("health", "Health score at the end, 0 to 1"), ({ health }) => health],
]

const nodesTable = (result: RunResult): ExportTable => ({
  name: "nodes",
  columns: [scenario, replication, ...nodeTable.map(([own]) => own)],
  rows: function* () {
    const minor = 10 ** result.scale
    for (const { index, nodes } of result.replications)
      for (const node of nodes)
        yield [result.scenario, index, ...nodeTable.map(([, valueOf]) => valueOf(node, minor))]
  },
})
