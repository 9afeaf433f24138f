/** The results that lie in a folder and below it. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import type { KeptResults } from "../models/kept-results.ts"
import type { RunSummary } from "../models/run-model.ts"
import { readSummary } from "./store.ts"
import { readSweep } from "./sweep-store.ts"

/** So deep do results lie: a folder of runs, and one of such folders. */
const mostLevels = 3

export interface FoundResults {
  /** The newest first. */
  readonly results: ReadonlyArray<KeptResults>
  /** Why others could not be read, a sentence each. */
  readonly unreadable: ReadonlyArray<string>
}

export const findResults = (
  folder: string,
): Effect.Effect<FoundResults, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const folders = yield* foldersBelow(folder, mostLevels)
    const found = yield* Effect.forEach(folders, resultsIn)
    return {
      results: found
        .flatMap(({ results }) => results)
        .toSorted((a, b) => (b.finishedAt ?? "").localeCompare(a.finishedAt ?? "")),
      unreadable: found.flatMap(({ unreadable }) => unreadable),
    }
  })

/** The folder and those below it, by name; what lies in a comparison belongs to that. */
const foldersBelow = (
  folder: string,
  levels: number,
): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (levels === 0 || (yield* isThere(path.join(folder, "variant", "results.sqlite"))))
      return [folder]
    const names = yield* Effect.orElseSucceed(files.readDirectory(folder), () => [])
    const below = yield* Effect.forEach(names.toSorted(), (name) =>
      Effect.gen(function* () {
        const inside = path.join(folder, name)
        const type = yield* files.stat(inside).pipe(
          Effect.map((information) => information.type),
          Effect.orElseSucceed(() => "Unknown" as const),
        )
        return type === "Directory" ? yield* foldersBelow(inside, levels - 1) : []
      }),
    )
    return [folder, ...below.flat()]
  })

const isThere = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) =>
    Effect.orElseSucceed(files.exists(path), () => false),
  )

const resultsIn = (folder: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const nothing: FoundResults = { results: [], unreadable: [] }
    const page = path.join(folder, "report.html")
    const pageThere = (yield* isThere(page)) ? page : null
    const variant = path.join(folder, "variant", "results.sqlite")
    const run = path.join(folder, "results.sqlite")
    const sweep = path.join(folder, "sweep.sqlite")
    const asResults = <A>(
      read: Effect.Effect<A, { readonly message: string }, FileSystem.FileSystem | Path.Path>,
      keptOf: (read: A) => KeptResults,
    ) =>
      read.pipe(
        Effect.map((one): FoundResults => ({ results: [keptOf(one)], unreadable: [] })),
        Effect.catchAll(({ message }) => Effect.succeed({ results: [], unreadable: [message] })),
      )
    if (yield* isThere(variant))
      return yield* asResults(readSummary(variant), (one) =>
        keptRun(folder, "comparison", one, pageThere),
      )
    if (yield* isThere(run))
      return yield* asResults(readSummary(run), (one) => keptRun(folder, "run", one, pageThere))
    if (yield* isThere(sweep))
      return yield* asResults(readSweep(sweep), ({ result: { definition } }) => ({
        folder,
        kind: "sweep",
        scenario: definition.scenario,
        title: definition.title,
        settings: [...definition.both, ...definition.vary],
        seed: definition.seed,
        replications: definition.points * definition.replications,
        finishedAt: null,
        command: definition.command,
        digest: null,
        page: pageThere,
        creditUsd: null,
        metrics: {},
      }))
    return nothing
  })

const keptRun = (
  folder: string,
  kind: "run" | "comparison",
  run: RunSummary,
  page: string | null,
): KeptResults => ({
  folder,
  kind,
  scenario: run.scenario,
  title: run.title,
  settings: settingsIn(run.command),
  seed: run.seed,
  replications: run.replicationsAsked,
  finishedAt: run.finishedAt,
  command: run.command,
  digest: run.digest,
  page,
  creditUsd: run.creditUsd,
  metrics: run.metrics,
})

/** The settings that a command gives: `--set path=value`, quoted for a shell where it must be. */
const settingsIn = (command: string): ReadonlyArray<string> =>
  [...command.matchAll(/ --(?:set|both) (?:'([^']*)'|(\S+))/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  )
