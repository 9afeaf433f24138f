/** Spans as the instants at which they begin and end, for those who only wait for the next of them. */
import type { Spans } from "./spans.ts"

/** Both rise strictly and take turns, and the first of all begins a span. */
export interface Transitions {
  readonly begins: ReadonlyArray<number>
  readonly ends: ReadonlyArray<number>
}

/**
 * The transitions of sorted spans within a stretch of time. A span that has begun before it begins at
 * `from`; one that goes on past `until` does not end. What ends at `until` ends in this stretch, and what
 * begins there begins in the next. A stretch of no time has none.
 */
export const transitionsOf = (spans: Spans, from: number, until: number): Transitions => {
  const within = spans.filter(([begin, end]) => Math.max(begin, from) < until && end > from)
  return {
    begins: within.map(([begin]) => Math.max(begin, from)),
    ends: within.map(([, end]) => end).filter((end) => end <= until),
  }
}
