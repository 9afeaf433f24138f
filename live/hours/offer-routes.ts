/** Contracts and reservations, and what came of a booking's promises: for their parties alone. */
import type { FastifyInstance, FastifyReply } from "fastify"
import type { OfferRecord } from "../directory/records.ts"
import { notFound, unknownCursor } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import { runEffect } from "../http/run-effect.ts"
import * as Protocol from "../protocol/contracts-protocol.ts"
import { BookingHeaders, BookingPath } from "../protocol/hours-protocol.ts"
import type { Viewer } from "./bookings.ts"
import { accountOf, changeRate, partyKeys, requireProvider, viewerOf } from "./caller.ts"
import type { Hours } from "./hours.ts"
import type { OfferAnswer, OfferKind } from "./offers.ts"
import { slaStanding } from "./sla.ts"

const tag = "Hours"
const smallBodyBytes = 65_536
/** A machine's own key offers for it as well. */
const offererKeys = ["account", "host"] as const

const kinds = {
  contract: {
    path: "/marketplace/contracts",
    name: "contract",
    body: Protocol.ContractOffer,
    view: Protocol.ContractView,
    page: Protocol.ContractPage,
    offers:
      "Offer a client hours of a machine at a fixed rate, in one run: they are kept for it until it answers, or its time is over",
  },
  reservation: {
    path: "/marketplace/reservations",
    name: "reservation",
    body: Protocol.ReservationOffer,
    view: Protocol.ReservationView,
    page: Protocol.ReservationPage,
    offers:
      "Offer to keep memory of a machine for a client, for a fee: it is kept until it answers, or its time is over",
  },
} as const satisfies Record<OfferKind, unknown>

export const offerRoutes = (app: FastifyInstance, hours: Hours): void => {
  for (const kind of ["contract", "reservation"] as const) {
    makingRoute(app, hours, kind)
    viewRoutes(app, hours, kind)
    answerRoutes(app, hours, kind)
  }
  standingRoute(app, hours)
}

const viewOf = ({ offers }: Hours, offer: OfferRecord, viewer: Viewer) =>
  offer.kind === "contract"
    ? offers.contractView(offer, viewer)
    : offers.reservationView(offer, viewer)

const send = (reply: FastifyReply, status: number, body: unknown) =>
  reply.status(status).header("cache-control", "no-store").send(body)

const makingRoute = (app: FastifyInstance, hours: Hours, kind: OfferKind): void => {
  const { services, gpus, offers } = hours
  const { path, body, view, offers: summary } = kinds[kind]
  app.post<{
    Body: Protocol.ContractOffer | Protocol.ReservationOffer
    Headers: typeof BookingHeaders.Type
  }>(
    path,
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary: `${summary}. Sent again with the same Idempotency-Key, it is answered with the same offer`,
        keys: offererKeys,
        headers: BookingHeaders,
        body,
        answers: { 200: view, 201: view },
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const { account } = accountOf(services, request, ...offererKeys)
      const listed = gpus.named(request.body.gpu_id)
      requireProvider(services, request, listed)
      const name = request.headers["idempotency-key"]
      const { offer, isNew } = offers.make(listed, request.body, name)
      await services.driver.durable()
      return send(reply, isNew ? 201 : 200, viewOf(hours, offer, account))
    },
  )
}

