/** Orders of hours and what their parties do to them, as the routes have it. */
import { Effect, Redacted } from "effect"
import type { BookingView as KernelView, HoursAsked, HoursQuote } from "../../engine/index.ts"
import { bookingView, microsPerHour, microsPerSecond, quoteHours } from "../../engine/index.ts"
import type { AccountRecord, BookingRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { Vault } from "../hosts/credentials/vault.ts"
import { badRequest, conflict, notFound } from "../http/http-error.ts"
import { newPublicId } from "../http/secrets.ts"
import type {
  BookingDetails,
  BookingView,
  BookingWish,
  EscrowStep,
  QuoteView,
  QuoteWish,
} from "../protocol/hours-protocol.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { creditsOf } from "../views/credits.ts"
import type { Gpus, Listed } from "./gpus.ts"
import { rateOf } from "./gpus.ts"
import { gibOf, memoryForSale, mibOf } from "./memory.ts"
import type { History } from "./history.ts"
import { nextBooking } from "./history.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { momentOf } from "./moments.ts"
import { declined, rejected } from "./refusals.ts"
import { slaSummary } from "./sla.ts"
import { detailsOf } from "./step-details.ts"

/** Who looks: an account, or the platform. */
export type Viewer = AccountRecord | "admin"

export interface Bookings {
  readonly quote: (wish: QuoteWish) => QuoteView
  /** `name`: the consumer's own name of the order. `isNew`: false where it was given before. */
  readonly order: (
    consumer: AccountRecord,
    wish: BookingWish,
    name: string | undefined,
  ) => { readonly booking: BookingRecord; readonly isNew: boolean }
  /** Throws 404 where there is none that the viewer is a party to. */
  readonly named: (publicId: string, viewer: Viewer) => BookingRecord
  readonly view: (booking: BookingRecord, viewer: Viewer) => BookingView
  readonly details: (
    booking: BookingRecord,
    viewer: Viewer,
  ) => Effect.Effect<BookingDetails, StoreBroken | StoreFault>
}

export interface BookingParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly gpus: Gpus
  readonly history: History
  readonly vault: Vault
}

/** An order without a start begins on the next second but one: by then it has been taken. */
const startsWithinMicros = microsPerSecond
const quoteMicros = 60 * microsPerSecond
const mostSteps = 10_000

