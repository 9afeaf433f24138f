import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  listingView,
  restore,
  sharedPerformance,
  sharesQueue,
  snapshot,
  stateDigest,
  swarmsView,
} from "../../../../engine/index.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import { topics } from "../../../../engine/rules/swarms.ts"
import { credit, day, hour, literal, openListing, region } from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"
import { commandsOf, openTrial, rejectionOf } from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

const consumer = 1
/** Providers 11, 12, …, each with a listing of its own number, at so many hundredths of a credit an hour. */
const openSwarm = (
  patch: EconomyPatch,
  rates: ReadonlyArray<number>,
  jobs: (place: number) => number = () => 1,
): Trial => {
  const trial = openTrial(literal({ strategies: { adjustMinutes: 1440 }, ...patch }))
  trial.send({ _tag: "RegionSet", region, peakFrom: [], peakUntil: [], until: 4000 * day })
  trial.send({ _tag: "AccountOpened", account: consumer })
  trial.send({ _tag: "CreditsBought", transfer: 1, account: consumer, amount: 10_000 * credit })
  rates.forEach((rate, place) => {
    const id = 11 + place
    trial.send({ _tag: "AccountOpened", account: id })
    trial.send({ _tag: "NodeRegistered", node: id, account: id })
    openListing(trial, { listing: id, maxJobs: jobs(place), baseRate: (rate * credit) / 100 })
  })
  return trial
}
type Kind = "loadBalancing" | "intelligence" | "pricing"
const join = (trial: Trial, swarm: Kind, account: number, terms = {}) =>
  rejectionOf(
    trial.send({
      _tag: "SwarmJoined",
      account,
      swarm,
      isActive: false,
      sharesPerformance: false,
      ...terms,
    }),
  )
const joinAll = (trial: Trial, swarm: Kind, many: number) => {
  for (let place = 0; place < many; place++) join(trial, swarm, 11 + place)
}
const propose = (trial: Trial, account: number, hundredths: number) =>
  rejectionOf(trial.send({ _tag: "PriceProposed", account, baseRate: (hundredths * credit) / 100 }))
const baseRates = (trial: Trial, many: number): ReadonlyArray<number> =>
  Array.from({ length: many }, (_, place) =>
    Math.round(listingView(trial.market, 11 + place)!.baseRate / (credit / 100)),
  )
const link = (trial: Trial, account: number, other: number) =>
  trial.send({ _tag: "AccountsLinked", account, other })

describe("a swarm whose prices bind", () => {
  it("asks the median by capacity: of 8 × 2 jobs, 10 × 3, 12 × 4, 15 × 1 it is 10", () => {
    const trial = openSwarm({}, [8, 10, 12, 15, 99], (place) => [2, 3, 4, 1, 50][place]!)
    joinAll(trial, "pricing", 4)
    const commands = trial.wait(day)
    // Half of ten jobs are asked for at 10 or less. Whoever is no member asks what it asked.
    expect(baseRates(trial, 5)).toEqual([10, 10, 10, 10, 99])
    expect(commandsOf(commands, "Reprice").map(({ listing }) => listing)).toEqual([11, 13, 14])
  })

  it("heeds what a member proposes in place of what it asks: 12, 10, 12, 15 are 12", () => {
    const trial = openSwarm({}, [8, 10, 12, 15], (place) => [2, 3, 4, 1][place]!)
    joinAll(trial, "pricing", 4)
    expect(propose(trial, 11, 12)).toBeUndefined()
    trial.wait(day)
    expect(baseRates(trial, 4)).toEqual([12, 12, 12, 12])
  })

  it("lets a member defect until the next day, and leave", () => {
    const trial = openSwarm({}, [8, 10, 12])
    joinAll(trial, "pricing", 3)
    trial.wait(day)
    openListing(trial, { listing: 13, maxJobs: 1, baseRate: 0.05 * credit })
    expect(baseRates(trial, 3)).toEqual([10, 10, 5])
    trial.wait(day)
    expect(baseRates(trial, 3)).toEqual([10, 10, 10])
    const leave = () =>
      rejectionOf(trial.send({ _tag: "SwarmLeft", account: 13, swarm: "pricing" }))
    expect([leave(), leave()]).toEqual([undefined, "NotMember"])
    openListing(trial, { listing: 13, maxJobs: 1, baseRate: 0.05 * credit })
    trial.wait(day)
    expect(baseRates(trial, 3)).toEqual([10, 10, 5])
  })

  it("never asks less than a host's least", () => {
    const trial = openSwarm({}, [8, 10, 12])
    openListing(trial, {
      listing: 13,
      maxJobs: 1,
      baseRate: 0.12 * credit,
      leastRate: 0.11 * credit,
    })
    joinAll(trial, "pricing", 3)
    trial.wait(day)
    expect(listingView(trial.market, 13)?.ratePerHour).toBe(0.11 * credit)
  })
})

