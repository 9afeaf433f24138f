/**
 * How much of a machine was sold (docs/hours.md#figures): utilisation = job-hours sold ÷ job-hours open, in all
 * and by hour of the day; the peak hours are those of the top quartile. What was sold was open, also where
 * its schedule is another one by now.
 */
import type { ByHour, Clock, Span } from "./day.ts"
import { hoursOfDay, microsByHour, union, within } from "./day.ts"

/** Hours that were sold, as far as they were not given up early. */
export interface Sold {
  readonly fromMicros: number
  readonly untilMicros: number
  /** 0: memory alone, which counts as one. */
  readonly jobs: number
}

/** Job-µs. */
export interface Use {
  readonly soldMicros: number
  readonly openMicros: number
  readonly soldByHour: ByHour
  readonly openByHour: ByHour
}

/** Of the time of `window`. O(hours sold and open in it). */
export const useOf = (
  sold: ReadonlyArray<Sold>,
  open: ReadonlyArray<Span>,
  capacity: number,
  window: Span,
  clock: Clock,
): Use => {
  const soldByHour = soldMicrosByHour(sold, window, clock)
  const spans = [...open, ...sold.map(spanOf)].flatMap((span) => {
    const part = within(span, window)
    return part === undefined ? [] : [part]
  })
  // Sold when its capacity was greater, it was open with that.
  const openByHour = microsByHour(union(spans), clock).map((micros, hour) =>
    Math.max(micros * capacity, soldByHour[hour]),
  )
  return { soldMicros: total(soldByHour), openMicros: total(openByHour), soldByHour, openByHour }
}

export const soldMicrosByHour = (sold: ReadonlyArray<Sold>, window: Span, clock: Clock): ByHour => {
  const hours = Array.from({ length: hoursOfDay }, () => 0)
  for (const one of sold) {
    const part = within(spanOf(one), window)
    if (part === undefined) continue
    microsByHour([part], clock).forEach((micros, hour) => {
      hours[hour] += micros * Math.max(1, one.jobs)
    })
  }
  return hours
}

/** 0 to 1; `undefined`: it was never open. */
export const utilisationOf = ({ soldMicros, openMicros }: Use): number | undefined =>
  openMicros === 0 ? undefined : soldMicros / openMicros

/** The quarter of the day in which most is sold, by the clock; fewer where less is sold at all. */
export const peakHoursOf = (soldByHour: ByHour): ReadonlyArray<number> =>
  soldByHour
    .map((micros, hour) => ({ micros, hour }))
    .filter(({ micros }) => micros > 0)
    .toSorted((one, other) => other.micros - one.micros || one.hour - other.hour)
    .slice(0, hoursOfDay / 4)
    .map(({ hour }) => hour)
    .toSorted((one, other) => one - other)

const spanOf = ({ fromMicros, untilMicros }: Sold): Span => [fromMicros, untilMicros]
const total = (hours: ByHour): number => hours.reduce((sum, one) => sum + one, 0)
