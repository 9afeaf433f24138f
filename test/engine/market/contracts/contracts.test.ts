import { describe, expect, it } from "vitest"
import {
  accountView,
  bookingView,
  booksView,
  calendarView,
  contractView,
  contractViews,
  slaView,
} from "../../../../engine/index.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import type { EventOf } from "../../../../engine/protocol/event.ts"
import {
  begin,
  closedHoles,
  closeOf,
  consumer,
  credit,
  day,
  hour,
  listing,
  literal,
  openHoursMarket,
  openListing,
  order,
  provider,
  region,
  releaseOf,
  soldAt,
} from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"
import { commandsOf, rejectionOf } from "../../../support/market.ts"

type Terms = Partial<Omit<EventOf<"ContractOffered">, "_tag" | "at">>

/** 003's contract: 100 hours at 0.08, guaranteed to be up for 95% of them, with penalties. */
const offer = (trial: Trial, contract: number, terms: Terms = {}) =>
  trial.send({
    _tag: "ContractOffered",
    contract,
    listing,
    client: consumer,
    by: provider,
    micros: 100 * hour,
    jobs: 1,
    memoryMib: 0,
    ...(terms.fee === undefined ? { ratePerHour: 0.08 * credit } : {}),
    availabilityBps: 9500,
    hasPenalties: true,
    ...terms,
  })
const accept = (trial: Trial, contract: number, booking = contract, by = consumer) =>
  trial.send({ _tag: "ContractAccepted", contract, booking, by })
const answer = (trial: Trial, contract: number, by: number) =>
  trial.send({ _tag: "ContractClosed", contract, by })
const declineOf = (commands: ReturnType<typeof offer>) =>
  commandsOf(commands, "DeclineOffer")[0]?.reason
const outcomeOf = (commands: ReturnType<typeof offer>) =>
  commandsOf(commands, "CloseOffer")[0]?.outcome

/** A contract that is accepted and begins at once. */
const run = (trial: Trial, terms: Terms = {}, booking = 1) => {
  offer(trial, booking, terms)
  accept(trial, booking)
  trial.wait(0)
  trial.send({ _tag: "DeliveryStarted", booking })
}
const isEmpty = (trial: Trial): void => {
  auditMarket(trial.market)
  expect(booksView(trial.market)).toMatchObject({ total: 0, held: 0 })
}

describe("a contract of 100 hours at 0.08", () => {
  it("costs 8.00; up for 93% where 95% were guaranteed, 4.00 goes back: fee 0.48, share 3.52", () => {
    const trial = openHoursMarket({ economy: literal({ escrow: { lostShare: 1 } }) })
    offer(trial, 1)
    const [book] = commandsOf(accept(trial, 1), "Book")
    expect(book).toMatchObject({ booking: 1, price: 8 * credit, bond: 0 })
    trial.wait(0)
    trial.send({ _tag: "DeliveryStarted", booking: 1 })
    trial.send({ _tag: "NodeLost", node: listing })
    trial.wait(7 * hour)
    trial.send({ _tag: "NodeReturned", node: listing })
    expect(releaseOf(trial.wait(93 * hour))).toMatchObject({
      drawn: 4 * credit,
      refund: 4 * credit,
      fee: 0.48 * credit,
      share: 3.52 * credit,
    })
    isEmpty(trial)
  })

  it("knows neither peak nor discount, and its price is that of the offer", () => {
    const trial = openHoursMarket()
    begin(trial, 1, { hours: 1, jobs: 4 })
    trial.wait(hour)
    // The region is in demand now, which makes others' hours dearer.
    offer(trial, 2)
    openListing(trial, { baseRate: 9 * credit })
    expect(soldAt(accept(trial, 2))).toBe(8 * credit)
  })

  it("has no service level without penalties", () => {
    const trial = openHoursMarket()
    run(trial, { hasPenalties: false })
    expect(slaView(trial.market, 1)).toBeUndefined()
    const with_ = openHoursMarket()
    const promise = { availabilityBps: 1, completionBps: 9800, responseMicros: 5, penaltyBps: 7000 }
    with_.send({ _tag: "SlaSet", listing, ...promise })
    run(with_)
    expect(slaView(with_.market, 1)?.terms).toEqual({ ...promise, availabilityBps: 9500 })
  })

  it("goes on through maintenance, which is excused where it was known", () => {
    const trial = openHoursMarket({ economy: literal({ escrow: { lostShare: 1 } }) })
    const open = { opens: [0, 22 * hour], closes: [20 * hour, 400 * day], until: 400 * day }
    trial.send({ _tag: "ScheduleSet", listing, ...open })
    expect(declineOf(offer(trial, 1))).toBe("OffSchedule")
    const maintenance = { maintenanceFrom: [20 * hour], maintenanceUntil: [22 * hour] }
    trial.send({ _tag: "ScheduleSet", listing, ...open, ...maintenance })
    expect(soldAt(order(trial, 1, { hours: 30 }))).toBe("OffSchedule")
    run(trial, {}, 2)
    trial.wait(20 * hour)
    trial.send({ _tag: "NodeLost", node: listing })
    trial.wait(3 * hour)
    trial.send({ _tag: "NodeReturned", node: listing })
    expect(slaView(trial.market, 2)).toMatchObject({
      upMicros: 20 * hour,
      expectedMicros: 21 * hour,
      excusedMicros: 2 * hour,
    })
    const overlapping = { maintenanceFrom: [19 * hour], maintenanceUntil: [22 * hour] }
    const refused = trial.send({ _tag: "ScheduleSet", listing, ...open, ...overlapping })
    expect(rejectionOf(refused)).toBe("InvalidSpans")
  })
})

