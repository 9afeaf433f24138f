/** What is asserted of hours, broken: of calendars, of listings and of bookings. */
import { insert, remove } from "../../../engine/core/table.ts"
import { wakeAt } from "../../../engine/core/wake-queue.ts"
import { auditBookings } from "../../../engine/market/bookings/audit.ts"
import { fireActive, fireStart, stopRunning } from "../../../engine/market/bookings/delivery.ts"
import { close, release, releaseOldest } from "../../../engine/market/bookings/escrow.ts"
import { auditOffers } from "../../../engine/market/contracts/audit.ts"
import { expireOffer } from "../../../engine/market/contracts/offers.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { step } from "../../../engine/market/market.ts"
import { auditListings } from "../../../engine/market/listings/audit.ts"
import { delist } from "../../../engine/market/listings/listings.ts"
import { setMultiplier } from "../../../engine/market/listings/repricing.ts"
import { changeUse, countUse } from "../../../engine/market/listings/use.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { ofBookings, ofContracts, ofRegions } from "../../../engine/market/state/market-state.ts"
import { lotAccount } from "../../../engine/ledger/accounts.ts"
import type { Calendar } from "../../../engine/rules/hours/calendar.ts"
import {
  auditCalendar,
  giveBack,
  makeCalendar,
  take,
} from "../../../engine/rules/hours/calendar.ts"
import { compileSla, refundOf } from "../../../engine/rules/hours/sla.ts"
import { never } from "../../../engine/rules/hours/spans.ts"
import { auditLevels } from "../../../engine/market/sla/audit.ts"
import type { Trial } from "../../support/market.ts"
import {
  begin,
  closedHoles,
  consumer,
  hour,
  listing as listingId,
  openHoursMarket,
  openMachine,
  order,
  provider,
} from "../../support/hours.ts"
import type { Breaches } from "./breaches.ts"

const room = { jobs: 2, memoryMib: 10 }

/** Two jobs are sold from 10 to 20. */
const spoiltCalendar = (spoil: (calendar: Calendar) => void) => (): void => {
  const calendar = makeCalendar()
  take(calendar, 10, 20, room)
  auditCalendar(calendar, room)
  spoil(calendar)
  auditCalendar(calendar, room)
}

type State = "held" | "active" | "delivered"

/** A market with a booking in a phase: the first row of each table. */
const marketWith = (state: State): Market => {
  const trial: Trial = openHoursMarket({ economy: closedHoles({ escrow: { periodHours: 3 } }) })
  if (state === "held") order(trial, 1, { startAt: hour })
  else begin(trial, 1)
  if (state === "active") trial.wait(4 * hour)
  if (state === "delivered") trial.wait(12 * hour)
  return trial.market
}

const given = (state: State, act: (market: Market) => void) => (): void => act(marketWith(state))

const audited = (
  state: State,
  spoil: (market: Market) => void,
  audit: (market: Market) => void = auditMarket,
) =>
  given(state, (market) => {
    audit(market)
    spoil(market)
    audit(market)
  })

const booking = (state: State, spoil: (columns: Market["bookings"]["columns"]) => void) =>
  audited(state, ({ bookings }) => spoil(bookings.columns), auditBookings)
const listing = (spoil: (columns: Market["listings"]["columns"], now: number) => void) =>
  audited("active", ({ listings, now }) => spoil(listings.columns, now), auditListings)

type Levels = Market["serviceLevels"]["columns"]
const level = (spoil: (columns: Levels, market: Market) => void) => (): void => {
  const trial = openHoursMarket({ economy: closedHoles() })
  const promise = { availabilityBps: 9900, completionBps: 0, responseMicros: 1, penaltyBps: 5000 }
  trial.send({ _tag: "SlaSet", listing: listingId, ...promise })
  begin(trial, 1)
  trial.wait(hour)
  auditMarket(trial.market)
  spoil(trial.market.serviceLevels.columns, trial.market)
  auditLevels(trial.market)
}

type Offers = Market["contracts"]["columns"]
const offered = (spoil: (columns: Offers, market: Market) => void) => (): void => {
  const trial = openHoursMarket()
  trial.send({
    _tag: "ContractOffered",
    contract: 1,
    listing: listingId,
    client: consumer,
    by: provider,
    micros: 2 * hour,
    jobs: 1,
    memoryMib: 0,
    ratePerHour: 1,
    availabilityBps: 0,
    hasPenalties: false,
  })
  auditMarket(trial.market)
  spoil(trial.market.contracts.columns, trial.market)
  auditOffers(trial.market)
}

