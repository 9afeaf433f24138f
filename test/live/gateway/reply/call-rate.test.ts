import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeCallRate } from "../../../../live/gateway/reply/call-rate.ts"

const minute = 60_000_000

describe("the rate of calls with one key", () => {
  it("lets a burst pass, then as many as the minute allows, for each key by itself", () => {
    const rate = makeCallRate(60)
    for (let call = 0; call < 6; call++) expect(rate.take(1, 0)).toBeUndefined()
    expect(rate.take(1, 0)).toMatchObject({ status: 429, retryAfterSeconds: 1 })
    expect(rate.take(2, 0)).toBeUndefined()
    expect(rate.take(1, 1_000_000)).toBeUndefined()
    expect(rate.take(1, 1_000_000)).toMatchObject({ status: 429 })
  })

  it("never lets more through than a minute's calls and a burst", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 200 }),
        (perMinute, pauses) => {
          const rate = makeCallRate(perMinute)
          const taken: Array<number> = []
          let now = 0
          for (const pause of pauses) {
            now += pause
            if (rate.take(1, now) === undefined) taken.push(now)
          }
          const burst = Math.max(1, Math.ceil(perMinute * 0.1))
          for (const from of taken)
            expect(
              taken.filter((at) => at >= from && at < from + minute).length,
            ).toBeLessThanOrEqual(perMinute + burst)
        },
      ),
      { numRuns: 100 },
    )
  })
})
