/** What a machine earned by the hour, from what was released of its bookings. */
import { Effect } from "effect"
import { microsPerHour } from "../../engine/index.ts"
import { localClock } from "../../schedules/index.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import { badRequest } from "../http/http-error.ts"
import type { EarningsQuery, GpuEarnings, GpuStatus } from "../protocol/hours-protocol.ts"
import type { StoredBookingStep } from "../store/booking-step.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { creditsOf } from "../views/credits.ts"
import type { Gpus, Listed } from "./gpus.ts"
import type { MarketCalendar } from "./market-calendar.ts"

const microsPerDay = 24 * microsPerHour
const statusDays = 30
const pageOfSteps = 1000

export interface EarningsParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly gpus: Gpus
}

interface Payment {
  readonly at: number
  readonly booking: number
  readonly consumer: number
  readonly drawn: number
  readonly fee: number
  readonly share: number
}

const breakdowns = ["client", "model", "hour"] as const
type Breakdown = (typeof breakdowns)[number]

const isBreakdown = (word: string): word is Breakdown => breakdowns.includes(word as Breakdown)

/** 003's names for the same. */
const otherNames: Readonly<Record<string, Breakdown>> = { model_type: "model", time_of_day: "hour" }

const breakdownsIn = (by: string | undefined): ReadonlyArray<Breakdown> =>
  (by ?? "").split(",").flatMap((word) => {
    if (word.trim() === "") return []
    const name = otherNames[word.trim()] ?? word.trim()
    if (isBreakdown(name)) return name
    throw badRequest("`by`: must be any of client, model, hour, one comma between", "by")
  })

const periodMicros = (period = "30d"): number =>
  Number(period.slice(0, -1)) * (period.endsWith("d") ? microsPerDay : microsPerHour)

export const earningsOf = (
  parts: EarningsParts,
  { gpu, host, listing }: Listed,
  query: EarningsQuery,
): Effect.Effect<GpuEarnings, StoreBroken | StoreFault> => {
  const by = breakdownsIn(query.by)
  return Effect.gen(function* () {
    const { services, calendar } = parts
    const { directory, driver } = services
    const until = driver.clock.nowMicros()
    const from = Math.max(0, until - periodMicros(query.period))
    const payments = yield* paymentsOf(services, gpu.id, from)
    const credits = (minor: number): string => creditsOf(driver.market, minor)
    const total = sum(payments, ({ share }) => share)
    const timezone = directory.regions.get(listing.region)?.timezone ?? "UTC"
    const clock = localClock(timezone, calendar.originMicros, calendar.originMicros + until)
    const clientOf = ({ consumer }: Payment): string =>
      directory.accounts.get(consumer)?.publicId ?? ""
    const keyOf: Readonly<Record<Breakdown, (payment: Payment) => string>> = {
      client: clientOf,
      model: () => "hours",
      hour: ({ at }) => String(clock(calendar.originMicros + at).hour),
    }
    const grouped = (of: (payment: Payment) => string) => {
      const groups = new Map<string, Array<Payment>>()
      for (const payment of payments)
        groups.set(of(payment), [...(groups.get(of(payment)) ?? []), payment])
      return [...groups]
        .map(([key, all]) => ({
          key,
          minor: sum(all, ({ share }) => share),
          bookings: new Set(all.map(({ booking }) => booking)).size,
        }))
        .toSorted((a, b) => b.minor - a.minor)
    }
    const days = Math.max(1, Math.ceil((until - Math.max(from, firstAt(payments))) / microsPerDay))
    return {
      gpu_id: host.publicId,
      from: calendar.isoOf(from),
      until: calendar.isoOf(until),
      gross: credits(sum(payments, ({ drawn }) => drawn)),
      fee: credits(sum(payments, ({ fee }) => fee)),
      total: credits(total),
      daily_average: credits(Math.floor(total / days)),
      top_client: grouped(clientOf)[0]?.key ?? null,
      realized_rate: realisedRate(services, payments, credits),
      bookings: new Set(payments.map(({ booking }) => booking)).size,
      by: Object.fromEntries(
        by.map((name) => [
          name,
          grouped(keyOf[name]).map(({ key, minor, bookings }) => ({
            key,
            share: credits(minor),
            bookings,
          })),
        ]),
      ),
    }
  })
}

