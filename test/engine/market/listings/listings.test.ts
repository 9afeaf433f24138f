import { describe, expect, it } from "vitest"
import { instanceView, listingView, quoteHours, regionViews } from "../../../../engine/index.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import { stateDigest } from "../../../../engine/market/snapshot.ts"
import type { PriceStrategy } from "../../../../engine/index.ts"
import {
  begin,
  closedHoles,
  consumer,
  credit,
  dailyPeaks,
  day,
  hour,
  listing,
  literal,
  minute,
  openHoursMarket,
  openListing,
  order,
  provider,
  region,
  soldAt,
  usualTerms,
} from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"
import { commandsOf, openSmallMarket, openTrial, rejectionOf } from "../../../support/market.ts"

const rateOf = (trial: Trial) => listingView(trial.market, listing)?.ratePerHour
const set = (trial: Trial, more: object = {}) =>
  rejectionOf(trial.send({ _tag: "ListingSet", ...usualTerms, ...more }))

describe("a listing", () => {
  it("is refused where no hours are sold, or its terms are none", () => {
    expect(set(openSmallMarket())).toBe("HoursNotSold")
    const trial = openTrial(literal())
    expect(set(trial)).toBe("UnknownNode")
    trial.send({ _tag: "AccountOpened", account: provider })
    trial.send({ _tag: "NodeRegistered", node: listing, account: provider })
    expect(set(trial)).toBe("UnknownRegion")
    trial.send({ _tag: "RegionSet", region, peakFrom: [], peakUntil: [], until: 0 })
    for (const more of [
      { maxJobs: 0 },
      { maxJobs: 1025 },
      { memoryMib: -1 },
      { baseRate: 0.5 },
      { baseRate: 2 ** 53 },
      { peakBps: 9999 },
      { bulkBps: 10_001 },
      { thresholdBps: 0 },
      { thresholdBps: 10_000 },
      { strategy: "greedy" },
    ])
      expect(set(trial, more), JSON.stringify(more)).toBe("InvalidQuantity")
    expect(set(trial)).toBeUndefined()
    expect(listingView(trial.market, listing)).toMatchObject({ phase: "draft", isOffered: false })
  })

  it("sells nothing until it is open, and nothing new once it is paused or closed", () => {
    const trial = openHoursMarket()
    const phase = (to: "open" | "paused" | "closed") =>
      rejectionOf(trial.send({ _tag: "ListingPhaseSet", listing, phase: to }))
    order(trial, 1, { startAt: hour })
    for (const to of ["paused", "closed"] as const) {
      expect(phase(to)).toBeUndefined()
      expect(soldAt(order(trial, to === "paused" ? 2 : 3))).toBe("NotOpen")
    }
    expect(phase("open")).toBe("WrongPhase")
    // What is sold is delivered, and the node may be listed again.
    trial.wait(hour)
    expect(rejectionOf(trial.send({ _tag: "DeliveryStarted", booking: 1 }))).toBeUndefined()
    expect(set(trial)).toBeUndefined()
    expect(phase("open")).toBeUndefined()
    expect(soldAt(order(trial, 4))).toBe(0.96 * credit)
  })

  it("shrinks to what is sold of it at most, and stays in its region until then", () => {
    const trial = openHoursMarket()
    trial.send({ _tag: "RegionSet", region: 2, peakFrom: [], peakUntil: [], until: 0 })
    order(trial, 1, { jobs: 3, memoryMib: 100, hours: 1 })
    expect(set(trial, { maxJobs: 2 })).toBe("Booked")
    expect(set(trial, { memoryMib: 99 })).toBe("Booked")
    expect(set(trial, { region: 2 })).toBe("Booked")
    expect(set(trial, { maxJobs: 3, memoryMib: 100 })).toBeUndefined()
    expect(rejectionOf(trial.send({ _tag: "NodeRemoved", node: listing }))).toBe("Booked")
    trial.wait(hour)
    expect(set(trial, { region: 2, maxJobs: 1 })).toBeUndefined()
    expect(rejectionOf(trial.send({ _tag: "NodeRemoved", node: listing }))).toBeUndefined()
    expect(listingView(trial.market, listing)).toBeUndefined()
  })

  it("that is refused a change is as it was, its calendar as well", () => {
    const trial = openHoursMarket()
    order(trial, 1, { jobs: 3, hours: 1 })
    order(trial, 2, { jobs: 3, startAt: 2 * hour, hours: 1 })
    trial.wait(1.5 * hour)
    const before = stateDigest(trial.market)
    expect(set(trial, { maxJobs: 2 })).toBe("Booked")
    expect(stateDigest(trial.market)).toBe(before)
  })

  it("that has other jobs from now on leaves calls another part of its node", () => {
    const trial = openHoursMarket()
    trial.send({ _tag: "ModelListed", model: 1, inputPricePerMtok: 0, outputPricePerMtok: 1 })
    const machine = { slots: 4, tokensPerSecond: 100, isPlatformAsked: false }
    trial.send({ _tag: "InstanceStarted", instance: 1, node: listing, model: 1, ...machine })
    begin(trial, 1, { jobs: 2, hours: 1 })
    expect(instanceView(trial.market, 1)).toMatchObject({ reason: "Eligible", slots: 2 })
    expect(set(trial, { maxJobs: 2 })).toBeUndefined()
    expect(instanceView(trial.market, 1)?.reason).toBe("Booked")
    auditMarket(trial.market)
    expect(set(trial, { maxJobs: 8 })).toBeUndefined()
    expect(instanceView(trial.market, 1)).toMatchObject({ reason: "Eligible", slots: 3 })
    auditMarket(trial.market)
  })

  it("sells what was measured of it, where that counts", () => {
    const trial = openHoursMarket({ economy: closedHoles({ listings: { capacity: "measured" } }) })
    expect(soldAt(order(trial, 1))).toBe("NoCapacity")
    const measured = { _tag: "ListingMeasured", listing } as const
    trial.send({ ...measured, maxJobs: 2, memoryMib: 8192 })
    expect(listingView(trial.market, listing)).toMatchObject({ jobs: 2, memoryMib: 8192 })
    expect(soldAt(order(trial, 2, { jobs: 3 }))).toBe("NoCapacity")
    expect(soldAt(order(trial, 3, { jobs: 2 }))).toBe(2.32 * credit)
  })

  it("that is away sells no hours that begin before a machine has to show up, and later ones", () => {
    const trial = openHoursMarket()
    trial.send({ _tag: "NodeLost", node: listing })
    const grace = 15 * minute
    const { now } = trial.market
    expect(soldAt(order(trial, 1, { jobs: 1, hours: 1 }))).toBe("Offline")
    expect(soldAt(order(trial, 2, { startAt: now + grace - 1, hours: 1 }))).toBe("Offline")
    const quoted = { startAt: now, endAt: now + hour, jobs: 1, memoryMib: 0 }
    expect(quoteHours(trial.market, listing, quoted)).toBe("Offline")
    expect(quoteHours(trial.market, listing, { ...quoted, latestStart: now + hour })).toMatchObject(
      { startAt: now + grace },
    )
    expect(soldAt(order(trial, 3, { startAt: now + grace, hours: 1 }))).toBe(0.1 * credit)
    trial.send({ _tag: "NodeReturned", node: listing })
    expect(soldAt(order(trial, 4, { hours: 1 }))).toBe(0.1 * credit)
  })

  it("shows what a dynamic rate follows", () => {
    const trial = openHoursMarket({ terms: { thresholdBps: 7000, mostBps: 30_000 } })
    expect(listingView(trial.market, listing)).toMatchObject({
      thresholdBps: 7000,
      mostBps: 30_000,
    })
  })

  it("is always open once its schedule is taken off, and is not asked for another", () => {
    const trial = openHoursMarket()
    expect(rejectionOf(trial.send({ _tag: "ScheduleCleared", listing: 99 }))).toBe("UnknownListing")
    trial.send({ _tag: "ScheduleSet", listing, opens: [], closes: [], until: 40 * day })
    expect(soldAt(order(trial, 1, { hours: 1 }))).toBe("OffSchedule")
    trial.send({ _tag: "ScheduleCleared", listing })
    expect(listingView(trial.market, listing)).toMatchObject({
      isOffered: true,
      nextTurnAt: Infinity,
      scheduleUntil: Infinity,
    })
    expect(soldAt(order(trial, 2, { hours: 1 }))).toBe(0.1 * credit)
    expect(commandsOf(trial.wait(60 * day), "ExtendSchedule")).toEqual([])
    auditMarket(trial.market)
  })

  it("is closed past what is known of its schedule, which is asked for before", () => {
    const trial = openHoursMarket()
    const until = 40 * day
    trial.send({ _tag: "ScheduleSet", listing, opens: [0], closes: [until], until })
    expect(commandsOf(trial.wait(10 * day - 1), "ExtendSchedule")).toEqual([])
    expect(commandsOf(trial.wait(1), "ExtendSchedule")).toMatchObject([{ listing }])
    expect(commandsOf(trial.wait(day), "ExtendSchedule")).toHaveLength(1)
    expect(soldAt(order(trial, 1, { startAt: until - hour, hours: 2 }))).toBe("OffSchedule")
    trial.send({ _tag: "ScheduleSet", listing, opens: [0], closes: [400 * day], until: 400 * day })
    expect(commandsOf(trial.wait(day), "ExtendSchedule")).toEqual([])
    expect(soldAt(order(trial, 2, { startAt: until - hour, hours: 2 }))).toBe(0.2 * credit)
  })

  it.each([
    [[1], []],
    [[5], [5]],
    [
      [0, 10],
      [11, 20],
    ],
    [[0], [2 * day]],
  ])("is not scheduled by %j to %j", (opens, closes) => {
    const trial = openHoursMarket()
    const given = trial.send({ _tag: "ScheduleSet", listing, opens, closes, until: day })
    expect(rejectionOf(given)).toBe("InvalidSpans")
  })

  it("takes its node from calls while it is closed, or booked", () => {
    const trial = openHoursMarket({ terms: { maxJobs: 2 } })
    trial.send({ _tag: "ModelListed", model: 1, inputPricePerMtok: 0, outputPricePerMtok: 1 })
    const machine = { slots: 4, tokensPerSecond: 100, isPlatformAsked: false }
    trial.send({ _tag: "InstanceStarted", instance: 1, node: listing, model: 1, ...machine })
    const call = (request: number) => {
      const asked = { account: consumer, model: 1, inputTokens: 0, maxTokens: 10 }
      const given = trial.send({ _tag: "RequestArrived", request, ...asked })
      return commandsOf(given, "Dispatch").length
    }
    begin(trial, 1, { jobs: 1, hours: 1 })
    // Half of the machine is sold: two of its four slots are left.
    expect([call(1), call(2), call(3)]).toEqual([1, 1, 0])
    begin(trial, 2, { jobs: 1, hours: 2 })
    trial.wait(hour)
    expect([call(4), call(5)]).toEqual([0, 0])
    trial.wait(hour)
    expect([call(6), call(7), call(8)]).toEqual([1, 1, 0])
    trial.send({ _tag: "ScheduleSet", listing, opens: [], closes: [], until: day })
    expect(call(9)).toBe(0)
  })
})

