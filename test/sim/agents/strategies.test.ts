/** Operators' strategies: the logit choice, its limits, what it never chooses, and the chaser. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import type { ModelOutlook, OperatorView, RunningCost } from "../../../sim/agents/view.ts"
import { bountyChaser } from "../../../sim/agents/strategies/bounty-chaser.ts"
import { profitSeeker } from "../../../sim/agents/strategies/profit-seeker.ts"
import { expectedIncome } from "../../../sim/agents/view.ts"
import type { StrategyName } from "../../../sim/agents/strategies/catalogue.ts"
import { strategies } from "../../../sim/agents/strategies/catalogue.ts"
import { assertProperty } from "../../support/property.ts"

const outlook = (model: number, settings: Partial<ModelOutlook> = {}): ModelOutlook => ({
  model,
  tokensPerSecond: 100,
  priceCreditsPerMtok: 50,
  multiplier: 1,
  pressure: 0.5,
  expectedUtilisation: 0.5,
  believedCreditsPerDay: null,
  ...settings,
})

/** The same whatever the load. */
const costing = (creditsPerDay: number): RunningCost => ({
  idleCreditsPerDay: creditsPerDay,
  loadCreditsPerDay: 0,
})

const view = (settings: Partial<OperatorView> = {}): OperatorView => ({
  current: 0,
  earnedCreditsPerDay: null,
  cost: costing(30),
  outsideCreditsPerDay: 0,
  providerShare: 0.88,
  rampAhead: 1,
  stayLoss: 0,
  switchLoss: 0,
  utilisation: null,
  hourOfDay: 12,
  believedCreditsInHour: null,
  outlooks: [outlook(0), outlook(1)],
  temperatureCreditsPerDay: 2,
  ...settings,
})