describe("an offer", () => {
  it("keeps the calendar and no money, and is over after 72 hours", () => {
    const trial = openHoursMarket()
    const [offered] = commandsOf(offer(trial, 1, { jobs: 4 }), "Offer")
    expect(offered).toEqual({ _tag: "Offer", contract: 1, untilMicros: 72 * hour })
    expect(booksView(trial.market).held).toBe(0)
    expect(contractView(trial.market, 1)).toMatchObject({
      provider,
      client: consumer,
      startAt: undefined,
      ratePerHour: 0.08 * credit,
      fee: undefined,
      untilMicros: 72 * hour,
    })
    // Whoever accepts at the last moment still has 100 hours.
    expect(soldAt(order(trial, 1, { startAt: 171 * hour, hours: 1 }))).toBe("NoCapacity")
    expect(soldAt(order(trial, 2, { startAt: 172 * hour, hours: 1 }))).toBe(0.1 * credit)
    expect(outcomeOf(trial.wait(72 * hour - 1))).toBeUndefined()
    expect(outcomeOf(trial.wait(1))).toBe("expired")
    expect(contractViews(trial.market)).toEqual([])
    expect(soldAt(order(trial, 3, { jobs: 3, hours: 110 }))).toBeGreaterThan(0)
    auditMarket(trial.market)
  })

  it("that is accepted gives back what it no longer keeps", () => {
    const trial = openHoursMarket()
    offer(trial, 1)
    trial.wait(10 * hour)
    expect(outcomeOf(accept(trial, 1))).toBe("accepted")
    expect(calendarView(trial.market, listing)).toEqual([
      { from: 0, jobs: 1, memoryMib: 0 },
      { from: 110 * hour, jobs: 0, memoryMib: 0 },
    ])
    auditMarket(trial.market)
  })

  it("for a time is over when that comes", () => {
    const trial = openHoursMarket()
    offer(trial, 1, { startAt: 5 * hour })
    expect(contractView(trial.market, 1)).toMatchObject({
      untilMicros: 5 * hour,
      startAt: 5 * hour,
    })
    expect(outcomeOf(trial.wait(5 * hour))).toBe("expired")
    offer(trial, 2, { startAt: 6 * hour })
    const [book] = commandsOf(accept(trial, 2), "Book")
    expect(book).toMatchObject({ startAt: 6 * hour, endAt: 106 * hour })
  })

  it("is declined by its client, withdrawn by its host, and by nobody else", () => {
    const trial = openHoursMarket()
    trial.send({ _tag: "AccountOpened", account: 3 })
    for (const contract of [1, 2]) offer(trial, contract)
    expect(rejectionOf(answer(trial, 1, 3))).toBe("NotParty")
    expect(rejectionOf(answer(trial, 1, 99))).toBe("UnknownAccount")
    expect(rejectionOf(answer(trial, 9, consumer))).toBe("UnknownContract")
    expect(rejectionOf(accept(trial, 1, 1, provider))).toBe("NotParty")
    expect(outcomeOf(answer(trial, 1, consumer))).toBe("declined")
    expect(outcomeOf(answer(trial, 2, provider))).toBe("withdrawn")
    expect(rejectionOf(answer(trial, 2, provider))).toBe("UnknownContract")
    expect(calendarView(trial.market, listing)).toEqual([])
    isEmpty(trial)
  })

  it("goes with its node", () => {
    const trial = openHoursMarket()
    offer(trial, 1)
    expect(outcomeOf(trial.send({ _tag: "NodeRemoved", node: listing }))).toBe("withdrawn")
    auditMarket(trial.market)
  })

  it("that ran out while the gateway was away runs out when it is back", () => {
    const trial = openHoursMarket()
    offer(trial, 1)
    trial.sendRaw({ _tag: "GatewayResumed", at: 80 * hour })
    expect(outcomeOf(trial.wait(0))).toBe("expired")
    isEmpty(trial)
  })

  it("stays where its client, or its host, cannot pay for it yet", () => {
    const economy = closedHoles({ escrow: { bondHours: 24 } })
    const trial = openHoursMarket({ consumerCredit: 0, providerCredit: 0, economy })
    offer(trial, 1)
    expect(soldAt(accept(trial, 1, 1))).toBe("InsufficientCredits")
    trial.send({ _tag: "CreditsBought", transfer: 3, account: consumer, amount: 8 * credit })
    expect(soldAt(accept(trial, 1, 2))).toBe("BondMissing")
    expect(rejectionOf(accept(trial, 1, 2))).toBe("DuplicateBooking")
    trial.send({ _tag: "CreditsBought", transfer: 4, account: provider, amount: 1.92 * credit })
    expect(commandsOf(accept(trial, 1, 3), "Book")).toMatchObject([
      { price: 8 * credit, bond: 1.92 * credit },
    ])
  })

  it("is declined with its reason, and keeps nothing", () => {
    const trial = openHoursMarket()
    const reason = (contract: number, terms: Terms) => declineOf(offer(trial, contract, terms))
    expect(reason(1, { jobs: 5 })).toBe("NoCapacity")
    expect(reason(2, { micros: 1 })).toBe("TooShort")
    expect(reason(3, { micros: 8761 * hour })).toBe("TooLong")
    expect(reason(4, { micros: 88 * day })).toBe("TooFarAhead")
    expect(reason(5, { startAt: 0 })).toBe("InThePast")
    trial.send({ _tag: "ListingPhaseSet", listing, phase: "paused" })
    expect(reason(6, {})).toBe("NotOpen")
    expect(calendarView(trial.market, listing)).toEqual([])
  })

  it("is rejected where it is none", () => {
    const trial = openHoursMarket()
    const reject = (terms: Terms, contract = 1) => rejectionOf(offer(trial, contract, terms))
    for (const terms of [
      { micros: 0 },
      { jobs: 0 },
      { memoryMib: 0.5 },
      { availabilityBps: 10_001 },
      { ratePerHour: 1e16 },
      { fee: 1, ratePerHour: 1 },
      { startAt: -1 },
    ])
      expect(reject(terms)).toBe("InvalidQuantity")
    expect(reject({}, 2 ** 52)).toBe("InvalidQuantity")
    expect(reject({ listing: 99 })).toBe("UnknownListing")
    expect(reject({ client: 99 })).toBe("UnknownAccount")
    expect(reject({ by: consumer })).toBe("NotParty")
    expect(reject({ extends: 9 })).toBe("UnknownBooking")
    expect(reject({})).toBeUndefined()
    expect(reject({})).toBe("DuplicateContract")
  })

  it("to linked clients, and a fourth one, keep nothing in aitbc-hardened", () => {
    const trial = openHoursMarket({ economy: closedHoles() })
    for (const contract of [1, 2, 3]) expect(declineOf(offer(trial, contract))).toBeUndefined()
    expect(declineOf(offer(trial, 4))).toBe("LimitReached")
    answer(trial, 1, consumer)
    expect(declineOf(offer(trial, 5))).toBeUndefined()
    trial.send({ _tag: "AccountsLinked", account: consumer, other: provider })
    expect(rejectionOf(accept(trial, 5))).toBe("LinkedClient")
    expect(declineOf(offer(trial, 6))).toBe("LinkedClient")
    const asWritten = openHoursMarket()
    asWritten.send({ _tag: "AccountsLinked", account: consumer, other: provider })
    for (const contract of [1, 2, 3, 4])
      expect(declineOf(offer(asWritten, contract))).toBeUndefined()
  })
})

