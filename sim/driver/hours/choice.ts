/**
 * How a renter chooses: it looks at a few listings, has each quoted, and takes the one that leaves most of what
 * the hours are worth,
 *
 *   utility = worth · (1 − caution · (1 − reliability) − distance) − price
 */
import type { Failure } from "../../recording/hours-recorder.ts"
import type { RenterSettings } from "../../scenarios/hours-settings.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Listing } from "./listings.ts"
import { hoursQuoteOf } from "./quotes.ts"
import type { Rentals } from "./rentals.ts"
import type { Wish } from "./wish.ts"

const hourMicros = 3600e6

/** What it takes. */
export interface Choice {
  readonly listing: Listing
  readonly startAt: number
  readonly endAt: number
  readonly price: number
  readonly worthPerHour: number
}

/** The best of the listings, or why there is none: that all are too dear, or what the first of them said. */
export const chooseHours = (
  port: MarketPort,
  rentals: Rentals,
  credit: number,
  { caution, distance, elasticity }: RenterSettings,
  wish: Wish,
  candidates: ReadonlyArray<Listing>,
  /** Those that take an order in the place of one that is taken. */
  standInsOf: (listing: Listing) => ReadonlyArray<Listing> = () => [],
): Choice | Failure => {
  let best: Choice | undefined
  let most = 0
  let failure: Failure | undefined
  const quote = (listing: Listing) => hoursQuoteOf(port, listing, wish, elasticity, credit)
  for (const shown of candidates) {
    let listing = shown
    let quoted = quote(listing)
    if (quoted === "NoCapacity")
      for (const other of standInsOf(shown)) {
        const theirs = quote(other)
        if (typeof theirs === "string") continue
        listing = other
        quoted = theirs
        break
      }
    if (typeof quoted === "string") {
      failure ??= quoted
      continue
    }
    const { node, publishedRate, region } = listing
    const { endAt, startAt, price } = quoted
    const worthPerHour = wish.worth * publishedRate
    const worth = ((endAt - startAt) / hourMicros) * wish.jobs * worthPerHour
    const fear = caution * (1 - rentals.reliabilityOf(node))
    const away = region === wish.region ? 0 : distance
    const utility = worth * (1 - fear - away) - price / credit
    if (utility > most) {
      most = utility
      best = { listing, startAt, endAt, price, worthPerHour }
    } else failure = "PricedOut"
  }
  return best ?? failure ?? "NotOpen"
}
