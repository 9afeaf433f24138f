/**
 * Bodies and parameters are described once, as Effect Schemas; Fastify's validator and the OpenAPI
 * document take the JSON Schema made of them.
 */
import { JSONSchema } from "effect"
import type { Schema } from "effect"

type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject
export type JsonObject = { readonly [key: string]: Json }

/** Made once for each schema: they are constants, and every gateway of a process describes the same routes. */
const known = new WeakMap<Schema.Schema.All, JsonObject>()

/** The JSON Schema of what a client sends, in one piece: a route's schema has no place for `$defs`. */
export const jsonSchemaOf = (schema: Schema.Schema.All): JsonObject => {
  const found = known.get(schema) ?? converted(schema)
  known.set(schema, found)
  return found
}

const converted = (schema: Schema.Schema.All): JsonObject => {
  const made = JSONSchema.make(schema as Schema.Schema<unknown>, { target: "openApi3.1" })
  const { $schema: _dialect, $defs, ...rest } = made as unknown as JsonObject
  return inlined(rest, ($defs ?? {}) as JsonObject) as JsonObject
}

/** The same of a body that may have other fields too, which nobody looks at. */
export const openly = (value: Json): Json => {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map((one: Json) => openly(one))
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .filter(([key, one]) => key !== "additionalProperties" || one !== false)
      .map(([key, one]) => [key, openly(one)]),
  )
}

/** Replaces each `$ref` by what it names. A schema that holds itself has no such form. */
const inlined = (value: Json, definitions: JsonObject): Json => {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map((one: Json) => inlined(one, definitions))
  // Effect's name for "anything", which no reader of the document could look up.
  if ((value as JsonObject)["$id"] === "/schemas/unknown") return {}
  const { $ref, ...rest } = value as JsonObject
  const named =
    typeof $ref === "string" ? (definitions[$ref.replace("#/$defs/", "")] as JsonObject) : {}
  return Object.fromEntries(
    Object.entries({ ...named, ...rest }).map(([key, one]) => [key, inlined(one, definitions)]),
  )
}