describe("the peak hours of a region", () => {
  it("are added to, and never changed", () => {
    const trial = openHoursMarket()
    const regionSet = (more: object) =>
      rejectionOf(
        trial.send({ _tag: "RegionSet", region, peakFrom: [], peakUntil: [], until: 0, ...more }),
      )
    expect(regionSet({ until: 399 * day })).toBe("PeaksFixed")
    const known = { peakFrom: [399 * day], peakUntil: [399.5 * day], until: 500 * day }
    expect(regionSet(known)).toBe("PeaksFixed")
    expect(regionSet({ ...known, until: 399.5 * day - 1 })).toBe("InvalidSpans")
    const { peakFrom, peakUntil } = dailyPeaks(400 * day, 2)
    expect(regionSet({ peakFrom, peakUntil, until: 402 * day })).toBeUndefined()
    expect(regionViews(trial.market)).toMatchObject([{ region, peaksUntil: 402 * day }])
  })

  it("are asked for while too few are known", () => {
    const trial = openHoursMarket({ economy: closedHoles() })
    expect(commandsOf(trial.wait(279 * day), "ExtendPeaks")).toEqual([])
    expect(commandsOf(trial.wait(2 * day), "ExtendPeaks").length).toBeGreaterThan(0)
  })

  it("make the hours dearer that lie within them", () => {
    const trial = openHoursMarket({ economy: literal({ hours: { peak: "clock" } }) })
    const { peakFrom, peakUntil } = dailyPeaks(400 * day, 1)
    trial.send({ _tag: "RegionSet", region, peakFrom, peakUntil, until: 401 * day })
    trial.wait(200 * day)
    trial.wait(190 * day)
    const asked = {
      startAt: 400 * day + 6 * hour,
      endAt: 400 * day + 18 * hour,
      jobs: 1,
      memoryMib: 0,
    }
    expect(quoteHours(trial.market, listing, asked)).toMatchObject({ price: 1.32 * credit })
  })
})

