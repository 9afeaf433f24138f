/** The models that the market lists, in OpenAI's shape, with what else a consumer wants to know. */
import { Schema } from "effect"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { pricesOf } from "../views/credits.ts"
import { secondsOf } from "../views/market-time.ts"
import { requireKey } from "../directory/authentication.ts"
import { described, ModelPath, prices, UnixSeconds } from "../http/fields.ts"
import { routeSchema } from "../http/route-schema.ts"
import type { LiveServices } from "../directory/services.ts"
import type { ModelRecord } from "../directory/records.ts"
import { unknownModel } from "./call/failures.ts"

/** OpenAI's fields first, then the market's. */
const ModelView = Schema.Struct({
  id: described(Schema.String, "Its name"),
  object: Schema.Literal("model"),
  created: UnixSeconds,
  owned_by: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  context_tokens: described(Schema.Int, "Prompt and answer together"),
  ...prices,
})
type ModelView = typeof ModelView.Type
const ModelList = Schema.Struct({
  object: Schema.Literal("list"),
  data: Schema.Array(ModelView),
})

export const modelRoutes = (app: FastifyInstance, services: LiveServices): void => {
  const { directory, driver, nowMillis } = services
  const listedSince = secondsOf(nowMillis())
  const view = (model: ModelRecord): ModelView => ({
    id: model.name,
    object: "model",
    created: listedSince,
    owned_by: "evenkeel",
    kind: model.kind,
    context_tokens: model.contextTokens,
    ...pricesOf(driver.market, model),
  })

  app.get(
    "/v1/models",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "The models that can be asked for",
        keys: ["account"],
        answers: { 200: ModelList },
      }),
    },
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
  app.get<{ Params: ModelPath }>(
    "/v1/models/:model",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "One model",
        keys: ["account"],
        params: ModelPath,
        answers: { 200: ModelView },
        errors: [404],
      }),
    },
    async (request) => one(request.params.model, request),
  )
  // Names such as meta-llama/Llama-3-8B-Instruct come with their slash, too.
  app.get<{ Params: { readonly "*": string } }>(
    "/v1/models/*",
    { schema: { hide: true } },
    async (request) => one(request.params["*"], request),
  )
}
