/** Hours in the simulator: what is sold to whom, what is delivered, and who pays for what was not. */
import { describe, expect, it } from "vitest"
import { metricsAfter } from "../../../../sim/metrics/of-replication.ts"
import type { Replicated } from "../../../../sim/recording/replicated.ts"
import { checkTogether } from "../../../../sim/scenarios/check-together.ts"
import { Either } from "effect"
import type { Patch } from "../small-world.ts"
import { openReplication, runToEnd, scenarioWith } from "../small-world.ts"

/** Ten equal machines in Berlin, and as many orders as fill half of them, for four days. */
const world = (hours: Patch = {}, patch: Patch = {}): Patch => ({
  horizonDays: 4,
  warmupDays: 1,
  economy: { extends: "aitbc" },
  demand: { requestsPerSecond: 0 },
  consumers: { count: 1 },
  fleet: { nodes: 10, establishedShare: 0, devices: [{ device: "RTX 4090", weight: 1 }] },
  ...patch,
  hours: {
    startDate: "2026-03-02",
    regions: [{ name: "europe", timezone: "Europe/Berlin", hosts: 1, renters: 1 }],
    ...hours,
    listings: { share: 1, ...(hours["listings"] as Patch | undefined) },
    renters: {
      count: 20,
      ordersPerDay: 20,
      medianHours: 5,
      hoursSpread: 0.3,
      worth: 3,
      worthSpread: 0.1,
      ...(hours["renters"] as Patch | undefined),
    },
  },
})

interface Outcome {
  readonly metrics: Readonly<Record<string, number>>
  readonly result: Replicated
}

const outcomeOf = (hours: Patch = {}, patch: Patch = {}): Outcome => {
  const scenario = scenarioWith(world(hours, patch))
  const result = runToEnd(openReplication(scenario))
  for (const [name, { ok, detail }] of Object.entries(result.checks))
    expect(ok, `${name}: ${detail}`).toBe(true)
  const metrics = metricsAfter(scenario, { _tag: "Done", index: 0, wallSeconds: 0, result })
  return { metrics, result }
}

const calm = outcomeOf({ listings: { peakFactor: 1 } })

describe("hours", () => {
  it("are sold to whoever wants them, at the published rate, and paid to who delivers them", () => {
    const { metrics, result } = calm
    expect(metrics["hours.ordersPerDay"]).toBeGreaterThan(10)
    expect(metrics["hours.soldShare"]).toBeGreaterThan(0.9)
    expect(metrics["hours.noShowShare"]).toBe(0)
    // 0.34 dollars are 340 credits; starts take a minute, and long rentals cost less.
    expect(metrics["hours.realisedRate"]).toBeGreaterThan(300)
    expect(metrics["hours.realisedRate"]).toBeLessThan(345)
    const earned = result.nodes.reduce((sum, { shareEarned }) => sum + shareEarned, 0)
    expect(earned).toBeGreaterThan(0)
  })

  it("are used as often as they are ordered: hours in use are orders times their length", () => {
    const { metrics } = calm
    const sold = metrics["hours.ordersPerDay"] * metrics["hours.soldShare"]
    // Ten machines; 5 h · exp(0.3² ÷ 2) an order.
    const used = metrics["hours.fillRate"] * 240
    expect(used / (sold * 5 * Math.exp(0.045))).toBeGreaterThan(0.75)
    expect(used / (sold * 5 * Math.exp(0.045))).toBeLessThan(1.25)
  })

  it("are not bought where they are worth less than they cost", () => {
    const { metrics } = outcomeOf({ renters: { worth: 0.5 } })
    expect(metrics["hours.soldShare"]).toBe(0)
    expect(metrics["hours.declined.PricedOut"]).toBe(1)
  })

  it("account for every order: sold, or not for one reason", () => {
    const { metrics } = outcomeOf({ renters: { worth: 1.2, worthSpread: 0.5, ordersPerDay: 80 } })
    const declined = Object.entries(metrics).filter(([name]) => name.startsWith("hours.declined."))
    const all = declined.reduce((sum, [, share]) => sum + share, metrics["hours.soldShare"])
    expect(metrics["hours.declined.NoCapacity"]).toBeGreaterThan(0)
    expect(metrics["hours.declined.PricedOut"]).toBeGreaterThan(0)
    // Those that look again as the window begins or ends are counted on its other side.
    expect(all).toBeCloseTo(1, 1)
  })

  it("are on offer when their hosts' week says so, by the clock of their region", () => {
    const nights = { weeks: [{ week: "nights", weight: 1 }] }
    const { result } = outcomeOf({ listings: nights }, { horizonDays: 7, warmupDays: 0 })
    const { offered, localHour } = result.hours?.regions[0] ?? { offered: [], localHour: [] }
    const isOffered = (hour: number) =>
      [...localHour].some((one, bin) => one === hour && offered[bin] > 0)
    // Closed from 8 to 20.
    expect([7, 20, 2].map(isOffered)).toEqual([true, true, true])
    expect([8, 12, 19].map(isOffered)).toEqual([false, false, false])
  })
})

