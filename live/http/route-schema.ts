/** How a route describes itself, for the validator and the OpenAPI document. */
import { Schema } from "effect"
import type { KeyRole } from "./secrets.ts"
import { jsonSchemaOf, openly } from "./json-schema.ts"

export interface RouteDescription {
  readonly tag: "Calls" | "Accounts" | "Hosts" | "Hours" | "Jobs" | "Operations" | "Admin"
  readonly summary: string
  /** Roles of keys, of which any one is enough; none: anyone may call. */
  readonly keys?: ReadonlyArray<KeyRole>
  /** Anyone may call; a key shows more. */
  readonly isKeyOptional?: boolean
  readonly params?: Schema.Schema.All
  readonly query?: Schema.Schema.All
  readonly headers?: Schema.Schema.All
  readonly body?: Schema.Schema.All
  /** For a body that is no JSON: its media type, and what it is. */
  readonly stream?: { readonly type: string; readonly meaning: string }
  readonly answers?: { readonly [status: number]: Schema.Schema.All }
  /** What a 200 is, in words, where the answer is written as it is and has no schema. */
  readonly answer?: string
  /** When there is no answer: 204. */
  readonly without?: string
  /** Statuses that are answered with an error, beside those that follow from the rest. */
  readonly errors?: ReadonlyArray<number>
}

const ErrorAnswer = Schema.Struct({
  error: Schema.Struct({
    message: Schema.String,
    type: Schema.String,
    param: Schema.NullOr(Schema.String),
    code: Schema.NullOr(Schema.String),
  }),
})
const errorAnswer = jsonSchemaOf(ErrorAnswer)

/** Errors that any route may give: badly formed, too often, too busy. */
const anywhere = [400, 429, 503]
/** No valid key, one of another role. */
const withKey = [401, 403]
/** Too large, of another type. */
const withBody = [413, 415]

export const routeSchema = (route: RouteDescription) => {
  const { keys = [], errors = [], body, stream, params, query } = route
  const hasBody = body !== undefined || stream !== undefined
  const statuses = [
    ...errors,
    ...anywhere,
    ...(keys.length === 0 || route.isKeyOptional === true ? [] : withKey),
    ...(hasBody ? withBody : []),
  ]
  return {
    tags: [route.tag],
    summary: route.summary,
    ...(keys.length === 0 ? {} : { security: securityOf(keys, route.isKeyOptional === true) }),
    ...(params === undefined ? {} : { params: jsonSchemaOf(params) }),
    ...(query === undefined ? {} : { querystring: jsonSchemaOf(query) }),
    // A client sends others too.
    ...(route.headers === undefined ? {} : { headers: openly(jsonSchemaOf(route.headers)) }),
    ...(body === undefined ? {} : { body: jsonSchemaOf(body) }),
    // Anything is valid as it stands: whoever reads the stream judges what comes.
    ...(stream === undefined
      ? {}
      : { consumes: [stream.type], body: { description: stream.meaning } }),
    response: {
      ...(route.without === undefined ? {} : { 204: { description: route.without, type: "null" } }),
      ...Object.fromEntries(
        Object.entries(route.answers ?? {}).map(([status, answer]) => [
          status,
          jsonSchemaOf(answer),
        ]),
      ),
    } as Record<string, unknown>,
    errors: statuses,
    answer: route.answer,
  }
}

/**
 * A route's schema as the document shows it, with its errors. Fastify itself need not know them: it
 * would compile a serializer for each, at every start.
 */
export const documented = <S extends object>(schema: S): S => {
  const { errors, answer, response } = schema as Partial<ReturnType<typeof routeSchema>>
  if (errors === undefined) return schema
  return {
    ...schema,
    response: {
      ...Object.fromEntries(errors.map((status) => [status, errorAnswer])),
      ...(answer === undefined ? {} : { 200: { description: answer } }),
      ...response,
    },
  }
}

/** As operations/documentation.ts names the keys; `{}` stands for none. */
const securityOf = (keys: ReadonlyArray<KeyRole>, isOptional: boolean) => [
  ...(isOptional ? [{}] : []),
  ...keys.map((role) => ({ [`${role}Key`]: [] })),
]
