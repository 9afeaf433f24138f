/**
 * Reputations against a naive model that forgets nothing and works each out anew: over random lives of providers,
 * consumers and the links between them. Invariant 51: one rating moves satisfaction by a fifth at most.
 */
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { reputationView, restore, snapshot } from "../../../engine/index.ts"
import { lotOf } from "../../../engine/ledger/accounts.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { stateDigest } from "../../../engine/market/snapshot.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import type { EconomyPatch } from "../../../engine/economy/derive.ts"
import {
  closedHoles,
  credit,
  day,
  hour,
  literal,
  minute,
  openListing,
  region,
} from "../../support/hours.ts"
import type { Trial } from "../../support/market.ts"
import { openTrial, rejectionOf } from "../../support/market.ts"
import { assertProperty } from "../../support/property.ts"
import { ensure } from "../ensure.ts"

const providers = [11, 12] as const
const everybody = [1, 2, 3, ...providers] as const

interface Rental {
  readonly booking: number
  readonly consumer: number
  readonly provider: number
  readonly closedAt: number
  /** With credits that were no gift. */
  readonly paid: number
  isRated: boolean
}

/** Everything that was ever said or seen of a provider. */
interface Said {
  readonly at: number
  readonly booking: number
  readonly rater: number
  readonly provider: number
  readonly weight: number
  readonly stars: number
}
interface Seen {
  readonly at: number
  readonly provider: number
  readonly sold: number
  readonly delivered: number
  readonly starts: number
  readonly onTime: number
}

const makeNaive = ({ ratings }: Economy) => {
  const links: Array<readonly [number, number]> = []
  const said: Array<Said> = []
  const seen: Array<Seen> = []

  /** Whoever can be reached from an account by links. */
  const partyOf = (account: number): ReadonlySet<number> => {
    const party = new Set([account])
    for (let size = 0; size < party.size;) {
      size = party.size
      for (const [a, b] of links)
        if (party.has(a) || party.has(b)) {
          party.add(a)
          party.add(b)
        }
    }
    return party
  }
  const areLinked = (a: number, b: number) => partyOf(a).has(b)
  const fade = (at: number, now: number): number => {
    const days = Math.floor(now / day) - Math.floor(at / day)
    return ratings.halfLifeDays === 0 ? 1 : 2 ** (-days / ratings.halfLifeDays)
  }
  /** The latest word of somebody's party about somebody's party. */
  const voiceOf = (rater: number, provider: number): Said | undefined =>
    said
      .filter((one) => areLinked(one.rater, rater) && areLinked(one.provider, provider))
      .toSorted((a, b) => a.at - b.at || a.booking - b.booking)
      .at(-1)

  const weightOf = ({ paid }: Rental): number =>
    ratings.weight === "paid" ? Math.min(1, paid / credit) : 1

  const isLegal = (rental: Rental | undefined, by: number, stars: number, now: number): boolean => {
    if (rental === undefined || rental.isRated) return false
    if (now >= rental.closedAt + ratings.windowDays * day) return false
    if (by !== rental.consumer || stars < 1 || stars > 5) return false
    if (ratings.excludeLinked && areLinked(by, rental.provider)) return false
    if (weightOf(rental) === 0) return false
    const before = voiceOf(by, rental.provider)
    return before === undefined || now >= before.at + ratings.voiceDays * day
  }

  const satisfactionOf = (provider: number, now: number): number => {
    const about = said.filter((one) => areLinked(one.provider, provider))
    const counting =
      ratings.voiceDays === 0
        ? about
        : about.filter(
            (one) =>
              one === voiceOf(one.rater, provider) &&
              !(ratings.excludeLinked && areLinked(one.rater, provider)),
          )
    let weight = ratings.priorRatings
    let sum = ratings.priorRatings * 0.8
    for (const one of counting) {
      const left = one.weight * fade(one.at, now)
      weight += left
      sum += (left * one.stars) / 5
    }
    return weight === 0 ? 0.8 : sum / weight
  }

  const partsOf = (provider: number, now: number) => {
    const total = { sold: 0, delivered: 0, starts: 0, onTime: 0 }
    for (const one of seen)
      if (areLinked(one.provider, provider))
        for (const what of ["sold", "delivered", "starts", "onTime"] as const)
          total[what] += one[what] * fade(one.at, now)
    return {
      availability: (19 + total.delivered) / (20 + total.sold),
      onTime: (19 + total.onTime) / (20 + total.starts),
      satisfaction: satisfactionOf(provider, now),
    }
  }

  const see = (consumer: number, one: Seen): void => {
    if (!(ratings.excludeLinked && areLinked(consumer, one.provider))) seen.push(one)
  }
  return { links, said, see, isLegal, weightOf, partsOf }
}

