/**
 * What a JSON Schema allows, in words: who sends what is not valid is told what would be, and never
 * the name of a type. Calls are checked by Effect and other bodies by Fastify's validator; what is
 * said is made of the same schema.
 */
import type { HttpError } from "./http-error.ts"
import { badRequest } from "./http-error.ts"
import type { JsonObject } from "../../platform/json/json-object.ts"
import { isObject } from "../../platform/json/json-object.ts"

/** Where in a body or a query something stands. */
type Place = ReadonlyArray<string>

/** The error for what stands at a place and may not. Without a place it is the whole body. */
export const notAllowed = (schema: JsonObject, place: Place): HttpError => {
  const words = wordsOf(at(schema, place))
  const param = place.join(".")
  return param === ""
    ? badRequest(`The body must be a JSON object: ${words}`)
    : badRequest(`\`${param}\`: must be ${words}`, param)
}

/** The error for what has to be there and is not. */
export const missing = (schema: JsonObject, place: Place): HttpError => {
  const param = place.join(".")
  return badRequest(`\`${param}\` is missing: it must be ${wordsOf(at(schema, place))}`, param)
}

/** The error for a field that is not known where it stands. */
export const unknownField = (schema: JsonObject, place: Place, name: string): HttpError => {
  const known = at(schema, place).flatMap((one) => Object.keys(fieldsOf(one)))
  const param = [...place, name].join(".")
  const allowed =
    known.length === 0 ? "no field is allowed here" : `allowed are ${known.join(", ")}`
  return badRequest(
    `\`${param}\`: an additional field, which nothing here knows; ${allowed}`,
    param,
  )
}

const fieldsOf = (schema: JsonObject): JsonObject =>
  isObject(schema["properties"]) ? schema["properties"] : {}

/** The schemas of which one has to fit; that a field may be null helps nobody who has set it. */
const membersOf = (schema: unknown): ReadonlyArray<JsonObject> => {
  if (!isObject(schema)) return []
  const union = schema["anyOf"] ?? schema["oneOf"]
  if (Array.isArray(union)) return union.flatMap(membersOf)
  return schema["type"] === "null" ? [] : [schema]
}

const at = (schema: JsonObject, place: Place): ReadonlyArray<JsonObject> =>
  place.reduce<ReadonlyArray<JsonObject>>(
    (schemas, name) =>
      schemas.flatMap((one) =>
        one["type"] === "array"
          ? membersOf(one["items"])
          : membersOf(Object.hasOwn(fieldsOf(one), name) ? fieldsOf(one)[name] : undefined),
      ),
    membersOf(schema),
  )

const wordsOf = (schemas: ReadonlyArray<JsonObject>): string => {
  const values = new Set<string>()
  const others = new Set<string>()
  for (const schema of schemas) {
    const listed = valuesOf(schema)
    if (listed === undefined) others.add(words(schema))
    else for (const value of listed) values.add(value)
  }
  const alternatives = [
    ...(values.size > 1 ? [`one of ${[...values].join(", ")}`] : values),
    ...others,
  ]
  return alternatives.length === 0 ? "left out" : alternatives.join(", or ")
}

/** Where a schema is a list of values. One value alone is told with why it is the only one. */
const valuesOf = (schema: JsonObject): ReadonlyArray<string> | undefined => {
  const listed = Array.isArray(schema["enum"])
    ? (schema["enum"] as ReadonlyArray<unknown>)
    : Object.hasOwn(schema, "const")
      ? [schema["const"]]
      : undefined
  const why = schema["description"]
  if (listed?.length === 1 && typeof why === "string")
    return [`${JSON.stringify(listed[0])} (${why})`]
  return listed?.map((value) => JSON.stringify(value))
}

const words = (schema: JsonObject): string => {
  switch (schema["type"]) {
    case "string":
      return textWords(schema)
    case "integer":
      return `a whole number${rangeWords(schema)}`
    case "number":
      return `a number${rangeWords(schema)}`
    case "boolean":
      return "true or false"
    case "array":
      return listWords(schema)
    case "object":
      return objectWords(schema)
    default:
      return "any JSON value"
  }
}

/** One line, with something to see in it: see `lineOfText`. */
export const linePattern =
  /^(?=.*[^\p{Cc}\p{Cf}\p{Cs}\p{Z}])[^\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]+$/u

const textWords = (schema: JsonObject): string => {
  const { pattern, minLength = 0, maxLength, description } = schema
  const length =
    typeof maxLength === "number"
      ? ` of ${minLength === 0 ? "at most" : `${String(minLength)} to`} ${maxLength} characters`
      : minLength === 0
        ? ""
        : " that is not empty"
  if (typeof pattern !== "string") return `a text${length}`
  if (pattern === linePattern.source)
    return `a line of text${length}, with something to see in it and no control characters`
  const digits = /^\^\\d\{1,(\d+)\}\$$/.exec(pattern)?.[1]
  if (digits !== undefined) return `a whole number of at most ${digits} digits`
  // A pattern is for programs: whoever has one describes it.
  return `a text${length} as described (${typeof description === "string" ? description : pattern})`
}

const rangeWords = ({ minimum, maximum, exclusiveMinimum }: JsonObject): string => {
  if (typeof exclusiveMinimum === "number") return ` above ${exclusiveMinimum}`
  if (typeof minimum === "number" && typeof maximum === "number")
    return ` from ${minimum} to ${maximum}`
  if (typeof minimum === "number") return `, ${minimum} or more`
  return typeof maximum === "number" ? `, at most ${maximum}` : ""
}

const listWords = ({ items, minItems, maxItems }: JsonObject): string => {
  const least = typeof minItems === "number" ? minItems : 0
  const most = typeof maxItems === "number" ? maxItems : undefined
  const size =
    most === undefined
      ? least === 0
        ? ""
        : " that is not empty"
      : least === most
        ? ` of ${most} ${most === 1 ? "entry" : "entries"}`
        : ` of ${least === 0 ? "at most" : `${least} to`} ${most} entries`
  return `a list${size}, each ${wordsOf(membersOf(items))}`
}

const objectWords = ({ required, description }: JsonObject): string => {
  const names = Array.isArray(required) ? required.map((name) => `\`${String(name)}\``) : []
  if (names.length > 0) return `an object with ${names.join(" and ")}`
  return typeof description === "string" ? `an object (${description})` : "an object"
}
