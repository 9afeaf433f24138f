/** What holds of the requests under way between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable, slotOf } from "../../core/table.ts"
import { heldAmount } from "../../ledger/holds.ts"
import { priceOf } from "../../rules/price.ts"
import { priceOfTime } from "../../rules/pricing/time-price.ts"
import { accusationOf } from "../state/attempts.ts"
import type { Market } from "../state/market-state.ts"
import { bookingOf } from "./lifecycle.ts"

/** Asserts it of every open request, and of what is in flight for them. O(requests + instances + bookings). */
export const auditRequests = (market: Market): void => {
  const { bookings, instances, ledger, requests } = market
  auditTable(requests)
  invariant(
    ledger.holds.requests.slots.size <= requests.slots.size + market.waiting.slots.size,
    "credits are held for open requests only",
  )
  let ofCalls = 0
  const inFlight = new Int32Array(instances.ids.length)
  const bookedInFlight = new Int32Array(instances.ids.length)
  const ofBookings = new Int32Array(bookings.ids.length)
  const lent = new Int32Array(bookings.ids.length)
  for (let request = 0; request < requests.used; request++) {
    if (requests.ids[request] === -1) continue
    auditRequest(market, request)
    if (requests.columns.batch[request] === 0) ofCalls += 1
    const lender = requests.columns.lender[request]
    const isBooked = requests.columns.booking[request] !== 0 || lender !== 0
    const lending = lender === 0 ? -1 : slotOf(bookings, lender - 1)
    if (lending >= 0) lent[lending] += 1
    const counts = isBooked ? bookedInFlight : inFlight
    counts[requests.columns.instance[request]] += 1
    const booking = bookingOf(market, request)
    if (booking >= 0) ofBookings[booking] += 1
  }
  invariant(
    ledger.holds.requests.slots.size === ofCalls + market.waiting.slots.size,
    "what is held for requests is for calls",
  )
  for (let instance = 0; instance < instances.used; instance++) {
    const { columns } = instances
    invariant(
      columns.inFlight[instance] === inFlight[instance],
      "what is in flight is the attempts of open requests",
    )
    invariant(
      columns.bookedInFlight[instance] === bookedInFlight[instance],
      "what is in flight inside bookings is the attempts of their calls",
    )
  }
  for (let booking = 0; booking < bookings.used; booking++) {
    const { inFlight: calls, jobs, lent: loans } = bookings.columns
    invariant(
      loans[booking] === lent[booking] && loans[booking] <= jobs[booking],
      "what a booking lends is what runs in it, and no more than its jobs",
    )
    invariant(calls[booking] === ofBookings[booking], "a booking's calls are open requests")
    invariant(
      calls[booking] <= Math.max(1, jobs[booking]),
      "no more calls are inside a booking than it has jobs",
    )
  }
}

const auditRequest = (market: Market, request: number): void => {
  const { accounts, attempts, instances, models, rules } = market
  const { columns, ids } = market.requests
  const instance = columns.instance[request]
  const attempt = columns.attempt[request]
  invariant(ids[request] <= market.lastRequest, "an open request has arrived")
  invariant(accounts.ids[columns.account[request]] >= 0, "a request's account is open")
  invariant(models.ids[columns.model[request]] >= 0, "a request's model is listed")
  invariant(instances.ids[instance] >= 0, "a request's instance is there")
  invariant(
    instances.columns.model[instance] === columns.model[request],
    "a request's instance serves its model",
  )
  invariant(attempt < rules.maxAttempts, "attempts of a request stay below the rules' most")
  const first = request * rules.maxAttempts
  invariant(
    attempts.instances[first + attempt] === instances.ids[instance],
    "the latest attempt of a request is the one under way",
  )
  invariant(
    accusationOf(attempts, first + attempt) === undefined,
    "nothing is held against an attempt under way",
  )
  if (market.requests.columns.batch[request] === 0) auditHold(market, request)
}

const auditHold = ({ ledger, requests, rules }: Market, request: number): void => {
  const holds = ledger.holds.requests
  const { account, inputPricePerMtok, inputTokens, maxTokens, outputPricePerMtok, ratePerHour } =
    requests.columns
  const hold = slotOf(holds, requests.ids[request])
  invariant(hold >= 0, "an open request has a hold")
  invariant(
    holds.columns.customer[hold] === account[request],
    "what is held for a request is its account's",
  )
  const tokens = priceOf(
    inputTokens[request],
    inputPricePerMtok[request],
    maxTokens[request],
    outputPricePerMtok[request],
  )
  const worst = tokens + priceOfTime(rules.callTimeoutMicros, ratePerHour[request])
  invariant(heldAmount(holds, hold) >= worst, "a hold covers the most that its request may cost")
}
