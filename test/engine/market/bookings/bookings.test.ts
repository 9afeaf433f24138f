import { describe, expect, it } from "vitest"
import {
  accountView,
  bookingView,
  booksView,
  calendarView,
  listingView,
  quoteHours,
} from "../../../../engine/index.ts"
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
  minute,
  openHoursMarket,
  openListing,
  order,
  provider,
  releaseOf,
  soldAt,
} from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"
import { commandsOf, rejectionOf } from "../../../support/market.ts"

const by = (
  trial: Trial,
  _tag:
    | "BookingCancelled"
    | "BookingEnded"
    | "BookingConfirmed"
    | "BookingDisputed"
    | "DisputeAnswered",
  who: number,
  booking = 1,
) => trial.send({ _tag, booking, by: who })
const earnedOf = (trial: Trial, account: number) => accountView(trial.market, account)?.earned
const isEmpty = (trial: Trial): void =>
  expect(booksView(trial.market)).toMatchObject({ total: 0, held: 0 })
/** All of the listing's region is in use, so that it is in demand. */
const inDemand = (trial: Trial): void => {
  begin(trial, 900, { hours: 1, jobs: 4 })
  trial.wait(1 * hour)
}

describe("a booking of twelve hours at 003's prices", () => {
  it("in demand costs 1.44: fee 0.1728, share 1.2672, released at its end by the coordinator", () => {
    const trial = openHoursMarket({ providerCredit: 0 })
    inDemand(trial)
    const before = earnedOf(trial, provider) ?? 0
    expect(soldAt(order(trial, 901))).toBe(1.44 * credit)
    expect(booksView(trial.market).held).toBe(1.44 * credit)
    trial.wait(0)
    trial.send({ _tag: "DeliveryStarted", booking: 901 })
    const ended = trial.wait(12 * hour)
    expect(releaseOf(ended)).toMatchObject({
      drawn: 1.44 * credit,
      fee: 0.1728 * credit,
      share: 1.2672 * credit,
      refund: 0,
    })
    expect(closeOf(ended)).toMatchObject({ outcome: "released", price: 1.44 * credit, penalty: 0 })
    expect(earnedOf(trial, provider)).toBe(before + 1.2672 * credit)
    isEmpty(trial)
  })

  it("runs as the timeline says: started at 0:05, over at 12:00, no word, released at 36:00", () => {
    const trial = openHoursMarket({ economy: closedHoles({ escrow: { periodHours: 0 } }) })
    order(trial, 1)
    const [granted] = commandsOf(trial.wait(0), "Grant")
    expect(granted).toMatchObject({ booking: 1, untilMicros: 12 * hour })
    trial.wait(5 * minute)
    trial.send({ _tag: "DeliveryStarted", booking: 1 })
    const over = trial.wait(12 * hour - 5 * minute)
    expect(commandsOf(over, "Revoke")).toMatchObject([{ reason: "Ended" }])
    expect(commandsOf(over, "AskConfirmation")).toMatchObject([{ untilMicros: 36 * hour }])
    expect(closeOf(trial.wait(24 * hour - 1))).toBeUndefined()
    expect(closeOf(trial.wait(1))).toMatchObject({ outcome: "released" })
    isEmpty(trial)
  })

  it("is void at 0:15 where nothing has started, and the bond pays an hour's price", () => {
    const trial = openHoursMarket({ economy: closedHoles({ escrow: { penaltyHours: 1 } }) })
    const held = booksView(trial.market).held
    order(trial, 1)
    expect(bookingView(trial.market, 1)?.bond).toBe(bookingView(trial.market, 1)?.price)
    expect(closeOf(trial.wait(15 * minute - 1))).toBeUndefined()
    const missed = trial.wait(1)
    expect(commandsOf(missed, "Revoke")).toMatchObject([{ reason: "NotStarted" }])
    expect(commandsOf(missed, "Audit")).toMatchObject([{ finding: "NoShow", subject: provider }])
    expect(closeOf(missed)).toMatchObject({ outcome: "noShow", drawn: 0, penalty: 0.1 * credit })
    expect(accountView(trial.market, consumer)?.bought).toBe(1000.1 * credit)
    expect(accountView(trial.market, provider)?.bought).toBe(999.9 * credit)
    expect(booksView(trial.market).held).toBe(held)
  })

  it("ruled 40% to the consumer gives 0.576 back and pays 0.864: fee 0.10368, share 0.76032", () => {
    const trial = openHoursMarket({ economy: literal({ escrow: { confirm: "consumer" } }) })
    inDemand(trial)
    by(trial, "BookingConfirmed", consumer, 900)
    begin(trial, 901)
    trial.wait(12 * hour)
    by(trial, "BookingDisputed", consumer, 901)
    const answered = by(trial, "DisputeAnswered", provider, 901)
    expect(commandsOf(answered, "AskRuling")).toHaveLength(1)
    const ruled = trial.send({ _tag: "DisputeRuled", booking: 901, consumerBps: 4000 })
    expect(releaseOf(ruled)).toMatchObject({
      drawn: 0.864 * credit,
      fee: 0.10368 * credit,
      share: 0.76032 * credit,
      refund: 0.576 * credit,
    })
    expect(closeOf(ruled)).toMatchObject({ outcome: "split", refund: 0.576 * credit })
    isEmpty(trial)
  })
})