const viewRoutes = (app: FastifyInstance, hours: Hours, kind: OfferKind): void => {
  const { services, gpus, offers } = hours
  const { directory } = services
  const { path, name, page, view } = kinds[kind]
  const idsFor = (viewer: Viewer, side: Protocol.OfferQuery["side"]): ReadonlyArray<number> => {
    if (viewer === "admin") return [...directory.offers.all()].map(({ id }) => id)
    const made = side === "client" ? [] : directory.offersOfProvider(viewer.id)
    const got = side === "provider" ? [] : directory.offersOfClient(viewer.id)
    return [...made, ...got]
  }
  app.get<{ Querystring: Protocol.OfferQuery }>(
    path,
    {
      schema: routeSchema({
        tag,
        summary: `One's own ${name}s, as client and as provider, the newest first`,
        keys: partyKeys,
        query: Protocol.OfferQuery,
        answers: { 200: page },
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const viewer = viewerOf(services, request)
      const { side, gpu_id: gpuId, state, cursor } = request.query
      const limit = Protocol.offerLimit.read(request.query.limit)
      const gpu = gpuId === undefined ? undefined : gpus.named(gpuId).gpu.id
      const before = cursor === undefined ? undefined : directory.offerByPublicId(cursor)
      if (cursor !== undefined && before === undefined) throw unknownCursor()
      const found: Array<OfferRecord> = []
      for (const id of idsFor(viewer, side).toSorted((a, b) => b - a)) {
        const offer = directory.offers.get(id)
        if (offer?.kind !== kind || id >= (before?.id ?? Infinity)) continue
        if (gpu !== undefined && offer.gpu !== gpu) continue
        if (state !== undefined && (offer.outcome ?? "offered") !== state) continue
        found.push(offer)
        if (found.length > limit) break
      }
      const shown = found.slice(0, limit)
      return send(reply, 200, {
        data: shown.map((offer) => viewOf(hours, offer, viewer)),
        next_cursor: found.length > limit ? (shown.at(-1)?.publicId ?? null) : null,
      })
    },
  )
  app.get<{ Params: Protocol.OfferPath }>(
    `${path}/:id`,
    {
      schema: routeSchema({
        tag,
        summary: `A ${name}, for its parties`,
        keys: partyKeys,
        params: Protocol.OfferPath,
        answers: { 200: view },
        errors: [404],
      }),
    },
    async (request, reply) => {
      const viewer = viewerOf(services, request)
      return send(reply, 200, viewOf(hours, offers.named(kind, request.params.id, viewer), viewer))
    },
  )
}

const answerRoutes = (app: FastifyInstance, hours: Hours, kind: OfferKind): void => {
  const { services, offers } = hours
  const { path, name, view } = kinds[kind]
  const answerRoute = (
    answer: OfferAnswer,
    summary: string,
    keys: ReadonlyArray<"account" | "host">,
  ): void => {
    app.post<{ Params: Protocol.OfferPath }>(
      `${path}/:id/${answer}`,
      {
        bodyLimit: smallBodyBytes,
        config: changeRate(services),
        schema: routeSchema({
          tag,
          summary: `${summary}. Done again, it is answered with the same`,
          keys,
          params: Protocol.OfferPath,
          answers: { 200: view },
          errors: [402, 404, 409],
        }),
      },
      async (request, reply) => {
        const { key, account } = accountOf(services, request, ...keys)
        const offer = offers.named(kind, request.params.id, account)
        if (key.role === "host" && key.host !== offer.gpu)
          throw notFound(`${name} ${request.params.id.slice(0, 100)} of yours`)
        const answered = offers.answer(offer, account, answer)
        await services.driver.durable()
        return send(reply, 200, viewOf(hours, answered, account))
      },
    )
  }
  answerRoute("accept", `Its client accepts the ${name}: its price is held, and it is a booking`, [
    "account",
  ])
  answerRoute("decline", `Its client declines the ${name}: what it kept is free again`, ["account"])
  answerRoute(
    "withdraw",
    `Its provider takes the ${name} back, before it was answered`,
    offererKeys,
  )
}

const standingRoute = (app: FastifyInstance, { services, calendar, bookings }: Hours): void => {
  app.get<{ Params: BookingPath }>(
    "/marketplace/bookings/:id/sla",
    {
      schema: routeSchema({
        tag,
        summary: "What was promised with a booking, and what was seen of it, period by period",
        keys: partyKeys,
        params: BookingPath,
        answers: { 200: Protocol.SlaStanding },
        errors: [404],
      }),
    },
    async (request, reply) => {
      const booking = bookings.named(request.params.id, viewerOf(services, request))
      return send(reply, 200, await runEffect(slaStanding(services, calendar, booking)))
    },
  )
}
