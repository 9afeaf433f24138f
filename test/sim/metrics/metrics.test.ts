/** Metrics after the warm-up is cut off, against sums done by hand and by brute force. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { metricFacts } from "../../../sim/metrics/catalogue.ts"
import { metricsOf } from "./metrics-of.ts"
import type { Channel, Recording } from "../../../sim/recording/recorder.ts"
import { channels } from "../../../sim/recording/recorder.ts"
import { assertProperty } from "../../support/property.ts"
import { madeUpNode } from "../recording/made-up-node.ts"
import { openRecorder, recordingOf } from "../recording/made-up-recording.ts"

const hour = 3_600_000_000
const offered = (name: string, crowdSeconds: number | null = null) => ({ name, crowdSeconds })
const options = {
  warmupSeconds: 0,
  horizonSeconds: 86_400,
  models: [offered("m")],
  scale: 6,
  strategies: [],
  priceStrategies: [],
  hours: null,
  mixedStrategies: [],
  parties: [],
}

/** What each metric is of the sums over the bins that are left, written down a second time. */
const definitions: Readonly<
  Record<string, (s: (channel: Channel) => number, days: number) => number>
> = {
  "requests.perSecond": (s, days) => s("arrived") / days / 86_400,
  "requests.servedShare": (s) => s("served") / ended(s),
  "requests.rejectedShare": (s) => 1 - (s("served") + s("badInput") + s("tooLong")) / ended(s),
  "requests.abortedShare": (s) => s("aborted") / ended(s),
  "requests.badInputShare": (s) => s("badInput") / ended(s),
  "requests.tooLongShare": (s) => s("tooLong") / ended(s),
  "requests.retriesPerRequest": (s) => s("retried") / s("arrived"),
  "requests.noCapacityShare": (s) => s("refused.NoCapacity") / ended(s),
  "requests.noCreditsShare": (s) => s("refused.InsufficientCredits") / ended(s),
  "attempts.failedShare": (s) => s("failedAttempts") / s("attempts"),
  "ttft.mean": (s) => s("ttftSeconds") / s("answered"),
  "sojourn.mean": (s) => s("sojournSeconds") / s("answered"),
  "tokens.outputPerSecond": (s, days) => s("outputTokens") / days / 86_400,
  "streams.belowFloorShare": (s) => s("streamsBelowFloor") / s("streams"),
  "nodes.online": (s) =>
    (s("nodes.consumer") + s("nodes.datacenter") + s("nodes.apple")) / s("samples"),
  "nodes.joinedPerDay": (s, days) => s("joins") / days,
  "nodes.leftPerDay": (s, days) => s("leaves") / days,
  // An instance that is sampled hourly is a 24th of a node day each time.
  "switches.perNodeWeek": (s) => s("switches") / (s("instances") / 24 / 7),
  "breaker.parksPerNodeDay": (s) => s("parks") / (s("instances") / 24),
  "breaker.parkedShare": (s) => s("parkedInstances") / s("instances"),
  "utilisation.all": (s) =>
    (s("busySlotSeconds.consumer") + s("busySlotSeconds.datacenter") + s("busySlotSeconds.apple")) /
    (s("slotSeconds.consumer") + s("slotSeconds.datacenter") + s("slotSeconds.apple")),
  "utilisation.consumer": (s) => s("busySlotSeconds.consumer") / s("slotSeconds.consumer"),
  "utilisation.datacenter": (s) => s("busySlotSeconds.datacenter") / s("slotSeconds.datacenter"),
  "utilisation.apple": (s) => s("busySlotSeconds.apple") / s("slotSeconds.apple"),
  "credits.grossPerDay": (s, days) => (s("gross") + s("rent")) / days,
  "credits.providersPerDay": (s, days) => s("share") / days,
  "credits.platformPerDay": (s, days) => s("fee") / days,
  "credits.poolPerDay": (s, days) => (s("poolFee") + s("withheld")) / days,
  "credits.bountiesPerDay": (s, days) => s("bountyPaid") / days,
  "credits.withheldShare": (s) => s("withheld") / (s("share") + s("withheld")),
  "credits.giftShare": (s) => s("promotionsSpent") / (s("gross") + s("rent")),
  "bountyPool.mean": (s) => s("bountyPool") / s("samples"),
}
const ended = (s: (channel: Channel) => number): number =>
  s("served") +
  s("badInput") +
  s("tooLong") +
  s("refused.InsufficientCredits") +
  s("refused.PriceTooHigh") +
  s("refused.NoInstance") +
  s("refused.NoCapacity") +
  s("refused.AttemptFailed") +
  s("refused.QueueFull") +
  s("refused.QueueTimeout") +
  s("refused.Withdrawn")

