/** The models that the market lists, in OpenAI's shape, with what else a consumer wants to know. */
import type { FastifyInstance, FastifyRequest, FastifySchema } from "fastify"
import { pricesOf } from "../accounts/credits.ts"
import { secondsOf } from "../accounts/market-time.ts"
import { requireKey } from "../http/authentication.ts"
import type { LiveServices } from "../services.ts"
import type { ModelRecord } from "../store/records.ts"
import { unknownModel } from "./failures.ts"

export const modelRoutes = (app: FastifyInstance, services: LiveServices): void => {
  const { directory, driver, nowMillis } = services
  const listedSince = secondsOf(nowMillis())
  const view = (model: ModelRecord) => ({
    id: model.name,
    object: "model",
    created: listedSince,
    owned_by: "evenkeel",
    kind: model.kind,
    context_tokens: model.contextTokens,
    ...pricesOf(driver.market, model),
  })
  /** What the OpenAPI document says besides; Fastify itself knows of the parameters only. */
  const described = (facts: object): FastifySchema => ({
    tags: ["Calls"],
    security: [{ accountKey: [] }],
    ...facts,
  })

  app.get(
    "/v1/models",
    { schema: described({ summary: "The models that can be asked for" }) },
    async (request) => {
      requireKey(services, request, "account")
      return { object: "list", data: [...directory.models.all()].map(view) }
    },
  )

  const one = (name: string, request: FastifyRequest) => {
    requireKey(services, request, "account")
    const model = directory.modelByName(name)
    if (model === undefined) throw unknownModel(name)
    return view(model)
  }
  const schemaOfOne = described({
    summary: "One model",
    params: {
      type: "object",
      required: ["model"],
      properties: { model: { type: "string", description: "Its name" } },
    },
  })
  app.get<{ Params: { readonly model: string } }>(
    "/v1/models/:model",
    { schema: schemaOfOne },
    async (request) => one(request.params.model, request),
  )
  // Names such as meta-llama/Llama-3-8B-Instruct come with their slash, too.
  app.get<{ Params: { readonly "*": string } }>(
    "/v1/models/*",
    { schema: described({ hide: true }) },
    async (request) => one(request.params["*"], request),
  )
}
