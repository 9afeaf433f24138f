/** What hours are sold with beside a rate: promises, contracts, reservations, ratings, swarms. */
import { describe, expect, it } from "vitest"
import { metricsAfter } from "../../../../sim/metrics/of-replication.ts"
import { starsFor } from "../../../../sim/driver/hours/raters.ts"
import type { Patch } from "../small-world.ts"
import { openReplication, runToEnd, scenarioWith } from "../small-world.ts"

type Hours = Readonly<Record<string, Patch>>

/** Eight equal machines that fail nobody, for six days, and orders that fill a third of them. */
const scenarioOf = (hours: Hours, patch: Patch, economy: string) => {
  const { listings, renters, ...others } = hours
  return scenarioWith({
    horizonDays: 6,
    warmupDays: 0,
    economy: { extends: economy },
    demand: { requestsPerSecond: 0 },
    consumers: { count: 1 },
    fleet: { nodes: 8, establishedShare: 0, devices: [{ device: "RTX 4090", weight: 1 }] },
    ...patch,
    hours: {
      startDate: "2026-03-02",
      regions: [{ name: "europe", timezone: "Europe/Berlin", hosts: 1, renters: 1 }],
      ...others,
      listings: { share: 1, peakFactor: 1, bulkFactor: 1, ...listings },
      renters: {
        count: 20,
        ordersPerDay: 12,
        medianHours: 5,
        hoursSpread: 0.3,
        worth: 3,
        worthSpread: 0.1,
        ...renters,
      },
    },
  })
}

const outcomeOf = (
  hours: Hours,
  patch: Patch = {},
  economy = "aitbc",
): Readonly<Record<string, number>> => {
  const scenario = scenarioOf(hours, patch, economy)
  const result = runToEnd(openReplication(scenario))
  for (const [name, { ok, detail }] of Object.entries(result.checks))
    expect(ok, `${name}: ${detail}`).toBe(true)
  return metricsAfter(scenario, { _tag: "Done", index: 0, wallSeconds: 0, result })
}

const outages = { awayPerBookedDay: 4, awayMinutes: 10 }

/** Everything at once, for a day and a half. */
const everything: Hours = {
  providers: { awayPerBookedDay: 2, awayMinutes: 20, awaySpread: 1 },
  promises: { share: 0.5 },
  contracts: { perDay: 4, hours: 12, answerHours: 1, worth: 2 },
  reservations: { holders: 2, days: 0.5 },
  swarms: { share: 0.5, isPricing: true, proposedFactor: 1.2, isBalancing: true, sharesData: true },
  renters: { ratesShare: 0.5, trusts: "reputation" },
}

describe("a market with all of it", () => {
  it("comes out the same in whichever batches it is run, and otherwise without", () => {
    const digestIn = (batch: number, hours: Hours) =>
      runToEnd(openReplication(scenarioOf(hours, { horizonDays: 1.5 }, "aitbc")), batch).digest
    expect(digestIn(7, everything)).toBe(digestIn(20_000, everything))
    expect(digestIn(20_000, {})).not.toBe(digestIn(20_000, everything))
  })
})

describe("a promise", () => {
  const promised = (availability: number, economy?: string) =>
    outcomeOf({ providers: outages, promises: { share: 1, availability } }, {}, economy)

  it("is broken by outages, and then a part of the price goes back", () => {
    const kept = promised(0.5)
    // A machine that is lost was promised to the end.
    expect(kept["hours.breachesPerBooking"]).toBeLessThan(0.1)
    const broken = promised(0.999)
    expect(broken["hours.slaAvailability"]).toBeLessThan(0.999)
    expect(broken["hours.breachesPerBooking"]).toBeGreaterThan(0.2)
    expect(broken["hours.periodRefundRatio"]).toBeGreaterThan(
      kept["hours.periodRefundRatio"] + 0.05,
    )
  })

  it("costs less where the penalty is in proportion to what is missing", () => {
    const ratioBy = (form: string) =>
      outcomeOf(
        { providers: outages, promises: { share: 1, availability: 0.97 } },
        { economy: { extends: "aitbc", sla: { form } } },
      )["hours.periodRefundRatio"]
    expect(ratioBy("linear")).toBeLessThan(0.9 * ratioBy("cliff"))
  })
})

describe("contracts", () => {
  const contracts = { perDay: 3, hours: 30, answerHours: 1, worth: 2 }

  it("fill machines for many hours at their own rate", () => {
    const metrics = outcomeOf({ contracts, renters: { ordersPerDay: 0 } })
    expect(metrics["hours.contractsSignedShare"]).toBeGreaterThan(0.7)
    expect(metrics["hours.fillRate.contracts"]).toBeCloseTo(metrics["hours.fillRate"], 6)
    // Four fifths of 340 credits, for hours that begin a minute late on average.
    expect(metrics["hours.realisedRate"] / 272).toBeGreaterThan(0.99)
    expect(metrics["hours.realisedRate"] / 272).toBeLessThan(1.01)
  })

  it("that nobody answers keep machines for nothing, as long as offers stand", () => {
    const metrics = outcomeOf({ contracts: { ...contracts, lapseShare: 1 } })
    expect(metrics["hours.contractsSignedShare"]).toBe(0)
    expect(metrics["hours.contractIdlePerDay"]).toBeGreaterThan(20)
  })

  it("move no order: renters want the same with and without", () => {
    expect(outcomeOf({ contracts })["hours.ordersPerDay"]).toBe(outcomeOf({})["hours.ordersPerDay"])
  })
})

