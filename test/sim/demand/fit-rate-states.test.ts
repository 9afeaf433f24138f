import { describe, expect, it } from "vitest"
import { fitRateStates } from "../../../sim/demand/fit-rate-states.ts"

describe("the fit of rate states", () => {
  it("gives one rate for arrivals that are no burstier than Poisson", () => {
    const even = Float64Array.from({ length: 10_000 }, (_, i) => i * 100_000)
    const { states, requestsPerSecond } = fitRateStates(even)
    expect(requestsPerSecond).toBeCloseTo(10, 6)
    expect(states[0].rate).toBeCloseTo(1, 9)
    expect(states[1].rate).toBeCloseTo(1, 9)
  })
})
