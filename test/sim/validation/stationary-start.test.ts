import { describe, expect, it } from "vitest"
import { openStream, type Stream } from "../../../engine/index.ts"
import { tallyOf } from "../../../sim/statistics/samples/tally.ts"
import { exponentialService, gammaService } from "../../../sim/validation/models/service-time.ts"
import {
  lossStart,
  multiServerStart,
  sharedServerStart,
  singleServerStart,
} from "../../../sim/validation/stationary-start.ts"
import { erlangB, erlangC } from "../../../sim/validation/truth/erlang.ts"
import { meanWait } from "../../../sim/validation/truth/single-server.ts"

const n = 100_000
const sample = (purpose: string, draw: (stream: Stream) => number) => {
  const stream = openStream("stationary-start", purpose, 0)
  return tallyOf(Array.from({ length: n }, () => draw(stream)))
}
/** Whether the sample's mean is within six of its standard errors of what it should be. */
const expectMean = (tally: ReturnType<typeof sample>, expected: number) =>
  expect(Math.abs(tally.mean - expected)).toBeLessThan((6 * tally.deviation!) / Math.sqrt(n))

describe("the stationary start", () => {
  it("of M/M/c: busy servers average the load, and those who wait average L − a", () => {
    const [c, load] = [4, 3]
    expectMean(
      sample("busy", (stream) => multiServerStart(c, load, stream).residuals.length),
      load,
    )
    const waiting = (erlangC(c, load) * load) / (c - load)
    expectMean(
      sample("waiting", (stream) => multiServerStart(c, load, stream).waiting),
      waiting,
    )
    expectMean(
      sample("all busy", (stream) =>
        multiServerStart(c, load, stream).residuals.length === c ? 1 : 0,
      ),
      erlangC(c, load),
    )
    expectMean(
      sample("idle", (stream) => (multiServerStart(c, load, stream).residuals.length < 2 ? 1 : 0)),
      // P(0) + P(1), from P(n) ∝ aⁿ ÷ n! below c and C for the rest.
      ((1 - erlangC(c, load)) * (1 + 3)) / (1 + 3 + 9 / 2 + 27 / 6),
    )
  })

  it("of the loss system: all busy as often as Erlang's B says", () => {
    expectMean(
      sample("lost", (stream) => (lossStart(10, 8, stream) === 10 ? 1 : 0)),
      erlangB(10, 8),
    )
    expectMean(
      sample("carried", (stream) => lossStart(10, 8, stream)),
      8 * (1 - erlangB(10, 8)),
    )
  })

  it("of M/G/1: the work found is the mean wait", () => {
    for (const service of [exponentialService(1), gammaService(1, 4)]) {
      expectMean(
        sample(service.name, (stream) =>
          singleServerStart(0.7, service, stream).residuals.reduce((a, b) => a + b, 0),
        ),
        meanWait(0.7, service.squaredVariation),
      )
    }
  })

  it("of processor sharing: a geometric number of jobs, of mean ρ ÷ (1 − ρ)", () => {
    const jobs = sample(
      "jobs",
      (stream) => sharedServerStart(0.8, exponentialService(1), stream).length,
    )
    expectMean(jobs, 4)
    expect(jobs.variance! / (0.8 / 0.04)).toBeCloseTo(1, 1)
  })
})
