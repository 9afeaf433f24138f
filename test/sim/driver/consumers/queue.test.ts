/** Calls that wait in the simulator: what is noted of them, who leaves, tiers, and items that give way. */
import { describe, expect, it } from "vitest"
import { metricsAfter } from "../../../../sim/metrics/of-replication.ts"
import type { TierChannel } from "../../../../sim/recording/queue-recorder.ts"
import type { Asked, Patch } from "../small-world.ts"
import {
  advanceTo,
  hour,
  modelCalled,
  openQuietWorld,
  openReplication,
  runToEnd,
  scenarioWith,
} from "../small-world.ts"

const sum = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, one) => total + one, 0)

/** One machine of one slot, that takes some 25 s to answer a call of 4,000 tokens. */
const oneSlot: Patch = {
  economy: { extends: "aitbc", queue: { scope: "pool", size: 2, waitSeconds: 30 } },
  fleet: { maxSlots: 1, contextTokens: 8192 },
}
const long = (at: number): Asked => ({ at, outputTokens: 4000 })

const worldWith = (patch: Patch, calls: ReadonlyArray<Asked>, untilHours = 1) => {
  const { replication, world } = openQuietWorld(
    { ...oneSlot, ...patch },
    calls.map((call) => ({ inputTokens: 10, ...call })),
  )
  advanceTo(replication, untilHours * hour)
  const { queue, sums } = world.recorder.recording()
  if (queue === null) throw new Error("no call waits here")
  const of = (channel: TierChannel) => sum(queue.tiers.flatMap((tier) => [...tier[channel]]))
  const refused = (reason: "QueueFull" | "QueueTimeout" | "Withdrawn" | "NoCapacity") =>
    sum(sums[`refused.${reason}`])
  return { of, refused, queue, sums }
}

describe("a call that finds no room", () => {
  it("waits, and is noted as one that did, for as long as it did", () => {
    const { of, sums } = worldWith({}, [long(0), { at: 5 }])
    expect(sum(sums.served)).toBe(2)
    expect([of("asked"), of("waited"), of("begun"), of("served")]).toEqual([2, 1, 2, 2])
    expect(of("waitSeconds")).toBeGreaterThan(5)
    expect(of("waitSeconds")).toBeLessThan(60)
  })

  it("is refused where the queue is full, where it has waited for too long, or when its consumer leaves", () => {
    const many = [long(0), long(1), long(2), long(3)]
    const full = worldWith({}, many)
    expect([full.of("full"), full.refused("QueueFull")]).toEqual([1, 1])
    const short = { extends: "aitbc", queue: { scope: "pool", size: 5, waitSeconds: 3 } }
    const late = worldWith({ economy: short }, many)
    expect([late.of("timedOut"), late.refused("QueueTimeout")]).toEqual([3, 3])
    const left = worldWith({ consumers: { patienceSeconds: 2 } }, many)
    // Two wait, and leave; by then a place is free for the fourth.
    expect(left.of("left")).toBe(left.refused("Withdrawn"))
    expect(left.of("left")).toBe(3)
    expect([full, late, left].map(({ refused }) => refused("NoCapacity"))).toEqual([0, 0, 0])
  })

  it("is not withdrawn once it has begun, or has come back under another name", () => {
    const begun = worldWith({ consumers: { patienceSeconds: 28 } }, [long(0), { at: 20 }])
    expect([begun.of("left"), begun.of("served")]).toEqual([0, 2])
  })

  it("is refused for want of room where none may wait", () => {
    const { replication, world } = openQuietWorld({ ...oneSlot, economy: { extends: "aitbc" } }, [
      long(0),
      long(1),
    ])
    advanceTo(replication, hour)
    expect(sum(world.recorder.sums["refused.NoCapacity"])).toBe(1)
    expect(world.recorder.recording().queue).toBeNull()
  })
})

