/** A difference in words: both means, what they differ by and its interval, with the same decimals. */
import type {
  ComparisonResult,
  MetricComparison,
} from "../../sim/results/models/comparison-model.ts"
import { isMoney, isUnitless } from "../../sim/results/models/metric-facts.ts"
import { formatUsd } from "../estimate-text.ts"
import { formatEstimate, formatNumber } from "../number-format.ts"

export interface DifferenceText {
  readonly baseline: string
  readonly variant: string
  /** With its sign. */
  readonly difference: string
  /** "+0.8 to +1.2"; "" where there is none. */
  readonly interval: string
  /** "%" for a share, whose differences are percentage points. */
  readonly unit: string
  /** "+3.1%" of the baseline; "" where that is 0. */
  readonly relative: string
  /** The difference in US dollars; "" where it is no amount of credits. */
  readonly usd: string
  readonly p: string
}

export const differenceText = (
  {
    baseline,
    variant,
    difference,
    low,
    high,
    halfWidth,
    relative,
    unit,
    basis,
    pHolm,
  }: MetricComparison,
  creditUsd: number,
): DifferenceText => {
  const factor = unit === "share" ? 100 : 1
  const scaled = (value: number) => {
    const half = halfWidth === null ? null : factor * halfWidth
    // An exact difference is as precise as the means are.
    return formatEstimate(factor * value, half === 0 ? null : half).mean
  }
  const signed = (value: number) => `${value > 0 ? "+" : ""}${scaled(value)}`
  const usd = difference * creditUsd
  return {
    baseline: scaled(baseline),
    variant: scaled(variant),
    difference: signed(difference),
    interval:
      low === null || high === null
        ? ""
        : halfWidth === 0
          ? "always"
          : `${signed(low)} to ${signed(high)}`,
    unit: unit === "share" ? "%" : isUnitless(unit) ? "" : unit,
    relative: relative === null ? "" : `${relative > 0 ? "+" : ""}${formatNumber(100 * relative)}%`,
    usd: isMoney(unit) ? `${usd > 0 ? "+" : ""}${formatUsd(usd)}` : "",
    p: basis === "exact" ? "exact" : pHolm === null ? "" : pText(pHolm),
  }
}

const pText = (p: number): string => (p < 0.0001 ? "< 0.0001" : formatNumber(p))

export const verdictWords = {
  higher: "higher",
  lower: "lower",
  negligible: "too small to matter",
  "not shown": "not shown",
  identical: "identical",
} as const

type Entry = readonly [name: string, metric: MetricComparison]

const isMoved = ([, { verdict }]: Entry): boolean => verdict === "higher" || verdict === "lower"

/** Metrics that the comparison is about; of the others, those that moved, the surest first. */
export const primaryOf = ({ comparison }: ComparisonResult): ReadonlyArray<Entry> =>
  Object.entries(comparison.metrics).filter(([, { role }]) => role === "primary")

export const movedOf = ({ comparison }: ComparisonResult): ReadonlyArray<Entry> =>
  Object.entries(comparison.metrics)
    .filter((entry) => entry[1].role === "exploratory" && isMoved(entry))
    .toSorted(([, a], [, b]) => (a.p ?? 1) - (b.p ?? 1))

/** What became of the metrics that the comparison is about, a sentence each. */
export const findings = (result: ComparisonResult): ReadonlyArray<string> =>
  primaryOf(result).map(([name, metric]) => {
    const text = differenceText(metric, result.baseline.creditUsd)
    const unit = text.unit === "" ? "" : text.unit === "%" ? " percentage points" : ` ${text.unit}`
    const size = `${text.difference}${unit}${text.usd === "" ? "" : ` (${text.usd})`}`
    const within = text.interval === "always" ? "in every replication" : `95% ${text.interval}`
    const ofBaseline = `${text.baseline} to ${text.variant}`
    switch (metric.verdict) {
      case "higher":
      case "lower":
        return `${name} is ${metric.verdict}: ${size}, ${within}, from ${ofBaseline}.`
      case "negligible":
        return `${name} differs by less than matters: ${size}, ${within}.`
      case "identical":
        return `${name} is the same in every replication.`
      case "not shown":
        return `${name}: no difference is shown, and none is ruled out; ${size}, ${within}. More --replications would tell.`
    }
  })

/** How the other metrics fared, counted. */
export const exploratorySummary = (result: ComparisonResult): string => {
  const others = Object.values(result.comparison.metrics).filter(
    ({ role }) => role === "exploratory",
  )
  const count = (verdicts: ReadonlyArray<string>) =>
    others.filter(({ verdict }) => verdicts.includes(verdict)).length
  const isOnly = others.length === Object.keys(result.comparison.metrics).length
  return `Of ${others.length} ${isOnly ? "" : "other "}metrics ${count(["higher", "lower"])} moved, ${count(["negligible"])} by less than matters; of ${count(["not shown"])} no difference is shown; ${count(["identical"])} are identical in every replication.`
}
