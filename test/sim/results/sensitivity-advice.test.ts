import { describe, expect, it } from "vitest"
import { adviceOn, sobolSizeAdvice } from "../../../sim/results/models/sensitivity-advice.ts"
import type { Bounded, MetricSensitivity } from "../../../sim/results/models/sensitivity-model.ts"

const facts = { label: "Wait", unit: "s", meaning: "Waiting" }
const bounded = (value: number, half = 0.01): Bounded => ({
  value,
  low: value - half,
  high: value + half,
})
const none: Bounded = { value: NaN, low: null, high: null }

const morris = (muStar: Bounded): MetricSensitivity => ({
  ...facts,
  method: "morris",
  factors: [{ factor: "a", muStar, mu: muStar, sigma: bounded(0, 0) }],
})
const sobol = (first: Bounded, total: Bounded): MetricSensitivity => ({
  ...facts,
  method: "sobol",
  factors: [
    { factor: "a", first, total },
    { factor: "chance", first: none, total: none },
  ],
})

describe("advice on a sensitivity analysis", () => {
  it("is none where it is sound", () => {
    expect(adviceOn("m", morris(bounded(2)), 20)).toEqual([])
    expect(adviceOn("m", sobol(bounded(0.6), bounded(0.7)), 64)).toEqual([])
  })

  it.each([morris(bounded(0, 0)), sobol(none, none)])(
    "says of what never varies that no number of samples helps ($method)",
    (constant) => {
      const [advice, ...others] = adviceOn("requests.lost", constant, 20)
      expect(advice).toContain("requests.lost is the same at every point: no number of samples")
      expect(others).toEqual([])
    },
  )

  it("says how many samples narrow wide intervals, for sobol a power of two", () => {
    expect(adviceOn("m", morris(bounded(2, 1.5)), 20).join()).toContain("--samples 80")
    expect(adviceOn("m", sobol(bounded(0.4, 0.1), bounded(0.5, 0.4)), 48).join()).toContain(
      "--samples 256",
    )
  })

  it("takes it for noise that a setting makes more alone than with others", () => {
    const [advice] = adviceOn("m", sobol(bounded(0.75), bounded(0.7)), 64)
    expect(advice).toMatch(
      /part of what it makes with others; that the estimates for a say .* noise/,
    )
  })
})

describe("advice on the size of a Sobol sequence", () => {
  it("names the powers of two beside it, and is none for one of them", () => {
    expect(sobolSizeAdvice("--samples", 10)).toContain("--samples 8 or 16")
    expect(sobolSizeAdvice("--points", 100)).toContain("--points 64 or 128")
    for (const size of [1, 2, 128, 4096]) expect(sobolSizeAdvice("--points", size)).toBeUndefined()
  })
})
