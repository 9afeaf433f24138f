/**
 * What is sold stays in use for long after the rate has risen: a rate that follows use in steps must not run away
 * meanwhile. Hours are sold for twelve at a time, and a rate that is 1% higher draws 1% fewer orders; demand jumps so that
 * the rate at which a listing is as full as its threshold rises from 1 to 1.4 times its base. No randomness is left but
 * that of the orders, and the mean over many runs is held against 110% of that rate.
 */
import { describe, expect, it } from "vitest"
import { listingView, openStream } from "../../../../engine/index.ts"
import { nextMultiplier } from "../../../../engine/rules/hours/strategies.ts"
import { meanInterval } from "../../../../sim/statistics/inference/interval.ts"
import { exponential } from "../../../../sim/kernel/variates.ts"
import {
  credit,
  day,
  hour,
  listing,
  literal,
  openHoursMarket,
  order,
} from "../../../support/hours.ts"

const slots = 400
const bookingHours = 12
const threshold = 0.8
const jump = 1.4
const calmMicros = 2 * day
const wholeMicros = 7 * day

/** The multiplier at each hour since demand jumped, as one run has it. */
const pathOf = (run: number): ReadonlyArray<number> => {
  const trial = openHoursMarket({
    economy: literal({ strategies: { dynamic: "step" } }),
    seed: `overshoot ${run}`,
    consumerCredit: 1e6 * credit,
    terms: { maxJobs: slots, strategy: "dynamic", peakBps: 10_000, bulkBps: 10_000 },
  })
  const { market } = trial
  const stream = openStream("overshoot", "orders", run)
  const multiplier = () => (listingView(market, listing)?.multiplierBps ?? NaN) / 10_000
  const path: Array<number> = []
  let booking = 0
  let nextHour = calmMicros
  while (market.now < wholeMicros) {
    const load = market.now < calmMicros ? threshold : threshold * jump
    // Orders at the base rate; of these as many are made as the present rate leaves.
    const perMicro = (load * slots) / (bookingHours * hour)
    const next = market.now + Math.ceil(exponential(stream, perMicro))
    for (; nextHour <= next; nextHour += hour) {
      if (nextHour > market.now) trial.wait(nextHour - market.now)
      path.push(multiplier())
    }
    if (next > market.now) trial.wait(next - market.now)
    if (stream.next() * multiplier() >= 1) continue
    order(trial, ++booking, { hours: bookingHours })
    trial.wait(0)
    trial.send({ _tag: "DeliveryStarted", booking })
  }
  return path
}

const runs = 8
const paths = Array.from({ length: runs }, (_, run) => pathOf(run))
const meansAt = (at: number) => meanInterval(paths.map((path) => path[at]))

describe("a dynamic rate by steps, with bookings of twelve hours and an elasticity of 1", () => {
  it("overshoots its fixed point by a tenth at most", () => {
    const highest = paths[0]
      .map((_, at) => meansAt(at))
      .reduce((one, other) => (other.mean > one.mean ? other : one))
    expect(highest.mean).toBeGreaterThan(0.95 * jump)
    expect(highest.mean + (highest.halfWidth ?? Infinity)).toBeLessThan(1.1 * jump)
  })

  it("settles there", () => {
    const lastDay = paths.map((path) => {
      const late = path.slice(-24)
      return late.reduce((sum, one) => sum + one, 0) / late.length
    })
    const { mean, halfWidth } = meanInterval(lastDay)
    expect(Math.abs(mean - jump)).toBeLessThan(0.05 * jump + (halfWidth ?? 0))
  })
})

/** The highest multiplier without any chance: what is sold in each step is what its rate leaves of the demand. */
const highestOf = (soldMicros: number): number => {
  const { market } = openHoursMarket({ economy: literal({ strategies: { dynamic: "step" } }) })
  const stepsSold = 4 * bookingHours
  const sold = Array<number>(stepsSold).fill(threshold / stepsSold)
  let multiplierBps = 10_000
  let highest = 0
  for (let step = 0; step < 4 * 24 * 8; step++) {
    sold.push((threshold * jump) / stepsSold / (multiplierBps / 10_000))
    const use = sold.slice(-stepsSold).reduce((sum, one) => sum + one, 0)
    multiplierBps = nextMultiplier(market.rules, "dynamic", {
      multiplierBps,
      use: Math.min(1, use),
      regionUse: 0,
      regionMeanUse: 0,
      isPeak: false,
      isInDemand: false,
      isBooked: true,
      idleMicros: 0,
      soldMicros,
      threshold,
      mostBps: 20_000,
      peakBps: 10_000,
    })
    highest = Math.max(highest, multiplierBps / 10_000)
  }
  return highest
}

describe("without chance", () => {
  it("steps as large as for hours that are sold one by one would run away", () => {
    expect(highestOf(0)).toBeGreaterThan(1.2 * jump)
    expect(highestOf(bookingHours * hour)).toBeLessThan(1.1 * jump)
  })
})