/** Rules that differ in each of their knobs: made once, which takes longer than a life. */
const economies = Array.from({ length: 24 }, (_, index) => {
  const ratings = {
    weight: index % 2 === 0 ? "paid" : "equal",
    voiceDays: index % 3 === 0 ? 0 : 30,
    excludeLinked: index % 4 < 2,
    priorRatings: index % 5 < 2 ? 0 : 4,
    halfLifeDays: [0, 30, 90, 90][(index >> 1) % 4]!,
    windowDays: index % 7 < 3 ? 12 : 30,
  } as const
  return () => (index % 8 < 3 ? literal : closedHoles)({ ...few, ratings })
})
/** Rates are set and hours pass at once where nothing happens: the lives are long. */
const few: EconomyPatch = {
  strategies: { adjustMinutes: 1440 },
  health: { windowHours: 1 },
  ramp: { onlineHours: 0 },
  promotion: { grantCredits: 1 },
}

const anyEconomy: fc.Arbitrary<Economy> = fc.constantFrom(...economies.map((make) => make()))

const deed = fc.record({
  kind: fc.constantFrom("rent", "rent", "rent", "rate", "rate", "rate", "rate", "link", "wait"),
  a: fc.nat(999),
  b: fc.nat(999),
  c: fc.nat(999),
})
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never

const openLife = (economy: Economy): Trial => {
  const trial = openTrial(economy)
  trial.send({ _tag: "RegionSet", region, peakFrom: [], peakUntil: [], until: 4000 * day })
  for (const account of everybody) {
    trial.send({ _tag: "AccountOpened", account })
    trial.send({ _tag: "CreditsBought", transfer: account, account, amount: 900 * credit })
  }
  for (const provider of providers) {
    trial.send({ _tag: "NodeRegistered", node: provider, account: provider })
    openListing(trial, { listing: provider, baseRate: 0.4 * credit })
  }
  return trial
}

/** What was paid for a booking out of lots that are no gifts. */
const ownPaid = (commands: ReadonlyArray<Command>): number =>
  commands.reduce(
    (sum, one) =>
      one._tag === "Post" && one.kind === "rent" && lotOf(one.debit)?.lot !== 0
        ? sum + one.amount
        : sum,
    0,
  )

/** A whole rental: to its end, ended halfway by either side, or never begun. */
const rent = (trial: Trial, booking: number, consumer: number, provider: number, c: number) => {
  const hours = 1 + (c % 4)
  const from = trial.commands.length
  const startAt = trial.market.now
  trial.send({
    _tag: "BookingRequested",
    booking,
    account: consumer,
    listing: provider,
    startAt,
    endAt: startAt + hours * hour,
    jobs: 1,
    memoryMib: 0,
  })
  trial.wait(0)
  const how = ["whole", "whole", "whole", "leave", "abandon", "noShow"][Math.floor(c / 4) % 6]
  if (how === "noShow") trial.wait(16 * minute)
  else {
    trial.send({ _tag: "DeliveryStarted", booking })
    trial.wait((how === "whole" ? 1 : 0.5) * hours * hour)
    if (how !== "whole")
      trial.send({ _tag: "BookingEnded", booking, by: how === "leave" ? consumer : provider })
    trial.send({ _tag: "BookingConfirmed", booking, by: consumer })
  }
  const delivered = how === "noShow" ? 0 : how === "whole" ? hours : hours / 2
  return {
    sold: how === "leave" ? hours / 2 : hours,
    delivered: how === "abandon" && consumer === provider ? hours / 2 : delivered,
    isOnTime: how !== "noShow",
    // A start that is missed is known a quarter of an hour later, and so is what is not delivered then.
    startAt: how === "noShow" ? startAt + 15 * minute : startAt,
    endAt: how === "noShow" ? startAt + 15 * minute : trial.market.now,
    paid: ownPaid(trial.commands.slice(from)),
    // Who rents from itself ends it as the consumer.
    ...(how === "abandon" && consumer === provider ? { sold: hours / 2 } : {}),
  }
}

