/** What the world does on the market's commands. */
import { describe, expect, it } from "vitest"
import type { Command } from "../../../engine/index.ts"
import { bountyPoolAccount, lotAccount } from "../../../engine/index.ts"
import type { World } from "./small-world.ts"
import { advanceTo, hour, modelCalled, openQuietWorld } from "./small-world.ts"

const earnedLot = 2
const patch = {
  models: [modelCalled("llama-3-8b")],
  fleet: { nodes: 3, farmShare: 1, farmNodes: 2 },
}

/** Customers of the ledger are numbered in the order in which they signed up. */
const bountyTo = (world: World, operator: number, amount: number, debit = bountyPoolAccount) =>
  world.act({
    _tag: "Post",
    kind: "bounty",
    debit,
    credit: lotAccount(world.operatorOfCustomer.indexOf(operator), earnedLot),
    amount,
    reference: 0,
  })

describe("a bounty", () => {
  it("is shared among an operator's nodes by what they claimed in the hour", () => {
    const { world } = openQuietWorld(patch)
    const { columns } = world.nodes
    expect(world.nodesOf).toEqual([[0, 1], [2]])
    columns.claimHour.set([30, 10, 70])
    bountyTo(world, 0, 400)
    bountyTo(world, 1, 50)
    expect([...columns.bounty.subarray(0, 3)]).toEqual([300, 100, 50])
    expect([...columns.paySince.subarray(0, 3)]).toEqual([300, 100, 50])
  })

  it("that comes in two parts, at once and vesting, is shared alike", () => {
    const { world } = openQuietWorld(patch)
    world.nodes.columns.claimHour.set([30, 10, 0])
    bountyTo(world, 0, 400)
    bountyTo(world, 0, 40)
    expect([...world.nodes.columns.bounty.subarray(0, 2)]).toEqual([330, 110])
  })

  it("counts only when it comes from the pool", () => {
    const { world } = openQuietWorld(patch)
    world.nodes.columns.claimHour.set([30, 10, 0])
    bountyTo(world, 0, 400, lotAccount(0, 3))
    expect(world.nodes.columns.bounty[0]).toBe(0)
  })

  it("is claimed anew each hour, also where samples come at other times", () => {
    // A day's run is sampled every 14 minutes.
    const { replication, world } = openQuietWorld(patch)
    expect(world.recorder.sampleSeconds).toBe(840)
    world.nodes.columns.claimHour.set([30, 10, 70])
    advanceTo(replication, hour - 1)
    expect([...world.nodes.columns.claimHour.subarray(0, 3)]).toEqual([30, 10, 70])
    advanceTo(replication, hour)
    expect([...world.nodes.columns.claimHour.subarray(0, 3)]).toEqual([0, 0, 0])
  })
})

describe("an event of the simulator's own that is rejected", () => {
  const rejected = (reason: Extract<Command, { _tag: "Rejected" }>["reason"]): Command => ({
    _tag: "Rejected",
    event: "ModelSwitched",
    reason,
  })

  it("is a mistake in the simulator, and stops it", () => {
    const { world } = openQuietWorld(patch)
    expect(() => world.act(rejected("SameModel"))).toThrow(
      "simulator: ModelSwitched was rejected: SameModel",
    )
  })

  it("is none where a probe's answer came too late", () => {
    const { world } = openQuietWorld(patch)
    expect(() => world.act(rejected("StaleProbe"))).not.toThrow()
  })
})

describe("postings", () => {
  it("are added up in credits, by what they are for", () => {
    const { world } = openQuietWorld(patch)
    const { sums } = world.recorder
    const total = (channel: keyof typeof sums) => sums[channel].reduce((sum, one) => sum + one, 0)
    const kinds = {
      share: "share",
      fee: "fee",
      poolFee: "poolFee",
      withheld: "withheld",
      purchase: "bought",
      withdrawal: "withdrawn",
    } as const
    let amount = 1_000_000
    for (const kind of Object.keys(kinds) as Array<keyof typeof kinds>) {
      const before = total(kinds[kind])
      world.act({ _tag: "Post", kind, debit: 4, credit: 1, amount, reference: 0 })
      expect(total(kinds[kind]) - before).toBeCloseTo(amount / 1e6, 9)
      amount += 500_000
    }
  })

  it("tell gifts from what consumers paid themselves", () => {
    const { world } = openQuietWorld(patch)
    const { sums, bin } = { sums: world.recorder.sums, bin: 0 }
    const charge = (lot: number, amount: number) =>
      world.act({
        _tag: "Post",
        kind: "charge",
        debit: lotAccount(0, lot),
        credit: 4,
        amount,
        reference: 0,
      })
    charge(0, 2_000_000)
    charge(1, 3_000_000)
    charge(2, 4_000_000)
    expect(sums.gross[bin]).toBe(9)
    expect(sums.promotionsSpent[bin]).toBe(2)
  })
})
