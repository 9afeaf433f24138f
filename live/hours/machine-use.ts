/** How much of a machine was sold and open: its bookings and its week, read for `analytics/`. */
import { Either } from "effect"
import { microsPerHour } from "../../engine/index.ts"
import { expand, localClock, readSchedule } from "../../schedules/index.ts"
import type { ByHour, Clock, Span } from "../analytics/day.ts"
import { microsByHour } from "../analytics/day.ts"
import type { Sold, Use } from "../analytics/use.ts"
import { useOf } from "../analytics/use.ts"
import type { BookingRecord, GpuRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { closed } from "./regions.ts"

const microsPerDay = 24 * microsPerHour

interface Parts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
}

/** The zone of a machine's region, and its clock over a span of the market's time. */
export const clockOf = (
  { services, calendar }: Parts,
  gpu: GpuRecord,
  [from, until]: Span,
): { readonly timezone: string; readonly clock: Clock } => {
  const timezone = services.directory.regions.get(gpu.terms.region)?.timezone ?? "UTC"
  const { originMicros } = calendar
  return { timezone, clock: localClock(timezone, originMicros + from, originMicros + until) }
}

export const listedAt = ({ calendar }: Pick<Parts, "calendar">, gpu: GpuRecord): number =>
  Math.max(0, gpu.createdAtMillis * 1000 - calendar.originMicros)

/** Was it sold, rather than given up before it began? */
const isSold = ({ outcome }: BookingRecord): boolean =>
  outcome !== "cancelled" && outcome !== "noShow"

export const soldOf = ({ services, calendar }: Parts, gpu: GpuRecord): ReadonlyArray<Sold> => {
  const { directory } = services
  return directory.bookingsOfGpu(gpu.id).flatMap((id) => {
    const booking = directory.bookings.get(id)
    if (booking === undefined || !isSold(booking)) return []
    const { startAt, endAt, revokedAt = endAt, jobs } = booking
    return {
      fromMicros: calendar.originMicros + startAt,
      untilMicros: calendar.originMicros + Math.min(endAt, revokedAt),
      jobs,
    }
  })
}

/** When its schedule of now has it open in a span of the market's time: µs since 1970. */
const openOf = ({ calendar }: Parts, { schedule }: GpuRecord, span: Span) => {
  const [from, until] = span.map((at) => calendar.originMicros + at) as [number, number]
  if (schedule === undefined) return [[from, until]] as ReadonlyArray<Span>
  const read = readSchedule(schedule)
  if (Either.isLeft(read)) return []
  const { opens, closes } = expand(read.right, from, until)
  const ends = closed(opens, closes, until)
  return opens.map((opened, index): Span => [opened, ends[index] ?? until])
}

/** Of a span of the market's time. */
export const machineUse = (parts: Parts, gpu: GpuRecord, span: Span, clock: Clock): Use => {
  const { originMicros } = parts.calendar
  return useOf(
    soldOf(parts, gpu),
    openOf(parts, gpu, span),
    gpu.terms.maxJobs,
    [originMicros + span[0], originMicros + span[1]],
    clock,
  )
}

/** How much of each hour of the day its week has open, 0 to 1: that of the week to come. */
export const openShareOf = (parts: Parts, gpu: GpuRecord, now: number): ByHour => {
  const week: Span = [now, now + 7 * microsPerDay]
  const { clock } = clockOf(parts, gpu, week)
  const { originMicros } = parts.calendar
  const all = microsByHour([[originMicros + week[0], originMicros + week[1]]], clock)
  return microsByHour(openOf(parts, gpu, week), clock).map((micros, hour) =>
    all[hour] === 0 ? 0 : micros / all[hour],
  )
}
