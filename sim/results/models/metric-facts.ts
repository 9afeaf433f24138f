/**
 * What a metric is, said once for everything that shows it: the terminal's table, the report and its
 * charts, comparisons, sweeps, the codebook of an export, `evenkeel metrics` and the glossary.
 */
import { Schema } from "effect"

/** In the order in which they are shown. */
export const metricGroups = [
  "service",
  "supply",
  "money",
  "hosts",
  "fairness",
  "newcomers",
  "models",
  "prices",
  "hours",
  "batches",
  "queue",
  "strategies",
  "parties",
] as const
export type MetricGroup = (typeof metricGroups)[number]

export const groupTitles: Readonly<Record<MetricGroup, string>> = {
  service: "Service",
  supply: "Supply",
  money: "Money",
  hosts: "What hosts earn",
  fairness: "Fairness",
  newcomers: "Newcomers",
  models: "By model",
  prices: "Prices",
  hours: "Hours",
  batches: "Batches",
  queue: "Queue",
  strategies: "By strategy",
  parties: "By party",
}

/** Which stretch of a replication a metric is of. */
const metricWindows = ["after the warm-up", "whole run", "end of the run"] as const

export const MetricFacts = Schema.Struct({
  group: Schema.Literal(...metricGroups),
  /** A few words, as a line of a table. */
  label: Schema.String,
  /** A `share` is shown in percent. */
  unit: Schema.String,
  /** One line that a reader of the table understands without the source. */
  meaning: Schema.String,
  /** What it is taken over, or divided by. */
  base: Schema.String,
  window: Schema.Literal(...metricWindows),
  /** The least and the most that it can be; `null`: it has no such end. */
  least: Schema.NullOr(Schema.Number),
  most: Schema.NullOr(Schema.Number),
  /** The smallest difference that matters, in its unit, or as a share of what it is compared with. */
  smallestEffect: Schema.Number,
  isEffectRelative: Schema.Boolean,
})
export type MetricFacts = typeof MetricFacts.Type

/** The smallest difference from `baseline` that matters, in the metric's unit. */
export const smallestEffectOn = (
  { smallestEffect, isEffectRelative }: Pick<MetricFacts, "smallestEffect" | "isEffectRelative">,
  baseline: number,
): number => (isEffectRelative ? smallestEffect * Math.abs(baseline) : smallestEffect)

/** Whether a unit counts credits, alone or by something. */
export const isMoney = (unit: string): boolean => unit === "credits" || unit.startsWith("credits/")

/** Units that say no more than the metric's name does, and stand beside no figure. */
export const isUnitless = (unit: string): boolean => ["", "index", "ratio", "score"].includes(unit)
