/**
 * An estimate in words: the one place in which a metric becomes text, so that table, headline, page and
 * titles of charts show one figure. A share is in percent; decimals are those that the interval supports.
 */
import { isMoney, isUnitless } from "../sim/results/models/metric-facts.ts"
import type { Estimate, RunResult, Trend } from "../sim/results/models/run-model.ts"
import { formatEstimate, formatNumber } from "./number-format.ts"

/** Between a number and its unit no line ends. */
const noBreak = "\u00a0"

export interface EstimateText {
  /** The mean, without its unit. */
  readonly mean: string
  /** "%" for a share. */
  readonly unit: string
  /** "98.1 to 98.5", in the same unit; "always" where no replication differs; "" where there is none. */
  readonly interval: string
  /** The mean in US dollars, by the same time or number as its unit; "" where it is no amount of credits. */
  readonly usd: string
}

export const estimateText = (
  { mean, low, high, halfWidth, basis, unit }: Estimate,
  creditUsd: number,
): EstimateText => {
  const factor = unit === "share" ? 100 : 1
  const written = formatEstimate(
    factor * mean,
    halfWidth === null || basis === "same" ? null : factor * halfWidth,
    ...(low === null || high === null ? [] : [factor * low, factor * high]),
  )
  return {
    mean: written.mean,
    unit: unit === "share" ? "%" : isUnitless(unit) ? "" : unit,
    interval:
      basis === "interval" ? `${written.low} to ${written.high}` : basis === "same" ? "always" : "",
    usd: usdText(mean, unit, creditUsd),
  }
}

/** "98.3%", "0.276 s", "12.4 credits/d": a mean for a sentence. */
export const figureText = (estimate: Estimate): string => {
  const { mean, unit } = estimateText(estimate, NaN)
  return unit === "%" || unit === "×" || unit === "" ? mean + unit : `${mean}${noBreak}${unit}`
}

/** What an amount of credits is in US dollars. */
const usdText = (credits: number, unit: string, creditUsd: number): string => {
  return isMoney(unit) && Number.isFinite(credits * creditUsd) ? formatUsd(credits * creditUsd) : ""
}

/** Three significant digits, cents at the least: $1,230, $0.12, −$0.0034. */
export const formatUsd = (usd: number): string => {
  const digits = formatNumber(Math.abs(usd))
  const [whole, fraction] = digits.split(".")
  const cents = fraction?.length === 1 ? `${whole}.${fraction}0` : digits
  return `${usd < 0 ? "−" : ""}$${cents}`
}

/** A metric of the run as a figure for a sentence; `undefined` where the run has not got it. */
export const figureOf = ({ metrics }: RunResult, name: string): string | undefined =>
  name in metrics ? figureText(metrics[name]) : undefined

/** That a metric still moved over the run, and which way. */
export const trendMark = ({ difference }: Trend): string => (difference > 0 ? "↗" : "↘")
