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
  it("comes after a whole epoch of experience, and before the end of a second", () => {
    const scenario = scenarioWith({
      horizonDays: 0.01,
      demand: { requestsPerSecond: 0 },
      fleet: { nodes: 200, establishedShare: 0.5 },
      operators,
    })
    const world = advanceTo(openReplication(scenario), 0)
    const at = [...world.nodes.columns.decideAt.subarray(0, 200)].map(
      (micros) => (micros - world.startMicros) / hour,
    )
    expect(Math.min(...at)).toBeGreaterThan(24)
    expect(Math.max(...at)).toBeLessThan(48.1)
    // Spread over the epoch: half of 200 lie in either half, five standard errors either way.
    const early = at.filter((hours) => hours < 36).length
    expect(Math.abs(early - 100)).toBeLessThan(36)
  })

  it("does not hold the time before demand against its earnings", () => {
    const [view] = viewsAt([12], [call(3600)])
    // 3.52 credits in half a day, not in 14 and a half.
    expect(view?.earnedCreditsPerDay).toBeCloseTo(7.04, 9)
  })
})

describe("what an operator sees", () => {
  it("is its pay since the last decision, by the day that it was online", () => {
    const [early, idle, paid] = viewsAt([5, 12, 20], [call(3600), call(13 * 3600)])
    expect(early?.earnedCreditsPerDay).toBeNull()
    // From the fifth hour to the twelfth: nothing; to the twentieth: one call in eight hours.
    expect(idle?.earnedCreditsPerDay).toBe(0)
    expect(paid?.earnedCreditsPerDay).toBeCloseTo(3 * 3.52, 9)
  })

  it("is its cost, its share and what a switch would lose it", () => {
    const [view] = viewsAt([12], [], { economy: { feeBps: 2000 } })
    expect(view).toMatchObject({ current: 0, providerShare: 0.8, temperatureCreditsPerDay: 2 })
    expect(view).toMatchObject({ rampAhead: 1, stayLoss: 0 })
    // 450 W at 0.25 US dollars a kWh and 0.1 US dollars a credit.
    expect(view?.costCreditsPerDay).toBeCloseTo(0.45 * 24 * 2.5, 9)
    // Half of the pay, falling to nothing in 72 h: 18 of a week's 168 hours' pay.
    expect(view?.switchLoss).toBeCloseTo(18 / 168, 12)
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

  it("is its ramp over the coming week, and its earnings as they would be at that", () => {
    const fleet = { establishedShare: 0 }
    const [first, later] = viewsAt([7, 14], [call(10 * 3600)], { fleet })
    // A tenth at first and all of it after a week online: 0.1 + 0.9 · 7 h ÷ 168 h, and so on.
    const rampAt = (hours: number) => 0.1 + (0.9 * hours) / 168
    const lackAt = (hours: number) => (((1 - rampAt(hours)) / 2) * (168 - hours)) / 168
    expect(first?.rampAhead).toBeCloseTo(1 - lackAt(7), 3)
    expect(later?.rampAhead).toBeCloseTo(1 - lackAt(14), 3)
    const perDay = (3.52 * 24) / 7
    const behind = (rampAt(7) + rampAt(14)) / 2
    expect(later?.earnedCreditsPerDay).toBeCloseTo((perDay * (1 - lackAt(14))) / behind, 1)
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
    seeker.mockReturnValue({ _tag: "Switch", model: 2 })
    const { replication, world } = openQuietWorld({ models, operators: { decisionHours: 2 } })
    setClock(world, 0, "decideAt", hour)
    advanceTo(replication, hour)
    setClock(world, 0, "readyAt", 4 * hour)
    advanceTo(replication, 4 * hour - second)
    expect(seeker).toHaveBeenCalledOnce()
    seeker.mockReturnValue({ _tag: "Stay" })
    advanceTo(replication, 5 * hour)
    expect(seeker).toHaveBeenCalledTimes(2)
    expect(seeker.mock.lastCall?.[0].current).toBe(2)
  })
})

describe("joining", () => {
  const growing = scenarioWith({
    horizonDays: 1,
    models,
    demand: { requestsPerSecond: 0.01 },
    fleet: { nodes: 3 },
    churn: { joinsPerDay: 100 },
    operators: { creditUsd: 0.1 },
  })

  it("is up to those who consider it", () => {
    seeker.mockReturnValue({ _tag: "Leave" })
    const replication = openReplication(growing)
    expect(runToEnd(replication).nodes.length).toBe(3)
    const { candidates } = worldOf(replication)
    expect(candidates).toBeGreaterThan(50)
    expect(candidates).toBeLessThan(150)
    expect(seeker).toHaveBeenCalledTimes(candidates)
    expect(seeker.mock.lastCall?.[0]).toMatchObject({
      current: -1,
      earnedCreditsPerDay: null,
      switchLoss: 0,
    })
  })

  it("brings a node of one's own, with the model that was chosen", () => {
    seeker.mockReturnValue({ _tag: "Switch", model: 2 })
    const replication = openReplication(growing)
    const { nodes, recording } = runToEnd(replication)
    const world = worldOf(replication)
    expect(nodes.length).toBe(3 + world.candidates)
    expect(recording.sums.joins.reduce((sum, one) => sum + one, 0)).toBe(world.candidates)
    for (const { model, operator, node, joinedSeconds } of nodes.slice(3)) {
      expect(model).toBe("llama-3.2-3b")
      expect(operator).toBe(node)
      expect(joinedSeconds).toBeGreaterThan(0)
    }
  })
})
