import { describe, expect, it } from "vitest"
import { eligibilityReasons } from "../../../../engine/market/admission/eligibility.ts"
import type { EligibilityReason } from "../../../../engine/market/admission/eligibility.ts"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import {
  arrive,
  call,
  economyWith,
  endAttempt,
  openSmallMarket,
  startInstance,
  viewOf,
} from "../../../support/market.ts"
import { openListing, region } from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"

const second = 1_000_000
const hour = 3600 * second
const grown = economyWith({
  ramp: { start: 1 },
  routing: { maxRetries: 0 },
  hours: { areSold: true },
})

const countOf = (trial: Trial, reason: EligibilityReason) =>
  trial.market.reasonCounts[eligibilityReasons.indexOf(reason)]

describe("each reason against an instance", () => {
  const parkIt = (trial: Trial): void => {
    for (let request = 1; request <= 3; request++) call(trial, request, "stalled")
  }
  /** Hours of all of the node are sold, and begin. */
  const bookAll = (trial: Trial): void => {
    trial.send({ _tag: "RegionSet", region, peakFrom: [], peakUntil: [], until: 0 })
    openListing(trial, { listing: 1, maxJobs: 1 })
    trial.send({
      _tag: "BookingRequested",
      booking: 1,
      account: 1,
      listing: 1,
      startAt: trial.market.now,
      endAt: trial.market.now + hour,
      jobs: 1,
      memoryMib: 0,
    })
    trial.wait(1)
  }
  const cases: ReadonlyArray<readonly [EligibilityReason, (trial: Trial) => void]> = [
    ["Inactive", (trial) => trial.send({ _tag: "NodeLost", node: 1 })],
    ["Draining", (trial) => trial.send({ _tag: "InstanceDrained", instance: 1 })],
    ["Suspended", (trial) => call(trial, 1, "credentialRefused")],
    [
      "OffSchedule",
      (trial) => trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: false }),
    ],
    ["Booked", bookAll],
    ["Parked", parkIt],
    [
      "ProbeUnderWay",
      (trial) => {
        parkIt(trial)
        trial.wait(15 * second)
      },
    ],
    [
      "BelowFloor",
      (trial) => {
        for (let request = 1; request <= 5; request++) {
          arrive(trial, request)
          endAttempt(trial, request, { decodeMicros: 100 * second })
        }
      },
    ],
    [
      "BelowAccuracy",
      (trial) =>
        trial.send({
          _tag: "ModelListed",
          model: 1,
          inputPricePerMtok: 1,
          outputPricePerMtok: 1,
          accuracyBps: 9500,
        }),
    ],
    ["Backpressure", (trial) => call(trial, 1, "backpressure")],
    ["Full", (trial) => [1, 2, 3, 4].forEach((request) => arrive(trial, request))],
  ]

  it.each(cases)("%s: is shown, counted once, and keeps requests away", (reason, act) => {
    const trial = openSmallMarket({ economy: grown })
    expect(viewOf(trial, 1).reason).toBe("Eligible")
    act(trial)
    expect(viewOf(trial, 1).reason).toBe(reason)
    expect(countOf(trial, reason)).toBe(1)
    expect(call(trial, 100)).toBe(-1)
    expect(countOf(trial, reason)).toBe(1)
  })

  it("Unverified, until the capacity is measured", () => {
    const trial = openSmallMarket({ economy: hardened })
    expect(countOf(trial, "Unverified")).toBe(1)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("RateCapped, until the debt of a ramping instance is within 10 s worth", () => {
    // 100 tokens/s at a ramp of 0.1: 100 tokens may be owed, at 10 a second.
    const trial = openSmallMarket()
    arrive(trial, 1, { maxTokens: 1000 })
    endAttempt(trial, 1, { outputTokens: 300 })
    expect(viewOf(trial, 1).reason).toBe("RateCapped")
    expect(call(trial, 2)).toBe(-1)
    // The ramp itself rises by a little meanwhile.
    trial.wait(20 * second - second / 10)
    expect(viewOf(trial, 1).reason).toBe("RateCapped")
    trial.wait(second / 10)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
    expect(call(trial, 3)).toBe(1)
  })

  it("no rate cap from the moment on at which the ramp is over, whatever is owed", () => {
    // One slot, so that no further slot is waited for; 1 token/s, so that the debt lasts for hours.
    const trial = openSmallMarket({ nodes: 0 })
    trial.send({ _tag: "AccountOpened", account: 5 })
    trial.send({ _tag: "NodeRegistered", node: 1, account: 5 })
    // The week does not end with a turn of the hour, at which everybody is looked at.
    trial.wait(1000 * second)
    startInstance(trial, { instance: 1, node: 1, slots: 1, tokensPerSecond: 1 })
    const early = 1_234_567
    trial.wait(168 * hour - early)
    arrive(trial, 1, { maxTokens: 10_000 })
    endAttempt(trial, 1, { outputTokens: 10_000 })
    expect(viewOf(trial, 1).reason).toBe("RateCapped")
    trial.wait(early - 1)
    expect(viewOf(trial, 1).reason).toBe("RateCapped")
    trial.wait(1)
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", ramp: 1 })
  })

  it("no rate cap once the ramp is over", () => {
    const trial = openSmallMarket({ economy: grown })
    arrive(trial, 1, { maxTokens: 1_000_000 })
    endAttempt(trial, 1, { outputTokens: 1_000_000, decodeMicros: hour })
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })
})

