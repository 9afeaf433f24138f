/**
 * A sweep's results as files: `cells.csv`, a row for each cell with its factors and metrics, its codebook,
 * and `results.json`, the definition with the effects of each factor and an estimate for each point and
 * metric. They follow from the definition alone: not from who computed which cell, in which order, or
 * how long it took.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { meanInterval } from "../../statistics/inference/interval.ts"
import { csvChunks } from "./csv.ts"
import type { ExportError } from "./export.ts"
import { writeText } from "./export.ts"
import type { CellType, ExportColumn, ExportTable } from "./export-tables.ts"
import { codebook } from "./export-tables.ts"
import type { Contrast, MainEffects, MetricEffect } from "../models/main-effects.ts"
import { mainEffects } from "../models/main-effects.ts"
import type { SweepCell, SweepPoint, SweepResult } from "../models/sweep-model.ts"

/** Writes them into `folder`, replacing earlier ones. Gives their paths. O(values). */
export const exportSweep = (
  result: SweepResult,
  folder: string,
): Effect.Effect<ReadonlyArray<string>, ExportError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const cells = cellsTable(result)
    const table = yield* writeText(folder, "cells.csv", csvChunks(cells))
    const columns = yield* writeText(folder, "codebook.csv", csvChunks(codebook([cells])))
    const results = yield* writeText(folder, "results.json", [
      JSON.stringify(sweepDocument(result), null, 2),
      "\n",
    ])
    return [table, columns, results]
  })

/** A row for each cell: which it is, the factors, the metrics. */
const cellsTable = ({ factors, points, cells, metrics }: SweepResult): ExportTable => {
  const names = Object.keys(metrics)
  const isNumber = factors.map((_, at) =>
    points.every(({ values }) => typeof values[at] === "number"),
  )
  return {
    name: "cells",
    columns: [
      columnOf("cell", "integer", "Index of the cell: point · replications + replication"),
      columnOf("point", "integer", "Index of the point of the design"),
      columnOf("replication", "integer", "Index of the replication, from 0"),
      ...factors.map((name, at) =>
        columnOf(name, isNumber[at] ? "real" : "text", "Setting that varies"),
      ),
      columnOf("digest", "text", "Digest over all commands of the kernel"),
      columnOf("requests", "count", "Requests in the replication"),
      columnOf("events", "count", "Events of the simulation"),
      columnOf("warmup_seconds", "real", "Cut from the front before metrics are taken", "s"),
      ...names.map((name) => columnOf(name, "real", metrics[name].meaning, metrics[name].unit)),
    ],
    rows: function* () {
      for (const cell of cells)
        yield [
          cell.index,
          cell.point,
          cell.replication,
          ...points[cell.point].values.map((value, at) => (isNumber[at] ? value : String(value))),
          cell.digest,
          cell.requests,
          cell.events,
          cell.warmupSeconds,
          ...names.map((name) => cell.metrics[name] ?? null),
        ]
    },
  }
}

const columnOf = (name: string, type: CellType, meaning: string, unit = ""): ExportColumn => ({
  name,
  type,
  unit,
  meaning,
})

/** The definition, and for each point its factors and its metrics with 95% intervals. */
export const sweepDocument = (result: SweepResult) => ({
  ...result.definition,
  digest: sweepDigest(result),
  factors: result.factors,
  metrics: result.metrics,
  effects: mainEffects(result).map(effectsDocument),
  results: cellsByPoint(result).map(({ point, cells }) => ({
    point: point.index,
    values: Object.fromEntries(result.factors.map((path, at) => [path, point.values[at]])),
    metrics: Object.fromEntries(
      Object.keys(result.metrics).flatMap((name) => {
        const values = valuesOf(cells, name)
        return values.length === 0 ? [] : [[name, meanInterval(values)]]
      }),
    ),
  })),
})

/** What a factor moves, by which steps, and what it does not. */
const effectsDocument = ({ factor, levels, metrics }: MainEffects) => {
  const named = (asked: MetricEffect["effect"]) =>
    metrics.filter(({ effect }) => effect === asked).map(({ metric }) => metric)
  return {
    factor,
    levels,
    moves: Object.fromEntries(
      metrics
        .filter(({ effect }) => effect === "moves")
        .map(({ metric, steps, most }) => [
          metric,
          { most: changeDocument(most), steps: steps.map(changeDocument) },
        ]),
    ),
    negligible: named("negligible"),
    notShown: named("not shown"),
    identical: named("identical"),
  }
}

const changeDocument = ({ from, to, difference, halfWidth, pHolm, basis, verdict }: Contrast) => ({
  from,
  to,
  difference,
  halfWidth,
  pHolm,
  basis,
  verdict,
})

/** The metric's values in those of the cells that have it. */
export const valuesOf = (cells: ReadonlyArray<SweepCell>, metric: string): ReadonlyArray<number> =>
  cells.flatMap(({ metrics }) => (metric in metrics ? [metrics[metric]] : []))

/** The points with their cells; those without a finished cell are left out. */
export const cellsByPoint = ({
  points,
  cells,
}: SweepResult): ReadonlyArray<{
  readonly point: SweepPoint
  readonly cells: ReadonlyArray<SweepCell>
}> => {
  const own = new Map<number, Array<SweepCell>>()
  for (const cell of cells) {
    const list = own.get(cell.point)
    if (list === undefined) own.set(cell.point, [cell])
    else list.push(cell)
  }
  return points.flatMap((point) => {
    const list = own.get(point.index)
    return list === undefined ? [] : [{ point, cells: list }]
  })
}

/** One digest over all cells in their order, metrics included: 16 hexadecimal digits. */
export const sweepDigest = ({ cells }: SweepResult): string => {
  const hash = createHash("sha256")
  for (const { index, digest, warmupSeconds, metrics } of cells)
    hash.update(JSON.stringify([index, digest, warmupSeconds, metrics]))
  return hash.digest("hex").slice(0, 16)
}
