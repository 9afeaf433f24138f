/** Quotes, orders, and what the parties to a booking do to it. */
import { Effect } from "effect"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { bookingView } from "../../engine/index.ts"
import type { Fact } from "../driver/market-driver.ts"
import { requireKey } from "../directory/authentication.ts"
import type { BookingRecord } from "../directory/records.ts"
import { notFound, unknownCursor } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import { runEffect } from "../http/run-effect.ts"
import { sendSecret } from "../http/secret-answer.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import type { Viewer } from "./bookings.ts"
import { accountKeys, accountOf, changeRate, partyKeys, viewerOf } from "./caller.ts"
import type { StepKind } from "./history.ts"
import type { Hours } from "./hours.ts"
import { rejected } from "./refusals.ts"

const tag = "Hours"
/** The longest access, each byte of it escaped, and room. */
const startBodyBytes = 8 * Protocol.mostAccessBytes
const smallBodyBytes = 65_536

export const bookingRoutes = (app: FastifyInstance, hours: Hours): void => {
  orderRoutes(app, hours)
  viewRoutes(app, hours)
  startRoute(app, hours)
  partyRoutes(app, hours)
}

const orderRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, bookings } = hours
  app.post<{ Body: Protocol.QuoteWish }>(
    "/marketplace/quotes",
    {
      bodyLimit: smallBodyBytes,
      schema: routeSchema({
        tag,
        summary: "What hours would cost, were they ordered now",
        body: Protocol.QuoteWish,
        answers: { 200: Protocol.QuoteView },
        errors: [404, 409],
      }),
    },
    async (request) => bookings.quote(request.body),
  )
  app.post<{ Body: Protocol.BookingWish; Headers: typeof Protocol.BookingHeaders.Type }>(
    "/marketplace/bookings",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary:
          "Book hours: the price is held in escrow and never changes. Sent again with the same Idempotency-Key, it is answered with the same booking",
        keys: accountKeys,
        headers: Protocol.BookingHeaders,
        body: Protocol.BookingWish,
        answers: { 200: Protocol.BookingView, 201: Protocol.BookingView },
        errors: [402, 404, 409],
      }),
    },
    async (request, reply) => {
      const { account } = accountOf(services, request)
      const name = request.headers["idempotency-key"]
      const { booking, isNew } = bookings.order(account, request.body, name)
      await services.driver.durable()
      return sendSecret(reply, isNew ? 201 : 200, bookings.view(booking, account))
    },
  )
}

const viewRoutes = (app: FastifyInstance, { services, bookings, gpus }: Hours): void => {
  const { directory, driver } = services
  const idsFor = (viewer: Viewer, side: Protocol.BookingQuery["side"]): ReadonlyArray<number> => {
    if (viewer === "admin") return [...directory.bookings.all()].map(({ id }) => id)
    const bought = side === "provider" ? [] : directory.bookingsOfAccount(viewer.id)
    const sold = side === "consumer" ? [] : directory.bookingsOfProvider(viewer.id)
    return [...new Set([...bought, ...sold])]
  }
  app.get<{ Querystring: Protocol.BookingQuery }>(
    "/marketplace/bookings",
    {
      schema: routeSchema({
        tag,
        summary: "One's own bookings, as consumer and as provider, the newest first",
        keys: partyKeys,
        query: Protocol.BookingQuery,
        answers: { 200: Protocol.BookingPage },
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const viewer = viewerOf(services, request)
      const { side, gpu_id, state, cursor } = request.query
      const limit = Protocol.bookingLimit.read(request.query.limit)
      const gpu = gpu_id === undefined ? undefined : gpus.named(gpu_id).gpu.id
      const before = cursor === undefined ? undefined : directory.bookingByPublicId(cursor)
      if (cursor !== undefined && before === undefined) throw unknownCursor()
      const found: Array<BookingRecord> = []
      for (const id of idsFor(viewer, side).toSorted((a, b) => b - a)) {
        const booking = directory.bookings.get(id)
        if (booking === undefined || id >= (before?.id ?? Infinity)) continue
        if (gpu !== undefined && booking.gpu !== gpu) continue
        if (state !== undefined && (booking.closedAt === undefined) !== (state === "open")) continue
        found.push(booking)
        if (found.length > limit) break
      }
      const shown = found.slice(0, limit)
      return reply.header("cache-control", "no-store").send({
        data: shown.map((booking) => bookings.view(booking, viewer)),
        next_cursor: found.length > limit ? (shown.at(-1)?.publicId ?? null) : null,
      })
    },
  )
  app.get<{ Params: Protocol.BookingPath }>(
    "/marketplace/bookings/:id",
    {
      schema: routeSchema({
        tag,
        summary: "A booking with its whole history, for its parties",
        keys: partyKeys,
        params: Protocol.BookingPath,
        answers: { 200: Protocol.BookingDetails },
        errors: [404],
      }),
    },
    async (request, reply) => {
      const viewer = viewerOf(services, request)
      const booking = bookings.named(request.params.id, viewer)
      const details = await runEffect(bookings.details(booking, viewer))
      // It may hold what only its consumer may see.
      return reply.header("cache-control", "no-store").send(details)
    },
  )
  app.get(
    "/admin/disputes",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "Bookings that are in dispute, the newest first",
        keys: ["admin"],
        answers: { 200: Protocol.Disputes },
      }),
    },
    async (request) => {
      requireKey(services, request, "admin")
      const open = [...directory.bookings.all()].filter(
        ({ closedAt, id }) =>
          closedAt === undefined && bookingView(driver.market, id)?.phase === "disputed",
      )
      const data = Effect.forEach(open.toReversed(), (booking) =>
        bookings.details(booking, "admin"),
      )
      return { data: await runEffect(data) }
    },
  )
}

