/** The command that gives the results in a folder again: there, and on the metrics that were asked for. */
import { quoteForShell } from "../../../platform/terminal/shell.ts"
import type { SweepDefinition } from "./sweep-model.ts"

export const sweepCommand = (
  { command }: SweepDefinition,
  folder: string,
  metrics: ReadonlyArray<string> = [],
): string =>
  [
    command,
    ...metrics.map((name) => `--metric ${quoteForShell(name)}`),
    // A folder whose name begins like an option is named by its parent.
    `--out ${quoteForShell(folder.replace(/^-/, "./-"))}`,
  ].join(" ")
