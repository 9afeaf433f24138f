/**
 * The JSON Schema of a scenario file, so that editors complete it, show what a setting means, and mark
 * what is wrong before anything is run.
 *
 * It is made from the schema that a scenario is decoded with, whose settings carry their meaning, range
 * and default, and from what a file may leave out: all of it but whole entries of lists, since a file
 * states only what differs from the scenario that it extends.
 */
import { SchemaAST } from "effect"
import { economies, Settings } from "../../engine/index.ts"
import { builtInScenarios } from "./load.ts"
import { Scenario } from "./schema.ts"

type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject
export type JsonObject = { readonly [key: string]: Json }

/** The economy that knobs are laid over where a file names none. */
const defaultEconomy = "pooled"

export const scenarioJsonSchema = (): JsonObject => {
  const { properties } = jsonOf(Scenario.ast, true) as { readonly properties: JsonObject }
  const { economy, ...others } = properties
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Evenkeel scenario",
    description:
      "A market to simulate. A file states only what differs from the scenario that it extends.",
    type: "object",
    properties: {
      extends: {
        type: "string",
        description: `The scenario that this one differs from: ${builtInScenarios.join(", ")}, or the path of a file. Default: base, a small and calm market.`,
        anyOf: [{ enum: ["base", ...builtInScenarios] }, { type: "string" }],
      },
      ...others,
      economy: economySchema(economy as JsonObject),
    },
    additionalProperties: false,
  }
}

/** A preset's name, or knobs laid over a preset. */
const economySchema = (knobs: JsonObject): JsonObject => {
  const names = Object.values(economies).map(({ name, meaning }) => `${name}: ${meaning}`)
  return {
    description: `The rules of the market. ${names.join(" ")}`,
    default: defaultEconomy,
    anyOf: [
      { enum: Object.keys(economies) },
      {
        ...knobs,
        properties: {
          extends: {
            enum: Object.keys(economies),
            default: defaultEconomy,
            description: "The economy that the knobs are laid over.",
          },
          ...(knobs["properties"] as JsonObject),
        },
      },
    ],
  }
}

/** `isPartial`: everything of a group may be left out, since the file is laid over another. */
const jsonOf = (ast: SchemaAST.AST, isPartial: boolean): JsonObject => {
  switch (ast._tag) {
    case "TypeLiteral":
      return { ...factsOf(ast), ...groupOf(ast, isPartial) }
    case "TupleType": {
      const entries = [...ast.elements, ...ast.rest].map(({ type }) => type)
      return {
        type: "array",
        items: jsonOf(entries[0], false),
        ...(ast.elements.length === 0 ? {} : { minItems: ast.elements.length }),
        ...factsOf(ast),
      }
    }
    case "Union": {
      const literals = ast.types.flatMap((type) =>
        SchemaAST.isLiteral(type) ? [type.literal] : [],
      )
      return literals.length === ast.types.length
        ? { enum: literals as ReadonlyArray<Json>, ...factsOf(ast) }
        : { ...factsOf(ast), anyOf: ast.types.map((type) => jsonOf(type, isPartial)) }
    }
    case "Literal":
      return ast.literal === null ? { type: "null" } : { const: ast.literal as Json }
    case "Refinement": {
      const range = ast.annotations[SchemaAST.JSONSchemaAnnotationId] as JsonObject | undefined
      return {
        ...jsonOf(ast.from, isPartial),
        ...range,
        ...factsOf(ast, Settings.allowedIn(ast)),
      }
    }
    // What is read in another form, or with defaults filled in: a file has it as it is before.
    case "Transformation":
      return { ...jsonOf(ast.from, isPartial), ...factsOf(ast) }
    case "StringKeyword":
      return { type: "string", ...factsOf(ast) }
    case "NumberKeyword":
      return { type: "number", ...factsOf(ast) }
    case "BooleanKeyword":
      return { type: "boolean", ...factsOf(ast) }
    default:
      throw new Error(`a scenario setting of kind ${ast._tag} has no JSON Schema yet`)
  }
}

const groupOf = ({ propertySignatures }: SchemaAST.TypeLiteral, isPartial: boolean): JsonObject => {
  const required = propertySignatures.flatMap(({ name, isOptional }) =>
    isOptional ? [] : [String(name)],
  )
  return {
    type: "object",
    properties: Object.fromEntries(
      propertySignatures.map(({ name, type }) => [String(name), jsonOf(type, isPartial)]),
    ),
    additionalProperties: false,
    ...(isPartial || required.length === 0 ? {} : { required }),
  }
}

/** Effect describes its basic types as well ("a string"), which tells a user nothing. */
const describesType = new Set(["a string", "a number", "a boolean", "a non empty string"])

/** What it means, in which unit it counts, what is allowed; and its default. */
const factsOf = (ast: SchemaAST.Annotated, allowed = ""): JsonObject => {
  const own = ast.annotations[SchemaAST.DescriptionAnnotationId]
  const facts = Settings.factsIn(ast)
  const description = [
    typeof own === "string" && !describesType.has(own) ? own : "",
    facts?.unit === undefined ? "" : `Unit: ${facts.unit}.`,
    allowed === "" ? "" : `${allowed.slice(0, 1).toUpperCase()}${allowed.slice(1)}.`,
  ].filter((text) => text !== "")
  return {
    ...(description.length === 0 ? {} : { description: description.join(" ") }),
    ...(facts?.default === undefined ? {} : { default: facts.default as Json }),
  }
}