export const makeBookings = (parts: BookingParts): Bookings => {
  const { services, calendar, gpus, history, vault } = parts
  const { directory, driver } = services
  const credits = (minor: number): string => creditsOf(driver.market, minor)

  const askedOf = ({ gpu }: Listed, wish: QuoteWish): HoursAsked => {
    const { start, end, hours, latest_start } = wish
    if ((end === undefined) === (hours === undefined))
      throw badRequest("Exactly one of `hours` and `end` has to be given", "hours")
    const now = Math.max(driver.clock.nowMicros(), driver.market.now)
    const startAt =
      start === undefined
        ? Math.ceil((now + startsWithinMicros) / microsPerSecond) * microsPerSecond
        : momentOf(calendar, start, "start")
    const endAt =
      end === undefined
        ? startAt + Math.round((hours ?? 0) * microsPerHour)
        : momentOf(calendar, end, "end")
    if (endAt <= startAt) throw badRequest("`end`: must be after the start", "end")
    const latestStart =
      latest_start === undefined ? undefined : momentOf(calendar, latest_start, "latest_start")
    if (latestStart !== undefined && latestStart < startAt)
      throw badRequest("`latest_start`: must be the start or after it", "latest_start")
    return {
      startAt,
      endAt,
      jobs: wish.jobs ?? gpu.terms.maxJobs,
      memoryMib: wish.memory_gib === undefined ? memoryForSale(gpu) : mibOf(wish.memory_gib),
      ...(latestStart === undefined ? {} : { latestStart }),
    }
  }

  const quoted = (listed: Listed, asked: HoursAsked): HoursQuote => {
    const quote = quoteHours(driver.market, listed.gpu.id, asked)
    if (quote === undefined) throw rejected("InvalidQuantity")
    if (typeof quote === "string") throw declined(quote)
    return quote
  }

  const quote: Bookings["quote"] = (wish) => {
    const listed = gpus.named(wish.gpu_id)
    const asked = askedOf(listed, wish)
    const found = quoted(listed, asked)
    const { feeBps } = driver.market.economy
    return {
      gpu_id: listed.host.publicId,
      start: calendar.isoOf(found.startAt),
      end: calendar.isoOf(found.endAt),
      hours: (found.endAt - found.startAt) / microsPerHour,
      jobs: asked.jobs,
      memory_gib: gibOf(asked.memoryMib),
      price_per_hour: credits(found.ratePerHour),
      price: credits(found.price),
      in_demand: found.isInDemand,
      fee: credits(Number((BigInt(found.price) * BigInt(feeBps)) / 10_000n)),
      expires_at: calendar.isoOf(driver.clock.nowMicros() + quoteMicros),
    }
  }

  const order: Bookings["order"] = (consumer, wish, name) => {
    const written = JSON.stringify(wish, Object.keys(wish).toSorted())
    const known = name === undefined ? undefined : directory.bookingByName(consumer.id, name)
    if (known !== undefined) {
      if (known.order !== written)
        throw conflict(
          "idempotency_key_taken",
          "This Idempotency-Key was given before, with another order; a new order needs one of its own",
        )
      return { booking: known, isNew: false }
    }
    const listed = gpus.named(wish.gpu_id)
    const asked = askedOf(listed, wish)
    const maxPrice =
      wish.max_price === undefined ? undefined : rateOf(services, wish.max_price, "max_price")
    const id = nextBooking(driver.market)
    const result = history.order(
      {
        id,
        publicId: newPublicId("bk"),
        account: consumer.id,
        provider: listed.host.account,
        gpu: listed.gpu.id,
        ...(name === undefined ? {} : { name }),
        order: written,
        jobs: asked.jobs,
        memoryMib: asked.memoryMib,
        createdAtMillis: services.nowMillis(),
      },
      {
        _tag: "BookingRequested",
        booking: id,
        account: consumer.id,
        listing: listed.gpu.id,
        ...asked,
        ...(maxPrice === undefined ? {} : { maxPrice }),
      },
    )
    if (typeof result === "string") throw declined(result)
    if ("rejection" in result) throw rejected(result.rejection)
    return { booking: result, isNew: true }
  }

  const sideOf = (
    { account, provider }: BookingRecord,
    viewer: Viewer,
  ): BookingView["side"] | undefined => {
    if (viewer === "admin") return "admin"
    if (account === viewer.id) return provider === viewer.id ? "both" : "consumer"
    return provider === viewer.id ? "provider" : undefined
  }

  const accessFor = (
    { sealedAccess, publicId }: BookingRecord,
    side: BookingView["side"],
    kernel: KernelView | undefined,
  ): string | null =>
    (side === "consumer" || side === "both") &&
    kernel?.phase === "active" &&
    sealedAccess !== undefined
      ? Redacted.value(vault.open(sealedAccess, publicId))
      : null

  const view: Bookings["view"] = (booking, viewer) => {
    const side = sideOf(booking, viewer)
    if (side === undefined) throw new Error("hours: a booking is shown to its parties only")
    const kernel = bookingView(driver.market, booking.id)
    const host = directory.hosts.get(booking.gpu)
    const { startAt, endAt, price, drawn } = booking
    const offer = booking.offer === undefined ? undefined : directory.offers.get(booking.offer)
    return {
      booking_id: booking.publicId,
      gpu_id: host?.publicId ?? "",
      gpu: host?.name ?? "",
      side,
      escrow: escrowStep(booking, kernel),
      start: calendar.isoOf(startAt),
      end: calendar.isoOf(endAt),
      hours: (endAt - startAt) / microsPerHour,
      jobs: booking.jobs,
      memory_gib: gibOf(booking.memoryMib),
      price_per_hour: credits(booking.ratePerHour),
      price: credits(price),
      is_down: kernel?.isDown ?? false,
      held: credits(kernel === undefined ? 0 : price - drawn),
      paid: credits(drawn),
      fee: credits(booking.fee),
      refund: credits(booking.refund),
      penalty: credits(booking.penalty),
      bond: credits(kernel?.bond ?? 0),
      confirm_by: calendar.isoOrNull(kernel?.phase === "disputed" ? undefined : kernel?.confirmBy),
      deadline: calendar.isoOrNull(kernel?.deadline),
      disputed_by: kernel?.disputedBy ?? null,
      is_answered: kernel?.isAnswered ?? false,
      access: accessFor(booking, side, kernel),
      kind: offer?.kind ?? "hours",
      contract_id: offer?.publicId ?? null,
      sla: slaSummary(services, booking),
      created_at: new Date(booking.createdAtMillis).toISOString(),
      closed_at: calendar.isoOrNull(booking.closedAt),
      stars: booking.stars ?? null,
    }
  }

  return {
    quote,
    order,
    named: (publicId, viewer) => {
      const booking = directory.bookingByPublicId(publicId)
      // Whoever is no party to it is not told that it is there.
      if (booking === undefined || sideOf(booking, viewer) === undefined)
        throw notFound(`booking ${publicId.slice(0, 100)} of yours`)
      return booking
    },
    view,
    details: (booking, viewer) =>
      Effect.gen(function* () {
        yield* durably(driver)
        const steps = yield* services.store.bookingSteps({
          booking: booking.id,
          afterId: 0,
          count: mostSteps,
        })
        return {
          ...view(directory.bookings.get(booking.id) ?? booking, viewer),
          history: steps.map(({ at, kind, figures }) => ({
            at: calendar.isoOf(at),
            step: kind,
            details: detailsOf(services, calendar, figures),
          })),
        }
      }),
  }
}

/** Where a booking stands, for those who wait for its money. */
const escrowStep = (
  { outcome }: BookingRecord,
  kernel: Pick<KernelView, "phase" | "isGranted" | "isAnswered"> | undefined,
): EscrowStep => {
  switch (kernel?.phase) {
    case "held":
      return kernel.isGranted ? "granted" : "held"
    case "active":
      return "active"
    case "delivered":
      return "awaiting_confirmation"
    case "disputed":
      return kernel.isAnswered ? "awaiting_ruling" : "disputed"
    case undefined:
      return outcome === "noShow" ? "no_show" : (outcome ?? "cancelled")
  }
}
