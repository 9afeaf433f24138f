/** Buying within a budget, and withdrawing half of what was earned. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountView } from "../../../../engine/index.ts"
import { accountOfConsumer, accountOfOperator } from "../../../../sim/driver/stage/accounts.ts"
import type { World } from "../small-world.ts"
import { assertProperty } from "../../../support/property.ts"
import type { Asked } from "../small-world.ts"
import { advanceTo, modelCalled, openQuietWorld, runToEnd, setClock } from "../small-world.ts"

const second = 1_000_000
const total = (world: World, channel: keyof World["recorder"]["sums"]): number =>
  world.recorder.sums[channel].reduce((sum, one) => sum + one, 0)
const balance = (world: World, account: number) => {
  const view = accountView(world.market, account)
  if (view === undefined) throw new Error(`no account ${account}`)
  return view
}

/** A call of 10,000 input tokens and one of output costs the whole number of credits `price`. */
const callsOf = (price: number) => ({
  models: [modelCalled("llama-3-8b", { inputPricePerMtok: 100 * price, outputPricePerMtok: 0 })],
  demand: { maxTokensHeadroom: 1 },
})
const call = (at: number): Asked => ({ at, inputTokens: 10_000, outputTokens: 1 })

describe("a consumer", () => {
  it("spends its grant, then buys as much as it does at a time, within the day's budget", () => {
    const consumers = { budgetCreditsPerDay: 30, topUpCredits: 25 }
    const { replication, world } = openQuietWorld({ ...callsOf(4), consumers, horizonDays: 2 }, [
      // The grant of 5 pays for one call; 25 more pay for six; 2 are left, and 5 of the budget.
      ...Array.from({ length: 9 }, (_, i) => call(60 * i)),
      // A day later the budget allows another 25.
      call(86_400),
    ])
    advanceTo(replication, 8 * 60 * second + second)
    expect(total(world, "served")).toBe(7)
    expect(total(world, "bought")).toBe(25)
    expect(total(world, "refused.InsufficientCredits")).toBe(2)
    expect(balance(world, accountOfConsumer(0)).spendable).toBe(2_000_000)
    runToEnd(replication)
    expect(total(world, "served")).toBe(8)
    expect(total(world, "bought")).toBe(50)
    expect(total(world, "retried")).toBe(0)
  })

  it("buys all that is missing where that is more than it buys at a time", () => {
    const consumers = { budgetCreditsPerDay: 1000, topUpCredits: 1 }
    const { replication, world } = openQuietWorld({ ...callsOf(80), consumers }, [call(1)])
    runToEnd(replication)
    expect(total(world, "served")).toBe(1)
    expect(total(world, "bought")).toBeCloseTo(75, 4)
  })

  it("without a budget buys nothing", () => {
    const consumers = { budgetCreditsPerDay: 0 }
    const { replication, world } = openQuietWorld({ ...callsOf(4), consumers }, [call(1), call(60)])
    runToEnd(replication)
    expect(total(world, "served")).toBe(1)
    expect(total(world, "bought")).toBe(0)
    expect(total(world, "refused.InsufficientCredits")).toBe(1)
  })

  it("never buys more than its budget allows, and never asks in vain after it has bought", async () => {
    await assertProperty(
      fc.property(
        fc.double({ min: 0.01, max: 200, noNaN: true }),
        fc.double({ min: 0.000_01, max: 300, noNaN: true }),
        fc.double({ min: 0.001, max: 90, noNaN: true }),
        fc.constantFrom(0, 2, 6, 9),
        fc.array(fc.nat(80_000), { minLength: 1, maxLength: 12 }),
        (budgetCreditsPerDay, topUpCredits, price, scale, times) => {
          const { replication, world } = openQuietWorld(
            {
              ...callsOf(price),
              consumers: { budgetCreditsPerDay, topUpCredits },
              economy: { money: { scale } },
            },
            times.toSorted((a, b) => a - b).map(call),
          )
          runToEnd(replication)
          // A purchase is rounded up to whole minor units.
          const purchases = world.transfers
          const allowed = 2 * budgetCreditsPerDay + purchases / world.credit
          expect(total(world, "bought")).toBeLessThanOrEqual(allowed)
          expect(purchases).toBeLessThanOrEqual(times.length)
        },
      ),
      { share: 0.2 },
    )
  })
})

describe("an operator", () => {
  it("takes out half of what is free at each decision, and keeps the other half", () => {
    const operators = { decisionHours: 1, temperatureCreditsPerDay: 1e9 }
    const economy = { withdrawal: { minimumCredits: 1 } }
    const patch = { ...callsOf(4), operators, economy }
    const { replication, world } = openQuietWorld(patch, [call(1)])
    setClock(world, 0, "decideAt", 3600 * second)
    advanceTo(replication, 3599 * second)
    // 88% of 4 credits.
    const account = accountOfOperator(0)
    expect(balance(world, account).earned).toBe(3_520_000)
    advanceTo(replication, 3600 * second)
    expect(balance(world, account)).toMatchObject({ earned: 1_760_000, held: 0 })
    expect(total(world, "withdrawn")).toBe(1.76)
  })

  it("takes out nothing below the least amount", () => {
    const operators = { decisionHours: 1, temperatureCreditsPerDay: 1e9 }
    const economy = { withdrawal: { minimumCredits: 2 } }
    const patch = { ...callsOf(4), operators, economy }
    const { replication, world } = openQuietWorld(patch, [call(1)])
    setClock(world, 0, "decideAt", 3600 * second)
    advanceTo(replication, 3600 * second)
    expect(total(world, "withdrawn")).toBe(0)
    expect(balance(world, accountOfOperator(0)).earned).toBe(3_520_000)
  })

  it("that asks for a call pays from what it has, and buys nothing", () => {
    const patch = { ...callsOf(4.4), consumers: { operatorShare: 1 } }
    const { replication, world } = openQuietWorld(patch, [call(1), call(60), call(120)])
    runToEnd(replication)
    // The grant of 5 pays one call, and 88% of it comes back: enough for a second, not a third.
    expect(total(world, "served")).toBe(2)
    expect(total(world, "bought")).toBe(0)
    expect(total(world, "refused.InsufficientCredits")).toBe(1)
  })
})