describe("an order", () => {
  const reasonAt = (options: Parameters<typeof order>[2], economy = literal()) =>
    soldAt(order(openHoursMarket({ economy }), 1, options))

  it("is declined with its reason, and holds nothing", () => {
    expect(reasonAt({ jobs: 5 })).toBe("NoCapacity")
    expect(reasonAt({ memoryMib: 24_577 })).toBe("NoCapacity")
    expect(reasonAt({ micros: minute - 1 })).toBe("TooShort")
    expect(reasonAt({ hours: 8761 })).toBe("TooLong")
    expect(reasonAt({ startAt: 90 * day })).toBe("TooFarAhead")
    expect(reasonAt({ maxPrice: 0.96 * credit - 1 })).toBe("PriceTooHigh")
    expect(reasonAt({ maxPrice: 0.96 * credit })).toBe(0.96 * credit)
    const poor = openHoursMarket({ consumerCredit: 0.96 * credit - 1 })
    expect(soldAt(order(poor, 1))).toBe("InsufficientCredits")
    const trial = openHoursMarket()
    trial.wait(1)
    expect(soldAt(order(trial, 1, { startAt: 0 }))).toBe("InThePast")
    trial.send({ _tag: "ListingPhaseSet", listing, phase: "paused" })
    expect(soldAt(order(trial, 2))).toBe("NotOpen")
    const bare = openHoursMarket({ economy: closedHoles(), providerCredit: credit })
    expect(soldAt(order(bare, 1))).toBe(1.16 * credit > credit ? "BondMissing" : 0)
    for (const one of [trial, bare, poor]) isEmpty(one)
  })

  it("is rejected where it is no order", () => {
    const trial = openHoursMarket()
    const { now } = trial.market
    const request = {
      _tag: "BookingRequested",
      booking: 1,
      account: consumer,
      listing,
      startAt: now,
      endAt: now + hour,
      jobs: 1,
      memoryMib: 0,
    } as const
    const reject = (more: object) => rejectionOf(trial.send({ ...request, ...more }))
    for (const more of [
      { endAt: now },
      { jobs: 0 },
      { jobs: -1 },
      { startAt: 0.5 },
      { memoryMib: Number.NaN },
      { maxPrice: -1 },
      { latestStart: now - 1 },
      { booking: 2 ** 52 },
    ])
      expect(reject(more)).toBe("InvalidQuantity")
    expect(reject({ account: 99 })).toBe("UnknownAccount")
    expect(reject({ listing: 99 })).toBe("UnknownListing")
    expect(reject({})).toBeUndefined()
    expect(reject({})).toBe("DuplicateBooking")
    expect(reject({ booking: 0 })).toBe("DuplicateBooking")
  })

  it("takes the last slot once", () => {
    const trial = openHoursMarket()
    expect(soldAt(order(trial, 1, { jobs: 3 }))).toBe(2.88 * credit)
    expect(soldAt(order(trial, 2, { jobs: 2 }))).toBe("NoCapacity")
    expect(soldAt(order(trial, 3, { jobs: 1 }))).toBe(0.96 * credit)
    expect(soldAt(order(trial, 4, { jobs: 1, startAt: 12 * hour }))).toBe(0.96 * credit)
  })

  it("that may start later starts as soon as it fits", () => {
    const trial = openHoursMarket()
    order(trial, 1, { jobs: 4 })
    const sold = order(trial, 2, { hours: 2, latestStart: 12 * hour })
    expect(commandsOf(sold, "Book")).toMatchObject([{ startAt: 12 * hour, endAt: 14 * hour }])
    expect(soldAt(order(trial, 3, { jobs: 4, hours: 1, latestStart: 13 * hour }))).toBe(
      "NoCapacity",
    )
  })

  it("is sold at what was quoted", () => {
    const trial = openHoursMarket()
    const asked = { startAt: hour, endAt: 14 * hour, jobs: 2, memoryMib: 0 }
    expect(quoteHours(trial.market, listing, asked)).toMatchObject({ price: 2.08 * credit })
    expect(soldAt(order(trial, 1, { startAt: hour, hours: 13, jobs: 2 }))).toBe(2.08 * credit)
    // What the host asks later is for later bookings.
    openListing(trial, { baseRate: 9 * credit, maxJobs: 2 })
    expect(bookingView(trial.market, 1)?.price).toBe(2.08 * credit)
    expect(quoteHours(trial.market, listing, asked)).toBe("NoCapacity")
  })

  it("within what the schedule covers alone, throughout", () => {
    const trial = openHoursMarket()
    const spans = { opens: [2 * hour, 20 * hour], closes: [10 * hour, 40 * hour], until: 50 * hour }
    trial.send({ _tag: "ScheduleSet", listing, ...spans })
    expect(listingView(trial.market, listing)?.isOffered).toBe(false)
    expect(soldAt(order(trial, 1, { hours: 1 }))).toBe("OffSchedule")
    expect(soldAt(order(trial, 2, { hours: 12, startAt: 2 * hour }))).toBe("OffSchedule")
    expect(soldAt(order(trial, 3, { hours: 8, startAt: 2 * hour }))).toBe(0.8 * credit)
    const later = order(trial, 4, { hours: 9, latestStart: 30 * hour })
    expect(commandsOf(later, "Book")).toMatchObject([{ startAt: 20 * hour }])
    // What is sold stays sold, whatever the schedule becomes (40).
    trial.send({ _tag: "ScheduleSet", listing, opens: [], closes: [], until: 50 * hour })
    trial.wait(2 * hour)
    expect(rejectionOf(trial.send({ _tag: "DeliveryStarted", booking: 3 }))).toBeUndefined()
    expect(closeOf(trial.wait(8 * hour))).toMatchObject({ booking: 3, drawn: 0.8 * credit })
  })
})