const firstAt = (payments: ReadonlyArray<Payment>): number =>
  payments.reduce((first, { at }) => Math.min(first, at), Infinity)

const sum = <T>(all: ReadonlyArray<T>, of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0)

/** What was paid ÷ the job-hours that it was paid for; of bookings of memory alone, the hours. */
const realisedRate = (
  { directory }: LiveServices,
  payments: ReadonlyArray<Payment>,
  credits: (minor: number) => string,
): string | null => {
  const bookings = new Set(payments.map(({ booking }) => booking))
  const hours = sum([...bookings], (id) => {
    const booking = directory.bookings.get(id)
    if (booking === undefined) return 0
    const until = Math.min(booking.endAt, booking.revokedAt ?? booking.endAt)
    return (Math.max(0, until - booking.startAt) / microsPerHour) * Math.max(1, booking.jobs)
  })
  return hours === 0 ? null : credits(Math.round(sum(payments, ({ drawn }) => drawn) / hours))
}

const paymentsOf = (
  { driver, store }: LiveServices,
  listing: number,
  fromMicros: number,
): Effect.Effect<ReadonlyArray<Payment>, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    yield* durably(driver)
    const payments: Array<Payment> = []
    for (let afterId = 0; ;) {
      const steps: ReadonlyArray<StoredBookingStep> = yield* store.bookingSteps({
        listing,
        kind: "released",
        fromMicros,
        afterId,
        count: pageOfSteps,
      })
      for (const { at, booking, consumer, figures } of steps) {
        const { drawn, fee, share } = JSON.parse(figures) as Payment
        payments.push({ at, booking, consumer, drawn, fee, share })
      }
      const last = steps.at(-1)
      if (last === undefined || steps.length < pageOfSteps) return payments
      afterId = last.id
    }
  })

/** How a machine does: of its last thirty days, or as long as it is listed. */
export const statusOf = (
  parts: EarningsParts,
  listed: Listed,
): Effect.Effect<GpuStatus, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { services, calendar, gpus } = parts
    const { directory, driver, nowMillis } = services
    const { gpu } = listed
    const now = driver.clock.nowMicros()
    const listedMicros = Math.max(1, (nowMillis() - gpu.createdAtMillis) * 1000)
    const from = Math.max(0, now - statusDays * microsPerDay)
    const payments = yield* paymentsOf(services, gpu.id, from)
    const bookings = directory.bookingsOfGpu(gpu.id).flatMap((id) => {
      const booking = directory.bookings.get(id)
      return booking === undefined || booking.outcome === "cancelled" ? [] : booking
    })
    const soldMicros = sum(bookings, ({ startAt, endAt, revokedAt = endAt, jobs }) => {
      const until = Math.min(endAt, revokedAt, now)
      return Math.max(0, until - Math.max(from, startAt)) * Math.max(1, jobs)
    })
    const open = Math.min(listedMicros, statusDays * microsPerDay) * gpu.terms.maxJobs
    const next = bookings
      .filter(({ startAt, closedAt }) => startAt > now && closedAt === undefined)
      .reduce((first, { startAt }) => Math.min(first, startAt), Infinity)
    return {
      ...gpus.view(listed),
      sold_hours: rounded(soldMicros / microsPerHour),
      utilization: rounded(Math.min(1, soldMicros / open)),
      realized_rate: realisedRate(services, payments, (minor) => creditsOf(driver.market, minor)),
      running: bookings
        .filter(
          ({ startedAt, revokedAt, closedAt }) =>
            startedAt !== undefined && revokedAt === undefined && closedAt === undefined,
        )
        .map(({ publicId }) => publicId),
      next_booking_at: calendar.isoOrNull(next),
    }
  })

const rounded = (value: number): number => Math.round(value * 1000) / 1000