/** How often each option is chosen, out of `n`: leave, stay, or a switch to model m. */
const choices = (shown: OperatorView, n = 20_000): ReadonlyMap<string, number> => {
  const stream = openStream("operators", "choice", 0)
  const counts = new Map<string, number>()
  for (let i = 0; i < n; i++) {
    const decision = profitSeeker(shown, stream)
    const key = decision._tag === "Switch" ? `Switch ${decision.model}` : decision._tag
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

describe("expected income", () => {
  it("is speed × ramp × a day × utilisation × price × share × multiplier", () => {
    // 100 tokens/s · 86,400 s · 0.5 = 4.32 Mtok a day, at 50 credits, 88% of it, half as much again.
    const income = expectedIncome(view(), outlook(0, { multiplier: 1.5 }))
    expect(income).toBeCloseTo(4.32 * 50 * 0.88 * 1.5, 9)
    // A newcomer is admitted at a part of that.
    const ramping = view({ rampAhead: 0.55 })
    expect(expectedIncome(ramping, outlook(0, { multiplier: 1.5 }))).toBeCloseTo(0.55 * income, 9)
  })
})

describe("the profit seeker", () => {
  it("chooses with odds of e for each temperature of profit", () => {
    // Staying brings 4 credits a day more than leaving: two temperatures.
    const shown = view({
      earnedCreditsPerDay: (34 - 0.2 * expectedIncome(view(), outlook(0))) / 0.8,
      outlooks: [outlook(0)],
    })
    const n = 200_000
    const stays = choices(shown, n).get("Stay") ?? 0
    const p = Math.exp(2) / (1 + Math.exp(2))
    // Five standard errors: a correct choice fails less than once in 10⁶ seeds.
    expect(Math.abs(stays / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n))
  })

  it("takes the best option when the temperature goes to 0", () => {
    const shown = view({
      temperatureCreditsPerDay: 1e-9,
      outlooks: [outlook(0), outlook(1), outlook(2, { priceCreditsPerMtok: 51 })],
    })
    expect([...choices(shown, 1000)]).toEqual([["Switch 2", 1000]])
  })

  it("leaves when nothing covers its cost and the temperature goes to 0", () => {
    const shown = view({ temperatureCreditsPerDay: 1e-9, cost: costing(1e6) })
    expect([...choices(shown, 1000)]).toEqual([["Leave", 1000]])
  })

  it("chooses evenly when the temperature goes to infinity", () => {
    const shown = view({
      temperatureCreditsPerDay: 1e12,
      outlooks: [outlook(0, { priceCreditsPerMtok: 1e4 }), outlook(1), outlook(2)],
    })
    const counts = choices(shown, 40_000)
    expect([...counts.keys()].toSorted()).toEqual(["Leave", "Stay", "Switch 1", "Switch 2"])
    // Five standard errors of a quarter of 40,000.
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(434)
  })

  it("never chooses a model that does not fit, whatever it would pay", async () => {
    await assertProperty(
      fc.property(
        fc.array(fc.record({ fits: fc.boolean(), price: fc.double({ min: 0, max: 1e4 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.nat(5),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.nat(),
        (models, current, temperatureCreditsPerDay, seed) => {
          const outlooks = models.map(({ fits, price }, model) =>
            outlook(model, {
              tokensPerSecond: fits ? 100 : 0,
              priceCreditsPerMtok: price,
              multiplier: 2,
            }),
          )
          const shown = view({
            outlooks,
            current: current % models.length,
            temperatureCreditsPerDay,
          })
          const stream = openStream("operators", "fit", seed)
          for (const strategy of [profitSeeker, bountyChaser]) {
            const decision = strategy(shown, stream)
            if (decision._tag !== "Switch") continue
            expect(models[decision.model].fits).toBe(true)
            expect(decision.model).not.toBe(shown.current)
          }
        },
      ),
    )
  })

  it("draws once, whatever it sees", () => {
    const draws = [view(), view({ outlooks: [] }), view({ current: -1 })].map((shown) => {
      const stream = openStream("operators", "draws", 0)
      const before = openStream("operators", "draws", 0)
      before.next()
      profitSeeker(shown, stream)
      return JSON.stringify(stream.state()) === JSON.stringify(before.state())
    })
    expect(draws).toEqual([true, true, true])
  })

  it("goes by what it earned more than by what the board promises", () => {
    const promise = expectedIncome(view(), outlook(0))
    const atZero = { temperatureCreditsPerDay: 1e-9, outlooks: [outlook(0)] }
    // 0.8 · earned + 0.2 · promised, against a cost just below and just above.
    const income = 0.8 * 10 + 0.2 * promise
    const shown = (costCreditsPerDay: number) =>
      choices(view({ ...atZero, earnedCreditsPerDay: 10, cost: costing(costCreditsPerDay) }), 10)
    expect([...shown(income - 0.01).keys()]).toEqual(["Stay"])
    expect([...shown(income + 0.01).keys()]).toEqual(["Leave"])
  })

  it("counts what a switch costs through the anti-flapping rule", () => {
    const better = [outlook(0), outlook(1, { priceCreditsPerMtok: 55 })]
    const shown = (switchLoss: number) =>
      choices(view({ temperatureCreditsPerDay: 1e-9, outlooks: better, switchLoss }), 10)
    expect([...shown(0.05).keys()]).toEqual(["Switch 1"])
    expect([...shown(0.15).keys()]).toEqual(["Stay"])
  })
})

describe("what the anti-flapping rule withholds after an earlier switch", () => {
  it("is lost by staying as well", () => {
    const shown = (costCreditsPerDay: number) =>
      choices(
        view({
          temperatureCreditsPerDay: 1e-9,
          outlooks: [outlook(0)],
          earnedCreditsPerDay: expectedIncome(view(), outlook(0)),
          stayLoss: 0.1,
          cost: costing(costCreditsPerDay),
        }),
        10,
      )
    const income = 0.9 * expectedIncome(view(), outlook(0))
    expect([...shown(income - 0.01).keys()]).toEqual(["Stay"])
    expect([...shown(income + 0.01).keys()]).toEqual(["Leave"])
  })
})

describe("the bounty chaser", () => {
  const stream = openStream("operators", "chaser", 0)

  it("goes to the highest multiplier among the models that fit", () => {
    const outlooks = [
      outlook(0, { multiplier: 1.1 }),
      outlook(1, { multiplier: 2, tokensPerSecond: 0 }),
      outlook(2, { multiplier: 1.5, expectedUtilisation: 0 }),
      outlook(3, { multiplier: 1.3 }),
    ]
    expect(bountyChaser(view({ outlooks }), stream)).toEqual({ _tag: "Switch", model: 2 })
  })

  it("stays where nothing is higher, even at a loss", () => {
    const outlooks = [outlook(0, { multiplier: 1.5 }), outlook(1, { multiplier: 1.5 })]
    const shown = view({ outlooks, cost: costing(1e6) })
    expect(bountyChaser(shown, stream)).toEqual({ _tag: "Stay" })
  })
})

const stream = () => openStream("strategies", "draw", 0)
const decide = (name: StrategyName, shown: OperatorView) => strategies[name].decide(shown, stream())

describe("the utilisation guard", () => {
  const idle = view({
    utilisation: 0.1,
    outlooks: [outlook(0), outlook(1, { expectedUtilisation: 0.9 })],
  })

  it("moves from an idle machine to where most work is promised", () => {
    expect(decide("utilisation", idle)).toEqual({ _tag: "Switch", model: 1 })
  })

  it("stays while busy, while it knows nothing, and for a small gain", () => {
    expect(decide("utilisation", { ...idle, utilisation: 0.5 })).toEqual({ _tag: "Stay" })
    expect(decide("utilisation", { ...idle, utilisation: null })).toEqual({ _tag: "Stay" })
    const little = { ...idle, outlooks: [outlook(0), outlook(1, { expectedUtilisation: 0.2 })] }
    expect(decide("utilisation", little)).toEqual({ _tag: "Stay" })
  })
})

describe("market balance", () => {
  it("goes to the shortest model, however low its bounty, if that is much shorter than its own", () => {
    const outlooks = [
      outlook(0, { pressure: 1 }),
      outlook(1, { pressure: 3, multiplier: 1 }),
      outlook(2, { pressure: 2, multiplier: 2 }),
    ]
    expect(decide("balance", view({ outlooks }))).toEqual({ _tag: "Switch", model: 1 })
    const even = [outlook(0, { pressure: 1 }), outlook(1, { pressure: 1.2 })]
    expect(decide("balance", view({ outlooks: even }))).toEqual({ _tag: "Stay" })
  })

  it("never goes where its machine cannot serve", () => {
    const outlooks = [outlook(0), outlook(1, { pressure: 9, tokensPerSecond: 0 })]
    expect(decide("balance", view({ outlooks }))).toEqual({ _tag: "Stay" })
  })
})

describe("the peak maximiser", () => {
  it("leaves the hours that do not earn what they cost, but looks again now and then", () => {
    const poor = view({ believedCreditsInHour: 1, cost: costing(48) })
    const lots = openStream("strategies", "explore", 1)
    const n = 20_000
    let paused = 0
    for (let i = 0; i < n; i++) if (strategies.peak.decide(poor, lots)._tag === "Pause") paused++
    // 95%, within five standard deviations.
    expect(Math.abs(paused / n - 0.95)).toBeLessThan(5 * Math.sqrt((0.05 * 0.95) / n))
    const rich = { ...poor, believedCreditsInHour: 2 }
    expect(strategies.peak.decide(rich, lots)).toEqual({ _tag: "Stay" })
    expect(decide("peak", view({ believedCreditsInHour: null }))).toEqual({ _tag: "Stay" })
  })
})

describe("the part-timer", () => {
  it("plays from six to eleven in the evening, and lends the machine otherwise", () => {
    const at = (hourOfDay: number) => decide("part-time", view({ hourOfDay }))
    for (const hour of [0, 12, 17, 23]) expect(at(hour)).toEqual({ _tag: "Stay" })
    expect(at(18)).toEqual({ _tag: "Pause", hours: 5 })
    expect(at(22)).toEqual({ _tag: "Pause", hours: 1 })
  })
})

describe("the farmer", () => {
  it("believes what it has earned over what the board promises", () => {
    const outlooks = [
      outlook(0, { believedCreditsPerDay: 40 }),
      outlook(1, { believedCreditsPerDay: 90 }),
    ]
    expect(decide("farm", view({ outlooks }))).toEqual({ _tag: "Switch", model: 1 })
  })

  it("gives up when not even its best model pays the rent", () => {
    const outlooks = [
      outlook(0, { believedCreditsPerDay: 20 }),
      outlook(1, { believedCreditsPerDay: 10 }),
    ]
    expect(decide("farm", view({ outlooks }))).toEqual({ _tag: "Leave" })
  })
})

describe("the cloud arbitrageur", () => {
  it("rents while the best model promises a tenth more than the rent, and gives back otherwise", () => {
    const shown = view()
    const income = expectedIncome(shown, outlook(0))
    const at = (costCreditsPerDay: number) =>
      decide("cloud", { ...shown, cost: costing(costCreditsPerDay) })
    expect(at(income / 1.2)).toEqual({ _tag: "Stay" })
    expect(at(income / 1.05)).toEqual({ _tag: "Pause", hours: 1 })
  })
})