describe("a contract that its client leaves", () => {
  it("costs the hours used at the listing's price, and no more than all of it", () => {
    const trial = openHoursMarket()
    run(trial)
    trial.wait(10 * hour)
    const left = trial.send({ _tag: "BookingEnded", booking: 1, by: consumer })
    // Ten hours at 0.1: too few for the discount.
    expect(closeOf(left)).toMatchObject({ drawn: credit, refund: 7 * credit })
    const late = openHoursMarket({ terms: { bulkBps: 10_000 } })
    run(late)
    late.wait(99 * hour)
    const ended = late.send({ _tag: "BookingEnded", booking: 1, by: consumer })
    expect(closeOf(ended)).toMatchObject({ drawn: 8 * credit, refund: 0 })
    isEmpty(late)
  })

  it("costs no less by the day, left at the turn of one, or disputed", () => {
    const economy = closedHoles({ disputes: { depositShare: 0 } })
    const trial = openHoursMarket({ economy, terms: { bulkBps: 10_000 } })
    run(trial)
    trial.wait(24 * hour)
    expect(bookingView(trial.market, 1)?.unpaid).toBe(1.92 * credit)
    trial.send({ _tag: "BookingEnded", booking: 1, by: consumer })
    expect(bookingView(trial.market, 1)?.unpaid).toBe(2.4 * credit)
    expect(closeOf(trial.wait(2 * day))).toMatchObject({ drawn: 2.4 * credit })
    isEmpty(trial)
    const disputed = openHoursMarket({ economy, terms: { bulkBps: 10_000 } })
    run(disputed)
    disputed.wait(30 * hour)
    disputed.send({ _tag: "BookingDisputed", booking: 1, by: consumer })
    expect(bookingView(disputed.market, 1)?.unpaid).toBe(3 * credit)
  })

  it("costs what the contract says where its host leaves", () => {
    const trial = openHoursMarket({ economy: closedHoles() })
    run(trial, { hasPenalties: false })
    trial.wait(10 * hour)
    trial.send({ _tag: "BookingEnded", booking: 1, by: provider })
    expect(closeOf(trial.wait(2 * day))).toMatchObject({ drawn: 0.8 * credit })
  })
})