describe("backpressure", () => {
  const until = (retryAfterMicros: number): Trial => {
    const trial = openSmallMarket({ economy: grown })
    arrive(trial, 1)
    endAttempt(trial, 1, { outcome: "backpressure", retryAfterMicros })
    return trial
  }

  it("lasts for the Retry-After, to the microsecond", () => {
    const trial = until(7 * second)
    trial.wait(7 * second - 1)
    expect(viewOf(trial, 1).reason).toBe("Backpressure")
    trial.wait(1)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("lasts for a second where none is given", () => {
    const trial = until(0)
    trial.wait(second - 1)
    expect(viewOf(trial, 1).reason).toBe("Backpressure")
    trial.wait(1)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("lasts for a minute at most, whatever the host asks for", () => {
    const trial = until(365 * 24 * hour)
    trial.wait(60 * second - 1)
    expect(viewOf(trial, 1).reason).toBe("Backpressure")
    trial.wait(1)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("is neutral: it neither parks nor lowers health", () => {
    const trial = openSmallMarket({ economy: grown })
    for (let request = 1; request <= 10; request++) {
      call(trial, request, "backpressure")
      trial.wait(second)
    }
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", health: 0.95, parks: 0 })
  })
})

describe("capacity", () => {
  it("grows with the ramp at the very moment at which a slot is due", () => {
    // 10 slots: the second is due at r = 0.2, a ninth of the week.
    const trial = openSmallMarket({ slots: 10, tokensPerSecond: 1_000_000 })
    const due = Math.ceil((168 * hour) / 9)
    trial.wait(due - second)
    expect(call(trial, 1)).toBe(1)
    arrive(trial, 2)
    expect(viewOf(trial, 1)).toMatchObject({ capacity: 1, reason: "Full" })
    trial.wait(second + 2)
    expect(viewOf(trial, 1)).toMatchObject({ capacity: 2, reason: "Eligible" })
    expect(call(trial, 3)).toBe(1)
  })

  it("is full at the end of the ramp", () => {
    const trial = openSmallMarket({ slots: 7, tokensPerSecond: 1_000_000 })
    trial.wait(168 * hour + 2)
    for (let request = 1; request <= 7; request++) arrive(trial, request)
    expect(viewOf(trial, 1)).toMatchObject({ inFlight: 7, capacity: 7, ramp: 1, reason: "Full" })
    expect(call(trial, 8)).toBe(-1)
  })

  it("follows successes too, in `hardened`", () => {
    const economy = economyWith({ ramp: { successes: 10 } }, hardened)
    const trial = openSmallMarket({ economy, slots: 10, tokensPerSecond: 1_000_000 })
    trial.wait(200 * hour)
    expect(viewOf(trial, 1)).toMatchObject({ capacity: 1, ramp: 0.1 })
    for (let request = 1; request <= 10; request++) {
      call(trial, request)
      expect(viewOf(trial, 1).ramp).toBeCloseTo(0.1 + 0.09 * request, 9)
    }
    expect(viewOf(trial, 1)).toMatchObject({ capacity: 10, ramp: 1 })
  })
})
