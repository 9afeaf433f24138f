/** What operators are shown when they decide, when they do, and who joins. */
import { afterEach, describe, expect, it, vi } from "vitest"
import { strategies } from "../../../../sim/agents/strategies/catalogue.ts"
import {
  advanceTo,
  hour,
  modelCalled,
  openQuietWorld,
  openReplication,
  runToEnd,
  scenarioWith,
  setClock,
  worldOf,
} from "../small-world.ts"

const seeker = vi.spyOn(strategies.profit, "decide")
const chaser = vi.spyOn(strategies.bounty, "decide")

afterEach(() => {
  seeker.mockReset()
  chaser.mockReset()
})

const second = 1_000_000
const operators = {
  decisionHours: 24,
  temperatureCreditsPerDay: 2,
  creditUsd: 0.1,
  electricityUsdPerKwh: 0.25,
}
/** A call of 10,000 input tokens and one of output costs 4 credits, and pays 3.52. */
const models = [
  modelCalled("llama-3-8b", { inputPricePerMtok: 400, outputPricePerMtok: 0 }),
  modelCalled("llama-3-70b", { outputPricePerMtok: 450, initialSupply: 0 }),
  modelCalled("llama-3.2-3b", { outputPricePerMtok: 30, initialSupply: 0 }),
]
const call = (at: number) => ({ at, inputTokens: 10_000, outputTokens: 1 })

/** The views shown at decisions at the given hours, each answered with "stay". */
const viewsAt = (
  hours: ReadonlyArray<number>,
  requests: Parameters<typeof openQuietWorld>[1],
  patch: Parameters<typeof openQuietWorld>[0] = {},
) => {
  seeker.mockReturnValue({ _tag: "Stay" })
  const demand = { maxTokensHeadroom: 1 }
  const { replication, world } = openQuietWorld({ models, operators, demand, ...patch }, requests)
  return hours.map((at) => {
    setClock(world, 0, "decideAt", at * hour)
    advanceTo(replication, at * hour)
    return seeker.mock.lastCall?.[0]
  })
}

describe("an operator's first decision", () => {
  const firstHours = (strategy: string, settings = {}) => {
    const scenario = scenarioWith({
      horizonDays: 0.01,
      demand: { requestsPerSecond: 0 },
      fleet: { nodes: 200, establishedShare: 0.5 },
      operators: { ...operators, strategies: [{ strategy, weight: 1 }], ...settings },
    })
    const world = advanceTo(openReplication(scenario), 0)
    return [...world.nodes.columns.decideAt.subarray(0, 200)].map(
      (micros) => (micros - world.startMicros) / hour,
    )
  }

  it("comes after a whole epoch of experience, and before the end of a second", () => {
    const at = firstHours("balance")
    expect(Math.min(...at)).toBeGreaterThan(24)
    expect(Math.max(...at)).toBeLessThan(48.1)
    // Spread over the epoch: half of 200 lie in either half, five standard errors either way.
    const early = at.filter((hours) => hours < 36).length
    expect(Math.abs(early - 100)).toBeLessThan(36)
  })

  it("comes by chance after a day where it makes up its mind at revisions, whatever the epoch", () => {
    for (const decisionHours of [6, 168]) {
      const at = firstHours("profit", { decisionHours, revisionsPerDay: 4 })
      expect(Math.min(...at)).toBeGreaterThan(24)
      // Exponential with a mean of six hours: five standard errors.
      const mean = at.reduce((sum, hours) => sum + hours - 24, 0) / at.length
      expect(Math.abs(mean - 6)).toBeLessThan((5 * 6) / Math.sqrt(200))
    }
  })

  it("does not hold the time before demand against its earnings", () => {
    const [view] = viewsAt([12], [call(3600)])
    // 3.52 credits in half a day, not in 14 and a half.
    expect(view?.earnedCreditsPerDay).toBeCloseTo(7.04, 9)
  })
})

