/**
 * When requests come: three processes, each with the mean rate λ · m(t) for a demand profile m.
 *
 * Poisson: independent arrivals. Gamma-renewal: independent gaps of a given coefficient of
 * variation (cv > 1 comes in bursts, cv < 1 is more even than Poisson, cv = 1 is Poisson).
 * Markov-modulated Poisson: the rate jumps between states, so that busy spells last (Fischer and
 * Meier-Hellstern, "The Markov-modulated Poisson process cookbook", Performance Evaluation 18,
 * 1993).
 *
 * Each draws its gap as demand to wait for and lets the profile say when that has passed. The exact
 * time is carried on; only what is handed out is rounded, up to a whole microsecond.
 */
import type { Stream } from "../../engine/index.ts"
import { choice, exponential, gamma } from "../kernel/variates.ts"
import type { DemandProfile } from "./profile.ts"

export interface Arrivals {
  /** The next arrival's time, whole microseconds; +∞ when none is left before the end. */
  readonly nextMicros: () => number
}

export interface ArrivalSettings {
  readonly profile: DemandProfile
  /** λ, where m is 1. At 0 nothing ever comes. */
  readonly ratePerSecond: number
  readonly startMicros: number
  /** No arrival is later than this; finite. */
  readonly untilMicros: number
}

const MICROS = 1e6

/** One uniform an arrival. */
export const poissonArrivals = (settings: ArrivalSettings, stream: Stream): Arrivals =>
  renewals(settings, () => exponential(stream, 1))

/**
 * Gaps with mean 1/λ and coefficient of variation `cv` > 0. The first gap is one like the others,
 * as if an arrival had just come when the process starts.
 */
export const gammaArrivals = (settings: ArrivalSettings, cv: number, stream: Stream): Arrivals =>
  renewals(settings, () => gamma(stream, 1 / (cv * cv), cv * cv))

const renewals = (settings: ArrivalSettings, unitGap: () => number): Arrivals => {
  const { profile, ratePerSecond, untilMicros } = settings
  const gapMicros = MICROS / ratePerSecond
  let now = ratePerSecond > 0 ? settings.startMicros : Infinity
  return {
    nextMicros: () => {
      if (now < Infinity) now = profile.advance(now, unitGap() * gapMicros, untilMicros)
      return Math.ceil(now)
    },
  }
}

/** A state of the modulating chain; it is left for the next in the list, the last for the first. */
export interface RateState {
  /** Relative to the other states: rates are scaled so that their long-run mean is λ. */
  readonly rate: number
  /** Mean of the exponential time spent in the state at each visit. */
  readonly meanSeconds: number
}

/**
 * Poisson arrivals whose rate follows a cyclic chain of at least one state, started in its
 * long-run distribution. The chain draws from a stream of its own, so that a change of rate leaves
 * its spells where they were.
 */
export const modulatedArrivals = (
  settings: ArrivalSettings,
  states: ReadonlyArray<RateState>,
  arrivalStream: Stream,
  stateStream: Stream,
): Arrivals => {
  const { profile, ratePerSecond, untilMicros } = settings
  const cycleSeconds = states.reduce((sum, { meanSeconds }) => sum + meanSeconds, 0)
  const meanRate =
    states.reduce((sum, { rate, meanSeconds }) => sum + rate * meanSeconds, 0) / cycleSeconds
  const spellMicros = (state: number): number =>
    exponential(stateStream, 1 / (states[state].meanSeconds * MICROS))

  let now = ratePerSecond > 0 ? settings.startMicros : Infinity
  let state = choice(
    stateStream,
    states.map(({ meanSeconds }) => meanSeconds),
  )
  let spellEnds = settings.startMicros + spellMicros(state)
  return {
    nextMicros: () => {
      let demand = exponential(arrivalStream, 1)
      while (now < Infinity) {
        const perMicro = (ratePerSecond * states[state].rate) / meanRate / MICROS
        const at = profile.advance(now, demand / perMicro, Math.min(spellEnds, untilMicros))
        if (at < Infinity) {
          now = at
          break
        }
        if (spellEnds >= untilMicros) {
          now = Infinity
          break
        }
        demand -= perMicro * profile.integral(now, spellEnds)
        now = spellEnds
        state = (state + 1) % states.length
        spellEnds = now + spellMicros(state)
      }
      return Math.ceil(now)
    },
  }
}
