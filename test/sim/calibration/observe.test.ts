import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import {
  decodeObservation,
  prefillObservation,
  roundTokensPerSecond,
  streamsAtOnce,
} from "../../../sim/calibration/observe.ts"
import { virtualRound } from "./virtual-rounds.ts"

const arbitraryRound = fc
  .record({
    stepMillis: fc.double({ min: 1, max: 100, noNaN: true }),
    streamMillis: fc.double({ min: 0, max: 5, noNaN: true }),
    prefillMillisPerToken: fc.double({ min: 0.001, max: 2, noNaN: true }),
    slots: fc.integer({ min: 1, max: 16 }),
    concurrency: fc.integer({ min: 1, max: 16 }),
    promptTokens: fc.integer({ min: 10, max: 1000 }),
    outputTokens: fc.integer({ min: 16, max: 100 }),
  })
  .map(({ concurrency, promptTokens, outputTokens, ...rest }) => {
    const speed = { ...rest, contextMillisPerToken: 0, overheadMillis: 3 }
    const shape = { concurrency, promptTokens, outputTokens }
    return { speed, shape, round: virtualRound(speed, shape, openStream("1", "rounds", 0)) }
  })

describe("a round's decoding", () => {
  it("is seen free of the prompts before it, whatever the slots", () => {
    fc.assert(
      fc.property(arbitraryRound, ({ speed, shape, round }) => {
        const seen = decodeObservation(round)
        // Streams that start when others end decode in the last wave, and there alone.
        const lastWave = shape.concurrency % speed.slots
        const streams =
          shape.concurrency <= speed.slots || lastWave === 0
            ? Math.min(shape.concurrency, speed.slots)
            : lastWave
        expect(seen?.streams).toBe(streams)
        const step = 1000 * (speed.stepMillis + speed.streamMillis * streams)
        expect((seen?.stepMicros ?? 0) / step).toBeCloseTo(1, 6)
        expect(seen?.contextTokens).toBeGreaterThanOrEqual(streams * shape.promptTokens)
        expect(seen?.contextTokens).toBeLessThanOrEqual(
          streams * (shape.promptTokens + shape.outputTokens),
        )
        expect(streamsAtOnce(round)).toBe(Math.min(shape.concurrency, speed.slots))
      }),
    )
  })

  it("does not change where several tokens come in one piece, nor where one stream lags a little", () => {
    const speed = {
      stepMillis: 10,
      streamMillis: 1,
      contextMillisPerToken: 0,
      prefillMillisPerToken: 0.1,
      overheadMillis: 0,
      slots: 8,
    }
    const shape = { concurrency: 4, promptTokens: 100, outputTokens: 64 }
    const { streams } = virtualRound(speed, shape, openStream("1", "rounds", 0))
    const lagging = streams.map((one, i) => ({
      ...one,
      pieceMillis: one.pieceMillis.map((at) => at + 0.1 * i),
    }))
    expect(decodeObservation({ streams: lagging })!.stepMicros / 14_000).toBeCloseTo(1, 2)
    const joined = streams.map((one) => ({
      ...one,
      pieceMillis: one.pieceMillis.filter((_, i) => i % 4 === 0),
    }))
    expect(decodeObservation({ streams: joined })!.stepMicros / 14_000).toBeCloseTo(1, 1)
  })

  it("is not seen where it was too short to say anything", () => {
    const piece = { startedMillis: 0, promptTokens: 10 }
    expect(
      decodeObservation({ streams: [{ ...piece, pieceMillis: [5], outputTokens: 1 }] }),
    ).toBeUndefined()
    expect(
      decodeObservation({ streams: [{ ...piece, pieceMillis: [5, 5, 5], outputTokens: 3 }] }),
    ).toBeUndefined()
    // All in one piece: when the tokens were made, nobody knows.
    expect(
      decodeObservation({ streams: [{ ...piece, pieceMillis: [5], outputTokens: 100 }] }),
    ).toBeUndefined()
  })
})

describe("a first token", () => {
  it("tells of the prompt where the server had no other", () => {
    const stream = { startedMillis: 100, pieceMillis: [150, 160], promptTokens: 7, outputTokens: 2 }
    expect(prefillObservation({ streams: [stream] })).toEqual({
      promptTokens: 7,
      firstTokenMicros: 50_000,
    })
    expect(prefillObservation({ streams: [stream, stream] })).toBeUndefined()
    expect(roundTokensPerSecond({ streams: [stream, stream] })).toBeCloseTo(4 / 0.06, 9)
  })
})
