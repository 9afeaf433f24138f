/**
 * How operators look ahead. What the rules announce, a ramp that has yet to be climbed or a reduction that
 * decays, an operator can reckon with: over the time that matters to the decision, and the sooner the more.
 */

/** So far ahead an operator looks, and so fast what is far off loses weight. */
export interface Horizon {
  readonly hours: number
  /** Continuous rate. */
  readonly discountPerHour: number
}

/** What a switch between models is weighed over: what models pay changes from week to week. */
export const comingWeek: Horizon = { hours: 7 * 24, discountPerHour: 0 }

const hoursInYear = 365 * 24

/** Over days, at a rate of interest a year. */
export const horizonOf = (days: number, discountPerYear: number): Horizon => ({
  hours: days * 24,
  discountPerHour: Math.log1p(discountPerYear) / hoursInYear,
})

/** Discounted mean over a horizon of what stands at `now` and falls linearly to 0 within `hours`. */
export const meanAhead = (
  now: number,
  hours: number,
  { hours: horizon, discountPerHour: rate }: Horizon,
): number => {
  if (hours <= 0) return 0
  const until = Math.min(hours, horizon)
  // ∫ (1 − t/hours) e^(−rate·t) dt from 0 to `until`, over ∫ e^(−rate·t) dt from 0 to the horizon.
  const [weight, moment] = weightAndMoment(until, rate)
  return (now * (weight - moment / hours)) / weightAndMoment(horizon, rate)[0]
}

/** ∫ e^(−rate·t) dt and ∫ t e^(−rate·t) dt from 0 to `end`. */
const weightAndMoment = (end: number, rate: number): readonly [number, number] => {
  const x = rate * end
  // Below that, what the series leaves out is less than the closed form loses by cancellation.
  if (x < 1e-4) return [end * (1 - x / 2 + (x * x) / 6), end * end * (1 / 2 - x / 3 + (x * x) / 8)]
  const fades = Math.exp(-x)
  return [(1 - fades) / rate, (1 - fades * (1 + x)) / (rate * rate)]
}
