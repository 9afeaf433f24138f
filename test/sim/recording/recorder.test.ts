/** The recorder: what belongs to which bin, areas under what changes, days, and the drain. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ageBinSeconds, Recorder, secondsOfBin } from "../../../sim/recording/recorder.ts"
import { assertProperty } from "../../support/property.ts"
import { openRecorder } from "./made-up-recording.ts"

const second = 1_000_000
const hour = 3600 * second

/** A recorder of a day that begins at an instant other than 0. */
const startAt = 30 * 24 * hour
const openLater = () =>
  new Recorder({
    startMicros: startAt,
    horizonSeconds: 86_400,
    binSeconds: 3600,
    models: 2,
    hasHostPrices: false,
    floorTokensPerSecond: 5,
    classOfDevice: ["consumer", "apple"],
  })

describe("bins", () => {
  it("are turned to, and hold what is added until the next turn", () => {
    const recorder = openLater()
    recorder.turn(startAt)
    recorder.add("arrived", 1)
    recorder.add("arrived", 2)
    recorder.turn(startAt + hour)
    recorder.add("arrived", 10)
    recorder.turn(startAt + 23 * hour)
    recorder.add("arrived", 100)
    const { arrived } = recorder.recording().sums
    expect([arrived[0], arrived[1], arrived[23]]).toEqual([3, 10, 100])
    expect(arrived.length).toBe(25)
  })

  it("keep what was before the start and what is after the horizon in the last, apart", () => {
    const recorder = openLater()
    recorder.add("parks", 1)
    recorder.turn(startAt - hour)
    recorder.add("parks", 2)
    recorder.turn(startAt)
    recorder.add("parks", 10)
    recorder.turn(startAt + 24 * hour)
    recorder.add("parks", 100)
    recorder.turn(startAt + 40 * hour)
    recorder.add("parks", 1000)
    const { parks } = recorder.recording().sums
    expect(parks[0]).toBe(10)
    expect(parks[24]).toBe(1103)
  })

  it("are as many as it takes, the last as short as what is left", () => {
    const recorder = openRecorder({ horizonSeconds: 250, binSeconds: 60 })
    const recording = recorder.recording()
    expect(recording.bins).toBe(5)
    expect([0, 3, 4].map((bin) => secondsOfBin(recording, bin))).toEqual([60, 60, 10])
    // The end of the horizon is where the drain begins, though its bin could be longer.
    recorder.turn(249.9 * second)
    recorder.add("served", 1)
    recorder.turn(250 * second)
    recorder.add("served", 10)
    expect([...recorder.sums.served]).toEqual([0, 0, 0, 0, 1, 10])
  })

  it("of hours are sampled once, longer ones hourly, shorter ones once", () => {
    const [short, hourly, long] = [600, 3600, 7200].map((binSeconds) =>
      openRecorder({ binSeconds }),
    )
    expect([short.sampleSeconds, hourly.sampleSeconds, long.sampleSeconds]).toEqual([
      600, 3600, 3600,
    ])
  })
})

describe("areas", () => {
  it("under the requests in flight fall to the bins in which they lie", () => {
    const recorder = openRecorder()
    recorder.turn(0)
    recorder.setInFlight(600 * second, 1)
    recorder.setInFlight(1200 * second, 2)
    recorder.turn(hour)
    recorder.setInFlight(hour + 100 * second, -3)
    recorder.turn(2 * hour)
    // 600 s of one, then 2,400 s of three; 100 s of three after the turn.
    expect([...recorder.sums.inFlightSeconds.subarray(0, 3)]).toEqual([600 + 7200, 300, 0])
  })

  it("under slots are kept by device class", () => {
    const recorder = openRecorder()
    recorder.turn(0)
    recorder.setSlots(0, 0, 0, 4)
    recorder.setSlots(2, 0, 1, 2)
    recorder.setSlots(0, 1000 * second, 3, 0)
    recorder.turn(hour)
    recorder.setSlots(0, hour + 10 * second, -3, -4)
    recorder.turn(2 * hour)
    const of = (channel: keyof typeof recorder.sums) => [...recorder.sums[channel].subarray(0, 2)]
    expect(of("slotSeconds.consumer")).toEqual([4 * 3600, 40])
    expect(of("busySlotSeconds.consumer")).toEqual([3 * 2600, 30])
    expect(of("slotSeconds.apple")).toEqual([7200, 7200])
    expect(of("busySlotSeconds.apple")).toEqual([3600, 3600])
    expect(of("slotSeconds.datacenter")).toEqual([0, 0])
  })

  it("are what a sum over all customers gives, wherever the turns lie", async () => {
    const times = fc.array(fc.tuple(fc.nat(86_400), fc.nat(86_400)), { maxLength: 20 })
    await assertProperty(
      fc.property(times, fc.constantFrom(600, 3600, 5000), (stays, binSeconds) => {
        const recorder = openRecorder({ binSeconds })
        const changes = stays.flatMap(([a, b]) => [
          { at: Math.min(a, b), change: 1 },
          { at: Math.max(a, b), change: -1 },
        ])
        const turns = Array.from({ length: Math.ceil(86_400 / binSeconds) + 1 }, (_, bin) => ({
          at: Math.min(86_400, bin * binSeconds),
          change: 0,
        }))
        for (const { at, change } of [...turns, ...changes].toSorted((a, b) => a.at - b.at))
          if (change === 0) recorder.turn(at * second)
          else recorder.setInFlight(at * second, change)
        const overlap = ([a, b]: readonly [number, number], from: number, to: number) =>
          Math.max(0, Math.min(to, Math.max(a, b)) - Math.max(from, Math.min(a, b)))
        recorder.sums.inFlightSeconds.forEach((area, bin) => {
          const from = bin * binSeconds
          const to = Math.min(from + binSeconds, 86_400)
          const expected = stays.reduce((total, stay) => total + overlap(stay, from, to), 0)
          if (bin < recorder.recording().bins) expect(area).toBeCloseTo(expected, 6)
        })
      }),
      { share: 0.3 },
    )
  })
})

