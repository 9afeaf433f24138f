/** Random JSON that a JSON Schema allows: whatever field a schema gets, the properties see it. */
import fc from "fast-check"
import type { JsonObject } from "../../../platform/json/json-object.ts"

const word = fc.constantFrom(
  "word",
  "The",
  "größer",
  "模型",
  "👩‍🚀",
  "naïve",
  "\n",
  '"',
  "\\",
  "  ",
  "x",
)
/** Text of any kind, short for the most part. */
const anyText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(word, { maxLength: 12, size: "small" }).map((words) => words.join(" ")),
  },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 30, size: "small" }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 10 }) },
  { weight: 1, arbitrary: fc.constant("lorem ipsum ".repeat(60)) },
)

const { anyJson } = fc.letrec<{ anyJson: unknown }>((tie) => ({
  anyJson: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(anyText, fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("anyJson"), { maxLength: 3 }),
    fc.dictionary(anyText, tie("anyJson"), { maxKeys: 3 }),
  ),
}))

const mostFields = 8
const mostEntries = 4

export const jsonOf = (schema: JsonObject): fc.Arbitrary<unknown> => {
  const union = schema["anyOf"]
  if (Array.isArray(union)) return fc.oneof(...(union as ReadonlyArray<JsonObject>).map(jsonOf))
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...(schema["enum"] as Array<unknown>))
  const { minimum = -1000, maximum = 1000 } = schema as { minimum?: number; maximum?: number }
  switch (schema["type"]) {
    case "null":
      return fc.constant(null)
    case "boolean":
      return fc.boolean()
    case "integer":
      return fc.integer({ min: Math.max(minimum, -1000), max: Math.min(maximum, 100_000) })
    case "number":
      return fc.double({ min: minimum, max: maximum, noNaN: true })
    case "string":
      return anyText
        .map((text) => text.slice(0, (schema["maxLength"] as number | undefined) ?? Infinity))
        .map((text) => (schema["minLength"] !== undefined && text === "" ? "x" : text))
    case "array":
      return fc.array(jsonOf((schema["items"] ?? {}) as JsonObject), {
        minLength: (schema["minItems"] as number | undefined) ?? 0,
        maxLength: Math.min((schema["maxItems"] as number | undefined) ?? mostEntries, mostEntries),
      })
    case "object":
      return objectOf(schema)
    default:
      return anyJson
  }
}

/** All the fields that have to be there, and a few of the others. */
const objectOf = ({
  properties,
  required,
  propertyNames,
  additionalProperties,
}: JsonObject): fc.Arbitrary<unknown> => {
  // Of names that have a pattern there are token ids only.
  if (propertyNames !== undefined)
    return fc.dictionary(
      fc.nat(999_999_999).map(String),
      jsonOf(additionalProperties as JsonObject),
    )
  if (properties === undefined) return fc.dictionary(anyText, anyJson, { maxKeys: 3 })
  const fields = properties as Readonly<Record<string, JsonObject>>
  const needed = (required ?? []) as ReadonlyArray<string>
  const others = Object.keys(fields).filter((name) => !needed.includes(name))
  return fc
    .subarray(others, { maxLength: Math.min(others.length, mostFields) })
    .chain((names) =>
      fc.record(
        Object.fromEntries([...needed, ...names].map((name) => [name, jsonOf(fields[name]!)])),
      ),
    )
}