describe("hours that end early", () => {
  it("cost what was used, by the terms of the order, and are free again", () => {
    const trial = openHoursMarket()
    begin(trial, 1, { jobs: 4 })
    trial.wait(8 * hour)
    const ended = by(trial, "BookingEnded", consumer)
    // Twelve hours were ordered: each is 0.08.
    expect(closeOf(ended)).toMatchObject({ drawn: 4 * 0.64 * credit, refund: 4 * 0.32 * credit })
    expect(calendarView(trial.market, listing)).toEqual([{ from: 8 * hour, jobs: 0, memoryMib: 0 }])
    // In demand, as its region was until now.
    expect(soldAt(order(trial, 2, { jobs: 4, hours: 1 }))).toBe(0.6 * credit)
  })

  it("are paid for as delivered, or not at all where a booking is to be completed", () => {
    const asWritten = openHoursMarket()
    begin(asWritten, 1)
    asWritten.wait(11 * hour)
    expect(closeOf(by(asWritten, "BookingEnded", provider))).toMatchObject({ drawn: 0 })
    const hardened = openHoursMarket({ economy: closedHoles() })
    begin(hardened, 1)
    hardened.wait(8 * hour)
    by(hardened, "BookingEnded", provider)
    expect(closeOf(hardened.wait(day))).toMatchObject({ drawn: 0.8 * credit })
    isEmpty(hardened)
  })

  it("are over when the machine is lost for longer than its grace", () => {
    const trial = openHoursMarket({ economy: closedHoles({ escrow: { periodHours: 0 } }) })
    begin(trial, 1)
    trial.wait(6 * hour)
    trial.send({ _tag: "NodeLost", node: listing })
    trial.wait(30 * minute)
    trial.send({ _tag: "NodeReturned", node: listing })
    trial.wait(3.5 * hour)
    trial.send({ _tag: "NodeLost", node: listing })
    // A twentieth of twelve hours.
    expect(commandsOf(trial.wait(36 * minute - 1), "Revoke")).toEqual([])
    expect(commandsOf(trial.wait(1), "Revoke")).toMatchObject([{ reason: "Lost" }])
    const closed = closeOf(trial.wait(day))
    // 10.6 hours, of which 9.5 were delivered: ten at 0.1, the rest at 0.08, and a part of it.
    expect(closed?.drawn).toBe(Math.floor(1.048 * credit * (9.5 / 10.6)))
    isEmpty(trial)
  })

  it("count what a probe of the grant does not see, where probes are evidence", () => {
    for (const [evidence, drawn] of [
      ["probes", 0.5 * credit],
      ["heartbeats", credit],
    ] as const) {
      const trial = openHoursMarket({
        economy: closedHoles({ escrow: { evidence, lostShare: 1, periodHours: 0 } }),
      })
      begin(trial, 1, { hours: 10 })
      trial.wait(5 * hour)
      trial.send({ _tag: "DeliveryProbed", booking: 1, isUp: false })
      trial.wait(5 * hour)
      expect(closeOf(trial.wait(day))).toMatchObject({ drawn })
    }
  })
})

