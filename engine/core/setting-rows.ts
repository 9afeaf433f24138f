/** The settings that a schema is made of, as rows: what listings and the documentation are made of. */
import { SchemaAST } from "effect"
import type { Schema } from "effect"
import { allowedIn, factsIn } from "./setting.ts"

export interface SettingRow {
  /** `fleet.nodes`; what stands in every entry of a list is `models[].name`. */
  readonly path: string
  /** In words; empty where the type says all. */
  readonly allowed: string
  readonly meaning: string
  readonly unit: string
  readonly source: string
  /** `undefined` where it has none. */
  readonly default: unknown
}

/** The group of named settings that a type is, beneath what it is checked for, made into or null. */
export const groupIn = (ast: SchemaAST.AST): SchemaAST.TypeLiteral | undefined => {
  if (SchemaAST.isTypeLiteral(ast)) return ast.propertySignatures.length === 0 ? undefined : ast
  if (SchemaAST.isRefinement(ast)) return groupIn(ast.from)
  if (SchemaAST.isTransformation(ast)) return groupIn(ast.to)
  if (SchemaAST.isUnion(ast)) return ast.types.map(groupIn).find((group) => group !== undefined)
  return undefined
}

/** What the entries of a list are, if the type is one. All entries of a list are alike. */
export const entryIn = (ast: SchemaAST.AST): SchemaAST.AST | undefined => {
  if (SchemaAST.isRefinement(ast)) return entryIn(ast.from)
  return SchemaAST.isTupleType(ast) ? [...ast.elements, ...ast.rest][0]?.type : undefined
}

/** Of what may also be null, or of a number that is checked further: where the words stand. */
const firstAllowed = (ast: SchemaAST.AST): string =>
  allowedIn(ast) ||
  (SchemaAST.isUnion(ast) ? (ast.types.map(allowedIn).find((text) => text !== "") ?? "") : "")

/** Every setting of a schema, groups taken apart, in the schema's order. */
export const settingsIn = (schema: Schema.Schema.All): ReadonlyArray<SettingRow> =>
  rowsIn(schema.ast, "")

const rowsIn = (ast: SchemaAST.AST, path: string): ReadonlyArray<SettingRow> => {
  const facts = factsIn(ast)
  const own: ReadonlyArray<SettingRow> =
    facts === undefined
      ? []
      : [
          {
            path,
            allowed: firstAllowed(ast),
            meaning: facts.meaning,
            unit: facts.unit ?? "",
            source: facts.source ?? "",
            default: facts.default,
          },
        ]
  const entry = entryIn(ast)
  if (entry !== undefined) return [...own, ...rowsIn(entry, `${path}[]`)]
  const below = groupIn(ast)?.propertySignatures ?? []
  return [
    ...own,
    ...below.flatMap(({ name, type }) =>
      rowsIn(type, path === "" ? String(name) : `${path}.${String(name)}`),
    ),
  ]
}
