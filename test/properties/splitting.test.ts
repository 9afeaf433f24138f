/**
 * Invariant 19 for the kernel: what an operator gains in traffic by splitting its machine of 8 slots
 * into 8 nodes of one slot, of the same account or of accounts of their own, beside nine honest
 * machines of 8 slots. Gain = its share of the calls served when split ÷ its share when whole, which
 * is a tenth: it is one of ten equal machines.
 */
import { describe, expect, it } from "vitest"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import { economyWith, openSmallMarket } from "../support/market.ts"
import { intervalOf, runLossSystem, servedBy } from "./loss-system.ts"

const loads = [0.05, 0.5, 0.9]
const honest = 9

type Shape = "whole" | "oneAccount" | "eightAccounts" | "overDeclared"

/** Share of the calls served that the one operator gets, and the share of all calls refused. */
const shareOf = (economy: Economy, shape: Shape, load: number, calls: number, seed: string) => {
  const isSplit = shape === "oneAccount" || shape === "eightAccounts"
  const trial = openSmallMarket({
    economy,
    seed: `${seed}/${shape}`,
    nodes: honest + (isSplit ? 8 : 1),
    slots: (node) => (node <= honest ? 8 : isSplit ? 1 : shape === "overDeclared" ? 64 : 8),
    tokensPerSecond: 1_000_000,
    operatorOf: (node) =>
      node <= honest || shape === "eightAccounts" ? 1000 + node : 1000 + honest + 1,
    inputPricePerMtok: 0,
    outputPricePerMtok: 0,
  })
  const run = runLossSystem(trial, { calls, callsPerSecond: load * 80, seed: `${seed}/${shape}` })
  const own = servedBy(run, (instance) => instance > honest)
  return { share: own / (calls - run.refused), refused: run.refused / calls }
}

const gainOf = (economy: Economy, shape: Shape, load: number, calls: number) =>
  intervalOf(
    Array.from(
      { length: 10 },
      (_, replication) => shareOf(economy, shape, load, calls, `split ${replication}`).share / 0.1,
    ),
  )

/** Veterans: the ramp is over. */
const grown = (economy: Economy, selection = economy.routing.selection): Economy =>
  economyWith({ ramp: { start: 1 }, routing: { selection } }, economy)

const shown = ({ mean, halfWidth }: { readonly mean: number; readonly halfWidth: number }) =>
  `${mean.toFixed(4)} ± ${halfWidth.toFixed(4)}`

describe("under `hardened`", () => {
  const cases = (["oneAccount", "eightAccounts"] as const).flatMap((shape) =>
    loads.map((load) => [shape, load] as const),
  )

  it.each(cases)("splitting into %s gains nothing, at a load of %d", (shape, load) => {
    const gain = gainOf(grown(hardened), shape, load, 30_000)
    console.log(`hardened, ${shape}, load ${load}: gain of splitting ${shown(gain)}`)
    expect(gain.mean + gain.halfWidth).toBeLessThanOrEqual(1.02)
    // Nor does it cost more than the noise.
    expect(gain.mean).toBeGreaterThan(0.97)
  })
})

describe("the other rules", () => {
  // Measured here, and what the rule is called fair or unfair for.
  const rows = [
    ["leastLoaded", "oneAccount", [4.6, 1.92, 1.15]],
    ["leastLoaded", "eightAccounts", [4.6, 1.92, 1.15]],
    ["operatorFirst", "oneAccount", [1, 1, 1]],
    ["operatorFirst", "eightAccounts", [4.6, 1.92, 1.15]],
    ["spareLottery", "eightAccounts", [1, 1, 1]],
    ["twoChoices", "oneAccount", [1.21, 1, 0.9]],
  ] as const

  it.each(rows)("under %s, split into %s: gains of %j", (selection, shape, expected) => {
    const economy = grown(pooled, selection)
    const gains = loads.map((load) => gainOf(economy, shape, load, 6000))
    console.log(
      `pooled, ${selection}, ${shape}: gain at ${loads.join("/")}: ${gains.map(shown).join(" / ")}`,
    )
    for (const [i, { mean }] of gains.entries())
      expect(Math.abs(mean - (expected[i] ?? 0))).toBeLessThan(0.1 * mean)
  })

  it.each(["leastLoaded", "spareLottery"] as const)("over-declaring under %s", (selection) => {
    const economy = grown(pooled, selection)
    const shares = loads.map(
      (load) => shareOf(economy, "overDeclared", load, 20_000, "declared").share,
    )
    console.log(
      `pooled, ${selection}: share of one that declares 64 slots and has 8, at ${loads.join("/")}: ` +
        shares.map((share) => share.toFixed(3)).join(" / "),
    )
    // A tenth is its due; where capacity is verified, it is what it gets.
    const verified = economyWith({ routing: { selection, capacity: "verified" } }, economy)
    expect(verified.routing.capacity).toBe("verified")
    expect(shares[1]).toBeGreaterThan(0.4)
    expect(shares[2]).toBeGreaterThan(0.4)
  })
})

describe("refusals", () => {
  /** Erlang's loss formula B(servers, offered). */
  const erlangB = (servers: number, offered: number): number => {
    let blocked = 1
    for (let n = 1; n <= servers; n++) blocked = (offered * blocked) / (n + offered * blocked)
    return blocked
  }

  it.each(["leastLoaded", "operatorFirst", "spareLottery", "twoChoices"] as const)(
    "are those of a loss system of 80 servers, since no rule refuses while there is room: %s",
    (selection) => {
      const economy = grown(pooled, selection)
      const refused = intervalOf(
        Array.from(
          { length: 10 },
          (_, i) =>
            shareOf(economy, i % 2 === 0 ? "whole" : "oneAccount", 0.9, 20_000, `refused ${i}`)
              .refused,
        ),
      )
      const exact = erlangB(80, 72)
      console.log(
        `pooled, ${selection}: refused at 0.9: ${shown(refused)}, Erlang B ${exact.toFixed(4)}`,
      )
      // Thrice the half-width of the interval is more than 5 σ.
      expect(Math.abs(refused.mean - exact)).toBeLessThan(3 * refused.halfWidth)
    },
  )
})