describe("a provider that leaves", () => {
  /** Of twelve hours, eight are delivered: what is ahead are two hours at 0.1 and two at 0.08. */
  const left = (leave: (trial: Trial) => void) => {
    const trial = openHoursMarket({ economy: closedHoles() })
    begin(trial, 1)
    trial.wait(8 * hour)
    leave(trial)
    return trial
  }
  const boughtOf = (trial: Trial, account: number) =>
    accountView(trial.market, account)?.bought ?? 0
  const ended = (trial: Trial): void => void by(trial, "BookingEnded", provider)
  const finding = "HoursLeft"

  it("loses the price of the hours ahead out of its bond, to the platform, when the booking closes", () => {
    const trial = left(ended)
    const closed = trial.wait(day)
    expect(closeOf(closed)).toMatchObject({ drawn: 0.8 * credit, penalty: 0 })
    expect(commandsOf(closed, "Audit")).toMatchObject([{ finding, subject: provider }])
    expect(boughtOf(trial, provider)).toBe(999.64 * credit)
    expect(boughtOf(trial, consumer)).toBe(999.2 * credit)
    isEmpty(trial)
  })

  it("loses it likewise where its machine is lost, or where it disputes what is running", () => {
    const lost = left((trial) => trial.send({ _tag: "NodeLost", node: listing }))
    lost.wait(36 * minute)
    lost.wait(day)
    // 36 minutes at 0.1 have passed.
    expect(boughtOf(lost, provider)).toBe(999.7 * credit)
    const disputing = left((trial) => by(trial, "BookingDisputed", provider))
    by(disputing, "DisputeAnswered", consumer)
    disputing.send({ _tag: "DisputeRuled", booking: 1, consumerBps: 0 })
    // Nothing has changed by that: a fifth of 0.8 was deposited.
    expect(boughtOf(disputing, provider)).toBe(999.48 * credit)
    isEmpty(disputing)
  })

  it("loses nothing where somebody finds for it", () => {
    const trial = openHoursMarket({ economy: closedHoles({ escrow: { lostShare: 0.01 } }) })
    begin(trial, 1)
    trial.wait(8 * hour)
    trial.send({ _tag: "NodeLost", node: listing })
    trial.wait(hour)
    by(trial, "BookingDisputed", provider)
    by(trial, "DisputeAnswered", consumer)
    trial.send({ _tag: "DisputeRuled", booking: 1, consumerBps: 0 })
    // Half of the consumer's deposit, a fifth of 8 hours and a quarter, is its own.
    expect(boughtOf(trial, provider)).toBe(1000.0825 * credit)
    isEmpty(trial)
  })

  it("loses a day's price at most, a part of it where a part is asked, and nothing by the letter", () => {
    const lossUnder = (economy: Parameters<typeof openHoursMarket>[0], hours: number) => {
      const trial = openHoursMarket(economy)
      begin(trial, 1, { hours })
      trial.wait(hour)
      ended(trial)
      trial.wait(day)
      return 1000 * credit - boughtOf(trial, provider)
    }
    const cheap = { bulkBps: 10_000 }
    const aDay = closedHoles({ escrow: { bondHours: 24, penaltyHours: 24 } })
    expect(lossUnder({ economy: aDay, terms: cheap }, 100)).toBe(2.4 * credit)
    const half = closedHoles({ escrow: { forfeitShare: 0.5 } })
    expect(lossUnder({ economy: half, terms: cheap }, 11)).toBe(0.5 * credit)
    expect(lossUnder({}, 11)).toBe(0)
  })
})