/** A call inside a booking is under way: the first row of each table. */
const called = (spoil: (market: Market) => void) => (): void => {
  const trial = openMachine()
  begin(trial, 1)
  const tokens = { inputTokens: 1, maxTokens: 1 }
  trial.send({
    _tag: "RequestArrived",
    request: 1,
    account: consumer,
    model: 1,
    booking: 1,
    ...tokens,
  })
  auditMarket(trial.market)
  spoil(trial.market)
  auditMarket(trial.market)
}

export const hoursBreaches: Breaches = {
  "what is in flight inside bookings is the attempts of their calls": called(
    ({ instances }) => (instances.columns.bookedInFlight[0] = 0),
  ),
  "a booking's calls are open requests": called(
    ({ bookings }) => (bookings.columns.inFlight[0] = 0),
  ),
  "no more calls are inside a booking than it has jobs": called((market) => {
    const { requests, bookings, instances, ledger } = market
    const second = insert(requests, 0)
    for (const column of Object.values(requests.columns)) column[second] = column[0]!
    const hold = insert(ledger.holds.requests, 0)
    for (const column of Object.values(ledger.holds.requests.columns)) column[hold] = column[0]!
    market.attempts.instances[second * market.rules.maxAttempts] = listingId
    bookings.columns.inFlight[0] = 2
    instances.columns.bookedInFlight[0] = 2
  }),
  "a booked call that ends was under way": called((market) => {
    market.instances.columns.bookedInFlight[0] = 0
    const counts = { outputTokens: 0, reportedTokens: 0, decodeMicros: 0, retryAfterMicros: 0 }
    const ended = { request: 1, attempt: 0, outcome: "completed" as const, ...counts }
    step(market, { _tag: "AttemptEnded", at: market.now, ...ended }, [])
  }),
  "the steps of a calendar rise": spoiltCalendar(({ at }) => at.set([20, 10])),
  "what is sold of a listing is at least nothing": spoiltCalendar(({ jobs }) => (jobs[0] = -1)),
  "no more is sold of a listing than it has": spoiltCalendar(({ jobs }) => (jobs[0] = 3)),
  "nothing is sold after the last step of a calendar": spoiltCalendar(
    ({ memoryMib }) => (memoryMib[1] = 1),
  ),
  "no more room is given back than was taken": spoiltCalendar((calendar) =>
    giveBack(calendar, 5, 15, room),
  ),

  "no region is ever closed": audited("held", ({ regions }) => remove(regions, insert(regions, 9))),
  "rates are set in every region again and again": audited("held", ({ wakes }) =>
    wakeAt(wakes[ofRegions]!, 0, Infinity),
  ),
  "a node's listing is of that node": listing((columns) => (columns.node[0] = 5)),
  "a listing has the number of its node": audited("held", ({ listings, nodes }) => {
    insert(nodes, 99)
    nodes.columns.listing.set([0, 1])
    listings.columns.node[0] = 1
  }),
  "a listing is of its node's account": listing((columns) => (columns.account[0] = 0)),
  "a listing is in one of its phases": listing((columns) => (columns.phase[0] = 9)),
  "the use of a listing is counted up to now at most": listing(
    (columns, now) => (columns.countedAt[0] = now + 1),
  ),
  "the use of a listing is counted as it goes by": given("held", (market) => {
    market.listings.columns.countedAt[0] = market.now + 1
    countUse(market, 0)
  }),
  "a listing asks no less than its host's least": listing(
    (columns) => (columns.leastRate[0] = 1e9),
  ),
  "a rate is multiplied by something": given("held", (market) => setMultiplier(market, 0, 0)),
  "no more jobs of a listing end than began": given("held", (market) =>
    changeUse(market, 0, 0, -1),
  ),
  "a listing goes after its last booking": given("held", (market) => delist(market, 0)),

  "a booking begins once": given("active", (market) => fireStart(market, 0)),
  "a booking is closed when its periods are paid for": given("active", (market) =>
    close(market, 0, "settled", "released"),
  ),
  "a booking that stops was running": given("held", (market) => stopRunning(market, 0, "Ended")),
  "a period is over when its time is": given("active", (market) => {
    market.duePeriods.clear()
    fireActive(market, 0)
  }),
  "a period is paid for that is over": given("held", (market) => releaseOldest(market, 0)),
  "no more is released than a period costs": given("active", (market) => release(market, 0, 1, 2)),
  "what is drawn and what is given back are the price": given("held", (market) => {
    market.bookings.columns.price[0]! += 1
    close(market, 0, "cancelled", "cancelled")
  }),

  "a booking has a length": booking("held", (columns) => (columns.endAt[0] = 0)),
  "a booking is of a listing": booking("held", (columns) => (columns.listing[0] = 7)),
  "a booking that is not over has a hold": audited(
    "held",
    ({ ledger: { holds } }) => remove(holds.bookings, 0),
    auditBookings,
  ),
  "what is held of a booking and what is drawn are its price": booking(
    "held",
    (columns) => (columns.drawn[0] = 1),
  ),
  "what is due of a booking is held": audited(
    "active",
    ({ duePeriods }) =>
      duePeriods.set(0, [
        { price: 1e12, due: 0, undelivered: 0, refund: 0, fromBond: 0, confirmBy: 1e15 },
      ]),
    auditBookings,
  ),
  "the fee of a booking is a part of what is drawn": booking(
    "held",
    (columns) => (columns.fee[0] = 1),
  ),
  "a booking that is over is gone": booking("delivered", (columns) => (columns.phase[0] = 4)),
  "every booking has a time at which its phase ends by itself": audited(
    "active",
    ({ wakes }) => wakeAt(wakes[ofBookings]!, 0, Infinity),
    auditBookings,
  ),
  "deposits are those of a dispute": audited(
    "held",
    ({ ledger: { holds } }) => {
      insert(holds.deposits, 2)
    },
    auditBookings,
  ),
  "the bookings that run are on the list of their listing": audited(
    "active",
    ({ running }) => running[0]!.pop(),
    auditBookings,
  ),
  "what a booking lends is what runs in it, and no more than its jobs": called(
    ({ bookings }) => void (bookings.columns.lent[0]! += 1),
  ),
  "an account counts its reservations that run": audited(
    "active",
    ({ accounts }) => void (accounts.columns.reservations[0]! += 1),
    auditBookings,
  ),
  "no booking is on the list of a listing that does not run": audited(
    "active",
    ({ running }) => running[0]!.push(77),
    auditBookings,
  ),
  "a listing counts its bookings": audited(
    "held",
    ({ listings }) => void (listings.columns.bookings[0]! += 1),
    auditBookings,
  ),
  "a listing counts the jobs in use": audited(
    "held",
    ({ listings }) => void (listings.columns.busyJobs[0]! += 1),
    auditBookings,
  ),
  "the calendar of a listing is what was sold": audited(
    "held",
    ({ calendars }) => take(calendars[0]!, 50 * hour, 51 * hour, room),
    auditBookings,
  ),
  "each hold of hours is a booking's": audited(
    "held",
    ({ ledger: { holds } }) => void insert(holds.bookings, 99),
    auditBookings,
  ),
  "periods that are due are a booking's": audited(
    "held",
    ({ duePeriods }) => {
      duePeriods.set(5, [])
      duePeriods.set(6, [])
    },
    auditBookings,
  ),
  "a machine is up for a part of the time that it is expected to be": level((columns) => {
    columns.downMicros[0] = 1e15
  }),
  "no more goes back of a period than its price": () => {
    const rules = compileSla(closedHoles())
    const terms = { availabilityBps: 9900, completionBps: 0, responseMicros: 0, penaltyBps: 10_001 }
    const nothing = { successes: 0, failures: 0, responses: 0, onTime: 0, responseMicros: 0 }
    const seen = { micros: 10, awayMicros: 0, maintenanceMicros: 0, downMicros: 10 }
    refundOf(rules, terms, { ...seen, ...nothing, downInMaintenanceMicros: 0 }, 1e6)
  },
  "a service level is a booking's": level((_, { serviceLevels }) => {
    insert(serviceLevels, 99)
  }),
  "an answer in time is an answer": level((columns) => (columns.onTime[0] = 1)),
  "an answer that is timed is a success": level((columns) => (columns.responses[0] = 1)),
  "maintenance is known of a service level": level((_, { knownMaintenance }) => {
    knownMaintenance.set(7, never)
  }),
  "an offer runs out when its time is over": offered((_, market) => expireOffer(market, 0)),
  "an offer is of a listing that is there": offered((columns) => (columns.listing[0] = 5)),
  "an offer that was answered is gone": offered((columns) => (columns.phase[0] = 1)),
  "every offer runs out by itself": offered((_, { wakes }) =>
    wakeAt(wakes[ofContracts]!, 0, Infinity),
  ),
  "an offer keeps the calendar for all of its hours": offered(
    (columns) => (columns.keptUntil[0] = hour),
  ),
  "nobody stands for anything with a gift": audited("held", ({ ledger }) => {
    const { bonds } = ledger.holds
    // A gift of the consumer is held in place of what the provider has bought.
    bonds.columns.gift[0] = 1
    ledger.posted[lotAccount(consumer, 0)]! += 1
    ledger.posted[3]! -= 1
    ledger.held[lotAccount(consumer, 0)]! += 1
  }),
}
