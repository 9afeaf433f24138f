import { describe, expect, it } from "vitest"
import { openStream } from "../../../../engine/index.ts"
import { tallyOf } from "../../../../sim/statistics/samples/tally.ts"
import {
  deterministicService,
  drawResidual,
  exponentialService,
  gammaService,
  hyperexponentialService,
  logNormalService,
  mixedService,
} from "../../../../sim/validation/models/service-time.ts"

const services = [
  deterministicService(2),
  exponentialService(2),
  gammaService(2, 0.25),
  gammaService(2, 4),
  hyperexponentialService(2, 4),
  logNormalService(2, 1.5),
  mixedService("mixed", [
    [3, exponentialService(1)],
    [1, deterministicService(5)],
  ]),
]

describe.each(services)("service times: $name", (service) => {
  const n = 200_000
  const sample = (purpose: string, draw: (stream: ReturnType<typeof openStream>) => number) => {
    const stream = openStream("service-time", purpose, service.name)
    return tallyOf(Array.from({ length: n }, () => draw(stream)))
  }
  /** Six standard errors, from the sample itself. */
  const error = (deviation: number | null) => (6 * deviation!) / Math.sqrt(n) + 1e-9

  it("have the stated mean and variation", () => {
    const drawn = sample("draw", service.draw)
    expect(Math.abs(drawn.mean - service.mean)).toBeLessThan(error(drawn.deviation))
    const square = sample("draw", (stream) => {
      const x = service.draw(stream)
      return x * x
    })
    const expected = service.mean * service.mean * (1 + service.squaredVariation)
    expect(Math.abs(square.mean - expected)).toBeLessThan(error(square.deviation))
  })

  it("are found under way in proportion to their length: E[X²] ÷ E[X], and half of it left", () => {
    const expected = service.mean * (1 + service.squaredVariation)
    const biased = sample("biased", service.drawBiased)
    expect(Math.abs(biased.mean - expected)).toBeLessThan(error(biased.deviation))
    const residual = sample("residual", (stream) => drawResidual(service, stream))
    expect(Math.abs(residual.mean - expected / 2)).toBeLessThan(error(residual.deviation))
  })
})
