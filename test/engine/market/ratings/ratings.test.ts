import { describe, expect, it } from "vitest"
import {
  hasReputation,
  listingsByReputation,
  reputationOfListing,
  reputationView,
  reputations,
} from "../../../../engine/index.ts"
import { dailyFadeOf, fadeAfter } from "../../../../engine/rules/ratings.ts"
import {
  begin,
  closedHoles,
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
} from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"
import { rejectionOf } from "../../../support/market.ts"

/** Hours for so many credits, delivered and confirmed. */
const rent = (trial: Trial, booking: number, hours = 2, account = consumer): void => {
  begin(trial, booking, { hours, account })
  trial.wait(hours * hour)
  trial.send({ _tag: "BookingConfirmed", booking, by: account })
}
const rate = (trial: Trial, booking: number, stars: number, by = consumer) =>
  rejectionOf(trial.send({ _tag: "RatingGiven", booking, stars, by }))
const known = (trial: Trial, account = provider) => reputationView(trial.market, account)!
const dear = { baseRate: credit }
/** The stars of raters weigh what 003 gives them; `aitbc-hardened` lets them decide nothing. */
const withStars = closedHoles({ ratings: { satisfactionWeight: 0.2 } })

describe("a reputation", () => {
  it("of a newcomer is 0.4·0.95 + 0.25·0.95 + 0.15·0.95 + 0.2·0.8 = 0.92", () => {
    const trial = openHoursMarket({ economy: withStars })
    expect(known(trial)).toMatchObject({ health: 0.95, availability: 0.95, onTime: 0.95 })
    expect(known(trial).overall).toBeCloseTo(0.92, 12)
    expect(hasReputation(trial.market, provider, 0.91)).toBe(true)
    expect(hasReputation(trial.market, provider, 0.93)).toBe(false)
    expect(reputationView(trial.market, 99)).toBeUndefined()
  })

  it("counts hours delivered of those sold, and a start that was missed", () => {
    const trial = openHoursMarket({ economy: withStars })
    rent(trial, 1, 10)
    expect(known(trial).availability).toBeCloseTo((19 + 10) / (20 + 10), 12)
    expect(known(trial).onTime).toBeCloseTo(20 / 21, 12)
    order(trial, 2, { hours: 4 })
    trial.wait(hour)
    expect(known(trial).availability).toBeCloseTo(29 / 34, 12)
    expect(known(trial).onTime).toBeCloseTo(20 / 22, 12)
    // What the consumer gives back was not sold; what the provider does, was.
    begin(trial, 3, { hours: 6 })
    trial.wait(2 * hour)
    trial.send({ _tag: "BookingEnded", booking: 3, by: consumer })
    expect(known(trial).availability).toBeCloseTo(31 / 36, 12)
    order(trial, 4, { startAt: trial.market.now + hour, hours: 5 })
    trial.send({ _tag: "BookingCancelled", booking: 4, by: provider })
    expect(known(trial).availability).toBeCloseTo(31 / 41, 12)
    expect(known(trial).onTime).toBeCloseTo(21 / 23, 12)
  })

  it("sorts listings, and a listing has its provider's", () => {
    const trial = openHoursMarket({ economy: withStars, terms: dear })
    trial.send({ _tag: "AccountOpened", account: 3 })
    trial.send({ _tag: "NodeRegistered", node: 9, account: 3 })
    openListing(trial, { listing: 9 })
    expect(listingsByReputation(trial.market).map((one) => one.listing)).toEqual([listing, 9])
    rent(trial, 1)
    rate(trial, 1, 1)
    expect(listingsByReputation(trial.market).map((one) => one.listing)).toEqual([9, listing])
    expect(reputationOfListing(trial.market, listing)).toEqual(known(trial))
    expect(reputationOfListing(trial.market, 77)).toBeUndefined()
    const knownOf = reputations(trial.market)
    for (const account of [provider, 3, consumer])
      expect(knownOf(account)).toEqual(known(trial, account))
    expect(knownOf(99)).toBeUndefined()
  })

  it("is not moved by stars where they weigh nothing, as in aitbc-hardened", () => {
    const trial = openHoursMarket({ economy: closedHoles(), terms: dear })
    rent(trial, 1)
    const before = known(trial)
    rate(trial, 1, 1)
    expect(known(trial).satisfaction).toBeLessThan(before.satisfaction)
    expect(known(trial).overall).toBe(before.overall)
  })

  it("halves over its half-life", () => {
    expect(fadeAfter({ dailyFade: dailyFadeOf(90) }, 90)).toBeCloseTo(0.5, 12)
    expect(fadeAfter({ dailyFade: dailyFadeOf(90) }, 45)).toBeCloseTo(Math.SQRT1_2, 12)
    expect(fadeAfter({ dailyFade: dailyFadeOf(0) }, 4000)).toBe(1)
    const trial = openHoursMarket({ economy: withStars, terms: dear })
    rent(trial, 1)
    rate(trial, 1, 1)
    expect(known(trial).satisfaction).toBeCloseTo((3.2 + 0.2) / 5, 12)
    trial.wait(90 * day)
    expect(known(trial).satisfaction).toBeCloseTo((3.2 + 0.1) / 4.5, 12)
  })
})

