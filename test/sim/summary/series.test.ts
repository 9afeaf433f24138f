/** Series and histograms: units, splits, bins without an observation, and the shorter last bin. */
import { describe, expect, it } from "vitest"
import { histogramsOf, seriesOf } from "../../../sim/summary/series.ts"
import type { Recording } from "../../../sim/recording/recorder.ts"
import type { NodeOutcome, Series } from "../../../sim/results/models/run-model.ts"
import { openRecorder, recordingOf } from "../recording/made-up-recording.ts"

const find = (all: ReadonlyArray<Series>, name: string, key = ""): Series => {
  const found = all.filter((one) => one.name === name && one.key === key)
  if (found.length !== 1) throw new Error(`${found.length} series ${name}/${key}`)
  return found[0]
}
const seriesIn = (recording: Recording, name: string, key = "") =>
  find(seriesOf(recording, ["a", "b"]), name, key)
const twoModels = { models: 2, horizonSeconds: 3 * 3600 }

describe("series", () => {
  it("have one value a bin, the drain left out", () => {
    const recording = recordingOf({ arrived: [3600, 7200, 0, 99] }, twoModels)
    expect(seriesIn(recording, "requests.arrived")).toEqual({
      name: "requests.arrived",
      key: "",
      unit: "requests/s",
      binSeconds: 3600,
      values: [1, 2, 0],
    })
    for (const { values } of seriesOf(recording, ["a", "b"]).filter(
      ({ name }) => !name.startsWith("newcomer."),
    ))
      expect(values.length).toBe(3)
  })

  it("are rates over the last bin's own length", () => {
    const filling = { models: 2, horizonSeconds: 2 * 3600 + 900 }
    const recording = recordingOf(
      { served: [3600, 3600, 900], "refused.NoCapacity": [0, 360, 90], share: [2, 4, 1] },
      filling,
    )
    expect(seriesIn(recording, "requests.served").values).toEqual([1, 1, 1])
    expect(seriesIn(recording, "requests.rejected").values).toEqual([0, 0.1, 0.1])
    expect(seriesIn(recording, "credits", "providers").values).toEqual([2, 4, 4])
  })

  it("split rejections by a reader's words for them, and add them up", () => {
    const recording = recordingOf(
      {
        "refused.NoCapacity": [3600],
        "refused.NoInstance": [0, 3600],
        "refused.AttemptFailed": [7200],
        "refused.InsufficientCredits": [0, 0, 3600],
        "refused.PriceTooHigh": [360],
      },
      twoModels,
    )
    expect(seriesIn(recording, "requests.rejected").values).toEqual([3.1, 1, 1])
    const by = (key: string) => seriesIn(recording, "requests.rejectedBy", key).values
    expect(by("every node busy")).toEqual([1, 0, 0])
    expect(by("no node serves the model")).toEqual([0, 1, 0])
    expect(by("attempts failed")).toEqual([2, 0, 0])
    expect(by("credits missing")).toEqual([0, 0, 1])
    expect(by("price too high")).toEqual([0.1, 0, 0])
  })

  it("are null where there is nothing to divide by", () => {
    const recording = recordingOf(
      {
        samples: [1, 0, 2],
        "nodes.apple": [4, 0, 6],
        instances: [4, 0, 8],
        parkedInstances: [1, 0, 2],
        "slotSeconds.apple": [3600, 0, 7200],
        "busySlotSeconds.apple": [900, 0, 7200],
        bountyPool: [5, 0, 20],
      },
      twoModels,
    )
    recording.models[1].coverage.set([0.5, 0, 3])
    recording.models[1].multiplier.set([1.2, 0, 2.4])
    expect(seriesIn(recording, "nodes.online", "apple").values).toEqual([4, null, 3])
    expect(seriesIn(recording, "breaker.parkedShare").values).toEqual([0.25, null, 0.25])
    expect(seriesIn(recording, "utilisation", "apple").values).toEqual([0.25, null, 1])
    expect(seriesIn(recording, "utilisation", "consumer").values).toEqual([null, null, null])
    expect(seriesIn(recording, "bountyPool.balance").values).toEqual([5, null, 10])
    expect(seriesIn(recording, "coverage", "b").values).toEqual([0.5, null, 1.5])
    expect(seriesIn(recording, "bounty.multiplier", "b").values).toEqual([1.2, null, 1.2])
  })

  it("of newcomers go by their age", () => {
    const recorder = openRecorder(twoModels)
    recorder.noteNewcomer("onlineSeconds", 0, 4)
    recorder.noteNewcomer("ramp", 0, 1)
    recorder.noteNewcomer("traffic", 0, 1)
    recorder.noteNewcomer("veteranTraffic", 0, 5)
    recorder.noteNewcomer("pay", 6 * 3600, 3)
    recorder.noteNewcomer("veteranPay", 6 * 3600, 4)
    const recording = recorder.recording()
    const of = (name: string) => seriesIn(recording, name)
    expect(of("newcomer.ramp").binSeconds).toBe(6 * 3600)
    expect(of("newcomer.ramp").values.length).toBe(56)
    expect(of("newcomer.ramp").values.slice(0, 2)).toEqual([0.25, null])
    expect(of("newcomer.traffic").values.slice(0, 2)).toEqual([0.2, null])
    expect(of("newcomer.pay").values.slice(0, 2)).toEqual([null, 0.75])
  })

  it("are named once each", () => {
    const names = seriesOf(recordingOf({}, twoModels), ["a", "b"]).map(
      ({ name, key }) => `${name}/${key}`,
    )
    expect(new Set(names).size).toBe(names.length)
  })
})