const live = (economy: Economy, deeds: ReadonlyArray<Deed>): void => {
  const trial = openLife(economy)
  const naive = makeNaive(economy)
  const rentals: Array<Rental> = []
  const compare = (): void => {
    for (const provider of providers) {
      const view = reputationView(trial.market, provider)
      ensure(view !== undefined, "a provider is known for something", () => provider)
      const parts = naive.partsOf(provider, trial.market.now)
      for (const part of ["availability", "onTime", "satisfaction"] as const)
        ensure(Math.abs(view[part] - parts[part]) < 1e-9, `${part} as remembered`, () => ({
          provider,
          view,
          parts,
        }))
      const { health, availability, onTime, satisfaction, overall } = view
      // 003's four parts; where what is said decides nothing, the other three.
      const w = economy.ratings.satisfactionWeight
      const sum = 0.4 * health + 0.25 * availability + 0.15 * onTime + w * satisfaction
      ensure(
        Math.abs(overall - sum / (0.8 + w)) < 1e-12,
        "overall is the weighted mean",
        () => view,
      )
    }
  }
  for (const { kind, a, b, c } of deeds) {
    const { now } = trial.market
    const provider = providers[b % 2]!
    if (kind === "wait") trial.wait([0, hour, day, 10 * day, 31 * day][a % 5]!)
    else if (kind === "link") {
      const account = everybody[a % 5]!
      const other = everybody[b % 5]!
      // Links are rare, or everybody is one.
      if (c % 3 === 0) {
        naive.links.push([account, other])
        trial.send({ _tag: "AccountsLinked", account, other })
      }
    } else if (kind === "rent") {
      const consumer = a % 9 === 0 ? provider : everybody[a % 3]!
      const booking = rentals.length
      const rented = rent(trial, booking, consumer, provider, c)
      const { paid, sold, delivered, startAt, endAt: closedAt } = rented
      const nothing = { provider, sold: 0, delivered: 0, starts: 0, onTime: 0 }
      const onTime = rented.isOnTime ? 1 : 0
      naive.see(consumer, { ...nothing, at: startAt, starts: 1, onTime })
      naive.see(consumer, { ...nothing, at: closedAt, sold, delivered })
      rentals.push({ booking, consumer, provider, closedAt, paid, isRated: false })
    } else {
      const rental = rentals[rentals.length - 1 - (a % Math.min(3, Math.max(1, rentals.length)))]
      const by = b % 8 === 0 ? everybody[c % 5]! : (rental?.consumer ?? 1)
      const stars = c % 7
      const isLegal = naive.isLegal(rental, by, stars, now)
      const before = reputationView(trial.market, rental?.provider ?? 11)!.satisfaction
      const isCompared = !isLegal && c % 16 === 0
      const digest = isCompared ? stateDigest(trial.market) : ""
      const booking = rental?.booking ?? 0
      const rejection = rejectionOf(trial.send({ _tag: "RatingGiven", booking, stars, by }))
      ensure((rejection === undefined) === isLegal, "who may rate, and when", () => ({
        rental,
        by,
        stars,
        rejection,
      }))
      if (isCompared)
        ensure(stateDigest(trial.market) === digest, "a rejection changes nothing", () => rental)
      if (isLegal) {
        rental!.isRated = true
        const weight = naive.weightOf(rental!)
        naive.said.push({ at: now, rater: by, weight, stars, booking, provider: rental!.provider })
        const after = reputationView(trial.market, rental!.provider)!.satisfaction
        if (economy.ratings.priorRatings === 4)
          ensure(Math.abs(after - before) <= 1 / 5, "51: one party moves S by 1/5 at most", () => ({
            before,
            after,
          }))
      }
    }
    compare()
  }
  auditMarket(trial.market)
}

describe("reputations", () => {
  it("are those of a naive model, after any life", async () => {
    const anyLife = fc.array(deed, { minLength: 4, maxLength: 14 })
    await assertProperty(fc.property(anyEconomy, anyLife, (economy, life) => live(economy, life)))
  })

  it("move by a fifth at most, however often a party rates in a month, and whatever it says", async () => {
    const stars = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 })
    const economy = closedHoles({ ...few, promotion: { grantCredits: 0 } })
    await assertProperty(
      fc.property(stars, fc.nat(2), (all, others) => {
        const trial = openLife(economy)
        let booking = 0
        const rate = (consumer: number, given: number): void => {
          rent(trial, ++booking, consumer, 11, 3)
          trial.send({ _tag: "RatingGiven", booking, stars: given, by: consumer })
        }
        for (let other = 0; other < others; other++) rate(2 + other, 5)
        const before = reputationView(trial.market, 11)!.satisfaction
        for (const given of all) rate(1, given)
        const after = reputationView(trial.market, 11)!
        expect(Math.abs(after.satisfaction - before)).toBeLessThanOrEqual(1 / 5)
        expect(after.ratings).toBeLessThanOrEqual(others + 1)
      }),
      { share: 0.1 },
    )
  })

  it("outlive a snapshot, and fade alike after it", () => {
    const trial = openLife(closedHoles(few))
    rent(trial, 1, 1, 11, 3)
    rent(trial, 2, 2, 12, 20)
    trial.send({ _tag: "RatingGiven", booking: 1, stars: 2, by: 1 })
    const again = Either.getOrThrow(restore(JSON.parse(JSON.stringify(snapshot(trial.market)))))
    expect(stateDigest(again)).toBe(stateDigest(trial.market))
    expect(reputationView(again, 11)).toEqual(reputationView(trial.market, 11))
  })
})
