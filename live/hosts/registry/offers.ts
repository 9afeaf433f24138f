/** What a host offers: models that the market lists, each with slots and a speed. */
import type { ModelRecord } from "../../directory/records.ts"
import type { LiveServices } from "../../directory/services.ts"
import { badRequest, HttpError } from "../../http/http-error.ts"
import type { Registration } from "../../protocol/host-protocol.ts"
import { askedPrice } from "./prices.ts"

const defaultSlots = 1
const defaultTokensPerSecond = 30

export interface Offer {
  readonly model: ModelRecord
  readonly upstreamModel: string
  readonly slots: number
  readonly tokensPerSecond: number
  /** What the host asks for its output, minor units per million tokens; undefined: what is listed. */
  readonly pricePerMtok: number | undefined
}

interface Terms {
  readonly upstream_model?: string
  readonly slots?: number
  readonly tokens_per_second?: number
  readonly price_per_token?: number | string
}

/** Refused where the market lists no such model. `fallback`: for what the terms leave open. */
export const offerOf = (
  services: LiveServices,
  terms: Terms,
  name: string,
  fallback: Terms & { readonly pricePerMtok?: number } = {},
): Offer => {
  const { directory, driver } = services
  const model = directory.modelByName(name)
  if (model === undefined)
    throw new HttpError({
      status: 400,
      type: "invalid_request_error",
      code: "model_not_listed",
      param: "models",
      message: `The market lists no model ${name}; it lists ${listed(directory)}`,
    })
  const asked = terms.price_per_token ?? fallback.price_per_token
  return {
    model,
    upstreamModel: terms.upstream_model ?? name,
    slots: terms.slots ?? fallback.slots ?? defaultSlots,
    tokensPerSecond:
      terms.tokens_per_second ?? fallback.tokens_per_second ?? defaultTokensPerSecond,
    pricePerMtok:
      driver.market.economy.pricing.tokens !== "host"
        ? undefined
        : asked === undefined
          ? fallback.pricePerMtok
          : askedPrice(services, asked),
  }
}

const listed = (directory: LiveServices["directory"]): string => {
  const names = [...directory.models.all()].map(({ name }) => name)
  if (names.length === 0) return "none yet"
  return names.length <= 20 ? names.join(", ") : `${names.slice(0, 20).join(", ")} and more`
}

/** Those of a registration. */
export const offersOf = (services: LiveServices, wish: Registration): ReadonlyArray<Offer> => {
  const offers = wish.models.map((one) =>
    typeof one === "string"
      ? offerOf(services, {}, one, wish)
      : offerOf(services, one, one.model, wish),
  )
  const ids = new Set(offers.map(({ model }) => model.id))
  if (ids.size !== offers.length)
    throw badRequest("A model is named twice; one host serves it once, with more slots", "models")
  return offers
}
