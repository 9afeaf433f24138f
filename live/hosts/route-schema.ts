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
  /** Statuses that are answered with an error. */
  readonly errors?: ReadonlyArray<number>
}

export const routeSchema = (route: RouteDescription) => ({
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
    ...(route.errors ?? []).map((status) => [status, jsonSchemaOf(ErrorAnswer)]),
  ]) as Record<string, unknown>,
})