describe("metrics", () => {
  it("are what their definitions say of the bins after the warm-up, drain excluded", async () => {
    const hours = 36
    const bins = fc.array(fc.nat(1000), { minLength: hours + 1, maxLength: hours + 1 })
    const filled = fc.tuple(...channels.map(() => bins))
    await assertProperty(
      fc.property(
        filled,
        fc.nat(hours - 1),
        fc.integer({ min: 1, max: 3600 }),
        (sums, cut, part) => {
          const recording = recordingOf(
            Object.fromEntries(channels.map((channel, i) => [channel, sums[i]])),
            { horizonSeconds: hours * 3600 },
          )
          // The cut falls somewhere in bin `cut`, all of which goes.
          const metrics = metricsOf(recording, [], {
            ...options,
            horizonSeconds: hours * 3600,
            warmupSeconds: cut * 3600 + part,
          })
          const first = Math.min(cut + 1, hours - 1)
          const after = (channel: Channel) =>
            sums[channels.indexOf(channel)].slice(first, hours).reduce((sum, one) => sum + one, 0)
          for (const [name, definition] of Object.entries(definitions)) {
            const expected = definition(after, (hours - first) / 24)
            if (Number.isFinite(expected)) expect(metrics[name], `${name}`).toBeCloseTo(expected, 9)
            else expect(metrics, `${name}`).not.toHaveProperty([name])
          }
        },
      ),
      { share: 0.2 },
    )
  })

  it("cut nothing where there is no warm-up, and the whole bin where it ends on its edge", () => {
    const arrived = Array.from({ length: 25 }, () => 10)
    const perSecond = (warmupSeconds: number, first: number) => {
      const recording = recordingOf({ arrived: arrived.map((n, i) => (i === first ? 1000 : n)) })
      return metricsOf(recording, [], { ...options, warmupSeconds })["requests.perSecond"] * 3600
    }
    expect(perSecond(0, 0)).toBeCloseTo((1000 + 23 * 10) / 24, 9)
    expect(perSecond(3600, 0)).toBeCloseTo(10, 9)
    expect(perSecond(3600, 1)).toBeCloseTo((1000 + 22 * 10) / 23, 9)
    expect(perSecond(3601, 1)).toBeCloseTo(10, 9)
  })

  it("take the last bin for as long as it is", () => {
    // A day and a half hour: the last of 25 bins is half as long, and just as busy.
    const arrived = [...Array<number>(24).fill(360), 180]
    const horizonSeconds = 86_400 + 1800
    const recording = recordingOf({ arrived }, { horizonSeconds })
    const metrics = metricsOf(recording, [], { ...options, horizonSeconds })
    expect(metrics["requests.perSecond"]).toBeCloseTo(0.1, 12)
  })

  it("of a model are means over the samples that are left", () => {
    const recording = recordingOf({ samples: Array<number>(24).fill(1) }, { models: 2 })
    recording.models[1].coverage.set(Array.from({ length: 25 }, (_, bin) => bin))
    recording.models[1].multiplier.fill(1.5)
    recording.models[1].short.set(Array.from({ length: 25 }, (_, bin) => (bin % 4 === 0 ? 1 : 0)))
    recording.models[1].nodes.fill(3, 12, 18)
    const metrics = metricsOf(recording, [], {
      ...options,
      models: [offered("a"), offered("b")],
      warmupSeconds: 12 * 3600,
    })
    // Bins 12 to 23.
    expect(metrics["coverage.b"]).toBeCloseTo(17.5, 12)
    expect(metrics["coverage.a"]).toBe(0)
    expect(metrics["bounty.b"]).toBeCloseTo(1.5, 12)
    expect(metrics["shortage.b"]).toBeCloseTo(0.25, 12)
    expect(metrics["nodes.b"]).toBeCloseTo(1.5, 12)
  })

  it("of recovery go from the crowd to the start of a whole day without a shortage", () => {
    const recovery = (coverage: ReadonlyArray<number>, crowdHours: number, samples = 1) => {
      const horizonSeconds = coverage.length * 3600
      const recording = recordingOf(
        { samples: Array<number>(coverage.length).fill(samples) },
        { horizonSeconds },
      )
      recording.models[0].coverage.set(coverage.map((level) => level * samples))
      const models = [offered("m", crowdHours * 3600)]
      const metrics = metricsOf(recording, [], { ...options, horizonSeconds, models })
      return [metrics["recovery.m"], metrics["recovered.m"]]
    }
    const hours = (count: number, level: number) => Array<number>(count).fill(level)
    // Short from the eighth hour on, well for twenty hours of night, short again, and then well.
    const shock = [...hours(8, 1.2), ...hours(12, 0.6), ...hours(20, 1), ...hours(4, 0.9)]
    expect(recovery([...shock, ...hours(24, 1)], 6)).toEqual([38, 1])
    expect(recovery([...shock, ...hours(24, 1)], 6, 2)).toEqual([38, 1])
    // The run ends an hour too soon to see it: by then it had not recovered for as long.
    expect(recovery([...shock, ...hours(23, 1)], 6)).toEqual([38, 0])
    expect(recovery(shock, 6)).toEqual([38, 0])
    expect(recovery(hours(48, 1), 6)).toEqual([0, 1])
    expect(recovery([0.5, ...hours(47, 1)], 6)).toEqual([0, 1])
    // The crowd comes after the end.
    expect(recovery(hours(48, 1), 48)).toEqual([undefined, undefined])
  })

  it("of the wait for the first token go by days: those that the warm-up touches are left out", () => {
    const recorder = openRecorder({ horizonSeconds: 3 * 86_400 })
    for (const [day, wait] of [8, 2, 1].entries()) {
      recorder.turn(day * 24 * hour)
      for (let i = 0; i < 100; i++) {
        const at = day * 24 * hour
        recorder.noteServed(at + hour, at, at + wait * 1e6, 1, 1, 0)
      }
    }
    const recording = recorder.recording()
    const p99 = (warmupDays: number) =>
      metricsOf(recording, [], {
        ...options,
        horizonSeconds: 3 * 86_400,
        warmupSeconds: warmupDays * 86_400,
      })["ttft.p99"]
    // Within the sketch's relative error of a hundredth.
    const longest = [0, 0.5, 1, 1.5, 2].map(p99)
    for (const [i, wait] of [8, 2, 2, 1, 1].entries())
      expect(Math.abs(longest[i] / wait - 1)).toBeLessThan(0.01)
  })
})