describe("histograms", () => {
  const healthOf = (healths: ReadonlyArray<number>, settings: Partial<NodeOutcome> = {}) => {
    const nodes = healths.map(
      (health) => ({ health, leftSeconds: null, onlineHours: 1, ...settings }) as NodeOutcome,
    )
    const found = histogramsOf(recordingOf({}), nodes, 0).find(({ name }) => name === "health")
    if (found === undefined) throw new Error("no histogram of health")
    return found
  }

  it("of health count each node that is there once, in bins of a hundredth", () => {
    const { edges, counts } = healthOf([0.95, 0.95, 0.96, 1, 0.2, 0.5])
    expect(edges.length).toBe(counts.length + 1)
    expect([edges[0], edges.at(-1)]).toEqual([0.5, 1])
    const at = (health: number) => counts[Math.round((health - 0.5) * 100)]
    expect([at(0.95), at(0.96), at(0.97)]).toEqual([2, 1, 0])
    // The best are in the last bin, and all that is below the first edge in the first.
    expect(counts.at(-1)).toBe(1)
    expect(counts[0]).toBe(2)
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(6)
  })

  it("of health have one place for each of the hundred scores", () => {
    for (let hundredths = 0; hundredths <= 100; hundredths++)
      expect(healthOf([hundredths / 100]).counts.reduce((sum, one) => sum + one, 0)).toBe(1)
  })

  it("of health leave out who has left or was never there", () => {
    const total = (settings: Partial<NodeOutcome>) =>
      healthOf([0.9], settings).counts.reduce((sum, one) => sum + one, 0)
    expect([total({}), total({ leftSeconds: 5 }), total({ onlineHours: 0 })]).toEqual([1, 0, 0])
  })

  it("of waits and speeds cover all days from the first that counts", () => {
    const recorder = openRecorder({ horizonSeconds: 2 * 86_400 })
    recorder.turn(0)
    recorder.noteStream(2, 20)
    recorder.noteServed(2e6, 0, 1e6, 1, 1, 0)
    recorder.turn(30 * 3_600_000_000)
    recorder.noteStream(2, 20)
    const count = (name: string, key: string, firstDay = 0) =>
      histogramsOf(recorder.recording(), [], firstDay)
        .find((one) => one.name === name && one.key === key)
        ?.counts.reduce((sum, one) => sum + one, 0)
    expect(count("tokensPerSecond", "apple")).toBe(2)
    expect(count("tokensPerSecond", "apple", 1)).toBe(1)
    expect(count("ttft", "", 1)).toBe(0)
    expect(count("tokensPerSecond", "consumer")).toBe(0)
    expect(count("ttft", "")).toBe(1)
  })
})