describe("ratings, literally", () => {
  it("are a mean of stars: whoever had a booking gives one for each, paid or not", () => {
    const trial = openHoursMarket({ economy: literal() })
    rent(trial, 1)
    rent(trial, 2)
    order(trial, 3)
    expect(rate(trial, 3, 5)).toBe("WrongPhase")
    trial.wait(hour)
    expect([rate(trial, 1, 5), rate(trial, 2, 4), rate(trial, 3, 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(known(trial).satisfaction).toBeCloseTo(10 / 15, 12)
    expect(rate(trial, 1, 5)).toBe("UnknownBooking")
  })

  it("are given by the consumer alone, in time, one star to five", () => {
    const trial = openHoursMarket({ economy: literal() })
    rent(trial, 1)
    expect(rate(trial, 1, 5, provider)).toBe("NotParty")
    expect(rate(trial, 1, 5, 99)).toBe("UnknownAccount")
    expect([rate(trial, 1, 0), rate(trial, 1, 6)]).toEqual(["InvalidQuantity", "InvalidQuantity"])
    trial.wait(30 * day)
    expect(rate(trial, 1, 5)).toBe("UnknownBooking")
    trial.wait(day)
    expect(trial.market.rateable.slots.size).toBe(0)
  })
})

describe("ratings in aitbc-hardened", () => {
  it("weigh what was paid, gifts not counted", () => {
    const trial = openHoursMarket({
      economy: closedHoles({ promotion: { grantCredits: 0.2 } }),
      terms: { baseRate: 0.3 * credit },
    })
    rent(trial, 1, 2)
    expect(rate(trial, 1, 5)).toBeUndefined()
    expect(known(trial).ratings).toBeCloseTo(0.4, 12)
  })

  it("are not heard of who has paid nothing, nor of linked parties, nor twice a month", () => {
    const trial = openHoursMarket({ economy: withStars, terms: dear })
    order(trial, 1)
    trial.wait(hour)
    expect(rate(trial, 1, 5)).toBe("NotPaid")
    rent(trial, 2)
    rent(trial, 3)
    expect(rate(trial, 2, 5)).toBeUndefined()
    trial.wait(29 * day)
    expect(rate(trial, 3, 1)).toBe("TooSoon")
    rent(trial, 4)
    trial.wait(day)
    expect(rate(trial, 4, 1)).toBeUndefined()
    expect(known(trial).ratings).toBe(1)
    rent(trial, 5)
    trial.send({ _tag: "AccountsLinked", account: consumer, other: provider })
    expect(rate(trial, 5, 5)).toBe("Linked")
    expect(known(trial)).toMatchObject({ ratings: 0, satisfaction: 0.8 })
    expect(known(trial, consumer)).toEqual(known(trial))
  })
})