describe("pay and profit", () => {
  const recording = (): Recording => recordingOf({})

  it("are equal where all are paid alike by the hour", () => {
    const nodes = [
      madeUpNode({ onlineHours: 24, shareEarned: 24e6 }),
      madeUpNode({ onlineHours: 12, shareEarned: 10e6, bountyEarned: 2e6 }),
    ]
    const metrics = metricsOf(recording(), nodes, options)
    expect(metrics["earnings.jain"]).toBeCloseTo(1, 12)
    expect(metrics["earnings.gini"]).toBeCloseTo(0, 12)
  })

  it("leave out who was hardly there: less than a day, or half of a shorter run", () => {
    const nodes = [
      madeUpNode({ shareEarned: 24e6 }),
      madeUpNode({ shareEarned: 24e6 }),
      madeUpNode({ onlineHours: 11.9, shareEarned: 0 }),
    ]
    expect(metricsOf(recording(), nodes, options)["earnings.jain"]).toBeCloseTo(1, 12)
    const more = [...nodes, madeUpNode({ onlineHours: 12, shareEarned: 0 })]
    expect(metricsOf(recording(), more, options)["earnings.jain"]).toBeCloseTo(2 / 3, 12)
  })

  it("are pay less cost, by the day that a node of the class was online", () => {
    const nodes = [
      madeUpNode({ shareEarned: 10e6, bountyEarned: 5e6, costCredits: 3 }),
      madeUpNode({ onlineHours: 48, shareEarned: 1e6, costCredits: 7 }),
      madeUpNode({ deviceClass: "datacenter", shareEarned: 1e6, costCredits: 51 }),
    ]
    const metrics = metricsOf(recording(), nodes, options)
    // 12 and −6 credits in three node days.
    expect(metrics["profit.consumer"]).toBeCloseTo(2, 12)
    expect(metrics["profit.datacenter"]).toBeCloseTo(-50, 12)
    expect(metrics).not.toHaveProperty(["profit.apple"])
  })
})

