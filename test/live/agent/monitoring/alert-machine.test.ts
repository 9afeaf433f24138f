import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Alert } from "../../../../live/agent/monitoring/alert-machine.ts"
import {
  bandOf,
  calm,
  gpuBand,
  inputOf,
  measured,
} from "../../../../live/agent/monitoring/alert-machine.ts"
import { assertProperty } from "../../../support/property.ts"

/** States told, one measurement after the other. */
const toldOf = (values: ReadonlyArray<number>, percent: number): ReadonlyArray<string> => {
  const told: Array<string> = []
  let alert: Alert = calm
  for (const value of values) {
    const after = measured(alert, value, bandOf(percent))
    if (after.isTold) told.push(after.alert.state)
    alert = after.alert
  }
  return told
}

describe("an alert", () => {
  it("fires from its threshold on, and is resolved 5 points below", () => {
    expect(toldOf([0.84, 0.85, 0.9], 85)).toEqual(["firing"])
    expect(toldOf([0.86, 0.8, 0.86, 0.81], 85)).toEqual(["firing"])
    expect(toldOf([0.86, 0.79, 0.83, 0.85], 85)).toEqual(["firing", "resolved", "firing"])
    expect(toldOf([0.1, 0.05, 0.04], 10)).toEqual(["firing", "resolved"])
    // There is no 5 points below: half of it.
    expect(toldOf([0.04, 0.02, 0.01], 4)).toEqual(["firing", "resolved"])
  })

  it("of a GPU fires with the first that is gone, and ends when all are there", () => {
    expect(inputOf(1, gpuBand)).toBe("above")
    expect(inputOf(0, gpuBand)).toBe("below")
  })

  it("is told of once for each crossing of its band, however the figure flickers", () =>
    assertProperty(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: -9, max: 9 })), {
          maxLength: 60,
        }),
        (percent, steps) => {
          const { from, until } = bandOf(percent)
          // Whole points anywhere, or tenths of one around the threshold.
          const values = steps.map((step) =>
            Math.min(1, Math.max(0, step < 10 ? from + step / 1000 : step / 100)),
          )
          let crossings = 0
          let isUp = false
          for (const value of values) {
            if (!isUp && value >= from) crossings++
            isUp = value >= from || (isUp && value >= until)
          }
          const told = toldOf(values, percent)
          expect(told.filter((state) => state === "firing")).toHaveLength(crossings)
          expect(told).toEqual(
            told.map((_state, index) => (index % 2 === 0 ? "firing" : "resolved")),
          )
        },
      ),
      { share: 0.3 },
    ))
})