describe("an extension", () => {
  it("follows at the same rate or less", () => {
    const trial = openHoursMarket()
    run(trial)
    expect(declineOf(offer(trial, 2, { extends: 1, ratePerHour: 0.08 * credit + 1 }))).toBe(
      "PriceTooHigh",
    )
    expect(declineOf(offer(trial, 3, { extends: 1 }))).toBeUndefined()
    expect(contractView(trial.market, 3)?.startAt).toBe(100 * hour)
    const [book] = commandsOf(accept(trial, 3), "Book")
    expect(book).toMatchObject({ startAt: 100 * hour, price: 8 * credit })
  })

  it("is of the same booking's listing, client and kind", () => {
    const trial = openHoursMarket()
    trial.send({ _tag: "AccountOpened", account: 3 })
    run(trial)
    const reject = (terms: Terms) => rejectionOf(offer(trial, 2, { extends: 1, ...terms }))
    expect(reject({ client: 3 })).toBe("NotParty")
    expect(reject({ jobs: 2 })).toBe("InvalidQuantity")
    expect(reject({ fee: 1 })).toBe("InvalidQuantity")
    expect(reject({ startAt: 5 * hour })).toBe("InvalidQuantity")
  })
})

/** 003's reservation: 8 GB for 30 days, 50 credits. */
const reserved = { jobs: 0, memoryMib: 8192, micros: 720 * hour, fee: 50 * credit }