describe("what chasers earn", () => {
  it("is by the hour online, against all others", () => {
    const nodes = [
      madeUpNode({ node: 0, onlineHours: 10, shareEarned: 20e6, bountyEarned: 10e6 }),
      madeUpNode({ node: 1, onlineHours: 10, shareEarned: 0 }),
      madeUpNode({ node: 2, onlineHours: 30, shareEarned: 90e6 }),
    ]
    const ratio = (chasers: ReadonlyArray<number>) =>
      metricsOf(recordingOf({}), nodes, {
        ...options,
        strategies: nodes.map(({ node }) => (chasers.includes(node) ? "bounty" : "profit")),
      })["earnings.chaserRatio"]
    // 30 credits in 20 hours, against 90 in 30.
    expect(ratio([0, 1])).toBeCloseTo(0.5, 12)
    expect(ratio([])).toBeUndefined()
    expect(ratio([0, 1, 2])).toBeUndefined()
  })
})

describe("newcomers", () => {
  it("are compared over their first week alone", () => {
    const recorder = openRecorder()
    const note = (day: number, own: number, veteran: number) => {
      recorder.noteNewcomer("onlineSeconds", day * 86_400, 3600)
      recorder.noteNewcomer("ramp", day * 86_400, 900)
      recorder.noteNewcomer("traffic", day * 86_400, own)
      recorder.noteNewcomer("veteranTraffic", day * 86_400, veteran)
      recorder.noteNewcomer("pay", day * 86_400, own)
      recorder.noteNewcomer("veteranPay", day * 86_400, 2 * veteran)
    }
    note(0, 1, 10)
    note(6.9, 5, 10)
    note(7, 100, 1)
    const metrics = metricsOf(recorder.recording(), [], options)
    expect(metrics["newcomer.trafficFirstWeek"]).toBeCloseTo(0.3, 12)
    expect(metrics["newcomer.payFirstWeek"]).toBeCloseTo(0.15, 12)
    expect(metrics["newcomer.rampFirstWeek"]).toBeCloseTo(0.25, 12)
    expect(metrics["newcomer.trafficLessRamp"]).toBeCloseTo(0.05, 12)
    expect(metrics["newcomer.payLessRamp"]).toBeCloseTo(-0.1, 12)
    for (const [name, { window }] of Object.entries(
      metricFacts({ models: [offered("m")], parties: [], strategies: [] }),
    ))
      if (name.startsWith("newcomer.")) expect(window).toBe("whole run")
  })
})

describe("a replication that saw nothing", () => {
  it("has the metrics of nothing, and no others", () => {
    const metrics = metricsOf(recordingOf({}), [], options)
    expect(metrics["requests.perSecond"]).toBe(0)
    for (const name of ["requests.servedShare", "ttft.p50", "earnings.jain", "coverage.m"])
      expect(metrics).not.toHaveProperty([name])
    expect(Object.values(metrics).every(Number.isFinite)).toBe(true)
  })
})

describe("every metric", () => {
  it("has a unit and a line that says what it means", () => {
    const facts = metricFacts({
      models: [offered("m"), offered("n", 3600)],
      parties: ["p"],
      strategies: ["farm"],
    })
    expect(Object.keys(facts)).toEqual(
      expect.arrayContaining(["coverage.n", "bounty.m", "recovery.n"]),
    )
    for (const name of Object.keys(definitions)) expect(facts).toHaveProperty([name])
    for (const [name, { unit, meaning }] of Object.entries(facts)) {
      expect(unit, `${name}`).not.toBe("")
      expect(meaning, `${name}`).toMatch(/^[A-Z].+/)
    }
  })
})

