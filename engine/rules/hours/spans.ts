/**
 * Spans of time: sorted, apart from each other, each from an instant to before another. When a listing is
 * open, and when its region has its peak. Zones and days are resolved by who drives the market: the kernel
 * sees instants only.
 */
import { isWhole } from "../../core/units.ts"

export interface Spans {
  readonly from: Float64Array<ArrayBuffer>
  readonly until: Float64Array<ArrayBuffer>
}

/** At any time. */
export const always: Spans = { from: Float64Array.of(0), until: Float64Array.of(Infinity) }
export const never: Spans = { from: new Float64Array(0), until: new Float64Array(0) }

/** Spans from the lists of an event; `undefined` where they do not rise, or overlap, or are none. */
export const spansOf = (
  from: ReadonlyArray<number>,
  until: ReadonlyArray<number>,
): Spans | undefined => {
  if (from.length !== until.length) return undefined
  for (let span = 0; span < from.length; span++) {
    if (!isWhole(from[span]) || !isWhole(until[span]) || from[span] >= until[span]) return undefined
    if (span > 0 && until[span - 1] >= from[span]) return undefined
  }
  return { from: Float64Array.from(from), until: Float64Array.from(until) }
}

/** The first span that ends after a time; their number where there is none. O(log spans). */
export const spanAfter = ({ until }: Spans, time: number): number => {
  let first = 0
  let last = until.length
  while (first < last) {
    const middle = (first + last) >> 1
    if (until[middle] <= time) first = middle + 1
    else last = middle
  }
  return first
}

export const covers = (spans: Spans, from: number, until: number): boolean => {
  const span = spanAfter(spans, from)
  return span < spans.from.length && spans.from[span] <= from && until <= spans.until[span]
}

export const isWithin = (spans: Spans, time: number): boolean => {
  const span = spanAfter(spans, time)
  return span < spans.from.length && spans.from[span] <= time
}

/** When it next begins or ends to be within; +Infinity: never. */
export const nextTurn = (spans: Spans, time: number): number => {
  const span = spanAfter(spans, time)
  if (span === spans.from.length) return Infinity
  return spans.from[span] > time ? spans.from[span] : spans.until[span]
}

/** The parts of spans that lie within an interval. O(log spans + those parts). */
export const within = (spans: Spans, from: number, until: number): Spans => {
  const first = spanAfter(spans, from)
  let last = first
  while (last < spans.from.length && spans.from[last] < until) last++
  return {
    from: spans.from.slice(first, last).map((at) => Math.max(at, from)),
    until: spans.until.slice(first, last).map((at) => Math.min(at, until)),
  }
}

/** Is each moment of an interval within the one or the other? */
export const areCovering = (one: Spans, other: Spans, from: number, until: number): boolean => {
  let at = from
  while (at < until) {
    const spans = isWithin(one, at) ? one : other
    if (!isWithin(spans, at)) return false
    at = nextTurn(spans, at)
  }
  return true
}

/** How much of an interval lies within, µs. */
export const microsWithin = (spans: Spans, from: number, until: number): number => {
  let micros = 0
  for (let span = spanAfter(spans, from); span < spans.from.length; span++) {
    if (spans.from[span] >= until) break
    micros += Math.min(until, spans.until[span]) - Math.max(from, spans.from[span])
  }
  return micros
}

/** Spans as pairs, for whoever looks at them. */
export const pairsOf = ({
  from,
  until,
}: Spans): ReadonlyArray<readonly [from: number, until: number]> =>
  Array.from(from, (at, span) => [at, until[span]] as const)
