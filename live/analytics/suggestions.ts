/**
 * What a provider could change about a machine (docs/hours.md#suggestions), each with the figures that it follows
 * from. Nothing is said before there are two days of data, and no effect is named that nothing measures.
 *
 *   price       dearer than its region's median, and less than half sold   → the median
 *   openHours   closed in two or more of the region's top hours            → open them
 *   guard       idle for a day                                             → utilization-guard
 *   fewerJobs   more than a tenth of its jobs failed                       → fewer jobs at once
 *   rebuild     a reputation below the region's lower quartile             → cheaper for a week
 */
import type { ByHour } from "./day.ts"
import type { Elasticity } from "./elasticity.ts"

export const neededHours = 48
const monthDays = 30
const wellUsed = 0.5
const leastClosedHours = 2
/** An hour of the day counts as closed where less than this of the week's is open. */
const openEnough = 0.5
const idleHours = 24
const mostFailures = 0.1
const leastJobs = 20
const rebuildBps = 9000

export interface Failures {
  readonly of: "calls" | "bookings" | "jobs"
  /** Failed ÷ all, 0 to 1. */
  readonly rate: number
  readonly count: number
}

export interface Facts {
  /** How long there has been data, h. */
  readonly dataHours: number
  readonly isOffered: boolean
  /** Minor units an hour for each job. */
  readonly ratePerHour: number
  readonly strategy: string
  readonly maxJobs: number
  /** What the provider keeps, 1/100 %. */
  readonly shareBps: number
  /** Job-hours. */
  readonly soldHours: number
  readonly openHours: number
  /** Which time these are of, days. */
  readonly days: number
  /** How long nothing of it has been sold, with nothing ahead, h; 0: something is. */
  readonly idleHours: number
  /** Of each hour of the day, by its schedule, 0 to 1. */
  readonly openShare: ByHour
  readonly failures: ReadonlyArray<Failures>
  readonly region: {
    /** Of what its machines ask now. */
    readonly medianRate: number | undefined
    readonly topHours: ReadonlyArray<number>
    readonly elasticity: Elasticity | undefined
  }
  /** Where a market rates its machines. */
  readonly reputation?: { readonly own: number; readonly lowerQuartile: number }
}

/** Minor units a month to the provider. */
interface Change {
  readonly hoursBefore: number
  readonly hoursAfter: number
  readonly before: number
  readonly after: number
}

export type Suggestion =
  | {
      readonly kind: "price"
      readonly rate: number
      readonly median: number
      readonly utilisation: number
      readonly elasticity: Elasticity | undefined
      readonly change: Change | undefined
    }
  | {
      readonly kind: "openHours"
      readonly hours: ReadonlyArray<number>
      readonly utilisation: number | undefined
      readonly change: Change | undefined
    }
  | { readonly kind: "guard"; readonly idleHours: number }
  | { readonly kind: "fewerJobs"; readonly failures: Failures; readonly jobs: number }
  | {
      readonly kind: "rebuild"
      readonly own: number
      readonly lowerQuartile: number
      readonly rate: number
    }

/** Those that hold, in the order of the list above. */
export const suggestionsFor = (facts: Facts): ReadonlyArray<Suggestion> =>
  facts.dataHours < neededHours
    ? []
    : [price, openHours, guard, fewerJobs, rebuild].flatMap((rule) => rule(facts) ?? [])

const price = (facts: Facts): Suggestion | undefined => {
  const { ratePerHour: rate, soldHours, openHours: open, days, shareBps } = facts
  const { medianRate: median, elasticity } = facts.region
  if (median === undefined || rate <= median || open === 0) return undefined
  const utilisation = soldHours / open
  if (utilisation >= wellUsed) return undefined
  const aMonth = (hours: number): number => (hours / days) * monthDays
  const hoursBefore = aMonth(soldHours)
  // Own hours × elasticity × the change of the price; no more than there are.
  const change = elasticity && {
    hoursBefore,
    hoursAfter: Math.min(
      aMonth(open),
      Math.max(0, hoursBefore * (1 + elasticity.value * ((median - rate) / rate))),
    ),
  }
  return {
    kind: "price",
    rate,
    median,
    utilisation,
    elasticity,
    change: change && {
      ...change,
      before: paid(change.hoursBefore, rate, shareBps),
      after: paid(change.hoursAfter, median, shareBps),
    },
  }
}

const openHours = (facts: Facts): Suggestion | undefined => {
  const { openShare, region, soldHours, openHours: open, days } = facts
  const hours = region.topHours.filter((hour) => openShare[hour] < openEnough)
  if (hours.length < leastClosedHours) return undefined
  const utilisation = open === 0 ? undefined : soldHours / open
  const gained = hours.reduce((sum, hour) => sum + 1 - openShare[hour], 0) * facts.maxJobs
  const hoursBefore = (soldHours / days) * monthDays
  const hoursAfter =
    utilisation === undefined ? undefined : hoursBefore + utilisation * gained * monthDays
  return {
    kind: "openHours",
    hours,
    utilisation,
    change:
      hoursAfter === undefined || utilisation === 0
        ? undefined
        : {
            hoursBefore,
            hoursAfter,
            before: paid(hoursBefore, facts.ratePerHour, facts.shareBps),
            after: paid(hoursAfter, facts.ratePerHour, facts.shareBps),
          },
  }
}

const guard = ({ isOffered, idleHours: idle, strategy }: Facts): Suggestion | undefined =>
  isOffered && idle >= idleHours && strategy !== "utilization-guard"
    ? { kind: "guard", idleHours: idle }
    : undefined

const fewerJobs = ({ failures, maxJobs }: Facts): Suggestion | undefined => {
  const worst = failures
    .filter(({ rate, count }) => count >= leastJobs && rate > mostFailures)
    .toSorted((one, other) => other.rate - one.rate)[0]
  return worst === undefined
    ? undefined
    : {
        kind: "fewerJobs",
        failures: worst,
        jobs: Math.max(1, Math.floor(maxJobs * (1 - worst.rate))),
      }
}

const rebuild = ({ reputation, ratePerHour }: Facts): Suggestion | undefined =>
  reputation === undefined || reputation.own >= reputation.lowerQuartile
    ? undefined
    : { kind: "rebuild", ...reputation, rate: Math.floor((ratePerHour * rebuildBps) / 10_000) }

const paid = (hours: number, rate: number, shareBps: number): number =>
  Math.floor((hours * rate * shareBps) / 10_000)
