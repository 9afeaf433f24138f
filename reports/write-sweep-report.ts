/** The report of a sweep, or of a sensitivity analysis, on disk: a page, and each chart as a picture. */
import { Effect } from "effect"
import type { Sensitivity } from "../sim/results/models/sensitivity-model.ts"
import { sweepCommand } from "../sim/results/models/sweep-command.ts"
import type { SweepResult } from "../sim/results/models/sweep-model.ts"
import type { PngOptions } from "./render.ts"
import { sensitivityChart } from "./sweep/sensitivity-chart.ts"
import { sweepCharts } from "./sweep/sweep-charts.ts"
import { sensitivityHtml, sweepHtml } from "./sweep/sweep-page.ts"
import { writePage } from "./write-report.ts"

/** Writes the report of a sweep into its folder, replacing an earlier one. */
export const writeSweepReport = (result: SweepResult, folder: string, png?: PngOptions) => {
  const charts = sweepCharts(result)
  const notices =
    charts.length === 0 ? ["No metric responds to what varies: there is no chart to draw."] : []
  const command = sweepCommand(result.definition, folder)
  return Effect.map(
    writePage((libraries) => sweepHtml(result, command, charts, libraries), charts, folder, png),
    (files) => ({ files, notices }),
  )
}

/** Writes the report of a sensitivity analysis into its folder, replacing an earlier one. */
export const writeSensitivityReport = (
  sensitivity: Sensitivity,
  folder: string,
  png?: PngOptions,
) => {
  const charts = Object.entries(sensitivity.metrics).map(([metric, one]) =>
    sensitivityChart(metric, one, sensitivity.definition.size),
  )
  const { definition, metrics } = sensitivity
  const command = sweepCommand(definition, folder, Object.keys(metrics))
  return Effect.map(
    writePage(
      (libraries) => sensitivityHtml(sensitivity, command, charts, libraries),
      charts,
      folder,
      png,
    ),
    (files) => ({ files }),
  )
}
