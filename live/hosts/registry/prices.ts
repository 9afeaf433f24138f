/**
 * What hosts ask for a token, where hosts set prices (docs/rules.md#host-prices): read as credits per output
 * token, and refused with what is allowed.
 */
import type { Rejection } from "../../../engine/index.ts"
import { instanceView, isRound, microsPerHour, roundDown, roundUp } from "../../../engine/index.ts"
import { servedInstances } from "../../directory/host-state.ts"
import type { HostRecord } from "../../directory/records.ts"
import type { LiveServices } from "../../directory/services.ts"
import { badRequest, conflict, HttpError } from "../../http/http-error.ts"
import type { PriceChange } from "../../protocol/host-protocol.ts"
import { decimalOf, parsePricePerToken, pricePerToken } from "../../views/credits.ts"

type PriceServices = Pick<LiveServices, "directory" | "driver">

/** Throws where the platform sets the prices. */
export const requireHostPrices = ({ driver: { market } }: PriceServices): void => {
  const { name, pricing } = market.economy
  if (pricing.tokens !== "host")
    throw conflict(
      "prices_set_by_platform",
      `Under the economy ${name} prices are the platform's: GET /v1/models lists them. Hosts set their own where economy.pricing.tokens is host`,
    )
}

/** Minor units per million output tokens. Throws where a host may not ask so much, or so little. */
export const askedPrice = (
  { driver: { market } }: PriceServices,
  asked: number | string,
): number => {
  const param = "price_per_token"
  const perMtok = parsePricePerToken(market, typeof asked === "number" ? decimalOf(asked) : asked)
  if (perMtok === undefined)
    throw badRequest(
      `price_per_token has to be credits as a decimal such as 0.00012, to ${pricePerToken(market, 1)} exactly; it is ${JSON.stringify(asked)}`,
      param,
    )
  const least = leastPrice(market.economy)
  if (perMtok < least)
    throw badRequest(
      `price_per_token has to be ${pricePerToken(market, least)} at least; it is ${JSON.stringify(asked)}`,
      param,
    )
  if (!isRound(perMtok)) {
    const nearest = [roundDown(perMtok), roundUp(perMtok)].map((one) => pricePerToken(market, one))
    throw badRequest(
      `price_per_token has to have three digits at most, after zeros; the nearest to ${JSON.stringify(asked)} are ${nearest.join(" and ")}`,
      param,
    )
  }
  return perMtok
}

const leastPrice = ({ pricing, money }: PriceServices["driver"]["market"]["economy"]): number =>
  Math.max(1, Math.round(pricing.leastPerMtok * 10 ** money.scale))

/** Asks a new price for every model of a host, or for one. Throws where any is refused; the others stand. */
export const changePrice = (
  services: PriceServices,
  host: HostRecord,
  { price_per_token, model: name }: PriceChange,
): void => {
  requireHostPrices(services)
  const { directory, driver } = services
  const price = askedPrice(services, price_per_token)
  const nameOf = (model: number): string => directory.models.get(model)?.name ?? String(model)
  const served = servedInstances(services, host.id)
  const meant = served.filter(({ model }) => name === undefined || nameOf(model) === name)
  if (name !== undefined && meant.length === 0)
    throw badRequest(
      `This host does not serve ${name}; it serves ${served.map(({ model }) => nameOf(model)).join(", ")}`,
      "model",
    )
  const wasAsked = host.pricePerMtok === price
  for (const { id, model } of meant) {
    if (wasAsked && instanceView(driver.market, id)?.outputPricePerMtok === price) continue
    const rejection = driver.submit({
      _tag: "PriceSet",
      instance: id,
      outputPricePerMtok: price,
    })
    if (rejection !== undefined) throw refusal(services, nameOf(model), rejection)
  }
  if (name === undefined) directory.hosts.put({ ...host, pricePerMtok: price })
}

const refusal = ({ driver }: PriceServices, model: string, rejection: Rejection): Error => {
  const { changesPerHour, maxRaisePerDay } = driver.market.economy.pricing
  if (rejection === "TooSoon")
    return new HttpError({
      status: 429,
      type: "rate_limit_error",
      code: "price_changed_too_often",
      message: `The price of ${model} stays: a host changes it ${changesPerHour} times an hour at most`,
      retryAfterSeconds: Math.ceil((microsPerHour - (driver.market.now % microsPerHour)) / 1e6),
    })
  if (rejection === "RaisedTooFast")
    return conflict(
      "price_raised_too_fast",
      `The price of ${model} stays: a host raises it by ${100 * maxRaisePerDay} % a day at most, counted from when it was last set`,
    )
  return new Error(`hosts: PriceSet was rejected: ${rejection}`)
}
