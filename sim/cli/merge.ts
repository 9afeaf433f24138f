/** `evenkeel merge`: the shards of a sweep as one. */
import { FileSystem, Path } from "@effect/platform"
import { Effect } from "effect"
import { differencesOf } from "../results/store/sweep-difference.ts"
import type { StoredSweep } from "../results/store/sweep-store.ts"
import {
  missingCells,
  openSweep,
  readSweep,
  shardText,
  SweepDiffers,
} from "../results/store/sweep-store.ts"
import type { SweepCell, SweepResult } from "../results/models/sweep-model.ts"
import { wholeSweep } from "../results/models/sweep-model.ts"
import { sweepDatabase } from "./execution/kept-sweep.ts"
import { jsonOption } from "../../platform/terminal/output.ts"
import type { WriteSweepReport } from "./sweep.ts"
import { finishSweep } from "./sweep.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const outArgument = Parameter.argument("out", "The folder that the whole goes to.")
const shardsArgument = Parameter.several(
  Parameter.argument("shard", "The folders of the shards, in any order."),
)

export const makeMergeCommand = <E, R>(write: WriteSweepReport<E, R>) =>
  Command.make({
    parameters: { out: outArgument, shards: shardsArgument, json: jsonOption },
    run: ({ out, shards, json }) =>
      Effect.gen(function* () {
        const path = yield* Path.Path
        const files = yield* FileSystem.FileSystem
        const stored = yield* Effect.forEach(shards, (folder) =>
          Effect.map(readSweep(path.join(folder, sweepDatabase)), (one) => ({ folder, ...one })),
        )
        const whole = yield* joined(stored)
        yield* files
          .makeDirectory(out, { recursive: true })
          .pipe(
            Effect.mapError(
              () => new UsageError({ argument: out, allowed: "cannot be made or written to" }),
            ),
          )
        const result = yield* Effect.scoped(
          Effect.gen(function* () {
            const { definition, points, metrics } = whole
            const database = path.join(out, sweepDatabase)
            const store = yield* openSweep(database, definition, points, wholeSweep)
            const missing = whole.cells.filter(({ index }) => !store.present.has(index))
            yield* store.add(missing, metrics)
            const all = yield* store.read
            yield* refuseOther({ folder: out, cells: all.cells }, whole.cells)
            return all
          }),
        )
        yield* finishSweep(result, out, json, write)
      }),
  })

interface Shard extends StoredSweep {
  readonly folder: string
}

/** The cells of all shards, once each; fails where they are not the parts of one whole. */
const joined = (shards: ReadonlyArray<Shard>) =>
  Effect.gen(function* () {
    const [first, ...others] = shards
    for (const { folder, result } of others) {
      const differences = differencesOf(first.result.definition, result.definition)
      if (differences.length > 0)
        return yield* new SweepDiffers({
          path: folder,
          differences: differences.map((line) =>
            line.replace(/ there, /, ` in ${first.folder}, `).replace(/ now$/, " in it"),
          ),
          advice: "Only shards of one sweep can be merged.",
        })
    }
    const cells = new Map<number, SweepCell>()
    for (const { folder, result } of shards) {
      yield* refuseOther({ folder, cells: result.cells }, [...cells.values()])
      for (const cell of result.cells) cells.set(cell.index, cell)
    }
    const ordered = [...cells.values()].toSorted((a, b) => a.index - b.index)
    const names = new Set(ordered.flatMap(({ metrics }) => Object.keys(metrics)))
    const facts = Object.assign({}, ...shards.map(({ result }) => result.metrics))
    const whole: SweepResult = {
      ...first.result,
      cells: ordered,
      metrics: Object.fromEntries([...names].map((name) => [name, facts[name]])),
    }
    const missing = missingCells(whole, wholeSweep)
    if (missing.length > 0) return yield* incomplete(whole, shards, missing)
    return whole
  })

/** Cells of two folders under one index must be the same to the last digit. */
const refuseOther = (
  { folder, cells }: { readonly folder: string; readonly cells: ReadonlyArray<SweepCell> },
  others: ReadonlyArray<SweepCell>,
): Effect.Effect<void, UsageError> => {
  const known = new Map(others.map((cell) => [cell.index, JSON.stringify(cell)]))
  const differing = cells.find((cell) => {
    const other = known.get(cell.index)
    return other !== undefined && other !== JSON.stringify(cell)
  })
  return differing === undefined
    ? Effect.void
    : new UsageError({
        argument: folder,
        allowed: `cell ${differing.index} (point ${differing.point}, replication ${differing.replication}) is also in another folder, with other results: one of the two was changed or damaged. Run that shard again in a new folder`,
      })
}

const incomplete = (
  whole: SweepResult,
  shards: ReadonlyArray<Shard>,
  missing: ReadonlyArray<number>,
) => {
  const unfinished = shards.flatMap(({ folder, result, shard }) => {
    const left = missingCells(result, shard).length
    return left === 0 ? [] : [`${folder} (shard ${shardText(shard)}) lacks ${left} cells`]
  })
  const counts = [...new Set(shards.map(({ shard }) => shard.count))]
  const absent =
    counts.length === 1
      ? Array.from({ length: counts[0] }, (_, at) => at + 1)
          .filter((index) => shards.every(({ shard }) => shard.index !== index))
          .map((index) => `shard ${index}/${counts[0]} is not among them`)
      : []
  const { points, replications, command } = whole.definition
  const lines = [...unfinished, ...absent].map((line) => `\n  ${line}`).join("")
  return new UsageError({
    argument: shards.map(({ folder }) => folder).join(" "),
    allowed: `${missing.length} of ${points * replications} cells are missing:${lines}\nRun what is missing with ${command} --shard I/N --out FOLDER, and merge again.`,
  })
}
