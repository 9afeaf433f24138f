/**
 * The columns of the tables of runs and nodes, in the file and in the exports: one for each field of
 * the Schema, in its order and under its name in snake case, as SQL, pandas and R write it. So the
 * Schema stays the only list of them.
 */
import { MetricFacts } from "./metric-facts.ts"
import type { Estimate } from "./run-model.ts"
import { NodeOutcome, RunResult } from "./run-model.ts"

export interface Column<Field extends string> {
  readonly field: Field
  readonly column: string
}

const columnsOf = <Field extends string>(
  fields: ReadonlyArray<Field>,
): ReadonlyArray<Column<Field>> =>
  fields.map((field) => ({
    field,
    column: field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
  }))

/** The fields of a run that are one value; the others have tables of their own. */
const {
  metrics: _metrics,
  checks: _checks,
  replications: _replications,
  ...runScalars
} = RunResult.fields

export const runColumns = columnsOf(
  Object.keys(runScalars) as ReadonlyArray<string> as ReadonlyArray<keyof typeof runScalars>,
)

export const nodeColumns = columnsOf(
  Object.keys(NodeOutcome.fields) as ReadonlyArray<string> as ReadonlyArray<keyof NodeOutcome>,
)

/** Words of SQL cannot be columns. */
const factColumns: Partial<Record<keyof MetricFacts, string>> = {
  group: "metric_group",
  window: "metric_window",
}

/** What a metric is. */
export const factsColumns = columnsOf(
  Object.keys(MetricFacts.fields) as ReadonlyArray<string> as ReadonlyArray<keyof MetricFacts>,
).map(({ field, column }) => ({ field, column: factColumns[field] ?? column }))

export interface EstimateColumn {
  readonly column: string
  readonly valueOf: (estimate: Estimate) => string | number | boolean | null
}

/** An estimate: its figures, then what it is an estimate of. */
export const estimateColumns: ReadonlyArray<EstimateColumn> = [
  { column: "mean", valueOf: ({ mean }) => mean },
  { column: "low", valueOf: ({ low }) => low },
  { column: "high", valueOf: ({ high }) => high },
  { column: "half_width", valueOf: ({ halfWidth }) => halfWidth },
  { column: "n", valueOf: ({ n }) => n },
  { column: "basis", valueOf: ({ basis }) => basis },
  { column: "trend_difference", valueOf: ({ trend }) => trend?.difference ?? null },
  { column: "trend_half_width", valueOf: ({ trend }) => trend?.halfWidth ?? null },
  ...factsColumns.map(({ field, column }) => ({
    column,
    valueOf: (estimate: Estimate) => estimate[field],
  })),
]
