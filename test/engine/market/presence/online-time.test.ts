import { countIn } from "../../../../engine/rules/health.ts"
import { describe, expect, it } from "vitest"
import { creditOnline, setOnline } from "../../../../engine/market/presence/online-time.ts"
import { openSmallMarket, viewOf } from "../../../support/market.ts"

const hour = 3_600_000_000

describe("presence", () => {
  it("credits each moment once, however often it is asked", () => {
    const trial = openSmallMarket()
    trial.wait(hour / 2)
    for (let i = 0; i < 3; i++) creditOnline(trial.market, 0)
    expect(viewOf(trial, 1).onlineMicros).toBe(hour / 2)
    trial.wait(hour / 4)
    expect(viewOf(trial, 1).onlineMicros).toBe((3 * hour) / 4)
    expect(countIn(trial.market.health.sums, "onlineMicros", 0)).toBe(hour / 2)
  })

  it("credits nothing to one that is away, before and after", () => {
    const trial = openSmallMarket()
    trial.wait(hour / 4)
    setOnline(trial.market, 0, false)
    trial.wait(hour / 4)
    creditOnline(trial.market, 0)
    expect(viewOf(trial, 1).onlineMicros).toBe(hour / 4)
    setOnline(trial.market, 0, true)
    expect(viewOf(trial, 1).onlineMicros).toBe(hour / 4)
  })

  it("puts the time into the hour in which it was", () => {
    const trial = openSmallMarket()
    trial.wait(2.5 * hour)
    creditOnline(trial.market, 0)
    const pages = trial.market.health.pages.slice(0, 3)
    expect(pages.map((page) => page && countIn(page, "onlineMicros", 0))).toEqual([
      hour,
      hour,
      hour / 2,
    ])
  })
})
