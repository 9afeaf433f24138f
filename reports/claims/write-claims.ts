/** Writes a claims audit as a page, and its pictures as files beside it. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import type { ClaimsReport } from "../../sim/results/models/claims-model.ts"
import { defaultPngOptions, renderPng, renderSvg, withFont } from "../render.ts"
import { writeFile } from "../write-file.ts"
import { allCharts } from "./claims-charts.ts"
import { claimsHtml } from "./claims-page.ts"

/** Returns the files that were written: the page first. */
export const writeClaims = (report: ClaimsReport, folder: string) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    yield* FileSystem.FileSystem
    const picture = yield* withFont(defaultPngOptions)
    const drawn = yield* Effect.forEach(
      allCharts(report),
      (chart) =>
        Effect.gen(function* () {
          const svg = yield* renderSvg(chart)
          const inPage = yield* renderSvg(chart, { mode: "page", width: 900 })
          const image = yield* renderPng(chart, svg, picture)
          const file = (extension: string) =>
            paths.join(folder, "charts", `${chart.id}.${extension}`)
          yield* writeFile(file("svg"), svg)
          yield* writeFile(file("png"), image)
          const { alternative } = chart
          return { id: chart.id, files: [file("svg"), file("png")], svg: inPage, alternative }
        }),
      { concurrency: 2 },
    )
    const pictures = new Map(
      drawn.map(({ id, svg, alternative }) => [id, { svg, alternative }] as const),
    )
    const page = paths.join(folder, "claims.html")
    yield* writeFile(page, claimsHtml(report, pictures))
    return [page, ...drawn.flatMap(({ files }) => files)]
  })
