/** A metric: a figure of one replication, and what it is. */
import type { MetricFacts, MetricGroup } from "../results/models/metric-facts.ts"
import type { Window } from "./window.ts"

export interface Metric extends MetricFacts {
  readonly name: string
  /** NaN where the replication saw nothing to measure. */
  readonly valueOf: (window: Window) => number
  /**
   * Where the value may be only how long it was watched for: the metric that is 1 where what it waits
   * for came, and 0 where the watch ended first.
   */
  readonly endsWith?: string
}

/** What a metric of a unit is, where it does not say otherwise. */
type UnitFacts = Pick<MetricFacts, "least" | "most" | "smallestEffect" | "isEffectRelative">

const absolute = (smallestEffect: number) => ({ smallestEffect, isEffectRelative: false })
const relative = (smallestEffect: number) => ({ smallestEffect, isEffectRelative: true })
const part = { least: 0, most: 1 }
const amount = { least: 0, most: null }
const signed = { least: null, most: null }

/** Every unit of the registry, with the bounds of its values and the smallest difference that matters. */
const units = {
  share: { ...part, ...absolute(0.005) },
  index: { ...part, ...absolute(0.01) },
  score: { ...part, ...absolute(0.01) },
  ratio: { ...amount, ...absolute(0.02) },
  "×": { least: 1, most: null, ...absolute(0.01) },
  s: { ...amount, ...relative(0.02) },
  h: { ...amount, ...relative(0.02) },
  "1/s": { ...amount, ...relative(0.01) },
  "1/d": { ...amount, ...relative(0.01) },
  "1/request": { ...amount, ...absolute(0.005) },
  "1/(node d)": { ...amount, ...relative(0.05) },
  "1/(node week)": { ...amount, ...relative(0.05) },
  "tokens/s": { ...amount, ...relative(0.01) },
  nodes: { ...amount, ...relative(0.01) },
  accounts: { ...amount, ...relative(0.01) },
  credits: { ...amount, ...relative(0.02) },
  "credits/h": { ...amount, ...relative(0.02) },
  "credits/d": { ...amount, ...relative(0.02) },
  "credits/Mtok": { ...amount, ...relative(0.02) },
} as const satisfies Readonly<Record<string, UnitFacts>>
export type Unit = keyof typeof units

/** Bounds of what may be gained or lost. */
export const gainOrLoss = signed

export type MetricWords = Pick<Metric, "name" | "label" | "meaning" | "base" | "valueOf"> &
  Partial<Omit<Metric, "unit" | "group">> & { readonly unit: Unit }

/** Metrics of one group, of what is left after the warm-up unless they say otherwise. */
export const metricsIn = (
  group: MetricGroup,
  metrics: ReadonlyArray<MetricWords>,
): ReadonlyArray<Metric> =>
  metrics.map((metric) => ({
    group,
    window: "after the warm-up",
    ...units[metric.unit],
    ...metric,
  }))
