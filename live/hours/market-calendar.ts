/** The market's time as people write it, and back: ISO 8601, to the millisecond. */
import { Effect } from "effect"
import type { LiveServices } from "../directory/services.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { readOpenedAtMillis } from "../views/market-time.ts"

const microsPerMilli = 1000

export interface MarketCalendar {
  /** µs from 1970-01-01T00:00Z to the market's zero. */
  readonly originMicros: number
  readonly isoOf: (atMicros: number) => string
  /** `null` for what never comes. */
  readonly isoOrNull: (atMicros: number | undefined) => string | null
  /** Of a time with an offset; `undefined` where there is no such time, such as a 30th of February. */
  readonly microsOf: (text: string) => number | undefined
}

const calendarFrom = (openedAtMillis: number): MarketCalendar => {
  const isoOf = (atMicros: number): string =>
    new Date(openedAtMillis + Math.floor(atMicros / microsPerMilli)).toISOString()
  return {
    originMicros: openedAtMillis * microsPerMilli,
    isoOf,
    isoOrNull: (atMicros) =>
      atMicros === undefined || !Number.isFinite(atMicros) ? null : isoOf(atMicros),
    microsOf: (text) => {
      const millis = Date.parse(text)
      if (Number.isNaN(millis) || !isRealDay(text)) return undefined
      return (millis - openedAtMillis) * microsPerMilli
    },
  }
}

/** `Date` takes a 30th of February for a day of March. */
const isRealDay = (text: string): boolean => {
  const day = text.slice(0, 10)
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}

export const readMarketCalendar = (
  services: LiveServices,
): Effect.Effect<MarketCalendar, StoreBroken | StoreFault> =>
  Effect.map(readOpenedAtMillis(services), calendarFrom)