describe("what a strategy earns", () => {
  it("is by the day on the market's books, online or not, from the end of the warm-up on", () => {
    const nodes = [
      // There for the whole day, and from noon until six.
      madeUpNode({
        node: 0,
        joinedSeconds: -1e6,
        shareEarned: 20e6,
        bountyEarned: 4e6,
        costCredits: 4,
      }),
      madeUpNode({
        node: 1,
        joinedSeconds: 43_200,
        leftSeconds: 64_800,
        shareEarned: 5e6,
        costCredits: 0,
      }),
      madeUpNode({ node: 2, joinedSeconds: 0, shareEarned: 90e6, costCredits: 0 }),
    ]
    const metrics = metricsOf(recordingOf({}), nodes, {
      ...options,
      strategies: ["farm", "farm", "stay"],
      mixedStrategies: ["farm", "stay", "cloud"],
    })
    expect(metrics["profit.by.farm"]).toBeCloseTo((20 + 5) / 1.25, 9)
    expect(metrics["profit.by.stay"]).toBeCloseTo(90, 9)
    // Nobody goes by it.
    expect(metrics).not.toHaveProperty("profit.by.cloud")
  })
})

describe("the market as an economist sees it", () => {
  const over = (bins: Parameters<typeof recordingOf>[0]) =>
    metricsOf(recordingOf(bins), [], options)

  it("has a surplus, a margin after gifts, and a price that was paid", () => {
    const metrics = over({
      surplus: [30, 10],
      fee: [6, 6],
      promotionsSpent: [2, 4],
      gross: [100, 100],
      outputTokens: [1e6, 3e6],
    })
    const days = options.horizonSeconds / 86_400
    expect(metrics["surplus.consumersPerDay"]).toBeCloseTo(40 / days, 9)
    expect(metrics["platform.marginPerDay"]).toBeCloseTo(6 / days, 9)
    expect(metrics["platform.margin"]).toBeCloseTo(0.03, 12)
    expect(metrics["credits.perMtok"]).toBeCloseTo(50, 9)
  })

  it("says what part of the bounties the pool could pay, and how fast credits turn over", () => {
    const metrics = over({
      bountyClaimed: [10, 30],
      bountyPaid: [10, 20],
      gross: [100, 100],
      customerCredits: [400, 400],
      samples: [1, 1],
    })
    expect(metrics["bountyPool.paidShare"]).toBeCloseTo(0.75, 12)
    const days = options.horizonSeconds / 86_400
    expect(metrics["credits.velocity"]).toBeCloseTo(200 / days / 400, 9)
    expect(metrics["credits.supply"]).toBeCloseTo(400, 9)
  })

  it("counts the calls that were not made, of all that would have been", () => {
    const metrics = over({ arrived: [60, 20], demandGone: [10, 0], demandPricedOut: [0, 10] })
    expect(metrics["demand.goneShare"]).toBeCloseTo(0.1, 12)
    expect(metrics["demand.pricedOutShare"]).toBeCloseTo(0.1, 12)
  })

  it("knows how concentrated the pay is, by operator and not by node", () => {
    const nodes = [
      madeUpNode({ node: 0, operator: 1, shareEarned: 10e6 }),
      madeUpNode({ node: 1, operator: 1, shareEarned: 20e6 }),
      madeUpNode({ node: 2, operator: 2, shareEarned: 10e6 }),
    ]
    const metrics = metricsOf(recordingOf({}), nodes, options)
    expect(metrics["earnings.hhi"]).toBeCloseTo(0.75 ** 2 + 0.25 ** 2, 12)
  })

  it("takes a node's pay apart: the parts add up to its profit", () => {
    const nodes = [
      madeUpNode({
        deviceClass: "consumer",
        onlineHours: 24,
        shareEarned: 50e6,
        bountyEarned: 7e6,
        withheld: 5e6,
        costCredits: 12,
      }),
    ]
    const metrics = metricsOf(recordingOf({}), nodes, options)
    const part = (name: string) => metrics[`pay.consumer.${name}`]
    expect(part("share")).toBeCloseTo(55, 9)
    expect(metrics["profit.consumer"]).toBeCloseTo(
      part("share") - part("withheld") + part("bounty") - part("cost"),
      9,
    )
  })
})
