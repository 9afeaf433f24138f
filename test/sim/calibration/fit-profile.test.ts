import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import type { ProfileFit } from "../../../sim/calibration/fit-profile.ts"
import { fitProfile } from "../../../sim/calibration/fit-profile.ts"
import type { Round } from "../../../sim/calibration/measured-stream.ts"
import type { Speed } from "./fake-server.ts"
import { virtualLadder, virtualRound } from "./virtual-rounds.ts"

const speed: Speed = {
  stepMillis: 20,
  streamMillis: 0.5,
  contextMillisPerToken: 0.003,
  prefillMillisPerToken: 0.2,
  overheadMillis: 15,
  slots: 8,
}

const fitted = (rounds: ReadonlyArray<Round>, seed = "1"): ProfileFit => {
  const fit = fitProfile(rounds, seed)
  if ("undetermined" in fit) throw new Error(fit.undetermined)
  return fit
}

const truths = {
  stepMicros: 1000 * speed.stepMillis,
  streamMicros: 1000 * speed.streamMillis,
  contextMicrosPerToken: 1000 * speed.contextMillisPerToken,
  prefillMicrosPerToken: 1000 * speed.prefillMillisPerToken,
  overheadMicros: 1000 * speed.overheadMillis,
} as const
const names = Object.keys(truths) as ReadonlyArray<keyof typeof truths>

describe("a fitted profile", () => {
  it("has the parameters of the server that made the rounds, where nothing is noisy", () => {
    const positive = (max: number) => fc.double({ min: max / 100, max, noNaN: true })
    fc.assert(
      fc.property(
        fc.record({
          stepMillis: positive(100),
          streamMillis: positive(5),
          contextMillisPerToken: positive(0.05),
          prefillMillisPerToken: positive(1),
          overheadMillis: positive(100),
          slots: fc.integer({ min: 2, max: 8 }),
        }),
        (truth) => {
          const fit = fitted(virtualLadder(truth, 0, openStream("1", "rounds", 0)))
          const ratios = [
            fit.stepMicros.value / (1000 * truth.stepMillis),
            fit.streamMicros.value /
              (1000 * (truth.streamMillis - truth.contextMillisPerToken / 2)),
            fit.contextMicrosPerToken.value / (1000 * truth.contextMillisPerToken),
            fit.prefillMicrosPerToken.value / (1000 * truth.prefillMillisPerToken),
            fit.overheadMicros.value / (1000 * truth.overheadMillis),
          ]
          // The simulator's context grows all the time, this server's once a step: half a token of
          // context a stream, which the fit takes off what a stream adds.
          for (const ratio of ratios) expect(ratio).toBeCloseTo(1, 3)
          expect(fit.decodeResiduals.max).toBeLessThan(1e-3)
        },
      ),
      // Each case fits a thousand times.
      { numRuns: 15 },
    )
  })

  it("has intervals that cover the truth about as often as they say", () => {
    const runs = 60
    const covered = new Map(names.map((name) => [name, 0]))
    for (let run = 0; run < runs; run++) {
      const fit = fitted(virtualLadder(speed, 0.05, openStream("1", "noise", run)), `${run}`)
      for (const name of names) {
        const { low, high } = fit[name]
        if (low <= truths[name] && truths[name] <= high)
          covered.set(name, (covered.get(name) ?? 0) + 1)
      }
    }
    for (const name of names) {
      // Nominally 57 of 60; below 46 with a probability of less than 10⁻⁶.
      expect(covered.get(name), name).toBeGreaterThanOrEqual(46)
    }
    // And they are not so wide that they say nothing.
    const { stepMicros } = fitted(virtualLadder(speed, 0.05, openStream("1", "noise", 0)))
    expect((stepMicros.high - stepMicros.low) / stepMicros.value).toBeLessThan(0.15)
  })

  it("repeats with the seed, and shrinks its intervals with the noise", () => {
    const rounds = virtualLadder(speed, 0.05, openStream("1", "noise", 1))
    expect(fitted(rounds, "a")).toEqual(fitted(rounds, "a"))
    expect(fitted(rounds, "b").stepMicros.low).not.toBe(fitted(rounds, "a").stepMicros.low)
    const calm = fitted(virtualLadder(speed, 0.01, openStream("1", "noise", 1)))
    const width = ({ low, high }: { readonly low: number; readonly high: number }) => high - low
    expect(width(calm.stepMicros)).toBeLessThan(width(fitted(rounds, "a").stepMicros) / 3)
  })

  it("finds the slots: what decodes at once, and no more than is of use", () => {
    const stream = openStream("1", "rounds", 0)
    for (const slots of [1, 2, 4, 8])
      expect(fitted(virtualLadder({ ...speed, slots }, 0.01, stream, [1, 2, 4, 8])).slots).toBe(
        slots,
      )
    // A step that grows with the streams alone makes no more tokens with more of them.
    const serial = { ...speed, stepMillis: 0.01, streamMillis: 20 }
    expect(fitted(virtualLadder(serial, 0, stream)).slots).toBe(1)
  })

  it("says what is missing, rather than guess", () => {
    const stream = openStream("1", "rounds", 0)
    const alone = [64, 256, 512, 64, 256, 512].map((promptTokens) =>
      virtualRound(speed, { concurrency: 1, promptTokens, outputTokens: 64, noise: 0.01 }, stream),
    )
    // One stream alone: what it adds cannot be told from the step.
    expect(fitProfile(alone, "1")).toMatchObject({
      undetermined: expect.stringContaining("concurrencies"),
    })
    expect(fitProfile([], "1")).toHaveProperty("undetermined")
    const instant = virtualLadder({ ...speed, prefillMillisPerToken: 0 }, 0, stream)
    expect(fitProfile(instant, "1")).toMatchObject({
      undetermined: expect.stringContaining("first token"),
    })
  })
})
