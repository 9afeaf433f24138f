/**
 * Health (docs/rules.md#health). "A 14-day success / failure / neutral score that tie-breaks routing";
 * "probe outcomes and accumulated online time roll into the same window" (002).
 *
 * H = (S + 19 + ω·(U + onlineHours)) / (S + F + 20 + ω·(P + onlineHours)), ω = 0.25, rounded to
 * 0.01, over the last 336 hourly buckets. Neutrals are counted for the reader and never enter.
 *
 * One page an hour holds that hour's counts of every instance; the window's sums are kept beside,
 * so an outcome is O(1), and the turn of an hour takes the expired page from all sums: O(1) for an
 * instance and hour.
 */
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { between, nonNegative, positive, wholeBetween } from "../core/setting.ts"
import { microsPerHour } from "../core/units.ts"

export const healthKnobs = {
  windowHours: knob(wholeBetween("hours", 1, 2160), {
    default: 336,
    unit: "h",
    meaning: "Outcomes older than this have no effect.",
    source: "002: a 14-day success / failure / neutral score",
  }),
  priorSuccesses: knob(positive("successes"), {
    default: 19,
    unit: "successes",
    meaning: "Successes that a newcomer is credited with.",
    source: "ours: a Beta(19, 1) prior, a newcomer starts at 0.95",
  }),
  priorFailures: knob(nonNegative("failures"), {
    default: 1,
    unit: "failures",
    meaning: "Failures that a newcomer is charged with.",
    source: "ours: a Beta(19, 1) prior, a newcomer starts at 0.95",
  }),
  uptimeWeight: knob(nonNegative("requests"), {
    default: 0.25,
    unit: "requests",
    meaning: "What one probe, or one online hour, weighs against one request.",
    source: "002: probe outcomes and online time roll into the same window",
  }),
  tieWeight: knob(between("a share", 0, 1), {
    default: 0.2,
    unit: "share",
    meaning: "Share of an instance's lottery weight that depends on its health.",
    source: "ours: the score tie-breaks without starving anyone",
  }),
} as const

export const compileHealth = ({ health }: { readonly health: KnobValues<typeof healthKnobs> }) =>
  ({
    healthHours: health.windowHours,
    priorSuccesses: health.priorSuccesses,
    priorFailures: health.priorFailures,
    uptimeWeight: health.uptimeWeight,
    tieWeight: health.tieWeight,
  }) as const

export type HealthRules = ReturnType<typeof compileHealth>

/** What is counted, each at its place in an instance's row. */
const places = {
  successes: 0,
  failures: 1,
  neutrals: 2,
  probes: 3,
  goodProbes: 4,
  onlineMicros: 5,
  refusals: 6,
} as const
export type Count = keyof typeof places
export const counts = Object.keys(places) as ReadonlyArray<Count>

/** Places in a row: a whole number of rows fills a cache line. */
const rowLength = 8

export interface Health {
  /** The rows of each hour of the window, by hour modulo its length; absent until the hour came. */
  readonly pages: Array<Uint32Array<ArrayBuffer> | undefined>
  /** Rows of sums over the window, by instance slot; online time in µs. */
  sums: Float64Array<ArrayBuffer>
  hour: number
}

export const makeHealth = (rules: HealthRules, capacity = 16): Health => ({
  pages: Array.from({ length: rules.healthHours }, () => undefined),
  sums: new Float64Array(capacity * rowLength),
  hour: 0,
})

/** Adds to one count of one instance in the present hour. An hour's µs fit 32 bits. */
export const count = (health: Health, what: Count, slot: number, amount: number): void => {
  const at = slot * rowLength + places[what]
  health.sums[at] += amount
  pageOf(health)[at] += amount
}

/** One count of one instance, in the sums or in the rows of an hour. */
export const countIn = (rows: Float64Array | Uint32Array, what: Count, slot: number): number =>
  rows[slot * rowLength + places[what]]

const pageOf = (health: Health): Uint32Array<ArrayBuffer> => {
  const at = health.hour % health.pages.length
  const page = health.pages[at] ?? new Uint32Array(health.sums.length)
  health.pages[at] = page
  return page
}

/** Begins the next hour: what is `healthHours` old no longer counts. O(instances). */
export const turnHour = (health: Health): void => {
  health.hour++
  const expired = health.pages[health.hour % health.pages.length]
  if (expired === undefined) return
  for (let at = 0; at < expired.length; at++) {
    health.sums[at] -= expired[at]
    invariant(health.sums[at] >= 0, "no more leaves the window than was counted in it")
  }
  expired.fill(0)
}

/**
 * Begins a later hour where all hours of the window are alike but the present one, in which nothing
 * has been counted yet.
 */
export const passLikeHours = (health: Health, hours: number): void => {
  invariant(hours >= 1, "hours that pass at once are one or more")
  const { pages } = health
  const from = health.hour % pages.length
  health.hour += hours
  const to = health.hour % pages.length
  const empty = pages[from]
  pages[from] = pages[to]
  pages[to] = empty
}

/** Makes room for instance slots below `capacity`. */
export const growHealth = (health: Health, capacity: number): void => {
  const length = capacity * rowLength
  if (length <= health.sums.length) return
  const sums = new Float64Array(length)
  sums.set(health.sums)
  health.sums = sums
  health.pages.forEach((page, at) => {
    if (page === undefined) return
    const wider = new Uint32Array(length)
    wider.set(page)
    health.pages[at] = wider
  })
}

/** Forgets an instance that is gone, so that its slot can be used again. O(window). */
export const forget = (health: Health, slot: number): void => {
  const first = slot * rowLength
  health.sums.fill(0, first, first + rowLength)
  for (const page of health.pages) page?.fill(0, first, first + rowLength)
}

/** The score × 100, a whole number in 0…100. */
export const healthHundredths = (rules: HealthRules, { sums }: Health, slot: number): number => {
  const row = slot * rowLength
  return score(
    rules,
    sums[row + places.successes],
    sums[row + places.failures],
    sums[row + places.probes],
    sums[row + places.goodProbes],
    sums[row + places.onlineMicros] / microsPerHour,
  )
}

/** The formula itself, × 100 and rounded: monotone in successes (up) and failures (down). */
export const score = (
  { priorSuccesses, priorFailures, uptimeWeight }: HealthRules,
  successes: number,
  failures: number,
  probes: number,
  goodProbes: number,
  onlineHours: number,
): number =>
  Math.round(
    (100 * (successes + priorSuccesses + uptimeWeight * (goodProbes + onlineHours))) /
      (successes +
        failures +
        priorSuccesses +
        priorFailures +
        uptimeWeight * (probes + onlineHours)),
  )

/** Asserts that the sums are those of the window's hours. O(window · instances). */
export const auditHealth = ({ pages, sums }: Health): void => {
  const counted = new Float64Array(sums.length)
  for (const page of pages) {
    if (page === undefined) continue
    for (let at = 0; at < page.length; at++) counted[at] += page[at]
    for (let at = places.onlineMicros; at < page.length; at += rowLength)
      invariant(page[at] <= microsPerHour, "nobody is online for more than an hour in an hour")
  }
  for (let at = 0; at < sums.length; at++)
    invariant(sums[at] === counted[at], "a sum of the window is that of its hours")
  for (let row = 0; row < sums.length; row += rowLength)
    invariant(
      sums[row + places.goodProbes] <= sums[row + places.probes],
      "no more probes went well than were made",
    )
}