describe("streams and requests", () => {
  it("are counted, and their rates and waits sketched by day", () => {
    const recorder = openRecorder({ horizonSeconds: 3 * 86_400 })
    recorder.turn(0)
    recorder.noteStream(0, 40)
    recorder.noteStream(0, 4.9)
    recorder.turn(25 * hour)
    recorder.noteStream(2, 5)
    // Arrived at 24 h, first token 2 s later, over at 25 h: input 7 and output 11 tokens.
    recorder.noteServed(25 * hour, 24 * hour, 24 * hour + 2 * second, 7, 11, 0.5)
    const { sums, ttft, decodeRates } = recorder.recording()
    expect([sums.streams[0], sums.streams[25]]).toEqual([2, 1])
    expect([sums.streamsBelowFloor[0], sums.streamsBelowFloor[25]]).toEqual([1, 0])
    const counts = (sketches: typeof ttft) =>
      sketches.map((sketch) => sketch.counts.reduce((sum, one) => sum + one, sketch.zeros))
    expect(counts(decodeRates.consumer)).toEqual([2, 0, 0])
    expect(counts(decodeRates.apple)).toEqual([0, 1, 0])
    expect(counts(ttft)).toEqual([0, 1, 0])
    expect(sums.served[25]).toBe(1)
    expect(sums.inputTokens[25]).toBe(7)
    expect(sums.outputTokens[25]).toBe(11)
    // How long it took counts when it arrived.
    expect([sums.answered[24], sums.answered[25]]).toEqual([1, 0])
    expect(sums.ttftSeconds[24]).toBe(2)
    expect(sums.sojournSeconds[24]).toBe(3600)
  })

  it("that end after the horizon are in the means of those that arrived before it", () => {
    const recorder = openRecorder({ horizonSeconds: 2 * 86_400 })
    recorder.turn(60 * hour)
    recorder.noteServed(60 * hour, 47 * hour, 47 * hour + 2 * second, 7, 11, 0.5)
    const { sums, ttft } = recorder.recording()
    expect(sums.served.slice(0, 48).every((count) => count === 0)).toBe(true)
    expect([sums.answered[47], sums.ttftSeconds[47], sums.sojournSeconds[47]]).toEqual([
      1,
      2,
      13 * 3600,
    ])
    expect(ttft[1].counts.reduce((sum, one) => sum + one, 0)).toBe(1)
  })

  it("after the horizon count for its last day", () => {
    const recorder = openRecorder({ horizonSeconds: 2 * 86_400 })
    recorder.turn(60 * hour)
    recorder.noteStream(1, 40)
    expect(recorder.recording().decodeRates.datacenter[1].min).toBe(40)
  })
})

describe("newcomers", () => {
  it("are noted by age, in bins of six hours, for fourteen days", () => {
    const recorder = openRecorder()
    recorder.noteNewcomer("traffic", 0, 1)
    recorder.noteNewcomer("traffic", ageBinSeconds - 1, 2)
    recorder.noteNewcomer("traffic", ageBinSeconds, 10)
    recorder.noteNewcomer("traffic", 14 * 86_400 - 1, 100)
    recorder.noteNewcomer("traffic", 14 * 86_400, 1000)
    const { traffic } = recorder.recording().newcomers
    expect([traffic[0], traffic[1], traffic[55], traffic.length]).toEqual([3, 10, 100, 56])
    expect(traffic.reduce((sum, one) => sum + one, 0)).toBe(113)
  })
})

describe("a model's samples", () => {
  it("add up within a bin", () => {
    const recorder = openLater()
    recorder.turn(startAt)
    recorder.sampleModel(1, {
      coverageSquares: 0,
      coverage: 0.5,
      short: 1,
      multiplier: 2,
      nodes: 7,
    })
    recorder.sampleModel(1, {
      coverageSquares: 0,
      coverage: 0.75,
      short: 1,
      multiplier: 1,
      nodes: 8,
    })
    const [none, some] = recorder.recording().models
    expect([none.coverage[0], some.coverage[0], some.multiplier[0]]).toEqual([0, 1.25, 3])
    expect([none.short[0], some.short[0], some.nodes[0]]).toEqual([0, 2, 15])
  })
})
