import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { MemoryKind } from "../../../sim/fleet/devices.ts"
import { constantsFrom, fitConstants } from "../../../sim/fleet/fit-constants.ts"
import { constantRanges, foldsOf, holdOut, summarise } from "../../../sim/fleet/hold-out.ts"
import { singleStreamMeasurements } from "../../../sim/fleet/measurements.ts"

const kinds: ReadonlyArray<MemoryKind> = ["gddr", "hbm", "apple"]
const namesOf = (memory: MemoryKind) =>
  singleStreamMeasurements.filter((row) => row.memory === memory).map(({ device }) => device)

describe("folds", () => {
  it("hold every device once, in parts of nearly equal size, whatever the seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.string(), (count, seed) => {
        const devices = Array.from({ length: count }, (_, i) => `device ${i}`)
        const folds = foldsOf(devices, seed)
        expect(folds.flat().toSorted()).toEqual(devices.toSorted())
        expect(folds.length).toBe(Math.min(5, count))
        const sizes = folds.map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        expect(foldsOf(devices, seed)).toEqual(folds)
      }),
    )
  })

  it("follow the seed", () => {
    const devices = namesOf("gddr")
    const drawn = new Set(
      ["a", "b", "c", "d"].map((seed) => JSON.stringify(foldsOf(devices, seed))),
    )
    expect(drawn.size).toBeGreaterThan(1)
  })
})

describe("errors on held-out devices", () => {
  it.each(kinds)("of %s come from fits that never saw the device", (memory) => {
    const honest = holdOut(memory, singleStreamMeasurements, "1")
    // A device ten times as slow as it is: no other device's fold may notice, its own must.
    const [victim] = namesOf(memory)
    const forged = singleStreamMeasurements.map((row) =>
      row.device === victim
        ? {
            ...row,
            decodeTokensPerSecond: {
              q4: (row.decodeTokensPerSecond.q4 ?? 0) / 10,
              f16:
                row.decodeTokensPerSecond.f16 === null ? null : row.decodeTokensPerSecond.f16 / 10,
            },
          }
        : row,
    )
    const misled = holdOut(memory, forged, "1")
    expect(misled.folds).toEqual(honest.folds)
    expect(misled.decode.mean).toBeGreaterThan(honest.decode.mean)
    // Its own points are off by about +900%, as they stand against a fit without them.
    const points = singleStreamMeasurements
      .filter(({ device }) => device === victim)
      .flatMap(({ decodeTokensPerSecond: { q4, f16 } }) => [q4, f16].filter((one) => one !== null))
    expect(misled.decode.mean * misled.decode.points).toBeGreaterThan(7 * points.length)
  })

  it.each(kinds)("of %s are larger than in sample, and lie within their interval", (memory) => {
    const held = holdOut(memory, singleStreamMeasurements, "fit")
    const fit = fitConstants(memory, singleStreamMeasurements)
    for (const phase of ["decode", "prefill"] as const) {
      expect(held[phase].points).toBe(fit[phase].points)
      expect(held[phase].mean).toBeGreaterThan(fit[phase].mean)
      expect(held[phase].meanRange.low).toBeLessThanOrEqual(held[phase].mean)
      expect(held[phase].meanRange.high).toBeGreaterThanOrEqual(held[phase].mean)
      expect(held[phase].biasRange.low).toBeLessThanOrEqual(held[phase].bias)
      expect(held[phase].biasRange.high).toBeGreaterThanOrEqual(held[phase].bias)
    }
  })
})

describe("an interval over devices", () => {
  it("treats the points of one device as one: doubling them makes it no narrower", () => {
    const errors = [0.1, -0.2, 0.05, 0.3, -0.1, 0.15].map((error, i) => ({
      device: `device ${i}`,
      error,
    }))
    const once = summarise(errors, "1")
    const twice = summarise([...errors, ...errors], "1")
    const width = ({ low, high }: { readonly low: number; readonly high: number }) => high - low
    expect(width(twice.meanRange) / width(once.meanRange)).toBeCloseTo(1, 1)
    expect(twice.devices).toBe(6)
    expect(twice.points).toBe(12)
  })

  it("is the range of the devices' means where there are two", () => {
    const { meanRange, biasRange } = summarise(
      [
        { device: "a", error: -0.1 },
        { device: "b", error: 0.3 },
      ],
      "1",
    )
    expect(meanRange).toEqual({ low: 0.1, high: 0.3 })
    expect(biasRange).toEqual({ low: -0.1, high: 0.3 })
  })

  it("covers the mean of the devices' population about as often as it says", () => {
    // 20 devices with errors uniform on [0, 0.2]: the truth is 0.1.
    let covered = 0
    const runs = 100
    for (let run = 0; run < runs; run++) {
      const values = fc.sample(
        fc.integer({ min: 0, max: 200_000 }).map((millionths) => millionths / 1e6),
        {
          seed: run,
          numRuns: 20,
        },
      )
      const errors = values.map((error, i) => ({ device: `${i}`, error }))
      const { meanRange } = summarise(errors, `${run}`)
      if (meanRange.low <= 0.1 && meanRange.high >= 0.1) covered++
    }
    // Nominally 95; a correct interval of 20 devices is below 82 less than once in 10⁴ such tests.
    expect(covered).toBeGreaterThanOrEqual(82)
  })
})

describe("intervals of the constants", () => {
  const seen = new Map<MemoryKind, ReturnType<typeof constantRanges>>()

  it.each(kinds)("of %s hold the fitted value", { timeout: 60_000 }, (memory) => {
    const ranges = constantRanges(memory, singleStreamMeasurements, "fit")
    seen.set(memory, ranges)
    const { bandwidthEfficiency, layerOverheadMicros } = constantsFrom(
      memory,
      singleStreamMeasurements,
    )
    for (const [name, value] of [
      ["bandwidthEfficiency", bandwidthEfficiency],
      ["layerOverheadMicros", layerOverheadMicros],
    ] as const) {
      const range = ranges.get(name)
      expect(range?.low).toBeLessThanOrEqual(value + 1e-9)
      expect(range?.high).toBeGreaterThanOrEqual(value - 1e-9)
    }
  })

  it("repeat with the seed", () => {
    // Of one kind: each range takes hundreds of fits.
    expect(constantRanges("hbm", singleStreamMeasurements, "fit")).toEqual(seen.get("hbm"))
  })
})
