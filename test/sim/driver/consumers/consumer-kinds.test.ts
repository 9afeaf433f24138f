/** Kinds of consumers: when their calls come, what these are worth, and who gives up. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Replicated } from "../../../../sim/recording/replicated.ts"
import type { Channel } from "../../../../sim/recording/recorder.ts"
import { assertProperty } from "../../../support/property.ts"
import type { Patch } from "../small-world.ts"
import { modelCalled, openReplication, runToEnd, scenarioWith } from "../small-world.ts"

const kindsOf = (kind: string) => [{ kind, weight: 1 }]

const market = (kind: string, patch: Patch = {}) =>
  scenarioWith({
    horizonDays: 2,
    demand: { requestsPerSecond: 0.02, sizes: { medianOutputTokens: 300, spread: 0.3 } },
    consumers: {
      count: 50,
      budgetCreditsPerDay: 10_000,
      maxRetries: 0,
      kinds: kindsOf(kind),
    },
    fleet: { nodes: 8, maxSlots: 4, establishedDays: 14 },
    ...patch,
  })

const run = (kind: string, patch: Patch = {}): Replicated => {
  const result = runToEnd(openReplication(market(kind, patch)))
  for (const [name, { ok, detail }] of Object.entries(result.checks))
    expect(ok, `${name}: ${detail}`).toBe(true)
  return result
}

const sum = ({ recording }: Replicated, channel: Channel): number =>
  recording.sums[channel].reduce((total, one) => total + one, 0)

describe("a batch", () => {
  it("waits for the night, is done by the morning, and is large", () => {
    const batch = run("batch")
    const { arrived } = batch.recording.sums
    const hours = Array.from(arrived.subarray(0, 48), (calls, hour) => ({ calls, hour: hour % 24 }))
    const inDay = hours.filter(({ hour }) => hour >= 8 && hour < 22)
    expect(inDay.reduce((total, { calls }) => total + calls, 0)).toBe(0)
    // The night of the first day has what came by day, and what comes by itself.
    expect(sum(batch, "arrived")).toBeGreaterThan(1500)
    const steady = run("steady")
    const size = (result: Replicated) => sum(result, "outputTokens") / sum(result, "served")
    expect(size(batch) / size(steady)).toBeGreaterThan(2.5)
  })
})

describe("an agent", () => {
  it("makes ten short calls for each that a steady consumer makes", () => {
    const ratio = sum(run("agent"), "arrived") / sum(run("steady"), "arrived")
    // Some 3,500 chains of a geometric length about 10: σ of the mean is 0.16.
    expect(ratio).toBeGreaterThan(9.1)
    expect(ratio).toBeLessThan(10.9)
  })
})

describe("a hobbyist", () => {
  const priced = (outputPricePerMtok: number, others: ReadonlyArray<Patch> = []) =>
    run("hobbyist", {
      models: [
        modelCalled("llama-3-8b", { inputPricePerMtok: 0, outputPricePerMtok, worthPerMtok: 120 }),
        ...others,
      ],
    })

  it("does not call where the price is above what the call is worth to it", () => {
    const share = (result: Replicated) =>
      sum(result, "demandPricedOut") / (sum(result, "demandPricedOut") + sum(result, "arrived"))
    // Worth is log-normal about 120 with a spread of 1: below 60 with Φ(−ln 2), below 240 with Φ(ln 2).
    expect(share(priced(60))).toBeCloseTo(0.2441, 1)
    expect(share(priced(240))).toBeCloseTo(0.7559, 1)
  })

  it("takes another model where that one is worth its price", () => {
    const dear = 400
    const alone = priced(dear)
    const cheap = modelCalled("llama-3.2-3b", {
      inputPricePerMtok: 0,
      outputPricePerMtok: 5,
      worthPerMtok: 60,
      popularity: 1e-9,
    })
    const beside = priced(dear, [cheap])
    expect(sum(beside, "demandPricedOut")).toBeLessThan(sum(alone, "demandPricedOut") / 5)
  })

  it("leaves for good after five calls in a row that nobody could serve", () => {
    const crowded = run("hobbyist", {
      demand: { requestsPerSecond: 0.5, sizes: { medianOutputTokens: 4000, spread: 0.3 } },
      fleet: { nodes: 1, maxSlots: 1, establishedDays: 14 },
    })
    expect(sum(crowded, "demandGone")).toBeGreaterThan(100)
    expect(sum(run("steady"), "demandGone")).toBe(0)
  })
})

describe("consumer surplus", () => {
  const llama = (settings: Patch = {}) => ({
    models: [modelCalled("llama-3-8b", { worthPerMtok: 120, inputWorthPerMtok: 40, ...settings })],
  })
  const share = (result: Replicated) =>
    sum(result, "demandPricedOut") / (sum(result, "demandPricedOut") + sum(result, "arrived"))

  it("is what the calls that were served were worth beyond what they cost", () => {
    // Worth three times what the model is, which is twice its price: on average 6 · e^(0.5² ÷ 2) times it.
    const steady = run("steady", llama())
    expect(sum(steady, "surplus") / sum(steady, "gross")).toBeCloseTo(6 * Math.exp(0.125) - 1, 0)
    expect(share(steady)).toBeLessThan(0.01)
  })

  it("is told by input tokens as by output tokens: those who have to call give up where both are too dear", () => {
    // Six times as dear as listed, half of the calls are not worth it.
    const dear = run("steady", llama({ inputPricePerMtok: 120, outputPricePerMtok: 360 }))
    expect(share(dear)).toBeCloseTo(0.5, 1)
    const dearInput = run("steady", llama({ inputPricePerMtok: 2000 }))
    expect(share(dearInput)).toBeGreaterThan(0.9)
  })

  it("never rises with any price", async () => {
    const price = fc.double({ min: 0, max: 400, noNaN: true })
    const surplus = (kind: string, prices: readonly [number, number]) => {
      const [inputPricePerMtok, outputPricePerMtok] = prices
      const models = [
        modelCalled("llama-3-8b", {
          inputPricePerMtok,
          outputPricePerMtok,
          worthPerMtok: 120,
          inputWorthPerMtok: 40,
        }),
        modelCalled("llama-3.2-3b", { worthPerMtok: 40, inputWorthPerMtok: 20 }),
      ]
      // Machines enough, and money, so that nothing is refused: what is left is the prices.
      const consumers = { count: 50, budgetCreditsPerDay: 1e6, spread: 0 }
      const settings = { horizonDays: 0.2, models, consumers }
      return sum(
        run(kind, { ...settings, consumers: { ...consumers, kinds: kindsOf(kind) } }),
        "surplus",
      )
    }
    await assertProperty(
      fc.property(
        fc.constantFrom("steady", "hobbyist"),
        fc.tuple(price, price),
        fc.tuple(price, price),
        (kind, [input, output], [inputRise, outputRise]) => {
          const before = surplus(kind, [input, output])
          const after = surplus(kind, [input + inputRise, output + outputRise])
          expect(after).toBeLessThanOrEqual(before + 1e-6)
        },
      ),
      { share: 0.02 },
    )
  })

  it("is not to be had where nobody says what calls are worth, and nobody is priced out", () => {
    const unknown = run("hobbyist", {
      models: [modelCalled("llama-3-8b", { outputPricePerMtok: 5000 })],
    })
    expect(sum(unknown, "surplus")).toBe(0)
    expect(share(unknown)).toBe(0)
  })
})