describe("reservations", () => {
  const reservations = { holders: 3, days: 2, useShare: 0.5, spellHours: 4 }

  it("are used for the part of the time in which their holders have work", () => {
    const metrics = outcomeOf({ reservations })
    expect(metrics["hours.reservationUtilisation"]).toBeGreaterThan(0.25)
    expect(metrics["hours.reservationUtilisation"]).toBeLessThan(0.75)
    expect(metrics["hours.workServedShare"]).toBeGreaterThan(0.8)
  })

  it("have their fee paid, at once or hour by hour", () => {
    for (const economy of ["aitbc", "aitbc-hardened"]) {
      const paid = outcomeOf({ reservations, renters: { ordersPerDay: 0 } }, {}, economy)
      // Three machines at 0.7 · 340 · 0.88 an hour, of eight; a part of the last is paid beyond the end.
      const most = (3 * 24 * 0.7 * 340 * 0.88) / 8
      expect(paid["hours.earningsPerDay.by.fixed"] / most).toBeGreaterThan(0.6)
      expect(paid["hours.earningsPerDay.by.fixed"] / most).toBeLessThan(1.2)
    }
  })

  it("give their holders machines that they would not find, where most are taken", () => {
    const scarce = { renters: { ordersPerDay: 60 }, reservations }
    const booked = outcomeOf({ ...scarce, reservations: { ...reservations, areMade: false } })
    expect(outcomeOf(scarce)["hours.workServedShare"]).toBeGreaterThan(
      booked["hours.workServedShare"],
    )
  })
})

describe("ratings", () => {
  it("follow from what was delivered", () => {
    expect([1, 0.99, 0.97, 0.92, 0.6, 0.1, 0].map(starsFor)).toEqual([5, 5, 4, 3, 2, 1, 1])
  })

  it("tell hosts apart whose machines go away more often, and none where all are alike", () => {
    const rated = (awaySpread: number) =>
      outcomeOf({
        renters: { ratesShare: 1, ordersPerDay: 30 },
        providers: { awayPerBookedDay: 2, awayMinutes: 30, awaySpread },
      })
    const alike = outcomeOf({ renters: { ratesShare: 1 }, providers: { startMinutes: 0 } })
    expect(alike["hours.meanStars"]).toBe(5)
    expect(alike["hours.reputationSpread"]).toBeLessThan(0.03)
    expect(rated(2)["hours.reputationSpread"]).toBeGreaterThan(alike["hours.reputationSpread"])
    expect(rated(2)["hours.meanStars"]).toBeLessThan(5)
  })
})

describe("a swarm", () => {
  const swarms = { share: 1, isPricing: true, proposedFactor: 1.5 }

  it("sets its members' rate where the market lets it, and nowhere else", () => {
    const rateIn = (economy: string) => outcomeOf({ swarms }, {}, economy)["hours.rateIndex"]
    // From the second day on.
    expect(rateIn("aitbc")).toBeGreaterThan(1.25)
    expect(rateIn("aitbc-hardened")).toBeLessThan(1.01)
  })

  it("passes on orders for machines that are taken", () => {
    const busy = { renters: { ordersPerDay: 60, looks: 1, maxRetries: 0 } }
    const together = outcomeOf({ ...busy, swarms: { share: 1, isBalancing: true } })
    const apart = outcomeOf({ ...busy, swarms: { share: 1 } })
    expect(apart["hours.passedOnShare"]).toBe(0)
    expect(together["hours.passedOnShare"]).toBeGreaterThan(0.1)
    expect(together["hours.soldShare"]).toBeGreaterThan(apart["hours.soldShare"])
  })

  it("says how busy its members are", () => {
    const told = outcomeOf({ swarms: { share: 1, sharesData: true } })
    expect(told["hours.sharedDataError"]).toBeLessThan(0.3)
  })
})

describe("a party", () => {
  const subject = (hours: Patch, machines = 3): Patch => ({
    parties: [{ name: "subject", device: "RTX 4090", model: "llama-3-8b", machines, hours }],
  })

  it("sells on what is left of a booking whose promise is broken", () => {
    const gain = (breach: string) =>
      outcomeOf(
        {
          providers: { awayPerBookedDay: 3, awayMinutes: 8 },
          renters: { ordersPerDay: 30, disputeShare: 0, caution: 0 },
        },
        subject({ lets: { promises: true, outsideShare: 1, outsideFactor: 1, breach } }),
      )["party.subject.gain"]
    expect(gain("afterBreach")).toBeGreaterThan(1.02 * gain("none"))
  })

  it("pays for upkeep by the hour that it lets", () => {
    const gain = (upkeep: number) =>
      outcomeOf({}, subject({ lets: { upkeep } }))["party.subject.gain"]
    const hours = outcomeOf({}, subject({ lets: {} }))
    expect(gain(0)).toBe(hours["party.subject.gain"])
    expect(gain(0.5)).toBeLessThan(gain(0))
  })

  it("reserves others' machines as far as it may", () => {
    const reserves = subject({ lets: {}, reserves: { machines: 6, days: 2 } })
    const sold = (economy: string) => outcomeOf({}, reserves, economy)["hours.soldShare"]
    const free = outcomeOf({}, subject({ lets: {} }))["hours.soldShare"]
    expect(sold("aitbc")).toBeLessThan(free)
    expect(sold("aitbc-hardened")).toBeGreaterThan(sold("aitbc"))
  })
})
