#!/usr/bin/env node
/** The command line: every command, those of the simulator with their reports. */
import { Effect } from "effect"
import { commandsWith } from "./commands.ts"
import { version } from "./platform/package.ts"
import { runProgram } from "./platform/terminal/run-program.ts"

/** The figures of a run as a table: coloured and as wide as the terminal, where there is one. */
const tableStyle = () => {
  const isTerminal = process.stdout.isTTY === true
  // Terminals of unknown width call it 0.
  const width = isTerminal && process.stdout.columns > 0 ? process.stdout.columns : undefined
  return {
    // https://no-color.org: any value but the empty one.
    colour: isTerminal && (process.env["NO_COLOR"] ?? "") === "",
    ...(width === undefined ? {} : { width }),
  }
}

const sweepReports = Effect.promise(() => import("./reports/write-sweep-report.ts"))

/** The reports are drawn by large libraries, which are loaded once there is something to draw. */
const program = {
  fullName: "evenkeel",
  meaning: "Simulates, audits and runs the economics of GPU-inference marketplaces.",
  command: commandsWith({
    run: {
      summary: (result, shown) =>
        Effect.map(
          Effect.promise(() => import("./reports/summary-text.ts")),
          ({ summaryText }) => summaryText(result, shown, tableStyle()),
        ),
      write: (...given) =>
        Effect.flatMap(
          Effect.promise(() => import("./reports/write-report.ts")),
          ({ writeReport }) => writeReport(...given),
        ),
    },
    compare: {
      text: (result) =>
        Effect.map(
          Effect.promise(() => import("./reports/comparison/comparison-text.ts")),
          ({ comparisonText }) => comparisonText(result),
        ),
      write: (...given) =>
        Effect.flatMap(
          Effect.promise(() => import("./reports/comparison/write-comparison.ts")),
          ({ writeComparison }) => writeComparison(...given),
        ),
    },
    runs: (...given) =>
      Effect.flatMap(
        Effect.promise(() => import("./reports/runs/write-runs.ts")),
        ({ writeRuns }) => writeRuns(...given),
      ),
    claims: (...given) =>
      Effect.flatMap(
        Effect.promise(() => import("./reports/claims/write-claims.ts")),
        ({ writeClaims }) => writeClaims(...given),
      ),
    sweep: (...given) =>
      Effect.flatMap(sweepReports, ({ writeSweepReport }) => writeSweepReport(...given)),
    sensitivity: (...given) =>
      Effect.flatMap(sweepReports, ({ writeSensitivityReport }) =>
        writeSensitivityReport(...given),
      ),
  }),
}

runProgram(program, version)
