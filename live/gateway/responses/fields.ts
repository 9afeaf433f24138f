/**
 * What bodies of the Responses API are made of. Each field says in words what it may be, for whoever
 * reads the error; what is refused says what to do instead.
 */
import { Either, ParseResult, Schema } from "effect"
import { missing } from "../../http/allowed.ts"
import type { HttpError } from "../../http/http-error.ts"
import { badRequest } from "../../http/http-error.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import { jsonSchemaOf } from "../../http/json-schema.ts"

/** A field whose error is this one, whatever is wrong with it. */
export const worded = <A, I>(schema: Schema.Schema<A, I>, allowed: string): Schema.Schema<A, I> =>
  schema.annotations({ message: () => ({ message: `must be ${allowed}`, override: true }) })

export const text = worded(Schema.String, "a text")
export const name = worded(Schema.NonEmptyString, "a text that is not empty")
export const flag = worded(Schema.Boolean, "true or false")
export const whole = (least: number, most: number) =>
  worded(Schema.Int.pipe(Schema.between(least, most)), `a whole number from ${least} to ${most}`)
export const number = (least: number, most: number) =>
  worded(Schema.Number.pipe(Schema.between(least, most)), `a number from ${least} to ${most}`)
export const oneOf = <const L extends ReadonlyArray<string>>(...values: L) =>
  worded(Schema.Literal(...values), oneOfWords(values))

/** An object of which only these fields matter. */
export const object = <F extends Schema.Struct.Fields>(fields: F) =>
  Schema.Struct(fields, { key: Schema.String, value: Schema.Unknown }).annotations({
    message: () => "must be an object",
  })

export const listOf = <A, I>(item: Schema.Schema<A, I>, most: number) =>
  Schema.Array(item)
    .annotations({ message: () => "must be a list" })
    .pipe(Schema.maxItems(most, { message: () => `must hold ${most} entries at most` }))

/** A text, or a list of what the text would be one of. */
export const textOr = <A, I>(list: Schema.Schema<A, I>, what: string) =>
  Schema.Union(worded(Schema.String, `a text, or a list of ${what}`), list)

/** A check by a schema of such fields. */
export const checkOf = <A>(
  schema: Schema.Schema<A>,
): ((body: unknown) => Either.Either<A, HttpError>) => {
  const isValid = Schema.is(schema)
  const decode = Schema.decodeUnknownEither(schema)
  const described = jsonSchemaOf(schema)
  // A valid body stays as it came: it is echoed, and its JSON Schemas are the consumer's own.
  return (body) =>
    isValid(body)
      ? Either.right(body)
      : Either.mapLeft(decode(body), (error) => {
          const { _tag, path, message } = deepest(ParseResult.ArrayFormatter.formatErrorSync(error))
          const place = path.map(String)
          if (_tag === "Missing" && message === "is missing") return missing(described, place)
          const param = place.join(".")
          return param === ""
            ? badRequest("The body must be a JSON object")
            : badRequest(`\`${param}\`: ${message}`, param)
        })
}

/** The deepest issue says most: of a union's members it is the one that nearly fits. */
const deepest = (issues: ReadonlyArray<ParseResult.ArrayFormatterIssue>) =>
  issues.reduce((best, one) => (one.path.length > best.path.length ? one : best))

type Members = Readonly<Record<string, Schema.Schema.AnyNoContext>>

/**
 * Objects that say by their `type` what they are. An error is that of the member that is meant, which a
 * plain union cannot tell.
 */
export const byType = <const M extends Members>(
  members: M,
  options: {
    /** What an object without a type is. */
    readonly untyped?: keyof M & string
    /** Why others are not taken. */
    readonly why?: string
  } = {},
): Schema.Schema<M[keyof M]["Type"]> => {
  const readers = new Map(
    Object.entries(members).map(([type, schema]) => [
      type,
      ParseResult.decodeUnknownEither(schema as Schema.Schema<unknown>),
    ]),
  )
  const why = options.why === undefined ? "" : `: ${options.why}`
  const allowed = `must be ${oneOfWords(Object.keys(members))}${why}`
  const read = (input: unknown, ast: ParseResult.Type["ast"]) => {
    if (!isObject(input))
      return ParseResult.fail(new ParseResult.Type(ast, input, "must be an object"))
    const type = input["type"] ?? options.untyped
    const reader = typeof type === "string" ? readers.get(type) : undefined
    if (reader !== undefined) return reader(input, { onExcessProperty: "preserve" })
    return ParseResult.fail(
      new ParseResult.Pointer("type", input, new ParseResult.Type(ast, type, allowed)),
    )
  }
  const parse = () => (input: unknown, _options: unknown, ast: ParseResult.Type["ast"]) =>
    read(input, ast)
  return Schema.declare(
    [],
    { decode: parse, encode: parse },
    {
      jsonSchema: { oneOf: Object.values(members).map((member) => jsonSchemaOf(member)) },
    },
  ) as unknown as Schema.Schema<M[keyof M]["Type"]>
}

const oneOfWords = (values: ReadonlyArray<string>): string => {
  const quoted = values.map((value) => JSON.stringify(value)).join(", ")
  return values.length === 1 ? quoted : `one of ${quoted}`
}
