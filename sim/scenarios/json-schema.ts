/**
 * The JSON Schema of a scenario file, so that editors complete it, show what a setting means, and mark
 * what is wrong before anything is run.
 *
 * It is made from the schema that a scenario is decoded with, and from what a file may leave out: all
 * of it but whole entries of lists, since a file states only what differs from the scenario that it
 * extends. Ranges and units come from the sentence with which a setting refuses a value ("a whole
 * number of nodes, 1 to 200000"), defaults from the scenario that all others extend, and the meaning of
 * an economy's knobs from the knobs.
 */
import { SchemaAST } from "effect"
import { economies, knobRows } from "../../engine/index.ts"
import type { Tree } from "../settings/assign.ts"
import { isTree } from "../settings/assign.ts"
import { builtInScenarios } from "./load.ts"
import { Scenario } from "./schema.ts"

type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject
export type JsonObject = { readonly [key: string]: Json }

/** What an economy that names no other is laid over. */
const defaultEconomy = economies["pooled"]

/** The JSON Schema; `base` is what every scenario extends, as it was written. */
export const scenarioJsonSchema = (base: Tree): JsonObject => {
  const defaults = { ...base, economy: defaultEconomy }
  const { properties } = partial(Scenario.ast, defaults) as { readonly properties: JsonObject }
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
  const properties = knobs["properties"] as Readonly<Record<string, JsonObject>>
  return {
    description: `The rules of the market. ${names.join(" ")}`,
    default: defaultEconomy.name,
    anyOf: [
      { enum: Object.keys(economies) },
      {
        ...knobs,
        properties: {
          extends: {
            enum: Object.keys(economies),
            default: defaultEconomy.name,
            description: "The economy that the knobs are laid over.",
          },
          ...properties,
          // Knobs in groups carry their meaning; the one that stands alone does not.
          ...Object.fromEntries(
            knobRows(defaultEconomy)
              .filter(({ path }) => path in properties)
              .map(({ path, meaning, unit }) => [
                path,
                {
                  ...properties[path],
                  description: `${meaning} Unit: ${unit}. ${String(properties[path]["description"] ?? "")}`,
                },
              ]),
          ),
        },
      },
    ],
  }
}

/** A group of which everything may be left out, since it lies over another; anything else is whole. */
const partial = (ast: SchemaAST.AST, standing: unknown): JsonObject => {
  // What is read in another form, or with defaults filled in: a file has it as it is before.
  if (SchemaAST.isTransformation(ast)) return { ...partial(ast.from, standing), ...described(ast) }
  if (SchemaAST.isTypeLiteral(ast)) {
    const { required: _required, ...group } = groupOf(ast, (name, type) =>
      partial(type, isTree(standing) ? standing[name] : undefined),
    )
    return group
  }
  if (SchemaAST.isUnion(ast) && ast.types.some(SchemaAST.isTypeLiteral))
    return {
      ...described(ast),
      anyOf: ast.types.map((type) => partial(type, standing)),
      ...defaultOf(standing),
    }
  return { ...whole(ast), ...defaultOf(standing) }
}

const defaultOf = (value: unknown): JsonObject =>
  value === undefined ? {} : { default: value as Json }

/** What stands in a list, or is a single value. */
const whole = (ast: SchemaAST.AST): JsonObject => {
  switch (ast._tag) {
    case "TypeLiteral":
      return groupOf(ast, (_, type) => whole(type))
    case "TupleType": {
      const entries = [...ast.elements, ...ast.rest].map(({ type }) => type)
      return {
        ...described(ast),
        type: "array",
        items: whole(entries[0]),
        ...(ast.elements.length === 0 ? {} : { minItems: ast.elements.length }),
      }
    }
    case "Union": {
      const literals = ast.types.flatMap((type) =>
        SchemaAST.isLiteral(type) ? [type.literal] : [],
      )
      return literals.length === ast.types.length
        ? { ...described(ast), enum: literals as ReadonlyArray<Json> }
        : { ...described(ast), anyOf: ast.types.map(whole) }
    }
    case "Literal":
      return { ...described(ast), ...literalOf(ast.literal as Json) }
    case "Refinement": {
      const sentence = refusalOf(ast)
      return {
        ...whole(ast.from),
        ...(ast.annotations[SchemaAST.JSONSchemaAnnotationId] as JsonObject | undefined),
        ...rangeOf(sentence),
        ...described(ast, sentence),
      }
    }
    // A text that may be written as a number.
    case "Transformation":
      return { ...whole(ast.from), ...described(ast) }
    case "StringKeyword":
      return { ...described(ast), type: "string" }
    case "NumberKeyword":
      return { ...described(ast), type: "number" }
    case "BooleanKeyword":
      return { ...described(ast), type: "boolean" }
    default:
      throw new Error(`a scenario setting of kind ${ast._tag} has no JSON Schema yet`)
  }
}

const literalOf = (literal: Json): JsonObject =>
  literal === null ? { type: "null" } : { const: literal }

const groupOf = (
  ast: SchemaAST.TypeLiteral,
  schemaOf: (name: string, ast: SchemaAST.AST) => JsonObject,
): JsonObject => {
  const settings = ast.propertySignatures
  const required = settings.flatMap(({ name, isOptional }) => (isOptional ? [] : [String(name)]))
  return {
    ...described(ast),
    type: "object",
    properties: Object.fromEntries(
      settings.map((setting) => [
        String(setting.name),
        { ...schemaOf(String(setting.name), setting.type), ...described(setting) },
      ]),
    ),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  }
}

/** Effect's own descriptions of its basic types tell a user nothing. */
const ownDescription = /^(a string|a number|a boolean|a non empty string|a string matching .*)$/

const described = (
  { annotations }: Pick<SchemaAST.Annotated, "annotations">,
  sentence = "",
): JsonObject => {
  const own = annotations[SchemaAST.DescriptionAnnotationId]
  const meaning = typeof own === "string" && !ownDescription.test(own) ? own : ""
  const expected = sentence === "" ? "" : `${capitalised(sentence)}.`
  const description = [meaning, expected].filter((text) => text !== "").join(" ")
  return description === "" ? {} : { description }
}

const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** What a setting says that it expects: "a share, 0 to 1". */
const refusalOf = (ast: SchemaAST.Refinement): string => {
  const message = ast.annotations[SchemaAST.MessageAnnotationId]
  if (typeof message !== "function") return ""
  const said = message({ actual: null }) as unknown
  const text = isTree(said) ? said["message"] : said
  return typeof text === "string"
    ? (/^expected (?<what>.*?)(?:, got null)?$/s.exec(text)?.groups?.["what"] ?? "")
    : ""
}

const number = String.raw`(-?[\d.]+)`

/** The range that the sentence states. */
const rangeOf = (sentence: string): JsonObject => {
  const type = sentence.startsWith("a whole number") ? { type: "integer" } : {}
  const has = (pattern: string) => new RegExp(`${pattern}$`).exec(sentence)?.slice(1).map(Number)
  const above = has(`above ${number}(?:, to ${number})?`)
  if (above !== undefined) {
    const [least, most] = above
    return {
      ...type,
      exclusiveMinimum: least,
      ...(Number.isFinite(most) ? { maximum: most } : {}),
    }
  }
  const from = has(`${number} or more`)
  if (from !== undefined) return { ...type, minimum: from[0] }
  const between = has(`${number} to ${number}(?: [a-z ]+)?`)
  return between === undefined ? type : { ...type, minimum: between[0], maximum: between[1] }
}
