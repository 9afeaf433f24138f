/**
 * The configuration of a gateway from its YAML file and the environment. What is wrong is named by
 * its place, with what is allowed; a setting that nobody knows is an error, not a silence.
 */
import { causeText } from "../../platform/cause.ts"
import { FileSystem } from "@effect/platform"
import { Data, Effect, Either, ParseResult, Schema } from "effect"
import { parse } from "yaml"
import { overlay, settingsIn } from "../../engine/index.ts"
import { LiveConfig } from "./config.ts"
import type { JsonObject } from "../../platform/json/json-object.ts"
import { isObject } from "../../platform/json/json-object.ts"

export class ConfigInvalid extends Data.TaggedError("ConfigInvalid")<{
  readonly source: string
  readonly issues: ReadonlyArray<string>
}> {
  override get message(): string {
    return [`${this.source}:`, ...this.issues.map((issue) => `  ${issue}`)].join("\n")
  }
}

export interface Setting {
  /** Such as `timeouts.firstTokenSeconds`. */
  readonly path: string
  /** Such as `EVENKEEL_TIMEOUTS_FIRST_TOKEN_SECONDS`. */
  readonly variable: string
  readonly default: unknown
  readonly meaning: string
}

const variableOf = (path: ReadonlyArray<string>): string =>
  ["EVENKEEL", ...path.map((name) => name.replace(/[A-Z]/g, "_$&").toUpperCase())].join("_")

/** Every setting, in the order of the schema. */
export const settings = (): ReadonlyArray<Setting> =>
  settingsIn(LiveConfig)
    // What stands in a list is set with the list.
    .filter(({ path }) => !path.includes("[]"))
    .map(({ path, default: value, meaning, unit }) => ({
      path,
      variable: variableOf(path.split(".")),
      default: value,
      meaning: unit === "" ? meaning : `${meaning}, ${unit}`,
    }))

/** Settings of the environment as a tree; values are read as YAML: `10`, `true`, `["10.0.0.0/8"]`. */
const treeOf = (
  environment: Readonly<Record<string, string | undefined>>,
): Either.Either<JsonObject, ConfigInvalid> => {
  const tree: Record<string, unknown> = {}
  for (const { path, variable } of settings()) {
    const text = environment[variable]
    if (text === undefined || text === "") continue
    let value: unknown
    try {
      value = parse(text)
    } catch {
      return Either.left(
        new ConfigInvalid({ source: variable, issues: [`${text}: expected a value as in YAML`] }),
      )
    }
    const names = path.split(".")
    const last = names.pop() ?? path
    let group = tree
    for (const name of names) group = (group[name] ??= {}) as Record<string, unknown>
    group[last] = value
  }
  return Either.right(tree)
}

const decode = Schema.decodeUnknownEither(LiveConfig, { errors: "all", onExcessProperty: "error" })

/** The configuration that a tree of settings stands for. */
export const configFrom = (
  source: string,
  tree: unknown,
): Either.Either<LiveConfig, ConfigInvalid> =>
  Either.mapLeft(
    decode(tree),
    (error) =>
      new ConfigInvalid({
        source,
        issues: ParseResult.ArrayFormatter.formatErrorSync(error).map(({ _tag, path, message }) =>
          _tag === "Unexpected"
            ? `${path.join(".")}: no such setting; \`evenkeel serve --settings\` lists them`
            : `${path.join(".") || "the file"}: ${message}`,
        ),
      }),
  )

/** Reads `file`, where one is given, and the environment, which wins over it. */
export const loadConfig = (
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Effect.Effect<LiveConfig, ConfigInvalid, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const below = file === undefined ? {} : yield* readFile(file)
    const above = yield* treeOf(environment)
    const source = file ?? "settings from the environment"
    return yield* configFrom(source, overlay(below, above))
  })

const readFile = (file: string): Effect.Effect<JsonObject, ConfigInvalid, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const invalid = (issue: string) => new ConfigInvalid({ source: file, issues: [issue] })
    const text = yield* files
      .readFileString(file)
      .pipe(Effect.mapError(() => invalid("no such file, or it cannot be read")))
    const tree = yield* Effect.try({
      try: () => parse(text) as unknown,
      catch: (cause) => invalid(causeText(cause)),
    })
    if (tree === null) return {}
    return isObject(tree) ? tree : yield* invalid("expected settings, one `name: value` a line")
  })
