/**
 * A report on disk: `report.html`, and each chart as `charts/<id>.svg` and `charts/<id>.png`.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import { createRequire } from "node:module"
import type { RunResult } from "../sim/results/models/run-model.ts"
import { isMissing } from "./chart.ts"
import type { Chart } from "./chart.ts"
import { chartSections } from "./charts/index.ts"
import { reportHtml } from "./run-page.ts"
import type { PageLibraries } from "./page.ts"
import { defaultPngOptions, renderPng, renderSvg, withFont } from "./render.ts"
import type { PngOptions, RenderError } from "./render.ts"
import type { ReportError } from "./write-file.ts"
import { unwritten, writeFile } from "./write-file.ts"

export interface ReportFiles {
  /** Paths written: the page first, then the pictures in the report's order. */
  readonly files: ReadonlyArray<string>
  /** What a user should be told: charts left out, and why. */
  readonly notices: ReadonlyArray<string>
}

/**
 * Writes the report of `result` into `folder`, which is made as needed, replacing what an earlier
 * report left there. Drawing takes some 0.1 s a chart; pictures are made on other threads meanwhile.
 * On a machine without fonts the pictures are drawn with one that comes with Evenkeel.
 */
export const writeReport = (
  result: RunResult,
  folder: string,
  png: PngOptions = defaultPngOptions,
): Effect.Effect<ReportFiles, ReportError | RenderError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const sections = chartSections(result)
    const all = sections.flatMap(({ charts }) => charts)
    const charts = all.filter((chart): chart is Chart => !isMissing(chart))
    const leftOut = all
      .filter(isMissing)
      .map(({ name, reason }) => `Chart left out: ${name}. ${reason}`)
    const html = (libraries: PageLibraries) => reportHtml(result, sections, libraries)
    return { files: yield* writePage(html, charts, folder, png), notices: leftOut }
  })

/** Writes `report.html`, and each chart as a picture. Gives the paths, the page first. */
export const writePage = (
  html: (libraries: PageLibraries) => string,
  charts: ReadonlyArray<Chart>,
  folder: string,
  png: PngOptions = defaultPngOptions,
): Effect.Effect<
  ReadonlyArray<string>,
  ReportError | RenderError,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const picture = yield* withFont(png)

    const writePicture = (name: string, content: string | Uint8Array) => {
      const path = paths.join(folder, "charts", name)
      return Effect.as(writeFile(path, content), path)
    }
    const page = paths.join(folder, "report.html")
    yield* writeFile(page, html(yield* readLibraries))
    const pictures = yield* Effect.forEach(
      charts,
      (chart) =>
        Effect.gen(function* () {
          const svg = yield* renderSvg(chart)
          const image = yield* renderPng(chart, svg, picture)
          return [
            yield* writePicture(`${chart.id}.svg`, svg),
            yield* writePicture(`${chart.id}.png`, image),
          ]
        }),
      { concurrency: 4 },
    )
    return [page, ...pictures.flat()]
  })

// The packages export their modules only; the builds for browsers lie in the same folders.
const packageRequire = createRequire(import.meta.url)

const readLibraries: Effect.Effect<PageLibraries, ReportError, FileSystem.FileSystem | Path.Path> =
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const readBeside = (entry: string, name: string) => {
      const path = paths.join(paths.dirname(entry), name)
      return Effect.mapError(files.readFileString(path), (error) => unwritten(path, error.message))
    }
    const [vega, vegaLite, vegaEmbed] = yield* Effect.all(
      [
        readBeside(packageRequire.resolve("vega"), "vega.min.js"),
        readBeside(packageRequire.resolve("vega-lite"), "vega-lite.min.js"),
        readBeside(packageRequire.resolve("vega-embed"), "vega-embed.min.js"),
      ],
      { concurrency: 3 },
    )
    return { vega, vegaLite, vegaEmbed }
  })
