/** How a route of this folder describes itself, for the validator and the OpenAPI document. */
import type { Schema } from "effect"
import { jsonSchemaOf } from "../http/json-schema.ts"

export interface RouteDescription {
  readonly tag: "Accounts" | "Admin"
  readonly summary: string
  readonly key?: "accountKey" | "adminKey"
  readonly body?: Schema.Schema.All
  readonly params?: Schema.Schema.All
  readonly query?: Schema.Schema.All
  readonly answers: { readonly [status: number]: Schema.Schema.All }
}

export const routeSchema = (route: RouteDescription) => ({
  tags: [route.tag],
  summary: route.summary,
  ...(route.key === undefined ? {} : { security: [{ [route.key]: [] }] }),
  ...(route.body === undefined ? {} : { body: jsonSchemaOf(route.body) }),
  ...(route.params === undefined ? {} : { params: jsonSchemaOf(route.params) }),
  ...(route.query === undefined ? {} : { querystring: jsonSchemaOf(route.query) }),
  response: Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [status, jsonSchemaOf(answer)]),
  ),
})
