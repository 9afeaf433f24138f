import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import {
  gammaArrivals,
  modulatedArrivals,
  poissonArrivals,
  type Arrivals,
  type ArrivalSettings,
} from "../../../sim/demand/arrivals.ts"
import { azureConversationRates } from "../../../sim/demand/azure-conversation.ts"
import { demandSteps } from "../../../sim/demand/crowds.ts"
import { dispersionOfCounts } from "../../../sim/demand/fit-rate-states.ts"
import {
  assumedDailyWeights,
  assumedWeeklyWeights,
  DemandProfile,
} from "../../../sim/demand/profile.ts"
import { ksDistance } from "../../../sim/statistics/samples/ks-distance.ts"

const HOUR = 3_600_000_000
const flat = () =>
  new DemandProfile({
    dailyWeights: new Array<number>(24).fill(1),
    weeklyWeights: new Array<number>(7).fill(1),
    growthPerDay: 0,
    steps: demandSteps([1], []),
  })
const shaped = () =>
  new DemandProfile({
    dailyWeights: assumedDailyWeights,
    weeklyWeights: assumedWeeklyWeights,
    growthPerDay: 0.05,
    steps: demandSteps(
      [1],
      [{ atMicros: 30.5 * HOUR, durationMicros: HOUR, multiplier: 8, model: null }],
    ),
  })

const settings = (overrides: Partial<ArrivalSettings> = {}): ArrivalSettings => ({
  profile: flat(),
  ratePerSecond: 5,
  startMicros: 0,
  untilMicros: 24 * HOUR,
  ...overrides,
})

const timesOf = (arrivals: Arrivals): Float64Array => {
  const times: Array<number> = []
  for (let at = arrivals.nextMicros(); at < Infinity; at = arrivals.nextMicros()) times.push(at)
  return Float64Array.from(times)
}

const stream = (purpose: string, entity = 0) => openStream("arrivals", purpose, entity)

const processes: ReadonlyArray<readonly [string, (of: ArrivalSettings) => Arrivals]> = [
  ["poisson", (of) => poissonArrivals(of, stream("p"))],
  ["gamma, even", (of) => gammaArrivals(of, 0.4, stream("g1"))],
  ["gamma, in bursts", (of) => gammaArrivals(of, 3, stream("g2"))],
  ["modulated", (of) => modulatedArrivals(of, azureConversationRates, stream("m"), stream("s"))],
]

const gapsOf = (times: Float64Array): Float64Array => times.slice(1).map((at, i) => at - times[i])
const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const cvOf = (values: Float64Array): number => {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0)
  return Math.sqrt(squares / values.length) / mean
}

describe.each(processes)("%s arrivals", (_, open) => {
  it("come at the mean rate, at whole microseconds, in order, until the end", () => {
    const times = timesOf(open(settings()))
    // The most bursty of them has a standard error below 2% over a day.
    expect(times.length / (5 * 86_400)).toBeGreaterThan(0.93)
    expect(times.length / (5 * 86_400)).toBeLessThan(1.07)
    expect(times.every(Number.isInteger)).toBe(true)
    expect(times.every((at, i) => i === 0 || at >= times[i - 1])).toBe(true)
    expect(times[times.length - 1]).toBeLessThanOrEqual(24 * HOUR)
  })

  it("follow the profile hour by hour", () => {
    const profile = shaped()
    const hours = 72
    const counts = new Float64Array(hours)
    for (const at of timesOf(open(settings({ profile, untilMicros: hours * HOUR })))) {
      counts[Math.min(hours - 1, Math.floor(at / HOUR))]++
    }
    for (let hour = 0; hour < hours; hour++) {
      const expected = (5 * profile.integral(hour * HOUR, (hour + 1) * HOUR)) / 1e6
      // Modulated: spells of 223 s leave an hour's mean a deviation of 8%. The others: far less.
      expect(counts[hour] / expected, `hour ${hour}`).toBeGreaterThan(0.62)
      expect(counts[hour] / expected, `hour ${hour}`).toBeLessThan(1.38)
    }
    const expected = (5 * profile.integral(0, hours * HOUR)) / 1e6
    expect(Math.abs(counts.reduce((sum, count) => sum + count, 0) / expected - 1)).toBeLessThan(
      0.06,
    )
  })

  it("start where they are told, and never come at rate 0", () => {
    const late = timesOf(open(settings({ startMicros: 20 * HOUR })))
    expect(late[0]).toBeGreaterThanOrEqual(20 * HOUR)
    expect(late.length).toBeGreaterThan(4 * 3600 * 4)
    expect(open(settings({ ratePerSecond: 0 })).nextMicros()).toBe(Infinity)
  })

  it("are the same from the same streams", () => {
    const hour = settings({ untilMicros: HOUR })
    expect(timesOf(open(hour))).toEqual(timesOf(open(hour)))
  })
})

