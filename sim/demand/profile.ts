/**
 * How demand changes with time: a multiplier m(t) of the mean rate.
 *
 *   m(t) = daily(hour of the day) · weekly(day of the week) · (1 + growth)^days · crowds(t)
 *
 * The first three are taken at every full hour and interpolated linearly in between. Daily and
 * weekly weights are scaled to a mean of 1, so that without growth and crowds the mean of m over a
 * week is 1. Time 0 is midnight before the first day of the week.
 *
 * Between two full hours, or steps of the crowds, m is linear; its integral is quadratic and can be
 * inverted exactly: `advance` finds when a given amount of demand has passed. Arrivals are made so
 * rather than by thinning (Lewis and Shedler, Naval Research Logistics Quarterly 26, 1979): one gap
 * an arrival whatever m is, so that streams stay in step when a profile changes, and a process that
 * is not Poisson keeps its burstiness (Gerhardt and Nelson, "Transforming renewal processes for
 * simulation of nonstationary arrival processes", INFORMS Journal on Computing 21, 2009).
 */
import { stepIndexAt, type DemandStep } from "./crowds.ts"

const HOUR_MICROS = 3_600_000_000
const WEEK_HOURS = 7 * 24

export interface ProfileSettings {
  /** 24 weights from midnight on, on any positive scale. */
  readonly dailyWeights: ReadonlyArray<number>
  /** 7 weights from the first day on, on any positive scale. */
  readonly weeklyWeights: ReadonlyArray<number>
  /** Compound: 0.01 is one per cent a day. Above −1. */
  readonly growthPerDay: number
  /** As `demandSteps` makes them. */
  readonly steps: ReadonlyArray<DemandStep>
}

export class DemandProfile {
  private readonly hourlyWeights: Float64Array
  private readonly logHourlyGrowth: number
  private readonly steps: ReadonlyArray<DemandStep>
  // The levels of the hour asked for last: most arrivals fall into the same one.
  private hour = -1
  private hourLevel = 0
  private nextHourLevel = 0
  // The piece that `enter` has found: m is linear in [start, end), from startLevel to endLevel.
  private startLevel = 0
  private endLevel = 0
  private end = 0

  constructor({ dailyWeights, weeklyWeights, growthPerDay, steps }: ProfileSettings) {
    if (dailyWeights.length !== 24 || weeklyWeights.length !== 7) {
      throw new RangeError("a profile has 24 daily and 7 weekly weights")
    }
    const daily = withMeanOne(dailyWeights)
    const weekly = withMeanOne(weeklyWeights)
    this.hourlyWeights = Float64Array.from(
      { length: WEEK_HOURS },
      (_, hour) => daily[hour % 24] * weekly[Math.floor(hour / 24)],
    )
    this.logHourlyGrowth = Math.log(1 + growthPerDay) / 24
    this.steps = steps
  }

  /** m at a time from 0; where a crowd comes or goes, its value from then on. O(steps). */
  multiplierAt(micros: number): number {
    this.enter(micros)
    return this.startLevel
  }

  /** ∫ m from one time to a later one: microseconds of demand at the mean rate. */
  integral(fromMicros: number, toMicros: number): number {
    let demand = 0
    let start = fromMicros
    while (start < toMicros) {
      this.enter(start)
      const length = Math.min(this.end, toMicros) - start
      const slope = (this.endLevel - this.startLevel) / (this.end - start)
      demand += length * (this.startLevel + 0.5 * slope * length)
      start += length
    }
    return demand
  }

  /**
   * The time at which `demandMicros` (microseconds at the mean rate) have passed since
   * `fromMicros`, or +∞ where that is after `untilMicros`, which is finite.
   * Cost: O(steps) for each full hour or step that passes.
   */
  advance(fromMicros: number, demandMicros: number, untilMicros: number): number {
    let start = fromMicros
    let left = demandMicros
    while (start <= untilMicros) {
      this.enter(start)
      const length = this.end - start
      const demand = 0.5 * (this.startLevel + this.endLevel) * length
      if (left < demand) {
        // x · (startLevel + slope · x / 2) = left, in the form that does not cancel.
        const slope = (this.endLevel - this.startLevel) / length
        const square = this.startLevel * this.startLevel + 2 * slope * left
        const at = start + (2 * left) / (this.startLevel + Math.sqrt(square > 0 ? square : 0))
        return at <= untilMicros ? at : Infinity
      }
      left -= demand
      start = this.end
    }
    return Infinity
  }

  /** Finds the piece that begins at `micros`. */
  private enter(micros: number): void {
    const hour = Math.floor(micros / HOUR_MICROS)
    if (hour !== this.hour) {
      this.hour = hour
      this.hourLevel = this.levelAtHour(hour)
      this.nextHourLevel = this.levelAtHour(hour + 1)
    }
    const hourStart = hour * HOUR_MICROS
    const index = stepIndexAt(this.steps, micros)
    const stepEnd = index + 1 < this.steps.length ? this.steps[index + 1].fromMicros : Infinity
    this.end = Math.min(hourStart + HOUR_MICROS, stepEnd)
    const { factor } = this.steps[index]
    const slope = (this.nextHourLevel - this.hourLevel) / HOUR_MICROS
    this.startLevel = factor * (this.hourLevel + slope * (micros - hourStart))
    this.endLevel = factor * (this.hourLevel + slope * (this.end - hourStart))
  }

  private levelAtHour(hour: number): number {
    return this.hourlyWeights[hour % WEEK_HOURS] * Math.exp(this.logHourlyGrowth * hour)
  }
}

/** Weights scaled to a mean of 1 and drawn towards it: 0 makes them flat, 1 leaves their shape. */
export const flattened = (
  weights: ReadonlyArray<number>,
  amplitude: number,
): ReadonlyArray<number> => withMeanOne(weights).map((weight) => 1 + amplitude * (weight - 1))

const withMeanOne = (weights: ReadonlyArray<number>): ReadonlyArray<number> => {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  if (!(mean > 0) || weights.some((weight) => weight < 0)) {
    throw new RangeError("weights are 0 or more, and not all 0")
  }
  return weights.map((weight) => weight / mean)
}

/**
 * Assumption: the curve of a service that people use while awake, in a few neighbouring time zones.
 * Least at four in the morning, a plateau over the working day, most in the evening; the peak is
 * 3.9 times the trough. The Azure traces of 2023 cover one hour and say nothing about it.
 */
export const assumedDailyWeights: ReadonlyArray<number> = [
  0.62, 0.5, 0.42, 0.38, 0.36, 0.4, 0.5, 0.66, 0.86, 1.06, 1.18, 1.24, 1.24, 1.26, 1.3, 1.32, 1.32,
  1.3, 1.3, 1.36, 1.42, 1.38, 1.2, 0.88,
]

/** Assumption: from Monday; the weekend has 15% less than the working days. */
export const assumedWeeklyWeights: ReadonlyArray<number> = [1.03, 1.06, 1.06, 1.05, 1.02, 0.88, 0.9]