describe("rates by strategy", () => {
  const openWith = (strategy: PriceStrategy, economy = literal()) =>
    openHoursMarket({ economy, terms: { strategy } })

  it("follow the use of the listing in the quarter of an hour before", () => {
    const trial = openWith("dynamic")
    begin(trial, 1, { jobs: 4, micros: 30 * minute })
    const rates = [15, 15, 15].map((minutes) => {
      trial.wait(minutes * minute)
      return rateOf(trial)
    })
    expect(rates).toEqual([0.2 * credit, 0.2 * credit, 0.1 * credit])
    expect(commandsOf(trial.commands, "Reprice")).toMatchObject([
      { ratePerHour: 0.1 * credit },
      { ratePerHour: 0.2 * credit },
      { ratePerHour: 0.1 * credit },
    ])
  })

  it("count the use over time, not the moment", () => {
    const trial = openWith("dynamic")
    trial.wait(1.5 * minute)
    begin(trial, 1, { jobs: 4, micros: 30 * minute })
    trial.wait(13.5 * minute)
    // Nine tenths of the quarter: halfway above the threshold.
    expect(rateOf(trial)).toBe(0.15 * credit)
  })

  it("go down while a guarded listing is idle, to its host's own least", () => {
    const trial = openHoursMarket({
      terms: { strategy: "utilizationGuard", baseRate: 0.05 * credit, leastRate: 0.03 * credit },
    })
    trial.wait(2 * hour - 1)
    expect(rateOf(trial)).toBe(0.05 * credit)
    trial.wait(1)
    expect(rateOf(trial)).toBe(0.0475 * credit)
    trial.wait(10 * hour)
    expect(rateOf(trial)).toBe(0.03 * credit)
    // A peak multiplier in demand has nothing to do with it; hours that are sold keep their rate.
    expect(soldAt(order(trial, 1, { hours: 2 }))).toBe(0.06 * credit)
    trial.wait(hour)
    expect(listingView(trial.market, listing)?.multiplierBps).toBeGreaterThan(5000)
  })

  it("of a peak maximizer are those of the clock, and its bookings have no second peak", () => {
    const trial = openWith("peakMaximizer", literal({ hours: { peak: "clock" } }))
    const { peakFrom, peakUntil } = dailyPeaks(400 * day, 1)
    trial.send({ _tag: "RegionSet", region, peakFrom, peakUntil, until: 401 * day })
    trial.wait(200 * day)
    trial.wait(200 * day + 9 * hour)
    expect(rateOf(trial)).toBe(0.15 * credit)
    expect(soldAt(order(trial, 1, { hours: 2 }))).toBe(0.3 * credit)
    trial.wait(12 * hour)
    expect(rateOf(trial)).toBe(0.1 * credit)
  })

  it("of own hours, and of one party alone, lift no region where that is closed", () => {
    const useAfter = (account: number, economy = closedHoles()) => {
      const trial = openHoursMarket({ economy })
      begin(trial, 1, { jobs: 4, hours: 1, account })
      trial.wait(hour)
      return regionViews(trial.market)[0]?.use
    }
    expect(useAfter(provider)).toBe(0)
    expect(useAfter(consumer)).toBeCloseTo(0.2)
    expect(useAfter(provider, literal())).toBe(1)
    expect(useAfter(consumer, literal())).toBe(1)
  })
})

describe("while the gateway is away", () => {
  it("no listing is idle or used, and rates are set at the next turn", () => {
    const trial = openHoursMarket({ terms: { strategy: "dynamic" } })
    begin(trial, 1, { jobs: 4, hours: 10 })
    trial.wait(minute)
    trial.sendRaw({ _tag: "GatewayResumed", at: 5 * hour + minute })
    openListing(trial, { strategy: "dynamic", baseRate: 0.3 * credit })
    trial.wait(14 * minute)
    expect(rateOf(trial)).toBe(0.6 * credit)
  })
})
