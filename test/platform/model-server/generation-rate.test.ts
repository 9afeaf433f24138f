import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Generation } from "../../../platform/model-server/generation-rate.ts"
import {
  judged,
  mostMeasuredTokens,
  rateOf,
  tokensForMore,
} from "../../../platform/model-server/generation-rate.ts"

const second = 1_000_000
const hidden = (askedTokens: number, seconds: number, claimedTokens?: number): Generation => ({
  askedTokens,
  shownTokens: 0,
  claimedTokens,
  isCut: true,
  decodeMicros: 0,
  wallMicros: seconds * second,
})

/** Whatever a host may make of a generation. */
const generations = fc
  .record({
    askedTokens: fc.integer({ min: 1, max: mostMeasuredTokens }),
    shownTokens: fc.nat({ max: 1000 }),
    claimedTokens: fc.option(fc.nat({ max: 1e9 }), { nil: undefined }),
    isCut: fc.boolean(),
    decodeMicros: fc.nat({ max: 60 * second }),
    moreMicros: fc.integer({ min: 1, max: 60 * second }),
  })
  .map(({ moreMicros, ...one }) => {
    const decodeMicros = one.shownTokens < 2 ? 0 : one.decodeMicros
    return { ...one, decodeMicros, wallMicros: decodeMicros + moreMicros }
  })

describe("the rate of a generation", () => {
  it("is that of the tokens that show, whatever the server claims", () => {
    const shows = { askedTokens: 48, isCut: true, decodeMicros: 2 * second, wallMicros: 3 * second }
    for (const claimedTokens of [undefined, 0, 41, 1_000_000])
      expect(rateOf({ ...shows, shownTokens: 41, claimedTokens })).toBe(20)
    expect(rateOf({ ...shows, shownTokens: 30, claimedTokens: 1, decodeMicros: 0 })).toBe(10)
  })

  it("is the server's own where nothing shows, and 0 where it does not say", () => {
    expect(rateOf(hidden(768, 10, 768))).toBe(76.7)
    expect(rateOf(hidden(768, 10))).toBe(0)
    expect(rateOf(hidden(768, 10, 0))).toBe(0)
    expect(rateOf({ ...hidden(768, 10, 768), isCut: false })).toBe(0)
  })

  it("is never raised by hiding tokens and claiming them", () => {
    fc.assert(
      fc.property(generations, (one) => {
        const { askedTokens, decodeMicros, wallMicros } = one
        const claimed = rateOf({ ...one, shownTokens: 0, decodeMicros: 0 })
        // The same time, and every token that was asked for shown in it, as slowly as that can be.
        const honest = rateOf({
          ...one,
          shownTokens: askedTokens,
          claimedTokens: askedTokens,
          decodeMicros: wallMicros,
        })
        expect(claimed).toBeLessThanOrEqual(Math.max(honest, second / wallMicros))
        expect(judged(one).tokens).toBeLessThanOrEqual(Math.max(one.shownTokens, askedTokens))
        // Nor is one that shows something judged by anything but that.
        if (one.shownTokens > 0)
          expect(rateOf(one)).toBe(rateOf({ ...one, claimedTokens: undefined }))
        expect(decodeMicros).toBeLessThan(wallMicros)
      }),
    )
  })
})

describe("a generation that was cut off before it showed enough", () => {
  it("is made again with four times the tokens, as long as there is time", () => {
    expect(tokensForMore([hidden(48, 1, 48)], 20 * second)).toBe(192)
    expect(tokensForMore([hidden(192, 4)], 20 * second)).toBe(768)
    expect(tokensForMore([hidden(768, 1)], 20 * second)).toBeUndefined()
    expect(tokensForMore([hidden(192, 6)], 20 * second)).toBeUndefined()
    const few = { ...hidden(48, 1, 48), shownTokens: 3, decodeMicros: 10 }
    expect(tokensForMore([few], 20 * second)).toBe(192)
    expect(tokensForMore([{ ...few, shownTokens: 12 }], 20 * second)).toBeUndefined()
    expect(tokensForMore([{ ...few, isCut: false }], 20 * second)).toBeUndefined()
    expect(tokensForMore([{ ...few, shownTokens: 40 }, few], 20 * second)).toBe(192)
  })

  it("comes to an end, whatever a host does", () => {
    fc.assert(
      fc.property(generations, fc.nat({ max: 60 * second }), (one, mostMicros) => {
        let asked = one.askedTokens
        let tries = 0
        for (
          let more: number | undefined = asked;
          more !== undefined;
          more = tokensForMore([{ ...one, askedTokens: asked }], mostMicros)
        ) {
          expect(more).toBeGreaterThanOrEqual(asked)
          expect(more).toBeLessThanOrEqual(Math.max(mostMeasuredTokens, one.askedTokens))
          asked = more
          tries++
        }
        expect(tries).toBeLessThan(8)
      }),
    )
  })
})
