import { describe, expect, it } from "vitest"
import { compileRules } from "../../../engine/economy/rules.ts"
import { bountyCapHundredths } from "../../../engine/rules/trust.ts"
import { microsPerDay } from "../../../engine/core/units.ts"
import { economyWith } from "../../support/market.ts"

const rules = compileRules(economyWith({}))
const capAt = (days: number, health: number) =>
  bountyCapHundredths(rules, days * microsPerDay, health)

describe("the bounty cap that trust allows", () => {
  it.each([
    [0, 113],
    [13.999, 113],
    [14, 125],
    [29.999, 125],
    [30, 150],
    [89.999, 150],
    [90, 200],
    [1000, 200],
  ])("after %d days at a health of 0.95 is %d hundredths", (days, cap) => {
    expect(capAt(days, 95)).toBe(cap)
  })

  it("falls to the newcomer's where health falls below the bound, and comes back with it", () => {
    expect(capAt(90, 94)).toBe(113)
    expect(capAt(90, 0)).toBe(113)
    expect(capAt(90, 95)).toBe(200)
  })

  it("is the best tier met, whatever the order of the table", () => {
    const tiers = economyWith({}).trust.tiers
    const [first, ...rest] = tiers
    const turned = compileRules(economyWith({ trust: { tiers: [first, ...rest.toReversed()] } }))
    for (const days of [0, 20, 40, 100])
      expect(bountyCapHundredths(turned, days * microsPerDay, 97)).toBe(capAt(days, 97))
  })
})
