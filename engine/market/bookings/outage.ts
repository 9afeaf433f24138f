/**
 * The gateway was away (docs/rules.md#time): nobody could start, confirm, dispute or answer meanwhile, and nobody was
 * seen to deliver or not to. What people had to do by then they have as long for as before, and hours that
 * were not being delivered count as if that time had not been.
 */
import { held } from "../../machines/booking.ts"
import type { Market } from "../state/market-state.ts"
import { excuseLevel } from "../sla/levels.ts"
import { periodEnd, wakeBooking } from "./wakes.ts"

export const postpone = (market: Market, from: number): void => {
  const { columns, ids, used } = market.bookings
  const away = market.now - from
  for (let booking = 0; booking < used; booking++) {
    if (ids[booking] === -1) continue
    columns.deadline[booking] += away
    postponeConfirmation(market, booking, away)
    excuse(market, booking, from)
    excuseLevel(market, booking, from, periodEnd(market, booking))
    wakeBooking(market, booking)
  }
}

const postponeConfirmation = ({ duePeriods }: Market, booking: number, away: number): void => {
  const due = duePeriods.get(booking)
  if (due === undefined) return
  duePeriods.set(
    booking,
    due.map((period) => ({ ...period, confirmBy: period.confirmBy + away })),
  )
}

const excuse = (market: Market, booking: number, from: number): void => {
  const { down, downMicros, downSince, isGranted, phase } = market.bookings.columns
  const isLate = phase[booking] === held && isGranted[booking] === 1
  if (down[booking] === 0 && !isLate) return
  downMicros[booking] += Math.max(0, from - downSince[booking])
  downSince[booking] = market.now
}
