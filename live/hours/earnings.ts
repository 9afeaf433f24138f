/** What a machine earned, and how it does (docs/hours.md#figures). */
import { Effect } from "effect"
import { microsPerHour } from "../../engine/index.ts"
import type { Breakdown, Payment } from "../analytics/earnings.ts"
import { breakdowns, partsBy, perHour, totalsOf } from "../analytics/earnings.ts"
import { peakHoursOf, utilisationOf } from "../analytics/use.ts"
import type { LiveServices } from "../directory/services.ts"
import { badRequest } from "../http/http-error.ts"
import type { EarningsQuery, GpuAnalytics, GpuEarnings } from "../protocol/figures-protocol.ts"
import type { GpuStatus } from "../protocol/hours-protocol.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { creditsOf } from "../views/credits.ts"
import type { Gpus, Listed } from "./gpus.ts"
import { clockOf, listedAt, machineUse } from "./machine-use.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { hoursModel, paymentsOf } from "./payments.ts"

const microsPerDay = 24 * microsPerHour
const statusDays = 30

export interface EarningsParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly gpus: Gpus
}

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
  listed: Listed,
  query: EarningsQuery,
): Effect.Effect<GpuEarnings, StoreBroken | StoreFault> => {
  const by = breakdownsIn(query.by)
  return Effect.gen(function* () {
    const { services, calendar } = parts
    const { driver } = services
    const until = driver.clock.nowMicros()
    const from = Math.max(0, until - periodMicros(query.period))
    const payments = yield* paymentsOf(parts, listed, from)
    const { timezone, clock } = clockOf(parts, listed.gpu, spanWith(parts, payments, from, until))
    const credits = (minor: number): string => creditsOf(driver.market, minor)
    const totals = totalsOf(payments)
    const ofHours = totalsOf(payments.filter(({ model }) => model === hoursModel))
    const days = daysOf(parts, payments, from, until)
    return {
      gpu_id: listed.host.publicId,
      from: calendar.isoOf(from),
      until: calendar.isoOf(until),
      timezone,
      gross: credits(totals.gross),
      fee: credits(totals.fee),
      total: credits(totals.share),
      of_hours: credits(ofHours.share),
      of_calls: credits(totals.share - ofHours.share),
      days,
      daily_average: credits(Math.floor(totals.share / days)),
      top_client: partsBy(payments, "client", clock)[0]?.key ?? null,
      realized_rate: rateOrNull(credits, ofHours.gross, ofHours.jobMicros),
      bookings: totals.bookings,
      calls: totals.calls,
      by: Object.fromEntries(
        by.map((name) => [
          name,
          partsBy(payments, name, clock).map(({ share, ...part }) => ({
            ...part,
            share: credits(share),
          })),
        ]),
      ),
    }
  })
}

/** The time of the market that a clock is needed for: what is paid now may be for hours before. */
const spanWith = (
  { calendar }: EarningsParts,
  payments: ReadonlyArray<Payment>,
  from: number,
  until: number,
): readonly [number, number] =>
  payments.reduce<readonly [number, number]>(
    ([first, last], { fromMicros, untilMicros }) => [
      Math.min(first, fromMicros - calendar.originMicros),
      Math.max(last, untilMicros - calendar.originMicros),
    ],
    [from, until],
  )

/** From the first hour of the period that was paid for; begun days count. */
const daysOf = (
  { calendar }: EarningsParts,
  payments: ReadonlyArray<Payment>,
  from: number,
  until: number,
): number => {
  const first = payments.reduce(
    (least, { fromMicros }) => Math.min(least, fromMicros - calendar.originMicros),
    until,
  )
  return Math.max(1, Math.ceil((until - Math.max(from, first)) / microsPerDay))
}

const rateOrNull = (
  credits: (minor: number) => string,
  amount: number,
  jobMicros: number,
): string | null => {
  const rate = perHour(amount, jobMicros)
  return rate === undefined ? null : credits(rate)
}

