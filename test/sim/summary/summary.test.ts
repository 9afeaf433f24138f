/** The summary of a run: intervals, warm-up, checks, digests. */
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { digestOfTexts } from "../../../sim/summary/digest-of-texts.ts"
import type { Finished } from "../../../sim/recording/replicated.ts"
import { markOf } from "../../../sim/recording/node-marks.ts"
import { summarise } from "../../../sim/summary/summary.ts"
import type { Channel, Recording } from "../../../sim/recording/recorder.ts"
import { scenarioWith } from "../driver/small-world.ts"
import { recordingOf } from "../recording/made-up-recording.ts"
import { madeUpNode } from "../recording/made-up-node.ts"

const options = { replications: 3, seed: "7", command: "evenkeel run test" }
const days = (horizonDays: number, warmupDays: number | null) =>
  scenarioWith({ horizonDays, warmupDays })

const finished = (
  index: number,
  recording: Recording,
  settings: Partial<Pick<Finished["result"], "checks" | "digest" | "nodes" | "marks">> = {},
): Finished => ({
  _tag: "Done",
  index,
  wallSeconds: 1.5,
  result: {
    digest: settings.digest ?? `digest ${index}`,
    requests: 100 + index,
    events: 1000 + index,
    recording,
    hours: null,
    nodes: settings.nodes ?? [],
    // Wherever the warm-up and the halves of what is left may end.
    marks:
      settings.marks ??
      Array.from({ length: recording.bins }, (_, bin) => markOf(bin * recording.binSeconds, [])),
    strategies: [],
    priceStrategies: [],
    mixedStrategies: [],
    parties: [],
    checks: settings.checks ?? {},
  },
})

/** A day of hours in which a channel stands at one value. */
const steady = (bins: Partial<Record<Channel, number>>) =>
  recordingOf(
    Object.fromEntries(Object.entries(bins).map(([name, value]) => [name, Array(24).fill(value)])),
  )

describe("an interval", () => {
  it("is Student's where the replications are not skewed, as by hand", () => {
    // 3,600, 5,400 and 7,200 requests an hour: 1, 1.5 and 2 a second.
    const runs = [3600, 5400, 7200].map((arrived, index) => finished(index, steady({ arrived })))
    const estimate = summarise(days(1, 0), runs, options, 5).metrics["requests.perSecond"]
    // s = 0.5; t(0.975; 2) = 4.302653.
    const halfWidth = (4.302_652_729_749 * 0.5) / Math.sqrt(3)
    expect(estimate.mean).toBeCloseTo(1.5, 12)
    expect(estimate.halfWidth).toBeCloseTo(halfWidth, 8)
    expect(estimate.low).toBeCloseTo(1.5 - halfWidth, 8)
    expect(estimate.high).toBeCloseTo(1.5 + halfWidth, 8)
    expect(estimate).toMatchObject({
      n: 3,
      basis: "interval",
      unit: "1/s",
      meaning: expect.stringMatching(/^Requests/),
    })
  })

  it("is none where no replication differs", () => {
    const runs = [0, 1, 2].map((index) => finished(index, steady({ arrived: 3600 })))
    expect(summarise(days(1, 0), runs, options, 5).metrics["requests.perSecond"]).toMatchObject({
      mean: 1,
      low: 1,
      high: 1,
      halfWidth: 0,
      basis: "same",
    })
  })

  it("needs two replications", () => {
    const run = finished(0, steady({ arrived: 3600 }))
    const { metrics } = summarise(days(1, 0), [run], options, 5)
    expect(metrics["requests.perSecond"]).toMatchObject({ mean: 1, halfWidth: null, n: 1 })
  })

  it("is over the replications that saw something to measure", () => {
    const runs = [
      finished(0, steady({ served: 3, answered: 3, "refused.NoCapacity": 1 })),
      finished(1, steady({})),
      finished(2, steady({ served: 1, answered: 1, "refused.NoCapacity": 1 })),
    ]
    const { metrics } = summarise(days(1, 0), runs, options, 5)
    expect(metrics["requests.servedShare"]).toMatchObject({ mean: 0.625, n: 2 })
    expect(metrics["requests.perSecond"].n).toBe(3)
    expect(metrics["ttft.mean"].n).toBe(2)
    expect(metrics).not.toHaveProperty(["attempts.failedShare"])
  })
})

