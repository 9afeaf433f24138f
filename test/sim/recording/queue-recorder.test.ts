/** What is noted of calls that wait: sums by bin and tier, waits by day, evenness by weight. */
import { describe, expect, it } from "vitest"
import { metricsFor, metricValues } from "../../../sim/metrics/catalogue.ts"
import { windowOf } from "../../../sim/metrics/window.ts"
import { QueueRecorder } from "../../../sim/recording/queue-recorder.ts"
import { recordingOf } from "./made-up-recording.ts"

const tiers = [
  { name: "none", weight: 2 },
  { name: "urgent", weight: 8 },
]
/** A day of two bins, and what ends after it. */
const openRecorder = () => {
  const recorder = new QueueRecorder(tiers, 2, 1)
  recorder.turn(0, 0)
  return recorder
}
const [none, urgent] = [0, 1]

describe("the queue's recorder", () => {
  it("adds up by bin and tier", () => {
    const recorder = openRecorder()
    recorder.add(none, "asked", 1)
    recorder.turn(1, 0)
    recorder.add(urgent, "asked", 2)
    recorder.noteBegun(urgent, 3)
    recorder.noteBegun(urgent, 0)
    const [first, second] = recorder.recording().tiers
    expect([...first.asked]).toEqual([1, 0, 0])
    expect([...second.asked]).toEqual([0, 2, 0])
    expect([...second.waitSeconds]).toEqual([0, 3, 0])
    expect(second.waits[0].zeros).toBe(1)
  })

  it("is even where those who waited had work by their weights, whoever else was served", () => {
    const evenness = (ofUrgent: number) => {
      const recorder = openRecorder()
      recorder.noteWaiting(none, 10)
      recorder.noteWaiting(urgent, 20)
      recorder.noteServed(none, 10, 100)
      recorder.noteServed(urgent, 20, ofUrgent)
      // Who waited for nothing is not compared.
      recorder.noteServed(none, 30, 5000)
      recorder.turn(1, 0)
      const { jain, jainSamples } = recorder.recording().sums
      expect([...jainSamples]).toEqual([1, 0, 0])
      return jain[0]
    }
    expect(evenness(400)).toBeCloseTo(1, 12)
    // 50 and 12.5 by weight: 62.5² ÷ (2 · (50² + 12.5²)).
    expect(evenness(100)).toBeCloseTo(62.5 ** 2 / (2 * (50 ** 2 + 12.5 ** 2)), 12)
  })

  it("compares nobody where one alone waited, and begins again with each sample", () => {
    const recorder = openRecorder()
    recorder.noteWaiting(none, 10)
    recorder.noteServed(none, 10, 100)
    recorder.turn(1, 0)
    recorder.noteWaiting(urgent, 20)
    recorder.noteServed(urgent, 20, 100)
    recorder.turn(2, 0)
    expect([...recorder.recording().sums.jainSamples]).toEqual([0, 0, 0])
  })
})

describe("the queue's metrics", () => {
  const metricsOf = (fill: (recorder: QueueRecorder) => void) => {
    const recorder = openRecorder()
    fill(recorder)
    const recording = {
      ...recordingOf({}, { binSeconds: 43_200 }),
      queue: recorder.recording(),
    }
    const metrics = metricsFor({
      models: [],
      parties: [],
      strategies: [],
      queue: { tiers: ["urgent", "none"], hasPreemption: true },
    }).filter(({ group }) => group === "queue")
    const window = windowOf(
      recording,
      [],
      { first: 0, end: 2 },
      {
        hours: null,
        horizonSeconds: 86_400,
        scale: 6,
        strategies: [],
        priceStrategies: [],
        parties: [],
      },
    )
    return metricValues(metrics, window)
  }

  it("are of all calls and of each tier", () => {
    const metrics = metricsOf((recorder) => {
      recorder.add(none, "asked", 6)
      recorder.add(urgent, "asked", 4)
      recorder.add(none, "waited", 3)
      recorder.add(urgent, "waited", 1)
      recorder.add(none, "full", 1)
      recorder.add(none, "timedOut", 1)
      recorder.add(urgent, "left", 1)
      for (const seconds of [0, 0, 30, 60]) recorder.noteBegun(none, seconds)
      for (const seconds of [0, 0, 0]) recorder.noteBegun(urgent, seconds)
      recorder.noteServed(urgent, 20, 10)
      recorder.add(urgent, "charged", 7)
      recorder.count("preemptions")
      recorder.count("preemptions")
      recorder.count("recalls")
    })
    expect(metrics).toMatchObject({
      "queue.waitedShare": 0.4,
      "queue.waitedShare.by.none": 0.5,
      "queue.waitedShare.by.urgent": 0.25,
      "queue.refused.full": 0.1,
      "queue.refused.timeout": 0.1,
      "queue.refused.left": 0.1,
      "queue.wait.mean": 90 / 7,
      "queue.wait.mean.by.none": 22.5,
      "queue.wait.mean.by.urgent": 0,
      "queue.servedShare.by.urgent": 0.25,
      "queue.paidPerDay.by.urgent": 7,
      "queue.preemptionsPerDay": 2,
      "queue.gaveWayShare": 0.5,
    })
    // Rank ⌊0.99 · 3⌋ of 0, 0, 30, 60, within a hundredth.
    expect(metrics["queue.wait.p99.by.none"] / 30).toBeCloseTo(1, 1)
    expect(metrics["queue.wait.p99.by.urgent"]).toBe(0)
  })

  it("say nothing of what was not there", () => {
    expect(metricsOf(() => {})).toEqual({
      "queue.preemptionsPerDay": 0,
      "queue.paidPerDay.by.none": 0,
      "queue.paidPerDay.by.urgent": 0,
      "queue.surplusPerDay.by.none": 0,
      "queue.surplusPerDay.by.urgent": 0,
    })
  })
})