describe("gaps", () => {
  it("of Poisson arrivals are exponential", () => {
    const gaps = gapsOf(timesOf(poissonArrivals(settings(), stream("p"))))
    // The distance is below 1.95/√n in all but one of 1,000 samples.
    const bound = 1.95 / Math.sqrt(gaps.length)
    expect(ksDistance(gaps, (x) => 1 - Math.exp((-5 * x) / 1e6))).toBeLessThan(bound)
    expect(dispersionOfCounts(timesOf(poissonArrivals(settings(), stream("p"))), 10)).toBeCloseTo(
      1,
      1,
    )
  })

  it.each([0.3, 1, 2.5])("of gamma arrivals have the coefficient of variation %f", (cv) => {
    const gaps = gapsOf(timesOf(gammaArrivals(settings(), cv, stream("g", cv))))
    expect(cvOf(gaps) / cv).toBeGreaterThan(0.97)
    expect(cvOf(gaps) / cv).toBeLessThan(1.03)
  })

  it("keep their burstiness under a profile: in units of demand they are what they were", () => {
    const profile = shaped()
    const until = 72 * HOUR
    const times = timesOf(gammaArrivals(settings({ profile, untilMicros: until }), 2, stream("g")))
    const demands = gapsOf(times).map((_, i) => profile.integral(times[i], times[i + 1]))
    expect(meanOf(demands) / 200_000).toBeCloseTo(1, 1)
    expect(cvOf(demands) / 2).toBeCloseTo(1, 1)
  })

  it("stay in step under common random numbers: the k-th needs the same demand to have passed", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 20, noNaN: true }), (multiplier) => {
        const crowded = new DemandProfile({
          dailyWeights: assumedDailyWeights,
          weeklyWeights: assumedWeeklyWeights,
          growthPerDay: 0,
          steps: demandSteps(
            [1],
            [{ atMicros: 1e6, durationMicros: 5e6, multiplier, model: null }],
          ),
        })
        const one = poissonArrivals(settings(), stream("p"))
        const other = poissonArrivals(settings({ profile: crowded }), stream("p"))
        for (let k = 0; k < 50; k++) {
          // Both are rounded up by less than a microsecond, which is up to 20 of demand here.
          const [plain, busy] = [one.nextMicros(), other.nextMicros()]
          expect(Math.abs(crowded.integral(0, busy) - plain)).toBeLessThan(1.5 * multiplier + 1)
        }
      }),
    )
  })
})

describe("the states fitted to the Azure conversation trace", () => {
  it("give its variance ÷ mean of the counts in 10 s, 3.86, within 20%", () => {
    const until = 400 * HOUR
    const arrivals = modulatedArrivals(
      settings({ ratePerSecond: 5.53, untilMicros: until }),
      azureConversationRates,
      stream("m"),
      stream("s"),
    )
    const dispersion = dispersionOfCounts(timesOf(arrivals), 10)
    expect(dispersion).toBeGreaterThan(3.86 * 0.8)
    expect(dispersion).toBeLessThan(3.86 * 1.2)
  })

  it("keep the mean rate when they change between one arrival and the next", () => {
    const states = [
      { rate: 1, meanSeconds: 0.1 },
      { rate: 4, meanSeconds: 0.2 },
    ]
    const times = timesOf(
      modulatedArrivals(settings({ untilMicros: 10 * HOUR }), states, stream("m"), stream("s")),
    )
    // About 180,000 arrivals: a standard error of 0.3%.
    expect(Math.abs(times.length / (5 * 36_000) - 1)).toBeLessThan(0.015)
  })

  it("dwell as long as they should", () => {
    const states = [
      { rate: 0, meanSeconds: 100 },
      { rate: 3, meanSeconds: 50 },
    ]
    const times = timesOf(
      modulatedArrivals(
        settings({ untilMicros: 80 * HOUR, ratePerSecond: 20 }),
        states,
        stream("m"),
        stream("s"),
      ),
    )
    // At 60 a second in the busy state, a pause of 2 s is a visit to the silent one.
    const pauses = gapsOf(times).filter((gap) => gap > 2e6)
    expect(meanOf(pauses) / 1e6 - 2).toBeGreaterThan(93)
    expect(meanOf(pauses) / 1e6 - 2).toBeLessThan(107)
    expect((80 * 3600) / pauses.length).toBeGreaterThan(137)
    expect((80 * 3600) / pauses.length).toBeLessThan(163)
    expect(times.length / (20 * 80 * 3600)).toBeCloseTo(1, 1)
  })
})
