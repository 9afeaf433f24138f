/** Writes a comparison as a page, its pictures, and its figures as JSON. */
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import type { ComparisonResult } from "../../sim/results/models/comparison-model.ts"
import type { Chart } from "../chart.ts"
import { isMissing } from "../chart.ts"
import { writeFile } from "../write-file.ts"
import { writePage } from "../write-report.ts"
import { comparisonCharts } from "./comparison-charts.ts"
import { comparisonHtml } from "./comparison-page.ts"

/** Returns the files that were written: the page first. */
export const writeComparison = (result: ComparisonResult, folder: string) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const { differs, courses } = comparisonCharts(result)
    const charts = [differs, ...courses].filter((chart): chart is Chart => !isMissing(chart))
    const pages = yield* writePage((libraries) => comparisonHtml(result, libraries), charts, folder)
    const figures = paths.join(folder, "comparison.json")
    const { baselineName, variantName, command, comparison } = result
    yield* writeFile(
      figures,
      `${JSON.stringify({ baseline: baselineName, variant: variantName, command, ...comparison }, null, 2)}\n`,
    )
    return [...pages, figures]
  })