describe("a booking that is cancelled", () => {
  it("is free, as long as there is time", () => {
    const economy = closedHoles({ escrow: { penaltyHours: 1, cancelFeeHours: 1 } })
    const trial = openHoursMarket({ economy })
    order(trial, 1, { startAt: 2 * day })
    trial.wait(day - 1)
    expect(closeOf(by(trial, "BookingCancelled", consumer))).toMatchObject({ drawn: 0 })
    order(trial, 2, { startAt: 2 * day })
    trial.wait(1)
    const late = by(trial, "BookingCancelled", consumer, 2)
    expect(closeOf(late)).toMatchObject({ outcome: "cancelled", drawn: 0.1 * credit })
    expect(releaseOf(late)).toMatchObject({ fee: 0.012 * credit, share: 0.088 * credit })
    order(trial, 3, { startAt: 2 * day })
    const left = by(trial, "BookingCancelled", provider, 3)
    expect(closeOf(left)).toMatchObject({ drawn: 0, penalty: 0.1 * credit })
    isEmpty(trial)
    expect(calendarView(trial.market, listing)).toEqual([])
  })

  it("costs nothing once the provider is late", () => {
    const trial = openHoursMarket({ economy: closedHoles() })
    order(trial, 1)
    trial.wait(minute)
    expect(closeOf(by(trial, "BookingCancelled", consumer))).toMatchObject({ drawn: 0, penalty: 0 })
    expect(listingView(trial.market, listing)?.busyJobs).toBe(0)
  })
})