describe("what an operator sees", () => {
  it("is its pay by the day that it was online, of which the latest counts most", () => {
    const [early, one, two] = viewsAt([5, 12, 20], [call(3600), call(13 * 3600)])
    expect(early?.earnedCreditsPerDay).toBeNull()
    // A call in five hours, and none in seven; its memory fades by e in three days.
    const kept = (hours: number) => Math.exp(-hours / 72)
    const added = (hours: number) => 1 - kept(hours)
    const first = (3.52 * 24) / 5
    const pay = first * added(5) * kept(7)
    expect(one?.earnedCreditsPerDay).toBeCloseTo(pay / added(12), 9)
    // Then one in eight hours.
    const last = (3.52 * 24) / 8
    expect(two?.earnedCreditsPerDay).toBeCloseTo((pay * kept(8) + last * added(8)) / added(20), 9)
  })

  it("is the same pay however often it looks, where it was earned evenly", () => {
    const evenly = Array.from({ length: 48 }, (_, i) => call((i + 0.5) * 1800))
    const [seldom] = viewsAt([24], evenly)
    const often = viewsAt([6, 12, 18, 24], evenly).at(-1)
    expect(often?.earnedCreditsPerDay).toBeCloseTo(seldom?.earnedCreditsPerDay ?? NaN, 9)
  })

  it("is its cost, its share and what a switch would lose it", () => {
    const [view] = viewsAt([12], [], { economy: { feeBps: 2000 } })
    expect(view).toMatchObject({ current: 0, providerShare: 0.8, temperatureCreditsPerDay: 2 })
    expect(view).toMatchObject({ rampAhead: 1, stayLoss: 0 })
    // 450 W at 0.25 US dollars a kWh and 0.1 US dollars a credit; a fifth of it while it waits.
    expect(view?.cost.idleCreditsPerDay).toBeCloseTo(0.2 * 0.45 * 24 * 2.5, 9)
    expect(view?.cost.loadCreditsPerDay).toBeCloseTo(0.8 * 0.45 * 24 * 2.5, 9)
    expect(view?.outsideCreditsPerDay).toBe(0)
    // Half of the pay, falling to nothing in 72 h: 18 of a week's 168 hours' pay.
    expect(view?.switchLoss).toBeCloseTo(18 / 168, 12)
  })

  it("is what others would pay for the machine, less what it would draw there", () => {
    const [view] = viewsAt([12], [], { operators: { ...operators, outsideRentShare: 0.5 } })
    // The catalogue's rent of an RTX 4090 is 0.34 to 0.88 US dollars an hour.
    expect(view?.outsideCreditsPerDay).toBeCloseTo(24 * (0.5 * 6.1 - 0.45 * 2.5), 9)
  })

  it("is the public board, with what its own device can make of it", () => {
    const asked = Array.from({ length: 30 }, (_, i) => ({
      at: 3600 + i,
      model: 1 + (i % 2),
      outputTokens: 1000,
    }))
    const [view] = viewsAt([12], asked, { fleet: { establishedDays: 30 } })
    const [own, large, small] = view?.outlooks ?? []
    expect(own).toMatchObject({ model: 0, multiplier: 1 })
    expect(own.tokensPerSecond).toBeGreaterThan(300)
    expect(own.expectedUtilisation).toBe(0)
    // Nobody supplies it: all of its demand is short of supply, and it does not fit.
    expect(large).toMatchObject({ model: 1, tokensPerSecond: 0 })
    // Announced at twice the pay; after 30 good days, trust allows one and a half times.
    expect(small.multiplier).toBe(1.5)
    expect(small.tokensPerSecond).toBeGreaterThan(own.tokensPerSecond)
    // Nobody supplies it as yet: whoever comes is all of its supply, and would hardly be busy.
    expect(small.expectedUtilisation).toBeGreaterThan(0)
    expect(small.expectedUtilisation).toBeLessThan(0.01)
  })

  it("has the input of the calls in the price, as far as it was published", () => {
    // 10,000 input tokens for each of output, at 400 credits a million; output costs nothing.
    const [before] = viewsAt([1], [])
    expect(before?.outlooks.map(({ priceCreditsPerMtok }) => priceCreditsPerMtok)).toEqual([
      0, 450, 30,
    ])
    const [after] = viewsAt([12], [call(3600), call(7200)])
    // Of the other models there were no calls: theirs are taken to be like all others.
    expect(after?.outlooks.map(({ priceCreditsPerMtok }) => priceCreditsPerMtok)).toEqual([
      4_000_000,
      450 + 200_000,
      30 + 200_000,
    ])
  })

  it("is its ramp as far ahead as it looks, and its earnings as they would be at that", () => {
    const fleet = { establishedShare: 0 }
    const week = { ...operators, outlookDays: 7, discountPerYear: 0, memoryDays: 1e6 }
    const [first, later] = viewsAt([7, 14], [call(10 * 3600)], { fleet, operators: week })
    // A tenth at first and all of it after a week online: 0.1 + 0.9 · 7 h ÷ 168 h, and so on.
    const rampAt = (hours: number) => 0.1 + (0.9 * hours) / 168
    const lackAt = (hours: number) => (((1 - rampAt(hours)) / 2) * (168 - hours)) / 168
    expect(first?.rampAhead).toBeCloseTo(1 - lackAt(7), 3)
    expect(later?.rampAhead).toBeCloseTo(1 - lackAt(14), 3)
    // Nothing in seven hours, and a call in the next seven, at the ramp of that time.
    const perDay = (3.52 * 24) / 14
    const behind = (rampAt(7) + rampAt(14)) / 2
    expect(later?.earnedCreditsPerDay).toBeCloseTo((perDay * (1 - lackAt(14))) / behind, 1)
    const life = viewsAt([7], [], { fleet, operators: { ...week, outlookDays: 350 } })[0]
    expect(1 - (life?.rampAhead ?? NaN)).toBeCloseTo(lackAt(7) / 50, 3)
  })

  it("is its pay with what was withheld after a switch, and what will be, as a loss to come", () => {
    const other = modelCalled("llama-3.2-3b", { inputPricePerMtok: 400, outputPricePerMtok: 0 })
    seeker.mockReturnValueOnce({ _tag: "Switch", model: 1 }).mockReturnValue({ _tag: "Stay" })
    const { replication, world } = openQuietWorld(
      {
        models: [models[0], { ...other, initialSupply: 0 }],
        operators,
        demand: { maxTokensHeadroom: 1 },
      },
      [{ ...call(13 * 3600), model: 1 }],
    )
    for (const at of [6, 18]) {
      setClock(world, 0, "decideAt", at * hour)
      advanceTo(replication, at * hour)
    }
    const view = seeker.mock.lastCall?.[0]
    expect(view?.current).toBe(1)
    // 3.52 credits in twelve hours, of which a part was withheld.
    expect(world.nodes.columns.withheld[0]).toBeGreaterThan(1e6)
    expect(view?.earnedCreditsPerDay).toBeCloseTo(7.04, 2)
    // Half at first; five twelfths are left after 12 h, and fall to nothing in 60 h.
    expect(view?.stayLoss).toBeCloseTo(((5 / 12) * 60) / 336, 3)
    // Another switch would take it to the most that there is, nine tenths.
    expect(view?.switchLoss).toBeCloseTo((0.9 * 72) / 336, 3)
  })

  it("is shown to a chaser's strategy where the operator is a chaser", () => {
    chaser.mockReturnValue({ _tag: "Stay" })
    viewsAt([12], [], { operators: { ...operators, chaserShare: 1 } })
    expect(chaser).toHaveBeenCalledOnce()
    expect(seeker).not.toHaveBeenCalled()
  })
})