describe("a market of hours", () => {
  it("comes out the same in whichever batches it is run", () => {
    const scenario = scenarioWith(world())
    const digestIn = (batch: number) => runToEnd(openReplication(scenario), batch).digest
    expect(digestIn(7)).toBe(digestIn(20_000))
  })

  it("gives two worlds of one seed the same orders, whatever becomes of them", () => {
    const orders = (patch: Patch) => outcomeOf({}, patch).metrics["hours.ordersPerDay"]
    expect(orders({ economy: { extends: "aitbc-hardened" } })).toBe(orders({}))
  })
})

describe("a provider", () => {
  it("that never shows up is paid nothing, and loses an hour's price where there is a bond", () => {
    const never = { providers: { noShowShare: 1 } }
    const literal = outcomeOf(never)
    expect(literal.metrics["hours.noShowShare"]).toBe(1)
    expect(literal.metrics["hours.revenuePerDay"]).toBe(0)
    expect(literal.metrics["hours.penaltiesPerDay"]).toBe(0)
    const hardened = outcomeOf(never, { economy: { extends: "aitbc-hardened" } })
    expect(hardened.metrics["hours.revenuePerDay"]).toBe(0)
    expect(hardened.metrics["hours.penaltiesPerDay"]).toBeGreaterThan(0)
  })

  it("whose machine is away for too long loses all of a booking, or what it did not deliver", () => {
    const away = { providers: { awayPerBookedDay: 3, awayMinutes: 120 } }
    const literal = outcomeOf(away).metrics
    expect(literal["hours.lostShare"]).toBeGreaterThan(0.1)
    const hardened = outcomeOf(away, { economy: { extends: "aitbc-hardened" } }).metrics
    expect(hardened["hours.refundRatio"]).toBeLessThan(literal["hours.refundRatio"])
    expect(hardened["hours.realisedRate"]).toBeGreaterThan(literal["hours.realisedRate"])
  })

  it("that leaves delivers what it has sold before it is gone", () => {
    const { result } = outcomeOf({}, { churn: { lifetimeDays: 1, lifetimeSpread: 0.1 } })
    const left = result.nodes.filter(({ leftSeconds }) => leftSeconds !== null)
    expect(left.length).toBeGreaterThan(5)
  })
})

describe("disputes", () => {
  const machines = { awayPerBookedDay: 6, awayMinutes: 14 }

  it("are made by those who are to pay for what is missing, and ruled as it was", () => {
    const { metrics } = outcomeOf({ providers: machines })
    expect(metrics["hours.disputeShare"]).toBeGreaterThan(0.05)
    expect(metrics["hours.rulingError"]).toBeLessThan(0.02)
  })

  it("are wrong as often as they are not answered, or the one who rules is", () => {
    const { metrics } = outcomeOf({ providers: machines, rulingError: 1 })
    expect(metrics["hours.rulingError"]).toBeGreaterThan(0.4)
    const silent = { providers: { ...machines, answerShare: 0 } }
    const unanswered = outcomeOf(silent, { horizonDays: 10 }).metrics
    expect(unanswered["hours.rulingError"]).toBeGreaterThan(0.4)
  })
})