describe("a swarm whose prices are off", () => {
  it("has no members, and tells nothing", () => {
    const trial = openSwarm({ swarms: { pricing: "off" } }, [8, 10])
    expect(join(trial, "pricing", 11)).toBe("SwarmOff")
    expect(propose(trial, 11, 12)).toBe("NotMember")
    trial.wait(3 * day)
    expect(baseRates(trial, 2)).toEqual([8, 10])
    expect(swarmsView(trial.market).advice).toBeUndefined()
  })
})

describe("a swarm that advises", () => {
  const advisory: EconomyPatch = { swarms: { pricing: "advisory" } }
  const sell = (
    trial: Trial,
    booking: number,
    listing: number,
    hours: number,
    account = consumer,
  ) =>
    trial.send({
      _tag: "BookingRequested",
      booking,
      account,
      listing,
      startAt: trial.market.now,
      endAt: trial.market.now + hours * hour,
      jobs: 1,
      memoryMib: 0,
    })
  /** Each sells so many hours on the first day, and all of it is told, or not, two days later. */
  const sold = (trial: Trial, hours: ReadonlyArray<number>): void => {
    hours.forEach((some, place) => sell(trial, 1 + place, 11 + place, some))
    trial.wait(0)
    hours.forEach((_, place) => trial.send({ _tag: "DeliveryStarted", booking: 1 + place }))
  }
  const advice = (trial: Trial) => swarmsView(trial.market).advice

  it("tells the mean rate of a day when it is a day old, for a day: (10+11+12+13+14) ÷ 5 = 12", () => {
    const trial = openSwarm(advisory, [10, 11, 12, 13, 14])
    joinAll(trial, "pricing", 5)
    sold(trial, [5, 5, 5, 5, 5])
    trial.wait(2 * day - 1)
    expect(advice(trial)).toBeUndefined()
    trial.wait(1)
    expect(advice(trial)).toEqual({ day: 0, ratePerHour: 0.12 * credit })
    auditMarket(trial.market)
    trial.wait(day)
    expect(advice(trial)).toBeUndefined()
    expect(trial.market.realised).toEqual([])
  })

  it("tells nothing of four parties, of five accounts of four, or of one that is a third", () => {
    const four = openSwarm(advisory, [10, 11, 12, 13, 14])
    joinAll(four, "pricing", 4)
    sold(four, [5, 5, 5, 5, 5])
    const linked = openSwarm(advisory, [10, 11, 12, 13, 14])
    joinAll(linked, "pricing", 5)
    sold(linked, [5, 5, 5, 5, 5])
    link(linked, 11, 12)
    const large = openSwarm(advisory, [10, 11, 12, 13, 14])
    joinAll(large, "pricing", 5)
    sold(large, [10, 5, 5, 5, 5])
    const dear = openSwarm(advisory, [10, 11, 12, 13, 50])
    joinAll(dear, "pricing", 5)
    sold(dear, [5, 5, 5, 5, 5])
    for (const trial of [four, linked, large, dear]) {
      trial.wait(2 * day)
      expect(advice(trial)).toBeUndefined()
    }
  })

  it("hears of no proposals, and of nothing that a host sells to itself", () => {
    const trial = openSwarm(advisory, [10, 11, 12, 13, 14])
    joinAll(trial, "pricing", 5)
    expect(propose(trial, 11, 12)).toBe("SwarmOff")
    trial.send({ _tag: "CreditsBought", transfer: 2, account: 11, amount: credit })
    sell(trial, 1, 11, 5, 11)
    trial.wait(0)
    trial.send({ _tag: "DeliveryStarted", booking: 1 })
    trial.wait(6 * hour)
    expect(trial.market.realised).toEqual([])
  })

  it("outlives a snapshot", () => {
    const trial = openSwarm(advisory, [10, 11, 12, 13, 14])
    joinAll(trial, "pricing", 5)
    sold(trial, [5, 5, 5, 5, 5])
    trial.wait(day)
    const again = Either.getOrThrow(restore(JSON.parse(JSON.stringify(snapshot(trial.market)))))
    expect(stateDigest(again)).toBe(stateDigest(trial.market))
  })
})

