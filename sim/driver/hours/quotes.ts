/** What hours of a listing would cost, as a renter would book them there. */
import type { DeclineReason } from "../../../engine/index.ts"
import { listingView, nodeView, quoteHours } from "../../../engine/index.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Listing } from "./listings.ts"
import type { Wish } from "./wish.ts"

const hourMicros = 3600e6

export interface Quoted {
  readonly startAt: number
  readonly endAt: number
  /** Minor units. */
  readonly price: number
}

/**
 * With an elasticity above 0 a renter books fewer hours where the rate is above the published one, and more where it
 * is below. A machine that is known to be away is not looked at.
 */
export const hoursQuoteOf = (
  port: MarketPort,
  { node, publishedRate }: Listing,
  wish: Pick<Wish, "hours" | "jobs" | "startAt" | "latestStart">,
  elasticity: number,
  credit: number,
): Quoted | DeclineReason => {
  const { market } = port
  const view = listingView(market, node)
  if (view === undefined || nodeView(market, node)?.isOnline !== true) return "NotOpen"
  const relative = view.ratePerHour / credit / publishedRate
  const factor = elasticity === 0 || relative === 0 ? 1 : Math.exp(-elasticity * Math.log(relative))
  const micros = Math.max(60e6, Math.round(wish.hours * factor * hourMicros))
  const { startAt, latestStart, jobs } = wish
  const quoted = quoteHours(market, node, {
    startAt,
    endAt: startAt + micros,
    jobs,
    memoryMib: 0,
    ...(latestStart > startAt ? { latestStart } : {}),
  })
  if (quoted === undefined) return "NotOpen"
  if (typeof quoted === "string") return quoted
  return { startAt, endAt: startAt + micros, price: quoted.price }
}
