/** What hours cost, by region: what is asked now, and what was paid by the hour of the region's day. */
import { microsPerHour, regionViews } from "../../engine/index.ts"
import { localClock } from "../../schedules/index.ts"
import type { BookingRecord, RegionRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { RegionRates } from "../protocol/hours-protocol.ts"
import { creditsOf } from "../views/credits.ts"
import type { Gpus } from "./gpus.ts"
import type { MarketCalendar } from "./market-calendar.ts"

const pastMicros = 7 * 24 * microsPerHour
const hoursOfDay = 24
/** A long booking is looked at this far, so that none holds up whoever asks. */
const mostHoursLookedAt = 24 * 97

interface Parts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly gpus: Gpus
}

/** O(machines · log machines + hours sold of late and ahead). */
export const ratesOf = (
  { services, calendar, gpus }: Parts,
  regions: ReadonlyArray<RegionRecord>,
): ReadonlyArray<RegionRates> => {
  const { directory, driver } = services
  const credits = (minor: number): string => creditsOf(driver.market, Math.round(minor))
  const now = driver.clock.nowMicros()
  const views = new Map(regionViews(driver.market).map((view) => [view.region, view]))
  const asked = new Map<number, Array<number>>()
  for (const { listing } of gpus.all())
    if (listing.isOffered)
      asked.set(listing.region, [...(asked.get(listing.region) ?? []), listing.ratePerHour])
  const sold = new Map<number, Array<BookingRecord>>()
  for (const booking of directory.bookings.all()) {
    const region = directory.gpus.get(booking.gpu)?.terms.region
    const wasSold = booking.outcome !== "cancelled" && booking.outcome !== "noShow"
    if (region === undefined || !wasSold || booking.endAt < now - pastMicros) continue
    sold.set(region, [...(sold.get(region) ?? []), booking])
  }
  return regions.map((region) => {
    const rising = (asked.get(region.id) ?? []).toSorted((one, other) => one - other)
    // A rate that somebody asks, not one between two.
    const at = (share: number): string | null => {
      const rate = rising[Math.max(0, Math.ceil(share * rising.length) - 1)]
      return rate === undefined ? null : credits(rate)
    }
    const view = views.get(region.id)
    return {
      region: region.name,
      timezone: region.timezone,
      offered: rising.length,
      use: view?.use ?? 0,
      in_demand: view?.isInDemand ?? false,
      min: at(0),
      lower_quartile: at(0.25),
      median: at(0.5),
      upper_quartile: at(0.75),
      max: at(1),
      hours: byHour(calendar, region, sold.get(region.id) ?? [], now).map(
        ({ jobHours, minor }, hour) => ({
          hour,
          sold_hours: Math.round(jobHours * 1000) / 1000,
          rate: jobHours === 0 ? null : credits(minor / jobHours),
        }),
      ),
    }
  })
}

/** Each booking's price, spread evenly over its hours. */
const byHour = (
  { originMicros }: MarketCalendar,
  { timezone }: RegionRecord,
  bookings: ReadonlyArray<BookingRecord>,
  now: number,
): ReadonlyArray<{ readonly jobHours: number; readonly minor: number }> => {
  const hours = Array.from({ length: hoursOfDay }, () => ({ jobHours: 0, minor: 0 }))
  if (bookings.length === 0) return hours
  const last = bookings.reduce((until, { endAt }) => Math.max(until, endAt), now)
  const clock = localClock(
    timezone,
    originMicros + Math.max(0, now - pastMicros),
    originMicros + last,
  )
  for (const { startAt, endAt, jobs, price } of bookings) {
    const counted = Math.max(1, jobs)
    const minorPerMicro = price / (endAt - startAt)
    let from = Math.max(startAt, now - pastMicros)
    for (let looked = 0; from < endAt && looked < mostHoursLookedAt; looked++) {
      const { hour, minute } = clock(originMicros + from)
      const until = Math.min(endAt, from + Math.max(1, ((60 - minute) / 60) * microsPerHour))
      const one = hours[hour]
      one.jobHours += ((until - from) / microsPerHour) * counted
      one.minor += minorPerMicro * (until - from)
      from = until
    }
  }
  return hours
}
