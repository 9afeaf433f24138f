/**
 * From what was written to what is run: a scenario's tree laid over the one that it extends, its
 * economy derived from a preset, and the whole checked against the schema.
 */
import type { SchemaAST } from "effect"
import { Either, ParseResult, Schema } from "effect"
import { deriveEconomy, economies, entryIn, groupIn, isTree, overlay } from "../../engine/index.ts"
import type { Tree } from "../../engine/index.ts"
import { Scenario } from "./schema.ts"
import { checkTogether } from "./check-together.ts"
import { ScenarioInvalid } from "../settings/scenario-error.ts"

export { overlay }

/**
 * `economy` is a preset's name, or knobs laid over the preset that `extends` names (`pooled` where it
 * names none).
 */
const resolveEconomy = (written: unknown, source: string) => {
  const patch = isTree(written) ? written : { extends: written }
  const { extends: name = "pooled", ...knobs } = patch
  const preset =
    typeof name === "string" && Object.hasOwn(economies, name) ? economies[name] : undefined
  if (preset === undefined)
    return Either.left(
      new ScenarioInvalid({
        source,
        issues: [
          {
            path: "economy",
            message: `no economy is called ${JSON.stringify(name)}; there are ${Object.keys(economies).join(", ")}`,
          },
        ],
      }),
    )
  return deriveEconomy(preset, knobs).pipe(
    Either.mapLeft(({ issues }) => new ScenarioInvalid({ source, issues })),
  )
}

const decode = Schema.decodeUnknownEither(Scenario, { errors: "all", onExcessProperty: "error" })

/** Checks a whole tree and makes it a scenario. */
export const resolve = (tree: Tree, source: string): Either.Either<Scenario, ScenarioInvalid> =>
  Either.flatMap(resolveEconomy(tree["economy"], source), (economy) =>
    Either.mapLeft(
      decode({ ...tree, economy }),
      (error) => new ScenarioInvalid({ source, issues: issuesOf(error) }),
    ),
  ).pipe(Either.flatMap((scenario) => checkTogether(scenario, source)))

const issuesOf = (error: ParseResult.ParseError) =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    // Of what may be null as well, only what is wrong with the rest says anything.
    .filter(({ message }, _, all) => all.length === 1 || !message.startsWith("Expected null, "))
    .map(({ _tag, path, message }) => ({
      path: path.map(String).join("."),
      message:
        _tag === "Unexpected"
          ? `no such setting; allowed here: ${allowedAt(path.slice(0, -1)).join(", ")}`
          : _tag === "Missing"
            ? "is missing"
            : message,
    }))

/** The settings that the schema knows at a path. */
const allowedAt = (path: ReadonlyArray<PropertyKey>): ReadonlyArray<string> => {
  let ast: SchemaAST.AST | undefined = Scenario.ast
  for (const key of path) ast = ast === undefined ? undefined : below(ast, key)
  const group = ast === undefined ? undefined : groupIn(ast)
  return group === undefined ? [] : group.propertySignatures.map(({ name }) => String(name))
}

/** What the schema says below a setting. */
const below = (ast: SchemaAST.AST, key: PropertyKey): SchemaAST.AST | undefined =>
  entryIn(ast) ?? groupIn(ast)?.propertySignatures.find(({ name }) => name === key)?.type