const startRoute = (app: FastifyInstance, { services, bookings, delivery }: Hours): void => {
  app.post<{ Params: Protocol.BookingPath; Body: Protocol.DeliveryStart }>(
    "/marketplace/bookings/:id/start",
    {
      bodyLimit: startBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary:
          "The provider has given access: delivery begins. Sent again, it replaces what the consumer is shown",
        keys: ["account", "host"],
        params: Protocol.BookingPath,
        body: Protocol.DeliveryStart,
        answers: { 200: Protocol.BookingView },
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const { key, account } = accountOf(services, request, "account", "host")
      const booking = bookings.named(request.params.id, account)
      if (key.role === "host" && key.host !== booking.gpu)
        throw notFound(`booking ${request.params.id.slice(0, 100)} of yours`)
      if (booking.provider !== account.id) throw rejected("NotParty")
      await delivery.start(booking, request.body)
      await services.driver.durable()
      return reply
        .header("cache-control", "no-store")
        .send(bookings.view(bookings.named(request.params.id, account), account))
    },
  )
}

type PartyFact =
  "BookingEnded" | "BookingConfirmed" | "BookingDisputed" | "DisputeAnswered" | "BookingCancelled"

const partyRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, bookings, history } = hours
  const { directory, driver, store } = services
  const partyRoute = (
    path: string,
    summary: string,
    tagOfFact: PartyFact,
    kind: StepKind,
    body: typeof Protocol.DisputeWords | undefined = undefined,
  ): void => {
    app.post<{ Params: Protocol.BookingPath; Body: Protocol.DisputeWords | undefined }>(
      `/marketplace/bookings/:id/${path}`,
      {
        bodyLimit: smallBodyBytes,
        config: changeRate(services),
        schema: routeSchema({
          tag,
          summary,
          keys: accountKeys,
          params: Protocol.BookingPath,
          ...(body === undefined ? {} : { body }),
          answers: { 200: Protocol.BookingView },
          errors: [402, 404, 409],
        }),
      },
      async (request, reply) => {
        const { account } = accountOf(services, request)
        const booking = bookings.named(request.params.id, account)
        const by = account.id === booking.account ? "consumer" : "provider"
        const { statement } = request.body ?? {}
        const fact: Fact = { _tag: tagOfFact, booking: booking.id, by: account.id }
        const rejection = history.act(fact, {
          booking: booking.id,
          kind,
          details: { by, ...(statement === undefined ? {} : { statement }) },
        })
        if (rejection !== undefined) throw rejected(rejection)
        await driver.durable()
        return reply
          .header("cache-control", "no-store")
          .send(bookings.view(bookings.named(request.params.id, account), account))
      },
    )
  }
  partyRoute(
    "end",
    "End it before its time: a consumer pays the hours used; a provider has not completed them",
    "BookingEnded",
    "ended",
  )
  partyRoute("cancel", "Cancel it before it has begun", "BookingCancelled", "cancelled")
  partyRoute(
    "confirm",
    "The consumer confirms what was delivered: it is paid for at once",
    "BookingConfirmed",
    "confirmed",
  )
  partyRoute(
    "dispute",
    "Dispute what is not paid for yet. It may take a deposit, which the loser loses",
    "BookingDisputed",
    "disputed",
    Protocol.DisputeWords,
  )
  partyRoute(
    "answer",
    "The other party answers a dispute; unanswered, it is lost",
    "DisputeAnswered",
    "answered",
    Protocol.DisputeWords,
  )
  app.post<{ Params: Protocol.BookingPath; Body: Protocol.Ruling }>(
    "/admin/disputes/:id/ruling",
    {
      bodyLimit: smallBodyBytes,
      schema: routeSchema({
        tag: "Admin",
        summary: "Rule on a dispute: which part of what is disputed the consumer gets back",
        keys: ["admin"],
        params: Protocol.BookingPath,
        body: Protocol.Ruling,
        answers: { 200: Protocol.BookingView },
        errors: [404, 409],
      }),
    },
    async (request: FastifyRequest<{ Params: Protocol.BookingPath; Body: Protocol.Ruling }>) => {
      const admin = requireKey(services, request, "admin")
      const booking = bookings.named(request.params.id, "admin")
      const { consumer_share, statement } = request.body
      const consumerBps = Math.round(consumer_share * 10_000)
      const rejection = history.act(
        { _tag: "DisputeRuled", booking: booking.id, consumerBps },
        {
          booking: booking.id,
          kind: "ruled",
          details: {
            consumer_share: consumerBps / 10_000,
            ...(statement === undefined ? {} : { statement }),
          },
        },
      )
      if (rejection !== undefined) throw rejected(rejection)
      store.noteAudit({
        at: driver.clock.nowMicros(),
        finding: "DisputeRuled",
        subject: booking.provider,
        quantity: consumerBps,
        actor: admin.publicId,
      })
      await driver.durable()
      return bookings.view(directory.bookings.get(booking.id) ?? booking, "admin")
    },
  )
}