describe("the warm-up", () => {
  it("is what the scenario says, up to half of the run", () => {
    const seconds = (horizonDays: number, warmupDays: number | null) =>
      summarise(days(horizonDays, warmupDays), [], options, 0).warmupSeconds / 86_400
    expect(seconds(10, 0)).toBe(0)
    expect(seconds(10, 3)).toBe(3)
    expect(seconds(10, 5)).toBe(5)
    expect(seconds(1, 1)).toBe(0.5)
    expect(seconds(2, 30)).toBe(1)
    expect(seconds(2, null)).toBe(0.5)
  })

  it("is cut from the metrics of every replication", () => {
    const arrived = Array.from({ length: 24 }, (_, hour) => (hour < 6 ? 36_000 : 3600))
    const runs = [0, 1].map((index) => finished(index, recordingOf({ arrived })))
    const { metrics, replications } = summarise(days(1, 0.25), runs, options, 0)
    expect(metrics["requests.perSecond"].mean).toBeCloseTo(1, 12)
    for (const { metrics: own } of replications)
      expect(own["requests.perSecond"]).toBeCloseTo(1, 12)
    // What is drawn over time is drawn from the start.
    expect(replications[0].series[0].values.slice(0, 7)).toEqual([10, 10, 10, 10, 10, 10, 1])
  })
})

describe("a trend", () => {
  const noise = [3, -2, 1, 4, -4, 2, -1, -3]
  const runs = (of: (hour: number) => number) =>
    noise.map((own, index) =>
      finished(
        index,
        recordingOf({ arrived: Array.from({ length: 24 }, (_, hour) => of(hour) + own) }),
      ),
    )
  const trendOf = (all: ReadonlyArray<Finished>) =>
    summarise(days(1, 0), all, options, 0).metrics["requests.perSecond"].trend

  it("is what the second half has on the first", () => {
    const trend = trendOf(runs((hour) => (hour < 12 ? 100 : 130) + (hour % 3)))
    expect((trend?.difference ?? 0) * 3600).toBeCloseTo(30, 9)
  })

  it("is none where chance alone moves it, or where it moves by less than matters", () => {
    expect(trendOf(runs((hour) => 100 + (hour % 3)))).toBe(null)
    // A thousandth; a hundredth matters.
    expect(trendOf(runs((hour) => (hour < 12 ? 1000 : 1001)))).toBe(null)
  })
})

describe("a time that the end of the run may cut short", () => {
  it("counts as long as it was watched, and is not left out", () => {
    const scenario = scenarioWith({
      horizonDays: 2,
      warmupDays: 0,
      demand: { flashCrowds: [{ atHours: 6, durationHours: 2, multiplier: 3 }] },
    })
    /** Short from the crowd on for so many hours. */
    const shortFor = (hours: number, index: number) => {
      const recording = recordingOf(
        { samples: Array<number>(48).fill(1) },
        { horizonSeconds: 2 * 86_400 },
      )
      for (const { coverage } of recording.models)
        coverage.set(
          Array.from({ length: 48 }, (_, hour) => (hour >= 6 && hour < 6 + hours ? 0.5 : 1)),
        )
      return finished(index, recording)
    }
    const [name] = scenario.models.map((model) => model.name)
    const { metrics } = summarise(scenario, [0, 10, 40, 42].map(shortFor), options, 0)
    // Two were seen to recover, at once and after ten hours; of 40 and 42 more is not known.
    expect(metrics[`recovered.${name}`]).toMatchObject({ mean: 0.5, n: 4 })
    // Survival 3/4 from 0 to 10 h, 1/2 from there to the longest watch of 42 h.
    expect(metrics[`recovery.${name}`].mean).toBeCloseTo(7.5 + 16, 9)
    expect(metrics[`recovery.${name}`].n).toBe(4)
  })
})

