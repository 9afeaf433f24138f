/**
 * Invariants 9 and 18, statistically, from fixed seeds: equal instances share traffic equally, and a
 * newcomer gets no less than its ramp gives it.
 */
import { describe, expect, it } from "vitest"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import { economyWith, openSmallMarket, startInstance, viewOf } from "../support/market.ts"
import { runLossSystem, servedBy } from "./loss-system.ts"

const hour = 3_600_000_000
const free = { inputPricePerMtok: 0, outputPricePerMtok: 0 }
const selections = ["leastLoaded", "operatorFirst", "spareLottery", "twoChoices"] as const
const tieBreaks = ["lottery", "random", "strict"] as const

const economies: ReadonlyArray<readonly [string, Economy]> = [
  ["pooled", pooled],
  ["hardened", hardened],
  ...selections.flatMap((selection) =>
    tieBreaks.map(
      (tieBreak) =>
        [`${selection}, ${tieBreak}`, economyWith({ routing: { selection, tieBreak } })] as const,
    ),
  ),
]

describe("equally idle, equal instances", () => {
  // 9 degrees of freedom: χ² exceeds 45.1 once in 10⁶, and 5.5 σ are exceeded once in 2 · 10⁷.
  const nodes = 10
  const calls = 20_000
  const expected = calls / nodes
  const sigma = Math.sqrt(calls * (1 / nodes) * (1 - 1 / nodes))

  const expectEqualShares = (served: ReadonlyMap<number, number>): void => {
    const counts = Array.from({ length: nodes }, (_, i) => served.get(i + 1) ?? 0)
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(chiSquared).toBeLessThan(45.1)
    for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(5.5 * sigma)
  }

  it.each(economies)("share traffic equally at hardly any load: %s", (_, economy) => {
    // Health is kept from drifting apart by chance: a lottery by health is for unequal instances.
    const equal = economyWith({ health: { priorSuccesses: 1e9 } }, economy)
    const trial = openSmallMarket({
      economy: equal,
      nodes,
      slots: 8,
      tokensPerSecond: 1e6,
      ...free,
    })
    expectEqualShares(runLossSystem(trial, { calls, callsPerSecond: 0.01, seed: "idle" }).served)
  })

  it.each(["lottery", "random"] as const)(
    "share it with health as it comes, too: %s",
    (tieBreak) => {
      const economy = economyWith({ routing: { tieBreak } })
      const trial = openSmallMarket({ economy, nodes, slots: 8, tokensPerSecond: 1e6, ...free })
      expectEqualShares(runLossSystem(trial, { calls, callsPerSecond: 0.01, seed: "idle" }).served)
    },
  )

  it.each(selections)(
    "share it whatever their size, where load is a fraction in use: %s",
    (selection) => {
      const isBySize = selection === "spareLottery" || selection === "twoChoices"
      const economy = economyWith({
        ramp: { start: 1 },
        routing: { selection, tieBreak: "random" },
      })
      const trial = openSmallMarket({ economy, nodes, slots: (node) => node, ...free })
      const { served } = runLossSystem(trial, { calls, callsPerSecond: 0.0001, seed: "sizes" })
      if (!isBySize) return expectEqualShares(served)
      // In proportion to capacity: 55 slots in all.
      for (let node = 1; node <= nodes; node++) {
        const share = node / 55
        const deviation = Math.abs((served.get(node) ?? 0) - calls * share)
        expect(deviation).toBeLessThan(5.5 * Math.sqrt(calls * share * (1 - share)))
      }
    },
  )
})

describe("a newcomer among veterans", () => {
  /**
   * Ten machines of 8 slots, of which one has just come: it starts at half its rate, and an hour or
   * so of traffic moves that by less than a thousandth part.
   */
  const openWithNewcomer = (economy: Economy) => {
    const trial = openSmallMarket({ economy, nodes: 9, slots: 8, tokensPerSecond: 1e6, ...free })
    trial.wait(168 * hour)
    trial.send({ _tag: "NodeRegistered", node: 10, account: 1001 })
    startInstance(trial, { instance: 10, node: 10, slots: 8, tokensPerSecond: 1e6 })
    expect([viewOf(trial, 1).ramp, viewOf(trial, 10).ramp]).toEqual([1, 0.5])
    expect([viewOf(trial, 1).capacity, viewOf(trial, 10).capacity]).toEqual([8, 4])
    return trial
  }

  const cases = [pooled, hardened].flatMap((economy) =>
    [0.05, 0.5, 0.9].map((load) => [economy.name, load, economy] as const),
  )

  it.each(cases)(
    "has no less than its ramp's part of a veteran's traffic: %s, load %d",
    (name, load, base) => {
      // The time ramp alone; veterans have made their successes long ago.
      const economy = economyWith({ ramp: { start: 0.5, successes: 0 } }, base)
      const calls = 40_000
      const trial = openWithNewcomer(economy)
      const run = runLossSystem(trial, { calls, callsPerSecond: load * 76, seed: "newcomer" })
      const veteran = servedBy(run, (instance) => instance <= 9) / 9
      const newcomer = servedBy(run, (instance) => instance === 10)
      const sigma = Math.sqrt(newcomer + (0.25 * veteran) / 9)
      console.log(
        `${name}, load ${load}: a newcomer at half its rate has ${(newcomer / veteran).toFixed(3)} of a veteran's traffic`,
      )
      expect(newcomer).toBeGreaterThan(0.5 * veteran - 5 * sigma)
      // And no more than a veteran: the ramp is no premium.
      expect(newcomer).toBeLessThan(veteran + 5 * sigma)
    },
  )
})