/** Two machines whose calls cost their time, in tiers, for three hours. */
const tiers = (patch: Patch = {}) => {
  const { consumers, demand, ...rest } = patch
  const scenario = scenarioWith({
    horizonDays: 0.125,
    warmupDays: 0,
    economy: { extends: "aitbc", pricing: { tokens: "listing", timeoutSeconds: 120 } },
    fleet: {
      nodes: 2,
      maxSlots: 2,
      establishedDays: 1,
      devices: [{ device: "RTX 3060 12GB", weight: 1 }],
    },
    demand: {
      requestsPerSecond: 0.12,
      sizes: { medianOutputTokens: 1000 },
      ...(demand as Patch | undefined),
    },
    hours: {
      regions: [{ name: "here", timezone: "UTC", hosts: 1, renters: 1 }],
      listings: {
        share: 1,
        rateFactor: 0.05,
        queue: { size: 20, waitSeconds: 60 },
        tiers: [
          { name: "basic", priority: "low", rateFactor: 0.5, maxJobs: 1 },
          { name: "enterprise", priority: "urgent", rateFactor: 2.5, maxJobs: 5 },
        ],
      },
    },
    consumers: {
      count: 20,
      maxRetries: 0,
      tiers: [
        { tier: "basic", share: 0.5 },
        { tier: "enterprise", share: 0.5 },
      ],
      ...(consumers as Patch | undefined),
    },
    ...rest,
  })
  const result = runToEnd(openReplication(scenario))
  for (const [name, { ok, detail }] of Object.entries(result.checks))
    expect(ok, `${name}: ${detail}`).toBe(true)
  return metricsAfter(scenario, { _tag: "Done", index: 0, wallSeconds: 0, result })
}

describe("tiers", () => {
  it("have who pays more wait for less, and pay so much more", () => {
    const metrics = tiers()
    expect(metrics["queue.waitedShare"]).toBeGreaterThan(0.2)
    const [low, urgent] = ["basic", "enterprise"].map((tier) => ({
      wait: metrics[`queue.wait.mean.by.${tier}`],
      served: metrics[`queue.servedShare.by.${tier}`],
      paid: metrics[`queue.paidPerDay.by.${tier}`],
    }))
    expect(urgent.wait).toBeLessThan(0.8 * low.wait)
    expect(urgent.served).toBeGreaterThan(low.served)
    // Five times the rate; other calls, and more of them.
    expect(urgent.paid / low.paid).toBeGreaterThan(3.5)
    // Everybody has one: there are no calls of no tier.
    expect(metrics).not.toHaveProperty(["queue.wait.mean.by.none"])
  })

  it("are as even as their weights", () => {
    const even = { extends: "aitbc", pricing: { tokens: "listing" }, tiers: { low: 2, urgent: 2 } }
    const metrics = tiers({ economy: even })
    const [low, urgent] = ["basic", "enterprise"].map(
      (tier) => metrics[`queue.wait.mean.by.${tier}`],
    )
    expect(urgent / low).toBeGreaterThan(0.6)
    expect(metrics["queue.jain"]).toBeGreaterThan(0)
    expect(metrics["queue.jain"]).toBeLessThanOrEqual(1)
  })

  it("call and are worth what their subscriptions say", () => {
    const subscribed = (more: Patch) =>
      tiers({
        demand: { requestsPerSecond: 0.05 },
        consumers: {
          spread: 0,
          tiers: [
            { tier: "basic", share: 0.5 },
            { tier: "enterprise", share: 0.5, ...more },
          ],
        },
      })
    const same = subscribed({})
    const eager = subscribed({ callsFactor: 4 })
    const paidShare = (metrics: typeof same) =>
      metrics["queue.paidPerDay.by.enterprise"] / metrics["queue.paidPerDay.by.basic"]
    expect(paidShare(eager) / paidShare(same)).toBeGreaterThan(3)
    const dear = subscribed({ worthFactor: 4 })
    const surplus = "queue.surplusPerDay.by.enterprise"
    expect(dear[surplus]).toBeGreaterThan(
      same[surplus] + 2 * same["queue.paidPerDay.by.enterprise"],
    )
    expect(dear["queue.surplusPerDay.by.basic"]).toBeCloseTo(
      same["queue.surplusPerDay.by.basic"],
      6,
    )
  })
})