describe("a decision", () => {
  it("to leave is carried out", () => {
    seeker.mockReturnValue({ _tag: "Leave" })
    const { replication, world } = openQuietWorld({ models, operators })
    setClock(world, 0, "decideAt", hour)
    expect(runToEnd(replication).nodes[0].leftSeconds).toBe(3600)
    expect(seeker).toHaveBeenCalledOnce()
  })

  it("comes again an epoch later, but not while a switch is under way", () => {
    chaser.mockReturnValue({ _tag: "Switch", model: 2 })
    const { replication, world } = openQuietWorld({
      models,
      operators: { decisionHours: 2, chaserShare: 1 },
    })
    setClock(world, 0, "decideAt", hour)
    advanceTo(replication, hour)
    setClock(world, 0, "readyAt", 4 * hour)
    advanceTo(replication, 4 * hour - second)
    expect(chaser).toHaveBeenCalledOnce()
    chaser.mockReturnValue({ _tag: "Stay" })
    advanceTo(replication, 5 * hour)
    expect(chaser).toHaveBeenCalledTimes(2)
    expect(chaser.mock.lastCall?.[0].current).toBe(2)
  })
})

describe("joining", () => {
  const grown = (inputPricePerMtok: number) => {
    const replication = openReplication(
      scenarioWith({
        horizonDays: 1,
        models: [modelCalled("llama-3-8b", { inputPricePerMtok, outputPricePerMtok: 0 })],
        demand: { requestsPerSecond: 0.01 },
        fleet: { nodes: 3 },
        churn: { joinsPerDay: 100 },
        operators: { creditUsd: 0.1, temperatureCreditsPerDay: 1e-6 },
      }),
    )
    return { run: runToEnd(replication), candidates: worldOf(replication).candidates }
  }

  it("is up to those who consider it, and they stay away where nothing is to be had", () => {
    const { run, candidates } = grown(0)
    expect(run.nodes.length).toBe(3)
    expect(candidates).toBeGreaterThan(50)
    expect(candidates).toBeLessThan(150)
  })

  it("brings a node of one's own where it pays", () => {
    const { run, candidates } = grown(100_000)
    // Before the first call is known to pay nobody comes.
    expect(run.nodes.length).toBeGreaterThan(3 + candidates / 2)
    expect(run.nodes.length).toBeLessThanOrEqual(3 + candidates)
    expect(run.recording.sums.joins.reduce((sum, one) => sum + one, 0)).toBe(run.nodes.length - 3)
    for (const { model, operator, node, joinedSeconds } of run.nodes.slice(3)) {
      expect(model).toBe("llama-3-8b")
      expect(operator).toBe(node)
      expect(joinedSeconds).toBeGreaterThan(0)
    }
  })
})
