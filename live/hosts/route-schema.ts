/** How a route of this folder describes itself, for the validator and the OpenAPI document. */
import type { Schema } from "effect"
import { jsonSchemaOf } from "../http/json-schema.ts"
import { ErrorAnswer } from "./protocol.ts"

export interface RouteDescription {
  readonly tag: "Hosts" | "Jobs" | "Admin"
  readonly summary: string
  /** Any one of them is enough; none: anyone may call. */
  readonly keys?: ReadonlyArray<"accountKey" | "hostKey" | "adminKey">
  readonly params?: Schema.Schema.All
  readonly query?: Schema.Schema.All
  readonly body?: Schema.Schema.All
  /** For a body that is no JSON. */
  readonly consumes?: string
  readonly bodyMeaning?: string
  readonly answers: { readonly [status: number]: Schema.Schema.All }
  /** When there is no answer: 204. */
  readonly without?: string
  /** Statuses that are answered with an error, beside those that any route may give. */
  readonly errors?: ReadonlyArray<number>
}

/** Errors that any route may give: badly formed, too often, too busy. */
const anywhere = [400, 429, 503]
/** Too large, of another type. */
const withBody = [413, 415]

export const routeSchema = (route: RouteDescription) => {
  const hasBody = route.body !== undefined || route.consumes !== undefined
  const errors = [...(route.errors ?? []), ...anywhere, ...(hasBody ? withBody : [])]
  return {
    tags: [route.tag],
    summary: route.summary,
    ...(route.keys === undefined ? {} : { security: route.keys.map((key) => ({ [key]: [] })) }),
    ...(route.params === undefined ? {} : { params: jsonSchemaOf(route.params) }),
    ...(route.query === undefined ? {} : { querystring: jsonSchemaOf(route.query) }),
    ...(route.body === undefined ? {} : { body: jsonSchemaOf(route.body) }),
    // Anything is valid as it stands: whoever reads the stream judges what comes.
    ...(route.consumes === undefined
      ? {}
      : { consumes: [route.consumes], body: { description: route.bodyMeaning ?? "" } }),
    response: Object.fromEntries([
      ...Object.entries(route.answers).map(([status, answer]) => [status, jsonSchemaOf(answer)]),
      ...(route.without === undefined ? [] : [[204, { description: route.without, type: "null" }]]),
      ...errors.map((status) => [status, jsonSchemaOf(ErrorAnswer)]),
    ]) as Record<string, unknown>,
  }
}