describe("items of batches", () => {
  it("give way to calls that wait, and are broken off when their grace is over", () => {
    const scenario = scenarioWith({
      horizonDays: 0.25,
      warmupDays: 0,
      economy: {
        extends: "aitbc",
        queue: { scope: "pool" },
        preempt: { exemptMinutes: 0, graceSeconds: 5 },
      },
      fleet: {
        nodes: 1,
        maxSlots: 2,
        establishedDays: 1,
        devices: [{ device: "RTX 3060 12GB", weight: 1 }],
      },
      consumers: { count: 5 },
      demand: {
        requestsPerSecond: 0.02,
        batches: { perDay: 100, items: 20, inputTokens: 100, outputTokens: 1500 },
      },
    })
    const result = runToEnd(openReplication(scenario))
    for (const [name, { ok, detail }] of Object.entries(result.checks))
      expect(ok, `${name}: ${detail}`).toBe(true)
    const { queue, sums } = result.recording
    expect(sum(queue?.sums.preemptions ?? [])).toBeGreaterThan(10)
    expect(sum(queue?.sums.recalls ?? [])).toBeGreaterThan(5)
    // Nobody was at fault, and what was broken off is done later.
    expect(sum(sums.failedAttempts)).toBe(0)
    expect(sum(sums.itemsServed)).toBeGreaterThan(0)
    expect(sum(sums.batchItemsVoid)).toBe(0)
  })
})

describe("a party's own calls", () => {
  const gainOf = (demand: Patch, economy = "aitbc") => {
    const scenario = scenarioWith({
      horizonDays: 0.1,
      warmupDays: 0,
      economy: { extends: economy, queue: { scope: "pool" } },
      models: [
        modelCalled("llama-3-8b"),
        modelCalled("llama-3.2-3b", { popularity: 0, initialSupply: 0 }),
      ],
      fleet: {
        nodes: 1,
        maxSlots: 2,
        establishedDays: 1,
        devices: [{ device: "RTX 3060 12GB", weight: 1 }],
      },
      consumers: { count: 30, maxRetries: 0 },
      demand: { requestsPerSecond: 0.1, sizes: { medianOutputTokens: 1000 } },
      operators: { electricityUsdPerKwh: 0 },
      parties: [
        {
          name: "subject",
          device: "RTX 3060 12GB",
          model: "llama-3.2-3b",
          machines: 1,
          conduct: {
            demand: {
              callsPerHour: 300,
              model: "llama-3-8b",
              inputTokens: 100,
              outputTokens: 1000,
              paidBy: "puppets",
              puppets: 1,
              worth: 2,
              ...demand,
            },
          },
        },
      ],
    })
    const result = runToEnd(openReplication(scenario))
    const metrics = metricsAfter(scenario, { _tag: "Done", index: 0, wallSeconds: 0, result })
    return { gain: metrics["party.subject.gain"], spent: metrics["party.subject.spent"], metrics }
  }

  it("are worth what they say beyond what they cost", () => {
    const { gain, spent } = gainOf({})
    expect(spent).toBeGreaterThan(0)
    expect(gain / spent).toBeGreaterThan(0.9)
    expect(gain / spent).toBeLessThan(1.1)
    const { gain: of1 } = gainOf({ worth: 1 })
    expect(Math.abs(of1)).toBeLessThan(0.05 * spent)
  })

  it("have more turns from more accounts, and no more where the market knows whose these are", () => {
    const known = { puppets: 6, isLinked: true }
    expect(gainOf({ puppets: 6 }).gain).toBeGreaterThan(1.3 * gainOf({}).gain)
    expect(gainOf(known).gain).toBeGreaterThan(1.3 * gainOf({}).gain)
    const party = gainOf({}, "aitbc-hardened").gain
    expect(gainOf(known, "aitbc-hardened").gain).toBeCloseTo(party, 6)
  })

  it("of a token are worth nothing, and are made with each of the others", () => {
    const { metrics } = gainOf({ dummies: 3 })
    const plain = gainOf({}).metrics
    const made = "requests.perSecond"
    // 300 calls an hour beside 0.1 a second, with three of a token each.
    expect(metrics[made] - plain[made]).toBeGreaterThan(0.15)
    const { gain, spent } = gainOf({ dummies: 3, worth: 0 })
    expect(gain).toBeCloseTo(-spent, 6)
  })
})
