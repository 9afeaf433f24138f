/** The routes by which OpenAI's clients come back to a response: here there is none to come back to. */
import { Schema } from "effect"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { requireKey } from "../../directory/authentication.ts"
import { described } from "../../http/fields.ts"
import { HttpError } from "../../http/http-error.ts"
import { routeSchema } from "../../http/route-schema.ts"
import type { LiveServices } from "../../directory/services.ts"

const ResponsePath = Schema.Struct({ id: described(Schema.String, "Of a response") })

const routes = [
  ["GET", "/v1/responses/:id", "A response once more: always 404, as none is stored"],
  ["DELETE", "/v1/responses/:id", "Delete a response: always 404, as none is stored"],
  ["POST", "/v1/responses/:id/cancel", "End a response in the background: always 404"],
  ["GET", "/v1/responses/:id/input_items", "What a response was asked: always 404"],
] as const

export const unstoredRoutes = (app: FastifyInstance, services: LiveServices): void => {
  const refuse = async (request: FastifyRequest): Promise<never> => {
    requireKey(services, request, "account")
    throw new HttpError({
      status: 404,
      type: "not_found_error",
      code: "not_stored",
      message:
        "The gateway stores no responses: what is answered goes to its caller, whole or as a stream",
      param: "id",
    })
  }
  for (const [method, url, summary] of routes)
    app.route({
      method,
      url,
      schema: routeSchema({
        tag: "Calls",
        summary,
        keys: ["account"],
        params: ResponsePath,
        errors: [404],
      }),
      handler: refuse,
    })
}