describe("what members report", () => {
  const share = (trial: Trial, account: number, word: string) =>
    rejectionOf(trial.send({ _tag: "DataShared", account, topic: "currentDemand", word }))

  it("is told as counts, literally from the first on", () => {
    const trial = openSwarm({}, [8, 10, 12])
    expect(share(trial, 11, "high")).toBe("NotMember")
    joinAll(trial, "intelligence", 3)
    expect(share(trial, 11, "enormous")).toBe("InvalidQuantity")
    expect(swarmsView(trial.market).reported.currentDemand).toBeUndefined()
    share(trial, 11, "high")
    share(trial, 12, "low")
    share(trial, 12, "high")
    share(trial, 13, "low")
    expect(swarmsView(trial.market)).toMatchObject({
      members: { intelligence: 3, pricing: 0, loadBalancing: 0 },
      reported: { currentDemand: { low: 1, moderate: 0, high: 2 }, priceTrends: undefined },
      use: 0,
    })
  })

  it("is told from so many parties on, never accounts", async () => {
    const deeds = fc.array(
      fc.record({
        account: fc.integer({ min: 11, max: 18 }),
        other: fc.integer({ min: 11, max: 18 }),
        word: fc.constantFrom(...topics.currentDemand),
        isLink: fc.constantFrom(false, false, false, true),
      }),
      { maxLength: 20 },
    )
    await assertProperty(
      fc.property(deeds, (all) => {
        const trial = openSwarm({ swarms: { dataParties: 5 } }, [1, 1, 1, 1, 1, 1, 1, 1])
        joinAll(trial, "intelligence", 8)
        const latest = new Map<number, string>()
        const linked: Array<readonly [number, number]> = []
        for (const { account, other, word, isLink } of all) {
          trial.wait(1)
          if (isLink) {
            link(trial, account, other)
            linked.push([account, other])
          } else {
            share(trial, account, word)
            latest.delete(account)
            latest.set(account, word)
          }
        }
        const partyOf = (account: number): number => {
          let party = new Set([account])
          for (let round = 0; round < 8; round++)
            party = new Set([
              ...party,
              ...linked.filter((pair) => pair.some((one) => party.has(one))).flat(),
            ])
          return Math.min(...party)
        }
        const byParty = new Map([...latest].map(([account, word]) => [partyOf(account), word]))
        const counts = swarmsView(trial.market).reported.currentDemand
        expect(counts === undefined).toBe(byParty.size < 5)
        for (const word of counts === undefined ? [] : topics.currentDemand)
          expect(counts![word]).toBe([...byParty.values()].filter((one) => one === word).length)
      }),
      { share: 0.1 },
    )
  })
})

describe("a load-balancing swarm", () => {
  it("shows the performance of those who share it to those who share it", () => {
    const trial = openSwarm({}, [8, 10, 12])
    join(trial, "loadBalancing", 11, { sharesPerformance: true })
    join(trial, "loadBalancing", 12, { sharesPerformance: true, isActive: true })
    join(trial, "loadBalancing", 13)
    const seenBy = (account: number) =>
      sharedPerformance(trial.market, account)?.map((one) => one.account)
    expect([seenBy(11), seenBy(12), seenBy(13), seenBy(99)]).toEqual([
      [12],
      [11],
      undefined,
      undefined,
    ])
    expect([11, 12, 13, 99].map((one) => sharesQueue(trial.market, one))).toEqual([
      false,
      true,
      false,
      false,
    ])
    expect(join(trial, "loadBalancing", 99)).toBe("UnknownAccount")
  })

  it("is not there where no hours are sold", () => {
    const trial = openTrial()
    trial.send({ _tag: "AccountOpened", account: 11 })
    expect(join(trial, "loadBalancing", 11)).toBe("HoursNotSold")
  })
})
