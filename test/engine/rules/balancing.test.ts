import { describe, expect, it } from "vitest"
import { blend, medianOf, shareOf, timeOf } from "../../../engine/rules/balancing.ts"
import { economyWith, endAttempt, openSmallMarket, arrive } from "../../support/market.ts"
import type { Trial } from "../../support/market.ts"
import { commandsOf, rejectionOf } from "../../support/market.ts"
import { queued, openQueueMarket } from "../../support/queue.ts"

const second = 1_000_000

describe("the share of a machine", () => {
  it("is 0.1 ÷ (0.1 + u/3 + m/3 + T/3)", () => {
    expect(shareOf(0, 0, 0, false)).toBe(1)
    expect(shareOf(0.9, 0.6, 1.5, false)).toBeCloseTo(0.1 / 1.1, 12)
    expect(shareOf(1, 1, 1, false)).toBeCloseTo(0.1 / 1.1, 12)
  })

  it("is of its time a token alone, where latency is what counts", () => {
    expect(shareOf(1, 1, 0.9, true)).toBeCloseTo(0.1, 12)
    expect(shareOf(0, 0, 0.9, true)).toBe(shareOf(1, 1, 0.9, true))
  })

  it("takes a machine of which nothing is known for an ordinary one", () => {
    expect(timeOf(0, 50)).toBe(1)
    expect(timeOf(50, 0)).toBe(1)
    expect(timeOf(75, 50)).toBe(1.5)
    expect(timeOf(5000, 50)).toBe(10)
  })

  it("forgets old times within about a minute", () => {
    expect(blend(0, 70, 0)).toBe(70)
    expect(blend(100, 40, 60 * second)).toBe(70)
    // Many calls that end at one instant count as a second's.
    expect(blend(100, 39, 0)).toBe(99)
  })

  it("compares with the lower median", () => {
    expect(medianOf([])).toBe(0)
    expect(medianOf([5, 1, 9])).toBe(5)
    expect(medianOf([4, 1, 3, 2])).toBe(2)
  })
})

const adaptive = (reports: "trusted" | "bounded" = "trusted") =>
  economyWith({ routing: { selection: "adaptive", reports }, ramp: { start: 1, onlineHours: 0 } })

/** How often each of two instances is drawn; every call ends at once. */
const drawn = (trial: Trial, calls: number, micros = 0): ReadonlyArray<number> => {
  const counts = [0, 0]
  for (
    let request = trial.market.lastRequest + 1, last = request + calls;
    request < last;
    request++
  ) {
    const instance = commandsOf(arrive(trial, request), "Dispatch")[0]!.instance
    counts[instance - 1]! += 1
    if (micros > 0) trial.wait(micros * (instance === 1 ? 1 : 4))
    endAttempt(trial, request)
  }
  return counts
}

describe("adaptive balancing", () => {
  it("draws a machine that reports a load less often", () => {
    const trial = openSmallMarket({ economy: adaptive(), nodes: 2, slots: 1 })
    trial.send({ _tag: "HeartbeatReceived", node: 2, utilisationBps: 9000, memoryBps: 9000 })
    const [idle, busy] = drawn(trial, 2000) as [number, number]
    // Both are taken to be as fast: 0.1 + 1/3 against 0.1 + 1/3 + 0.6.
    expect(idle / busy).toBeGreaterThan(2)
    expect(idle / busy).toBeLessThan(2.8)
  })

  it("draws a machine that takes longer a token less often", () => {
    const trial = openSmallMarket({ economy: adaptive(), nodes: 2, slots: 1 })
    const [fast, slow] = drawn(trial, 1500, second) as [number, number]
    // The lower median of two is the faster one's: 0.1 + 1/3 against 0.1 + 4/3.
    expect(fast / slow).toBeGreaterThan(2.8)
    expect(fast / slow).toBeLessThan(3.9)
  })

  it("believes no report that is lower than what is under way, where reports are bounded", () => {
    /** How often the first of two machines is drawn, of which the second has three of its four slots taken. */
    const shareOfIdle = (reports: "trusted" | "bounded"): number => {
      const trial = openSmallMarket({ economy: adaptive(reports), nodes: 2, slots: 4 })
      trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: false })
      for (const request of [1, 2, 3]) arrive(trial, request)
      trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: true })
      const [idle, busy] = drawn(trial, 2000) as [number, number]
      return idle / (idle + busy)
    }
    // Spare 4 : 1; the load that is counted makes it 4 ÷ 0.43 : 1 ÷ 0.68.
    expect(shareOfIdle("trusted")).toBeCloseTo(0.8, 1)
    expect(shareOfIdle("bounded")).toBeGreaterThan(shareOfIdle("trusted") + 0.03)
  })

  it("is for throughput unless a listing says otherwise", () => {
    const trial = openQueueMarket({ economy: queued({ routing: { selection: "adaptive" } }) })
    expect(trial.send({ _tag: "BalanceSet", listing: 1, target: "latency" })).toEqual([])
    expect(trial.market.listings.columns.balance[0]).toBe(1)
    trial.send({ _tag: "BalanceSet", listing: 1, target: "throughput" })
    expect(trial.market.listings.columns.balance[0]).toBe(0)
    expect(rejectionOf(trial.send({ _tag: "BalanceSet", listing: 9, target: "latency" }))).toBe(
      "UnknownListing",
    )
    expect(rejectionOf(trial.send({ _tag: "HeartbeatReceived", node: 1, memoryBps: 10_001 }))).toBe(
      "InvalidQuantity",
    )
  })
})
