/** What holds of bookings between steps (docs/rules.md#escrow). */
import { invariant } from "../../core/invariant.ts"
import { auditTable, slotOf } from "../../core/table.ts"
import { auditWakeQueue } from "../../core/wake-queue.ts"
import { heldAmount } from "../../ledger/holds.ts"
import { active, disputed, held, over } from "../../machines/booking.ts"
import { makeCalendar, take } from "../../rules/hours/calendar.ts"
import type { Calendar } from "../../rules/hours/calendar.ts"
import type { Market } from "../state/market-state.ts"
import { ofBookings, ofStarts } from "../state/market-state.ts"
import { reservationKind, roomFor } from "./terms.ts"
import { dueOf } from "./wakes.ts"

/** Asserts it of every booking and listing. O(bookings + calendars). */
export const auditBookings = (market: Market): void => {
  const { bookings, ledger, listings, wakes } = market
  auditTable(bookings)
  auditWakeQueue(wakes[ofBookings])
  auditWakeQueue(wakes[ofStarts])
  const sold = Array.from({ length: listings.used }, () => makeCalendar())
  const reservations = new Int32Array(market.accounts.used)
  const counts = sold.map(() => ({ bookings: 0, busyJobs: 0, running: 0 }))
  for (let booking = 0; booking < bookings.used; booking++) {
    if (bookings.ids[booking] === -1) continue
    auditMoney(market, booking)
    auditPhase(market, booking)
    const listing = bookings.columns.listing[booking]
    const isRunning = isInUse(market, booking)
    const ofListing = counts[listing]
    invariant(ofListing !== undefined, "a booking is of a listing")
    if (isRunning && bookings.columns.kind[booking] === reservationKind)
      reservations[bookings.columns.account[booking]] += 1
    ofListing.bookings += 1
    ofListing.busyJobs += isRunning ? bookings.columns.jobs[booking] : 0
    ofListing.running += isRunning ? 1 : 0
    invariant(
      market.running[listing].includes(booking) === isRunning,
      "the bookings that run are on the list of their listing",
    )
    if (bookings.columns.phase[booking] <= active) sell(market, sold[listing], booking)
  }
  for (let account = 0; account < market.accounts.used; account++)
    invariant(
      market.accounts.columns.reservations[account] === reservations[account],
      "an account counts its reservations that run",
    )
  keepOffers(market, sold)
  for (let listing = 0; listing < listings.used; listing++)
    if (listings.ids[listing] !== -1) auditListing(market, listing, counts[listing], sold[listing])
  const open = bookings.slots.size
  invariant(ledger.holds.bookings.slots.size === open, "each hold of hours is a booking's")
  invariant(market.duePeriods.size <= open, "periods that are due are a booking's")
}

/** Takes hours from a calendar, from now on. */
const sell = (market: Market, calendar: Calendar, booking: number): void => {
  const { startAt, endAt } = market.bookings.columns
  const from = Math.max(market.now, startAt[booking])
  take(calendar, from, endAt[booking], roomFor(market, booking))
}

/** What is on offer is kept in the calendars too. */
const keepOffers = ({ contracts, now }: Market, calendars: ReadonlyArray<Calendar>): void => {
  const { jobs, keptFrom, keptUntil, listing, memoryMib } = contracts.columns
  for (let contract = 0; contract < contracts.used; contract++) {
    if (contracts.ids[contract] === -1) continue
    const calendar = calendars[listing[contract]]
    const room = { jobs: jobs[contract], memoryMib: memoryMib[contract] }
    take(calendar, Math.max(now, keptFrom[contract]), keptUntil[contract], room)
  }
}

/** Has it been granted, and not ended? */
const isInUse = ({ bookings }: Market, booking: number): boolean =>
  bookings.columns.phase[booking] === active ||
  (bookings.columns.phase[booking] === held && bookings.columns.isGranted[booking] === 1)

const auditMoney = (market: Market, booking: number): void => {
  const { bookings, ledger } = market
  const { columns, ids } = bookings
  const holds = ledger.holds.bookings
  const hold = slotOf(holds, ids[booking])
  invariant(hold >= 0, "a booking that is not over has a hold")
  invariant(
    heldAmount(holds, hold) + columns.drawn[booking] === columns.price[booking],
    "what is held of a booking and what is drawn are its price",
  )
  const due = dueOf(market, booking).reduce((sum, one) => sum + one.price, 0)
  invariant(due <= heldAmount(holds, hold), "what is due of a booking is held")
  invariant(
    columns.fee[booking] <= columns.drawn[booking] &&
      columns.poolFee[booking] <= columns.fee[booking],
    "the fee of a booking is a part of what is drawn",
  )
}

const auditPhase = (market: Market, booking: number): void => {
  const { bookings, ledger, wakes } = market
  const { columns, ids } = bookings
  const phase = columns.phase[booking]
  invariant(phase < over, "a booking that is over is gone")
  const { position } = wakes[phase === held ? ofStarts : ofBookings]
  invariant(position[booking] >= 0, "every booking has a time at which its phase ends by itself")
  invariant(columns.startAt[booking] < columns.endAt[booking], "a booking has a length")
  const { deposits } = ledger.holds
  const isDeposited = [0, 1].some((side) => slotOf(deposits, ids[booking] * 2 + side) >= 0)
  invariant(!isDeposited || phase === disputed, "deposits are those of a dispute")
}

const auditListing = (
  market: Market,
  listing: number,
  counted: { readonly bookings: number; readonly busyJobs: number; readonly running: number },
  sold: Calendar,
): void => {
  const { columns } = market.listings
  invariant(columns.bookings[listing] === counted.bookings, "a listing counts its bookings")
  invariant(columns.busyJobs[listing] === counted.busyJobs, "a listing counts the jobs in use")
  invariant(
    market.running[listing].length === counted.running,
    "no booking is on the list of a listing that does not run",
  )
  const present = stepsFrom(market.calendars[listing], market.now)
  invariant(present === stepsFrom(sold, market.now), "the calendar of a listing is what was sold")
}

/** What is sold from a time on, as text: steps that are over say nothing. */
const stepsFrom = ({ at, jobs, memoryMib, used }: Calendar, now: number): string => {
  const steps: Array<string> = []
  for (let step = 0; step < used; step++)
    if (step + 1 === used || at[step + 1] > now)
      steps.push(`${Math.max(now, at[step])} ${jobs[step]} ${memoryMib[step]}`)
  // An empty step at the beginning says nothing either.
  return steps.join(", ").replace(/^\d+ 0 0(, |$)/, "")
}
