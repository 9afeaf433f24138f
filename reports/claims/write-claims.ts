/** Writes a claims audit as a page, and its pictures as files beside it. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import type { ClaimsReport } from "../../sim/results/models/claims-model.ts"
import { defaultPngOptions, renderPng, renderSvg, withFont } from "../render.ts"
import { writeFile } from "../write-file.ts"
import { allCharts } from "./claims-charts.ts"
import { claimsHtml } from "./claims-page.ts"

/** Pixels of a picture in the page: beside a desk, and on a phone. */
const pageWidth = 900
const phoneWidth = 350

/** Returns the files that were written: the page first. */
export const writeClaims = (report: ClaimsReport, folder: string) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    yield* FileSystem.FileSystem
    const picture = yield* withFont(defaultPngOptions)
    const drawn = yield* Effect.forEach(
      allCharts(report),
      ({ chart, finding }) =>
        Effect.gen(function* () {
          const svg = yield* renderSvg(chart)
          // The page says the chart's sentences itself, in its own letters and as wide as it is.
          const bare = { ...chart, title: "", notes: [] }
          const wide = yield* renderSvg(bare, { mode: "page", width: pageWidth })
          const narrow = yield* renderSvg(bare, { mode: "page", width: phoneWidth })
          const image = yield* renderPng(chart, svg, picture)
          const file = (extension: string) =>
            paths.join(folder, "charts", `${chart.id}.${extension}`)
          yield* writeFile(file("svg"), svg)
          yield* writeFile(file("png"), image)
          const { id, alternative, notes } = chart
          const files = [file("svg"), file("png")]
          return { files, id, picture: { wide, narrow, finding, notes, alternative } }
        }),
      { concurrency: 2 },
    )
    const pictures = new Map(drawn.map(({ id, picture: one }) => [id, one] as const))
    const page = paths.join(folder, "claims.html")
    yield* writeFile(page, claimsHtml(report, pictures))
    return [page, ...drawn.flatMap(({ files }) => files)]
  })
