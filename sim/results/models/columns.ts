/**
 * The columns of the tables of runs and nodes, in the file and in the exports: one for each field of
 * the Schema, in its order and under its name in snake case, as SQL, pandas and R write it. So the
 * Schema stays the only list of them.
 */
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
