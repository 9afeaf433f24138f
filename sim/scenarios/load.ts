/**
 * Scenarios by name or from a file. A built-in scenario is a YAML file beside this one; a file of the
 * user's own may extend it, or another file.
 */
import { causeText } from "../../platform/cause.ts"
import { FileSystem, Path } from "@effect/platform"
import { Effect, Either } from "effect"
import { createRequire } from "node:module"
import { LineCounter, parseDocument } from "yaml"
import type { Tree } from "../../engine/index.ts"
import { isTree } from "../../engine/index.ts"
import { assign, withEconomyGroup } from "../settings/assign.ts"
import { overlay, resolve } from "./resolve.ts"
import { ScenarioInvalid } from "../settings/scenario-error.ts"
import type { Scenario } from "./schema.ts"

/** The scenarios that Evenkeel ships. `base` is what all of them extend. */
export const builtInScenarios = [
  "quickstart",
  "trace",
  "newcomer",
  "bounty-rush",
  "flapping",
  "audit",
  "strategies",
  "host-prices",
  "day-and-night",
  "strategies-of-price",
  "unreliable",
  "disputes",
  "contracts",
  "reserved",
  "swarm-pricing",
  "batch-nights",
  "service-classes",
] as const

// The YAML files are not compiled: they are found from the package's own name, wherever this is run.
const packageRequire = createRequire(import.meta.url)
const builtInPath = (name: string): string =>
  packageRequire.resolve(`evenkeel/scenarios/${name}.yaml`)

const invalid = (source: string, message: string, path = "") =>
  new ScenarioInvalid({ source, issues: [{ path, message }] })

/** Largest scenario file that is read, bytes. */
const maxBytes = 1_000_000

const readTree = (
  file: string,
  source: string,
  absent = `no such file, and no built-in scenario of that name; there are ${builtInScenarios.join(", ")}`,
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const info = yield* fs.stat(file).pipe(Effect.mapError(() => invalid(source, absent)))
    if (info.type !== "File") return yield* invalid(source, "is not a file")
    if (Number(info.size) > maxBytes)
      return yield* invalid(source, `is larger than ${maxBytes} bytes: is it a scenario at all?`)
    const text = yield* fs
      .readFileString(file)
      .pipe(Effect.mapError(() => invalid(source, "cannot be read")))
    return yield* parseTree(text, source)
  })

const parseTree = (text: string, source: string): Either.Either<Tree, ScenarioInvalid> => {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  })
  // What the parser only warns of, such as a tag that it does not know, it leaves out.
  const error = document.errors[0] ?? document.warnings[0]
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    const problem =
      error.code === "MULTIPLE_DOCS" ? "a second document begins; one is expected" : error.message
    return Either.left(invalid(source, `line ${line}, column ${col}: ${problem}`))
  }
  let tree: unknown
  try {
    tree = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    // An alias without an anchor, or aliases of aliases that would grow without bound.
    return Either.left(invalid(source, causeText(cause)))
  }
  if (!isTree(tree))
    return Either.left(invalid(source, "expected settings, one `name: value` a line"))
  return Either.right(withEconomyGroup(tree))
}

const isBuiltIn = (name: string): boolean =>
  name === "base" || builtInScenarios.some((builtIn) => builtIn === name)

/**
 * The tree with each path among its `fleet.profiles` replaced by the file's contents. Paths are those
 * of `folder`: of the file that names them, or of where Evenkeel runs.
 */
const withProfiles = (tree: Tree, folder: string) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const { fleet } = tree
    if (!isTree(fleet) || !Array.isArray(fleet["profiles"])) return tree
    const entries: ReadonlyArray<unknown> = fleet["profiles"]
    const profiles = yield* Effect.forEach(entries, (entry, index) =>
      typeof entry === "string"
        ? readTree(
            paths.resolve(folder, entry),
            `${entry} (fleet.profiles.${index})`,
            "no such file",
          )
        : Effect.succeed(entry),
    )
    return { ...tree, fleet: { ...fleet, profiles } }
  })

/** A scenario's tree with everything that it extends below it. */
const readWhole = (
  name: string,
  from: string,
  seen: ReadonlyArray<string>,
): Effect.Effect<Tree, ScenarioInvalid, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const file = isBuiltIn(name) ? builtInPath(name) : path.resolve(from, name)
    if (seen.includes(file))
      return yield* invalid(name, `extends itself: ${[...seen, file].join(" → ")}`, "extends")
    const child = seen[seen.length - 1]
    const source = child === undefined ? name : `${name}, which ${child} extends,`
    const { extends: parent = "base", ...written } = yield* readTree(file, source)
    if (name === "base") return written
    const own = yield* withProfiles(written, path.dirname(file))
    if (typeof parent !== "string")
      return yield* invalid(name, "expected a scenario's name or a file's path", "extends")
    const below = yield* readWhole(parent, path.dirname(file), [...seen, file])
    return overlayTrees(below, own)
  })

const overlayTrees = (below: Tree, own: Tree): Tree => overlay(below, own) as Tree

/**
 * The scenario of that name or file, with `--set` assignments on top. Fails with every place that is
 * wrong.
 */
export const loadScenario = (name: string, assignments: ReadonlyArray<string>) =>
  Effect.flatMap(readScenario(name), (tree) => scenarioOf(tree, name, assignments))

/** What is written of the scenario of that name or file, with all that it extends. */
export const readScenario = (name: string) => readWhole(name, ".", [])

/** The scenario that was read, with assignments on top. */
export const scenarioOf = (
  written: Tree,
  name: string,
  assignments: ReadonlyArray<string>,
): Effect.Effect<Scenario, ScenarioInvalid, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    yield* refuseUndone(assignments)
    let tree = written
    for (const text of assignments) tree = yield* assign(tree, text)
    tree = yield* withProfiles(tree, ".")
    const source = assignments.length === 0 ? name : `${name} with --set`
    const cycle = cycleIn(tree)
    if (cycle !== undefined)
      return yield* invalid(
        source,
        "is part of itself: an alias (*) names what it stands in",
        cycle,
      )
    return yield* resolve(tree, source)
  })

/** A group that replaces what was set in it before would take the earlier setting back silently. */
const refuseUndone = (assignments: ReadonlyArray<string>): Either.Either<void, ScenarioInvalid> => {
  const pathOf = (text: string): string => text.split("=")[0].trim()
  for (const [index, text] of assignments.entries()) {
    const earlier = assignments
      .slice(0, index)
      .find((one) => pathOf(one).startsWith(`${pathOf(text)}.`))
    if (earlier !== undefined)
      return Either.left(
        invalid(
          `--set ${text}`,
          `would undo --set ${earlier} before it; give them the other way round`,
        ),
      )
  }
  return Either.void
}

/** The dotted path of a setting that holds itself, which YAML's aliases allow. O(settings). */
const cycleIn = (tree: Tree): string | undefined => {
  const above = new Set<unknown>()
  const done = new Set<unknown>()
  const search = (place: unknown, path: ReadonlyArray<string>): string | undefined => {
    if (typeof place !== "object" || place === null || done.has(place)) return undefined
    if (above.has(place)) return path.join(".")
    above.add(place)
    for (const [key, value] of Object.entries(place)) {
      const found = search(value, [...path, key])
      if (found !== undefined) return found
    }
    above.delete(place)
    done.add(place)
    return undefined
  }
  return search(tree, [])
}