describe("a party", () => {
  const party = (hours: Patch, machines = 1): Patch => ({
    parties: [
      {
        name: "subject",
        device: "RTX 4090",
        model: "llama-3-8b",
        machines: 1,
        conduct: { withheldMachines: machines === 0 ? 1 : 0 },
        hours,
      },
    ],
  })
  const gainOf = (hours: Patch, economy: string, machines = 1) => {
    const { metrics } = outcomeOf(
      // Nobody who was given a box says so.
      { renters: { ordersPerDay: 60, disputeShare: 0 } },
      { ...party(hours, machines), economy: { extends: economy }, horizonDays: 6 },
    )
    return metrics["party.subject.gain"]
  }
  const rents = (more: Patch = {}) => ({ rents: { needsPerDay: 2, hours: 8, worth: 2, ...more } })

  it("that shows a low price and raises it before the order sells next to nothing, and nobody pays more than was shown", () => {
    const outcome = (baitFactor: number) =>
      outcomeOf(
        { renters: { ordersPerDay: 20, thinkMinutes: 5, maxRetries: 0 } },
        { ...party({ lets: { baitFactor } }), horizonDays: 6 },
      ).metrics
    const [honest, bait] = [outcome(1), outcome(0.6)]
    expect(honest["hours.declined.PriceTooHigh"]).toBe(0)
    expect(bait["hours.declined.PriceTooHigh"]).toBeGreaterThan(0)
    expect(bait["hours.paidToShown"]).toBe(1)
    expect(bait["party.subject.gain"]).toBeLessThan(0.5 * honest["party.subject.gain"])
  })

  it("has bought what it stands for bookings with", () => {
    const lets = party({ lets: {} })
    const bought = (economy: string) =>
      outcomeOf({}, { ...lets, economy: { extends: economy } }).metrics["party.subject.bought"]
    expect(bought("aitbc")).toBe(0)
    // 96 hours at 340 credits, over four days.
    expect(bought("aitbc-hardened")).toBeGreaterThan((96 * 340) / 4 - 1)
  })

  it("that books ten hours and leaves after eight pays less than for eight, until it is charged for those", () => {
    const bulk = rents({ bookedHours: 10.01 })
    expect(gainOf(bulk, "aitbc", 0)).toBeGreaterThan(1.1 * gainOf(rents(), "aitbc", 0))
    const hardened = "aitbc-hardened"
    expect(gainOf(bulk, hardened, 0)).toBeLessThan(1.02 * gainOf(rents(), hardened, 0))
  })

  it("that leaves for a better buyer, or says that it maintains the machine, gains until it has a bond to lose", () => {
    const lets = (breach: string) => ({ lets: { outsideShare: 0.5, outsideFactor: 1.3, breach } })
    const [honest, hardened] = ["aitbc", "aitbc-hardened"].map((one) => gainOf(lets("none"), one))
    for (const breach of ["leaves", "maintenance"]) {
      expect(gainOf(lets(breach), "aitbc")).toBeGreaterThan(honest)
      expect(gainOf(lets(breach), "aitbc-hardened")).toBeLessThan(hardened)
    }
  })

  it("that disputes while its machine is away is paid for what it did, where nobody answers", () => {
    const lets = (disputes: boolean) => {
      const { metrics } = outcomeOf(
        {
          providers: { awayPerBookedDay: 4, awayMinutes: 120 },
          renters: { ordersPerDay: 60, answerShare: 0 },
        },
        { ...party({ lets: { disputes } }), horizonDays: 6 },
      )
      return metrics["party.subject.gain"]
    }
    expect(lets(true)).toBeGreaterThan(1.2 * lets(false))
  })

  it("with a box that answers for its machine is paid twice, where nobody looks", () => {
    const lets = (breach: string) => ({ lets: { outsideShare: 1, outsideFactor: 0.5, breach } })
    const box = gainOf(lets("box"), "aitbc")
    expect(box).toBeGreaterThan(gainOf(lets("none"), "aitbc"))
    expect(gainOf(lets("box"), "aitbc-hardened")).toBeLessThan(
      gainOf(lets("none"), "aitbc-hardened"),
    )
  })
})

describe("settings that do not go together", () => {
  const issueOf = (hours: Patch, patch: Patch = {}) => {
    const scenario = scenarioWith(world())
    const changed = { ...scenario, hours: { ...scenario.hours, ...hours }, ...patch }
    return Either.match(checkTogether(changed as typeof scenario, "test"), {
      onLeft: ({ issues }) => issues.map(({ path, message }) => `${path}: ${message}`),
      onRight: () => [],
    })
  }

  it("are told with what is allowed", () => {
    const { economy } = scenarioWith({})
    expect(issueOf({}, { economy })).toEqual([
      "economy.hours.areSold: hours are sold here: expected true, or economy: aitbc",
    ])
    expect(issueOf({ regions: [] })[0]).toBe(
      "hours.regions: hours are sold here: expected a region",
    )
    const { listings } = scenarioWith(world()).hours
    expect(issueOf({ listings: { ...listings, share: 0 } })).toEqual([
      "hours.listings.share: somebody rents hours, and nobody sells any",
    ])
    expect(issueOf({})).toEqual([])
  })
})
