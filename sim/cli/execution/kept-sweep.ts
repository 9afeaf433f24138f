/**
 * A sweep whose finished cells are kept whatever ends it, and that goes on where it was stopped.
 */
import { FileSystem, Path } from "@effect/platform"
import { Effect } from "effect"
import { layerThreads } from "../../experiment/replicators.ts"
import type { Shard, SweepResult } from "../../results/models/sweep-model.ts"
import { cellsOf } from "../../results/models/sweep-model.ts"
import { openSweep } from "../../results/store/sweep-store.ts"
import type { PreparedSweep } from "../../sweep/prepare.ts"
import { runCells } from "../../sweep/run-cells.ts"
import { note, printable } from "../../../platform/terminal/output.ts"
import { makeProgress } from "./progress.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"

/** The file in a sweep's folder that holds its cells. */
export const sweepDatabase = "sweep.sqlite"

/** Runs what is missing of the shard in the folder. Gives all that is there then. */
export const keptSweep = (
  sweep: PreparedSweep,
  folder: string,
  shard: Shard,
  workers: number,
): Effect.Effect<
  SweepResult,
  | UsageError
  | Effect.Effect.Error<ReturnType<typeof openSweep>>
  | Effect.Effect.Error<ReturnType<typeof runCells>>,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const { definition, points } = sweep
      yield* files.makeDirectory(folder, { recursive: true }).pipe(
        Effect.mapError(
          () =>
            new UsageError({
              argument: `--out ${folder}`,
              allowed: "cannot be made; name a folder that can be written to",
            }),
        ),
      )
      const store = yield* openSweep(path.join(folder, sweepDatabase), definition, points, shard)
      const total = cellsOf(definition, shard)
      const before = store.present.size
      if (before > 0 && before < total)
        yield* note(`${before} of ${total} cells are there already; going on with the others.`)
      if (before < total) {
        const progress = yield* makeProgress(total, process.stderr, {
          noun: "cells",
          from: before / total,
        })
        let kept = before
        const onProgress = (share: number, finished: number) => {
          kept = finished
          return progress.update(share, finished)
        }
        yield* runCells(sweep, store, shard, onProgress).pipe(
          Effect.provide(layerThreads(Math.min(workers, total - before))),
          Effect.ensuring(progress.end),
          Effect.onError(() =>
            note(
              `Stopped. ${kept} of ${total} cells are finished and kept in ${printable(folder)}; the same command goes on with the others.`,
            ),
          ),
        )
      }
      return yield* store.read
    }),
  )