describe("a reservation of 8 GB for 30 days at 50", () => {
  const ahead = { listings: { capacity: "declared" as const, maxAheadDays: 90 } }
  const anyShare = { ...ahead, reservation: { maxRegionShare: 1 } }

  it("is paid at once, as the guide says, and takes memory alone", () => {
    const trial = openHoursMarket()
    offer(trial, 1, reserved)
    const accepted = accept(trial, 1)
    expect(releaseOf(accepted)).toMatchObject({ drawn: 50 * credit, fee: 6 * credit })
    expect(accountView(trial.market, provider)?.earned).toBe(44 * credit)
    expect(bookingView(trial.market, 1)).toMatchObject({ jobs: 0, memoryMib: 8192 })
    trial.wait(0)
    trial.send({ _tag: "DeliveryStarted", booking: 1 })
    auditMarket(trial.market)
    expect(closeOf(trial.wait(720 * hour))).toMatchObject({ drawn: 50 * credit, refund: 0 })
    isEmpty(trial)
  })

  it("accrues by the hour: 69,444; 138,888; 208,333 minor units and so on", () => {
    const economy = closedHoles({ ...anyShare, escrow: { periodHours: 1, confirm: "coordinator" } })
    const trial = openHoursMarket({ economy })
    run(trial, reserved)
    const drawn: Array<number | undefined> = []
    for (let passed = 0; passed < 3; passed++) {
      trial.wait(hour)
      drawn.push(bookingView(trial.market, 1)?.drawn)
    }
    expect(drawn).toEqual([69_444, 138_888, 208_333])
  })

  it("that was down for 36 hours costs 47.50, and 2.50 go back", () => {
    const economy = closedHoles({ ...anyShare, escrow: { lostShare: 0.1 } })
    const trial = openHoursMarket({ economy })
    run(trial, { ...reserved, hasPenalties: false })
    for (const down of [24, 12]) {
      trial.send({ _tag: "NodeLost", node: listing })
      trial.wait(down * hour)
      trial.send({ _tag: "NodeReturned", node: listing })
      trial.wait(24 * hour)
    }
    expect(closeOf(trial.wait(720 * hour))).toMatchObject({
      drawn: 47.5 * credit,
      refund: 2.5 * credit,
    })
    isEmpty(trial)
  })

  it("is not had by a party that has a fifth of its region then", () => {
    const trial = openHoursMarket({ economy: closedHoles(ahead) })
    // A third of 24 GB: four more such machines make it a fifteenth.
    expect(declineOf(offer(trial, 1, reserved))).toBe("LimitReached")
    trial.send({ _tag: "AccountOpened", account: 3 })
    for (const node of [8, 9]) {
      trial.send({ _tag: "NodeRegistered", node, account: 3 })
      openListing(trial, { listing: node, region })
    }
    expect(declineOf(offer(trial, 2, reserved))).toBeUndefined()
    expect(declineOf(offer(trial, 3, { ...reserved, memoryMib: 6554 }))).toBe("LimitReached")
    expect(declineOf(offer(trial, 4, { ...reserved, client: 3, memoryMib: 6554 }))).toBeUndefined()
    accept(trial, 2)
    expect(declineOf(offer(trial, 5, { ...reserved, memoryMib: 6554 }))).toBe("LimitReached")
    const far = { startAt: 40 * day, micros: 20 * day }
    expect(declineOf(offer(trial, 6, { ...reserved, ...far, memoryMib: 6554 }))).toBeUndefined()
  })

  it("is extended at the same fee by the hour or less", () => {
    const trial = openHoursMarket()
    offer(trial, 1, reserved)
    accept(trial, 1)
    const half = { ...reserved, micros: 360 * hour, extends: 1 }
    expect(declineOf(offer(trial, 2, { ...half, fee: 25 * credit + 1 }))).toBe("PriceTooHigh")
    expect(declineOf(offer(trial, 3, { ...half, fee: 25 * credit }))).toBeUndefined()
  })
})
