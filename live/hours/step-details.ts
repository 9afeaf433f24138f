/** What belongs to a step of a booking, as its parties read it: credits as decimals, times as ISO 8601. */
import { microsPerSecond } from "../../engine/index.ts"
import { isObject } from "../../platform/json/json-object.ts"
import type { LiveServices } from "../directory/services.ts"
import { creditsOf } from "../views/credits.ts"
import type { MarketCalendar } from "./market-calendar.ts"

const amounts: ReadonlySet<string> = new Set([
  "price",
  "bond",
  "drawn",
  "fee",
  "share",
  "refund",
  "penalty",
])

const snakeOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const detailsOf = (
  { driver }: Pick<LiveServices, "driver">,
  calendar: MarketCalendar,
  figures: string,
): Readonly<Record<string, unknown>> => {
  const written: unknown = JSON.parse(figures)
  if (!isObject(written)) return {}
  return Object.fromEntries(
    Object.entries(written).map(([name, value]) => {
      if (typeof value !== "number") return [name, value]
      if (name === "untilMicros") return ["until", calendar.isoOf(value)]
      if (name.endsWith("Micros"))
        return [`${snakeOf(name.slice(0, -"Micros".length))}_seconds`, value / microsPerSecond]
      if (name === "onTime") return ["on_time", value]
      return [name, amounts.has(name) ? creditsOf(driver.market, value) : value]
    }),
  )
}
