/**
 * What the fields of OpenAI calls are made of. Each is a field that reaches the host: what no schema
 * names is left out when a body is checked, so a schema is the list of what is allowed.
 */
import { Schema } from "effect"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"

/** OpenAI's clients send `null` for what is not set. */
export const optional = <A, I>(schema: Schema.Schema<A, I>, description?: string) =>
  Schema.optionalWith(
    Schema.NullOr(description === undefined ? schema : schema.annotations({ description })),
    { exact: true },
  )

export const number = (least: number, most: number) =>
  Schema.Number.pipe(Schema.between(least, most))
export const whole = (least: number, most: number) => Schema.Int.pipe(Schema.between(least, most))

/** The one value that is allowed, and why. */
export const only = <const L extends number | boolean>(value: L, why: string) =>
  Schema.Literal(value).annotations({ description: why })

/** A word that a server's own list of values has. */
export const Word = Schema.String.pipe(Schema.maxLength(64))

/**
 * JSON whose fields are the consumer's own, such as a JSON Schema. It is handed on as it is, never
 * copied: a field may be called `__proto__`.
 */
export const FreeForm = Schema.declare((value): value is JsonObject => isObject(value), {
  jsonSchema: { type: "object" },
})

export const listOf = <A, I>(item: Schema.Schema<A, I>, most: number) =>
  Schema.Array(item).pipe(Schema.maxItems(most))
