/**
 * Files that are either the old or the whole new one, whenever their writer is killed: written under
 * another name in the same folder, then renamed into place.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"

/**
 * Puts at `target` what `write` leaves at the path it is given; makes the folders on the way.
 * A writer that fails or is interrupted leaves no trace; one that is killed leaves a folder
 * `.evenkeel-…` beside the target, which may be deleted.
 */
export const replaceFile = <E, R>(
  target: string,
  write: (path: string) => Effect.Effect<void, E, R>,
): Effect.Effect<void, E | PlatformError, R | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.dirname(target)
    yield* files.makeDirectory(folder, { recursive: true })
    const workshop = yield* files.makeTempDirectoryScoped({
      directory: folder,
      prefix: ".evenkeel-",
    })
    const unfinished = paths.join(workshop, paths.basename(target))
    yield* write(unfinished)
    yield* files.rename(unfinished, target)
    yield* syncFolder(files, folder)
  }).pipe(Effect.scoped)

/** Makes the rename survive a power cut, where the file system offers that for folders. */
const syncFolder = (files: FileSystem.FileSystem, folder: string): Effect.Effect<void> =>
  Effect.scoped(Effect.flatMap(files.open(folder, { flag: "r" }), (file) => file.sync)).pipe(
    Effect.ignore,
  )
