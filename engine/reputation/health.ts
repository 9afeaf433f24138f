/**
 * Health (rule 6). "A 14-day success / failure / neutral score that tie-breaks routing"; "probe
 * outcomes and accumulated online time roll into the same window" (002).
 *
 * H = (S + 19 + ω·(U + onlineHours)) / (S + F + 20 + ω·(P + onlineHours)), ω = 0.25, rounded to
 * 0.01, over the last 336 hourly buckets. Neutrals are counted for the reader and never enter.
 *
 * One page an hour holds that hour's counts of every instance; the window's sums are kept beside,
 * so an outcome is O(1), and the turn of an hour takes the expired page from all sums: O(1) for an
 * instance and hour.
 */
import type { Rules } from "../economy/rules.ts"
import { microsPerHour } from "../units.ts"

export const counts = [
  "successes",
  "failures",
  "neutrals",
  "probes",
  "goodProbes",
  "onlineMicros",
] as const
export type Count = (typeof counts)[number]

type Page = { readonly [C in Count]: Uint32Array<ArrayBuffer> }

export interface Health {
  /** The pages of the window by hour modulo its length; absent until that hour has come. */
  readonly pages: Array<Page | undefined>
  /** Sums over the window by instance slot; online time in µs. */
  readonly sums: { [C in Count]: Float64Array<ArrayBuffer> }
  hour: number
  capacity: number
}

export const makeHealth = (rules: Rules, capacity = 16): Health => ({
  pages: Array.from({ length: rules.healthHours }, () => undefined),
  sums: byCount(() => new Float64Array(capacity)),
  hour: 0,
  capacity,
})

const byCount = <A>(make: (count: Count) => A): { [C in Count]: A } => ({
  successes: make("successes"),
  failures: make("failures"),
  neutrals: make("neutrals"),
  probes: make("probes"),
  goodProbes: make("goodProbes"),
  onlineMicros: make("onlineMicros"),
})

/** Adds to one count of one instance in the present hour. An hour's µs fit 32 bits. */
export const count = (health: Health, what: Count, slot: number, amount: number): void => {
  const sums = health.sums[what]
  sums[slot] += amount
  const page = pageOf(health)[what]
  page[slot] += amount
}

const pageOf = (health: Health): Page => {
  const at = health.hour % health.pages.length
  const page = health.pages[at]
  if (page !== undefined) return page
  const fresh = byCount(() => new Uint32Array(health.capacity))
  health.pages[at] = fresh
  return fresh
}

/** Begins the next hour: what is `healthHours` old no longer counts. O(instances). */
export const turnHour = (health: Health): void => {
  health.hour++
  const expired = health.pages[health.hour % health.pages.length]
  if (expired === undefined) return
  for (const what of counts) {
    const sums = health.sums[what]
    const old = expired[what]
    for (let slot = 0; slot < old.length; slot++) sums[slot] = sums[slot] - old[slot]
    old.fill(0)
  }
}

/** Makes room for instance slots below `capacity`. */
export const growHealth = (health: Health, capacity: number): void => {
  if (capacity <= health.capacity) return
  health.capacity = capacity
  for (const what of counts) {
    const wider = new Float64Array(capacity)
    wider.set(health.sums[what])
    health.sums[what] = wider
  }
  health.pages.forEach((page, at) => {
    if (page === undefined) return
    health.pages[at] = byCount((what) => {
      const wider = new Uint32Array(capacity)
      wider.set(page[what])
      return wider
    })
  })
}

/** Forgets an instance that is gone, so that its slot can be used again. O(window). */
export const forget = (health: Health, slot: number): void => {
  for (const what of counts) {
    health.sums[what][slot] = 0
    for (const page of health.pages) if (page !== undefined) page[what][slot] = 0
  }
}

/** The score × 100, a whole number in 0…100. */
export const healthHundredths = (rules: Rules, { sums }: Health, slot: number): number =>
  score(
    rules,
    sums.successes[slot],
    sums.failures[slot],
    sums.probes[slot],
    sums.goodProbes[slot],
    sums.onlineMicros[slot] / microsPerHour,
  )

/** The formula itself, × 100 and rounded: monotone in successes (up) and failures (down). */
export const score = (
  { priorSuccesses, priorFailures, uptimeWeight }: Rules,
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
