/** What consumers say of bookings, and what their providers are known for. */
import type { FastifyInstance } from "fastify"
import type { Rejection } from "../../engine/index.ts"
import type { BookingRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { HttpError } from "../http/http-error.ts"
import { conflict } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import * as Reputation from "../protocol/reputation-protocol.ts"
import { accountKeys, accountOf, changeRate } from "./caller.ts"
import type { Hours } from "./hours.ts"
import { rejected } from "./refusals.ts"
import { reputationOf } from "./reputation.ts"

const tag = "Hours"
const smallBodyBytes = 4096

export const ratingRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, bookings, gpus, history } = hours
  const machineOf = ({ gpu: id }: BookingRecord) => {
    const host = services.directory.hosts.get(id)
    const gpu = services.directory.gpus.get(id)
    if (host === undefined || gpu === undefined) throw new Error("hours: a booking of no machine")
    return { host, gpu }
  }
  app.post<{ Params: Protocol.BookingPath; Body: Reputation.RatingWish }>(
    "/marketplace/bookings/:id/rating",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary: "Its consumer rates a booking that is over: once, with one star to five",
        keys: accountKeys,
        params: Protocol.BookingPath,
        body: Reputation.RatingWish,
        answers: { 200: Reputation.RatingAnswer },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const { account } = accountOf(services, request)
      const booking = bookings.named(request.params.id, account)
      const { stars } = request.body
      const rejection = history.act(
        { _tag: "RatingGiven", booking: booking.id, stars, by: account.id },
        { booking: booking.id, kind: "rated", details: { stars } },
      )
      if (rejection !== undefined) throw notRated(services, booking, rejection)
      history.change({ ...booking, stars })
      await services.driver.durable()
      return {
        booking_id: booking.publicId,
        stars,
        reputation: reputationOf(hours, machineOf(booking)),
      }
    },
  )
  app.get<{ Params: Protocol.GpuPath }>(
    "/marketplace/gpu/:id/reputation",
    {
      schema: routeSchema({
        tag,
        summary: "What its provider is known for, and what that rests on",
        params: Protocol.GpuPath,
        answers: { 200: Reputation.GpuReputation },
        errors: [404, 409],
      }),
    },
    async (request) => reputationOf(hours, gpus.named(request.params.id)),
  )
}

const notRated = (
  { driver }: LiveServices,
  { stars }: BookingRecord,
  rejection: Rejection,
): HttpError => {
  switch (rejection) {
    case "WrongPhase":
      return conflict("not_over", "A booking is rated once it is over, and this one is not")
    case "UnknownBooking":
      return stars === undefined
        ? conflict(
            "too_late",
            `A booking can be rated for ${driver.market.economy.ratings.windowDays} days after it is over`,
          )
        : conflict("already_rated", `You have rated it already: ${stars} of 5 stars`)
    case "Linked":
      return conflict(
        "linked",
        "Whoever sells hours, or is linked to who does, has no voice on them",
      )
    case "NotPaid":
      return conflict(
        "not_paid",
        "Here a rating weighs what was paid with credits of one's own, and nothing was paid for this booking",
      )
    case "TooSoon":
      return conflict(
        "too_soon",
        `You have one voice about a provider, and may change it ${driver.market.economy.ratings.voiceDays} days after your last rating of it`,
      )
    default:
      return rejected(rejection)
  }
}
