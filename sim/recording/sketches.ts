/**
 * Sketches of several days as one, and as a histogram that a chart can draw.
 */
import type { SketchState } from "../statistics/samples/quantile-sketch.ts"
import { QuantileSketch } from "../statistics/samples/quantile-sketch.ts"

/** All observations of all days. There is at least one day. */
export const mergedSketch = ([first, ...rest]: ReadonlyArray<SketchState>): QuantileSketch => {
  const merged = QuantileSketch.from(first)
  for (const state of rest) merged.merge(QuantileSketch.from(state))
  return merged
}

/** Counts by logarithmic bins, `perDecade` to a factor of ten, without the empty ends. */
export const logHistogram = (
  sketch: QuantileSketch,
  perDecade: number,
): { readonly edges: ReadonlyArray<number>; readonly counts: ReadonlyArray<number> } => {
  const width = Math.LN10 / perDecade
  const sums = new Map<number, number>()
  sketch.forEachBucket((middle, count) => {
    const place = Math.floor(Math.log(middle) / width)
    sums.set(place, (sums.get(place) ?? 0) + count)
  })
  if (sums.size === 0) return { edges: [], counts: [] }
  const first = Math.min(...sums.keys())
  const last = Math.max(...sums.keys())
  const span = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  return {
    edges: [...span, last + 1].map((place) => Math.exp(place * width)),
    counts: span.map((place) => sums.get(place) ?? 0),
  }
}