describe("periods", () => {
  it("are paid for one by one, and add up to the fee of the whole", () => {
    const economy = closedHoles({ feeBps: 1111 })
    const trial = openHoursMarket({ economy, terms: { baseRate: 100_003 } })
    begin(trial, 1, { hours: 100 })
    trial.wait(48 * hour)
    expect(bookingView(trial.market, 1)).toMatchObject({ phase: "active", confirmBy: 72 * hour })
    const confirmed = by(trial, "BookingConfirmed", consumer)
    expect(commandsOf(confirmed, "Release").map(({ period }) => period)).toEqual([1])
    const rest = [...trial.wait(52 * hour), ...trial.wait(day)]
    const releases = commandsOf(trial.commands, "Release")
    expect(releases.map(({ period }) => period)).toEqual([0, 1, 2, 3, 4])
    const sum = (what: "drawn" | "fee") => releases.reduce((total, one) => total + one[what], 0)
    const closed = closeOf(rest)
    expect(sum("drawn")).toBe(closed?.price)
    expect(sum("fee")).toBe(Math.floor((sum("drawn") * 1111) / 10_000))
    isEmpty(trial)
  })
})

describe("a dispute", () => {
  const disputed = (options: Parameters<typeof openHoursMarket>[0] = {}) => {
    const trial = openHoursMarket({ economy: closedHoles(), ...options })
    begin(trial, 1, { hours: 10 })
    trial.wait(10 * hour)
    return trial
  }

  it("takes a deposit of either side, and gives the loser's to the winner and the platform", () => {
    const trial = disputed()
    const before = accountView(trial.market, consumer)?.bought ?? 0
    expect(rejectionOf(by(trial, "BookingDisputed", consumer))).toBeUndefined()
    expect(rejectionOf(by(trial, "DisputeAnswered", consumer))).toBe("NotParty")
    expect(rejectionOf(by(trial, "DisputeAnswered", provider))).toBeUndefined()
    expect(rejectionOf(by(trial, "DisputeAnswered", provider))).toBe("WrongPhase")
    const ruled = trial.send({ _tag: "DisputeRuled", booking: 1, consumerBps: 0 })
    expect(commandsOf(ruled, "Audit")).toMatchObject([
      { finding: "DisputeLost", subject: consumer },
    ])
    expect(commandsOf(ruled, "Post").filter(({ kind }) => kind === "award")).toMatchObject([
      { amount: 0.1 * credit },
      { amount: 0.1 * credit },
    ])
    expect(accountView(trial.market, consumer)?.bought).toBe(before - 1.2 * credit)
    isEmpty(trial)
  })

  it("is lost by who does not answer", () => {
    const trial = disputed()
    by(trial, "BookingDisputed", provider)
    expect(closeOf(trial.wait(2 * day - 1))).toBeUndefined()
    expect(closeOf(trial.wait(1))).toMatchObject({ outcome: "split", drawn: credit })
    const other = disputed()
    by(other, "BookingDisputed", consumer)
    expect(closeOf(other.wait(2 * day))).toMatchObject({ drawn: 0, refund: credit })
    isEmpty(other)
  })

  it("that nobody rules on is decided by the evidence, and no deposit is lost", () => {
    const trial = openHoursMarket({ economy: closedHoles({ escrow: { lostShare: 1 } }) })
    begin(trial, 1, { hours: 10 })
    trial.send({ _tag: "NodeLost", node: listing })
    trial.wait(4 * hour)
    trial.send({ _tag: "NodeReturned", node: listing })
    trial.wait(6 * hour)
    by(trial, "BookingDisputed", consumer)
    by(trial, "DisputeAnswered", provider)
    const ruled = trial.wait(7 * day)
    expect(closeOf(ruled)).toMatchObject({ drawn: 0.6 * credit, refund: 0.4 * credit })
    expect(commandsOf(ruled, "Audit")).toEqual([])
    isEmpty(trial)
  })

  it("is not lost by who is right about a part of it, and is by who changes nothing", () => {
    for (const [consumerBps, loser] of [
      [3000, provider],
      [2000, consumer],
      [1000, consumer],
    ] as const) {
      const trial = openHoursMarket({ economy: closedHoles({ escrow: { lostShare: 1 } }) })
      begin(trial, 1, { hours: 10 })
      trial.send({ _tag: "NodeLost", node: listing })
      trial.wait(2 * hour)
      trial.send({ _tag: "NodeReturned", node: listing })
      trial.wait(8 * hour)
      // A fifth was not delivered, and is not paid for in any case.
      by(trial, "BookingDisputed", consumer)
      by(trial, "DisputeAnswered", provider)
      const ruled = trial.send({ _tag: "DisputeRuled", booking: 1, consumerBps })
      expect(commandsOf(ruled, "Audit")).toMatchObject([{ subject: loser }])
      isEmpty(trial)
    }
  })

  it("is lost by who disputed where a ruling moves a hundredth, and by the other where it moves more", () => {
    for (const [consumerBps, loser] of [
      [100, consumer],
      [101, provider],
    ] as const) {
      const trial = disputed()
      by(trial, "BookingDisputed", consumer)
      by(trial, "DisputeAnswered", provider)
      const ruled = trial.send({ _tag: "DisputeRuled", booking: 1, consumerBps })
      expect(commandsOf(ruled, "Audit")).toMatchObject([{ subject: loser }])
    }
  })

  it("while the hours run ends them first, and is over what they have cost", () => {
    const trial = openHoursMarket({ economy: closedHoles() })
    begin(trial, 1, { hours: 10 })
    trial.wait(4 * hour)
    const given = by(trial, "BookingDisputed", consumer)
    expect(commandsOf(given, "Revoke")).toMatchObject([{ reason: "Disputed" }])
    expect(bookingView(trial.market, 1)).toMatchObject({ phase: "disputed", unpaid: 0.4 * credit })
    const ruled = trial.send({ _tag: "DisputeRuled", booking: 1, consumerBps: 10_000 })
    expect(closeOf(ruled)).toMatchObject({ drawn: 0, refund: credit })
  })

  it("costs whoever has lost three of late twice as much", () => {
    const trial = openHoursMarket({ economy: closedHoles() })
    const deposits: Array<number> = []
    for (let booking = 1; booking <= 4; booking++) {
      begin(trial, booking, { hours: 10 })
      trial.wait(10 * hour)
      const before = booksView(trial.market).held
      by(trial, "BookingDisputed", consumer, booking)
      deposits.push(booksView(trial.market).held - before)
      trial.send({ _tag: "DisputeRuled", booking, consumerBps: 0 })
    }
    expect(deposits).toEqual([0.2, 0.2, 0.2, 0.4].map((one) => one * credit))
  })
})

describe("who may do what", () => {
  it("is a party to the booking, in the right phase", () => {
    const trial = openHoursMarket()
    trial.send({ _tag: "AccountOpened", account: 3 })
    order(trial, 1)
    for (const tag of [
      "BookingCancelled",
      "BookingEnded",
      "BookingConfirmed",
      "BookingDisputed",
      "DisputeAnswered",
    ] as const) {
      expect(rejectionOf(by(trial, tag, 3))).toBe("NotParty")
      expect(rejectionOf(by(trial, tag, 99))).toBe("UnknownAccount")
      expect(rejectionOf(by(trial, tag, consumer, 99))).toBe("UnknownBooking")
      if (tag !== "BookingCancelled")
        expect(rejectionOf(by(trial, tag, consumer))).toBe("WrongPhase")
    }
    expect(rejectionOf(by(trial, "BookingConfirmed", provider))).toBe("NotParty")
    expect(rejectionOf(trial.send({ _tag: "DeliveryStarted", booking: 1 }))).toBe("WrongPhase")
  })
})