describe("nodes", () => {
  it("have what they did after the warm-up, in the metrics and in the results", () => {
    // Ten credits a day, but for the first of four days, in which one node earned a thousand.
    const begin = { onlineHours: 24, costCredits: 2, requests: 7 }
    const end = { onlineHours: 96, costCredits: 8, requests: 28 }
    const node = (index: number, settings: object) =>
      madeUpNode({ node: index, switches: 1, health: 0.9, ...settings })
    const afterDay = (day: number) =>
      markOf(day * 86_400, [
        node(0, { ...begin, shareEarned: 10e6 }),
        node(1, { ...begin, shareEarned: 1000e6 }),
      ])
    const marks = [1, 2, 3].map(afterDay)
    const nodes = [
      node(0, { ...end, shareEarned: 40e6 }),
      node(1, { ...end, shareEarned: 1030e6 }),
      // One who came later had done nothing before.
      node(2, { joinedSeconds: 2 * 86_400, onlineHours: 48, shareEarned: 20e6, costCredits: 4 }),
    ]
    const recording = recordingOf({}, { horizonSeconds: 4 * 86_400 })
    const summaryAt = (warmupDays: number) =>
      summarise(days(4, warmupDays), [finished(0, recording, { nodes, marks })], options, 0)
    const { metrics, replications } = summaryAt(1)
    expect(metrics["earnings.jain"].mean).toBeCloseTo(1, 12)
    expect(metrics["earnings.gini"].mean).toBeCloseTo(0, 12)
    expect(metrics["profit.consumer"].mean).toBeCloseTo(8, 12)
    expect(replications[0].nodes[1]).toMatchObject({
      onlineHours: 72,
      costCredits: 6,
      requests: 21,
      shareEarned: 30e6,
      switches: 0,
      health: 0.9,
    })
    expect(replications[0].nodes[2]).toEqual(nodes[2])
    expect(summaryAt(0).metrics["earnings.jain"].mean).toBeLessThan(0.5)
    expect(summaryAt(0).replications[0].nodes).toEqual(nodes)
  })
})

describe("checks", () => {
  const held = { ok: true, detail: "fine" }
  const failed = (detail: string) => ({ ok: false, detail })

  it("hold where they held in every replication", () => {
    const runs = [0, 1].map((index) => finished(index, steady({}), { checks: { flow: held } }))
    expect(summarise(days(1, 0), runs, options, 0).checks).toEqual({
      flow: { ok: true, detail: "held in 2 of 2 replications; replication 0: fine" },
    })
  })

  it("say where they did not", () => {
    const runs = [held, failed("3 ≠ 4"), held, failed("5 ≠ 6")].map((flow, index) =>
      finished(index, steady({}), { checks: { flow } }),
    )
    expect(summarise(days(1, 0), runs, options, 0).checks).toEqual({
      flow: { ok: false, detail: "replication 1: 3 ≠ 4; replication 3: 5 ≠ 6" },
    })
  })
})

describe("the whole", () => {
  const runs = [0, 2].map((index) => finished(index, steady({ arrived: 1 })))
  const result = summarise(days(1, 0), runs, options, 12.5)

  it("adds up what was done, and says how much of it was asked for", () => {
    expect(result).toMatchObject({
      requests: 202,
      events: 2002,
      wallSeconds: 12.5,
      replicationsAsked: 3,
      seed: "7",
      command: "evenkeel run test",
      horizonSeconds: 86_400,
      scale: 6,
      economy: "pooled",
    })
    expect(result.replications.map(({ index }) => index)).toEqual([0, 2])
    expect(result.version).toMatch(/^\d+\.\d+\.\d+/)
  })

  it("has one digest over all, which goes by their order", () => {
    expect(result.digest).toBe(digestOfTexts(["digest 0", "digest 2"]))
    expect(result.digest).toMatch(/^[0-9a-f]{16}$/)
    const turned = summarise(days(1, 0), runs.toReversed(), options, 0)
    expect(turned.digest).not.toBe(result.digest)
  })

  it("keeps the whole scenario, to be run again", () => {
    const scenario = days(1, 0)
    expect(parse(result.scenarioYaml)).toEqual(JSON.parse(JSON.stringify(scenario)))
  })

  it("keeps no horizon of a replay, which is the trace's own and may not be set", () => {
    const { demand, ...scenario } = days(1, 0)
    const trace = { path: "t.csv", timeUnit: null, fromSeconds: 0, untilSeconds: null }
    const replay = { ...trace, share: 1, speed: 1, jitterSeconds: 0 }
    const recorded = { ...scenario, demand: { ...demand, trace: replay } }
    const { scenarioYaml, horizonSeconds } = summarise(recorded, runs, options, 0)
    expect(Object.keys(parse(scenarioYaml))).not.toContain("horizonDays")
    expect(parse(scenarioYaml)).toMatchObject({ demand: { trace: replay } })
    expect(horizonSeconds).toBe(scenario.horizonDays * 86_400)
  })

  it("of a run in which nothing was finished is empty", () => {
    expect(summarise(days(1, null), [], options, 1)).toMatchObject({
      metrics: {},
      checks: {},
      replications: [],
      requests: 0,
    })
  })
})

describe("a digest of texts", () => {
  it("tells apart what differs in a letter, in order or in where texts end", () => {
    const digests = [["ab", "c"], ["a", "bc"], ["c", "ab"], ["ab", "d"], ["abc"], []].map((texts) =>
      digestOfTexts(texts),
    )
    expect(new Set(digests).size).toBe(digests.length)
  })
})
