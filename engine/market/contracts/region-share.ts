/** How much of a region one party has reserved (docs/rules.md#reservations), or is offered, at the same time. */
import type { Room } from "../../rules/hours/calendar.ts"
import { reservationKind } from "../bookings/terms.ts"
import { roomOf } from "../listings/listings.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"

/** Would it have more than its share of the region's capacity? O(listings + bookings + offers). */
export const isShareTaken = (
  market: Market,
  listing: number,
  client: number,
  wanted: Room,
  from: number,
  until: number,
): boolean => {
  const { bookings, contracts, listings, rules } = market
  const share = rules.maxReservedShare
  if (share === 1) return false
  const region = listings.columns.region[listing]
  const party = partyOf(market, client)
  let { jobs, memoryMib } = wanted
  const add = (of: number, account: number, begins: number, ends: number, room: Room): void => {
    if (listings.columns.region[of] !== region || partyOf(market, account) !== party) return
    if (begins >= until || ends <= from) return
    jobs += room.jobs
    memoryMib += room.memoryMib
  }
  for (let booking = 0; booking < bookings.used; booking++) {
    const { account, endAt, kind, listing: of, startAt } = bookings.columns
    if (bookings.ids[booking] === -1 || kind[booking] !== reservationKind) continue
    add(of[booking], account[booking], startAt[booking], endAt[booking], {
      jobs: bookings.columns.jobs[booking],
      memoryMib: bookings.columns.memoryMib[booking],
    })
  }
  for (let contract = 0; contract < contracts.used; contract++) {
    const { client: to, isReservation, keptFrom, keptUntil, listing: of } = contracts.columns
    if (contracts.ids[contract] === -1 || isReservation[contract] === 0) continue
    add(of[contract], to[contract], keptFrom[contract], keptUntil[contract], {
      jobs: contracts.columns.jobs[contract],
      memoryMib: contracts.columns.memoryMib[contract],
    })
  }
  const whole = capacityOf(market, region)
  return jobs > share * whole.jobs || memoryMib > share * whole.memoryMib
}

const capacityOf = (market: Market, region: number): Room => {
  const { listings } = market
  let jobs = 0
  let memoryMib = 0
  for (let listing = 0; listing < listings.used; listing++) {
    if (listings.ids[listing] === -1 || listings.columns.region[listing] !== region) continue
    const room = roomOf(market, listing)
    jobs += room.jobs
    memoryMib += room.memoryMib
  }
  return { jobs, memoryMib }
}
