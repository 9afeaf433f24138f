/**
 * Regions: the configuration names them, the directory gives each its number for good, and the market is
 * told their peak hours as instants, further ahead than anything can be booked.
 */
import { microsPerHour, regionViews } from "../../engine/index.ts"
import { peaks } from "../../schedules/index.ts"
import type { RegionRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { badRequest } from "../http/http-error.ts"
import type { MarketCalendar } from "./market-calendar.ts"

const microsPerDay = 24 * microsPerHour
/** Bookings end this far ahead at most, and something to spare. */
const keptAheadDays = 60
const extendedByDays = 310

export interface Regions {
  /** Those of the configuration, in its order. */
  readonly all: () => ReadonlyArray<RegionRecord>
  /** The one of that name, the first where none is given. Throws what a client is to be told. */
  readonly named: (name: string | undefined) => RegionRecord
  readonly close: () => void
}

/** Takes part in the driver's commands from here on. */
export const keepRegions = (services: LiveServices, calendar: MarketCalendar): Regions => {
  const { config, directory, driver } = services
  const { economy } = driver.market
  let disarm = (): void => {}

  const enter = ({ name, timezone }: { readonly name: string; readonly timezone: string }) => {
    const known = directory.regionByName(name)
    if (known?.timezone === timezone) return known
    const record = { id: known?.id ?? directory.regions.nextId(), name, timezone }
    directory.regions.put(record)
    return record
  }
  const listed = config.regions.map(enter)

  const peaksUntil = (region: RegionRecord): number | undefined =>
    regionViews(driver.market).find((one) => one.region === region.id)?.peaksUntil

  /** Peak hours that are known stay, also where the zone is another one now. */
  const extend = (region: RegionRecord, wantedUntil: number): void => {
    const now = Math.max(driver.clock.nowMicros(), driver.market.now)
    const known = peaksUntil(region)
    if (known !== undefined && known >= wantedUntil) return
    const from = Math.max(now, known ?? 0)
    const until = Math.max(wantedUntil, now + extendedByDays * microsPerDay)
    const { peakFromHour, peakUntilHour } = economy.hours
    const origin = calendar.originMicros
    const { begins, ends } = peaks(
      region.timezone,
      peakFromHour,
      peakUntilHour,
      origin + from,
      origin + until,
    )
    const toMarket = (instant: number): number => instant - origin
    driver.submit({
      _tag: "RegionSet",
      region: region.id,
      peakFrom: begins.map(toMarket),
      peakUntil: closed(begins, ends, origin + until).map(toMarket),
      until,
    })
  }

  const look = (): void => {
    const now = driver.clock.nowMicros()
    const ahead = (economy.listings.maxAheadDays + keptAheadDays) * microsPerDay
    for (const region of listed) extend(region, now + ahead)
    disarm = driver.clock.wakeAt(now + microsPerDay, look)
  }

  driver.addTaker((command) => {
    if (command._tag !== "ExtendPeaks") return
    const region = directory.regions.get(command.region)
    if (region !== undefined) extend(region, command.untilMicros)
  })
  if (economy.hours.areSold) look()

  return {
    all: () => listed,
    named: (name) => {
      const found = name === undefined ? listed[0] : listed.find((one) => one.name === name)
      if (found !== undefined) return found
      const names = listed.map((one) => one.name).join(", ")
      throw badRequest(`\`region\`: must be one of this market's: ${names}`, "region")
    },
    close: () => disarm(),
  }
}

/** What goes on past the end of what is told ends with it; the next telling begins there. */
export const closed = (
  begins: ReadonlyArray<number>,
  ends: ReadonlyArray<number>,
  until: number,
): ReadonlyArray<number> => (ends.length < begins.length ? [...ends, until] : ends)