export const analyticsOf = (
  parts: EarningsParts,
  listed: Listed,
  period: string | undefined,
): Effect.Effect<GpuAnalytics, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { services, calendar } = parts
    const { driver } = services
    const { gpu, host } = listed
    const until = driver.clock.nowMicros()
    const from = Math.min(until, Math.max(listedAt(parts, gpu), until - periodMicros(period)))
    const payments = yield* paymentsOf(parts, listed, from)
    const { timezone, clock } = clockOf(parts, gpu, spanWith(parts, payments, from, until))
    const credits = (minor: number): string => creditsOf(driver.market, minor)
    const use = machineUse(parts, gpu, [from, until], clock)
    const ofHours = totalsOf(payments.filter(({ model }) => model === hoursModel))
    const models = partsBy(payments, "model", clock).map(({ key, share }) => {
      const { jobMicros } = totalsOf(payments.filter(({ model }) => model === key))
      return { key, share, jobMicros, profit: perHour(share, jobMicros) }
    })
    return {
      gpu_id: host.publicId,
      from: calendar.isoOf(from),
      until: calendar.isoOf(until),
      timezone,
      utilization_rate: ratioOrNull(utilisationOf(use)),
      sold_hours: hoursIn(use.soldMicros),
      open_hours: hoursIn(use.openMicros),
      realized_rate: rateOrNull(credits, ofHours.gross, ofHours.jobMicros),
      peak_hours: peakHoursOf(use.soldByHour),
      hours: use.soldByHour.map((sold, hour) => ({
        hour,
        sold_hours: hoursIn(sold),
        open_hours: hoursIn(use.openByHour[hour]),
        utilization: ratioOrNull(
          use.openByHour[hour] === 0 ? undefined : sold / use.openByHour[hour],
        ),
      })),
      profitable_models: models
        .toSorted((one, other) => (other.profit ?? -1) - (one.profit ?? -1))
        .map(({ key, share, jobMicros, profit }) => ({
          model: key,
          share: credits(share),
          job_hours: hoursIn(jobMicros),
          share_per_hour: profit === undefined ? null : credits(profit),
        })),
    }
  })

/** How a machine does: of its last thirty days, or as long as it is listed. */
export const statusOf = (
  parts: EarningsParts,
  listed: Listed,
): Effect.Effect<GpuStatus, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { services, calendar, gpus } = parts
    const { directory, driver } = services
    const { gpu } = listed
    const now = driver.clock.nowMicros()
    const from = Math.min(now, Math.max(listedAt(parts, gpu), now - statusDays * microsPerDay))
    const payments = yield* paymentsOf(parts, listed, from)
    const use = machineUse(parts, gpu, [from, now], clockOf(parts, gpu, [from, now]).clock)
    const ofHours = totalsOf(payments.filter(({ model }) => model === hoursModel))
    const bookings = directory
      .bookingsOfGpu(gpu.id)
      .flatMap((id) => directory.bookings.get(id) ?? [])
    const next = bookings
      .filter(({ startAt, closedAt }) => startAt > now && closedAt === undefined)
      .reduce((first, { startAt }) => Math.min(first, startAt), Infinity)
    return {
      ...gpus.view(listed),
      sold_hours: hoursIn(use.soldMicros),
      utilization: ratioOrNull(utilisationOf(use)) ?? 0,
      realized_rate: rateOrNull(
        (minor) => creditsOf(driver.market, minor),
        ofHours.gross,
        ofHours.jobMicros,
      ),
      running: bookings
        .filter(
          ({ startedAt, revokedAt, closedAt }) =>
            startedAt !== undefined && revokedAt === undefined && closedAt === undefined,
        )
        .map(({ publicId }) => publicId),
      next_booking_at: calendar.isoOrNull(next),
    }
  })

const hoursIn = (jobMicros: number): number => Math.round((jobMicros / microsPerHour) * 1000) / 1000

const ratioOrNull = (ratio: number | undefined): number | null =>
  ratio === undefined ? null : Math.round(ratio * 10_000) / 10_000
