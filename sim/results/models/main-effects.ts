/**
 * What each factor of a grid does by itself: the metric's mean at one of its values less that at the one
 * before, averaged over the other factors (its main effect; Box, Hunter and Hunter, "Statistics for
 * Experimenters", 2nd ed. 2005, section 5.4). All points share their random numbers, so the difference is
 * taken replication by replication, and Student's interval is over those differences alone.
 *
 * A factor has many metrics and steps. Its verdicts hold for the primary metrics together, which are
 * chosen before anybody sees a result, and for all others together (Holm in either family).
 */
import type { JudgedComparison } from "../../statistics/inference/judged-pairs.ts"
import { judgePairs } from "../../statistics/inference/judged-pairs.ts"
import type { Pair } from "../../statistics/inference/difference-of-means.ts"
import type { Verdict } from "./comparison-model.ts"
import type { MetricFacts } from "./metric-facts.ts"
import { smallestEffectOn } from "./metric-facts.ts"
import type { FactorValue, SweepResult } from "./sweep-model.ts"

/** What most questions are about. */
export const primaryMetrics: ReadonlyArray<string> = [
  "requests.servedShare",
  "ttft.p99",
  "utilisation.all",
  "tokens.outputPerSecond",
  "credits.providersPerDay",
  "credits.platformPerDay",
  "credits.bountiesPerDay",
  "earnings.gini",
  "nodes.online",
  "switches.perNodeWeek",
]

/** The change of a metric from one value of a factor to another; `baseline` is the mean at the first. */
export interface Contrast extends Omit<JudgedComparison, "verdict"> {
  readonly verdict: Verdict
  readonly from: FactorValue
  readonly to: FactorValue
}

/**
 * `negligible`: it differs by less than what matters. `not shown`: it differs, and chance may have made the
 * difference. `identical`: it does not differ at all.
 */
export type Effect = "moves" | "negligible" | "not shown" | "identical"

export interface MetricEffect {
  readonly metric: string
  readonly effect: Effect
  /** From each value to the next. */
  readonly steps: ReadonlyArray<Contrast>
  /** What to say where there is room for one: of numbers, from the least to the greatest; else the largest step. */
  readonly most: Contrast
}

export interface MainEffects {
  readonly factor: string
  /** Its values: numbers in ascending order, choices in their own. */
  readonly levels: ReadonlyArray<FactorValue>
  /** In the order of the result's metrics. */
  readonly metrics: ReadonlyArray<MetricEffect>
}

/** The effects of each factor; none of a design that is no grid, in which factors vary together. */
export const mainEffects = (result: SweepResult): ReadonlyArray<MainEffects> =>
  result.definition.design === "grid"
    ? result.factors.flatMap((factor, at) => {
        const levels = levelsOf(result, at)
        return levels.length < 2 ? [] : [effectsOf(result, factor, at, levels)]
      })
    : []

const levelsOf = ({ points }: SweepResult, factor: number): ReadonlyArray<FactorValue> => {
  const levels = [...new Set(points.map(({ values }) => values[factor]))]
  return isNumeric(levels) ? [...levels].sort((a, b) => a - b) : levels
}

const isNumeric = (levels: ReadonlyArray<FactorValue>): levels is ReadonlyArray<number> =>
  levels.every((level) => typeof level === "number")

interface Asked {
  readonly metric: string
  readonly from: FactorValue
  readonly to: FactorValue
  readonly pairs: ReadonlyArray<Pair>
}

const effectsOf = (
  result: SweepResult,
  factor: string,
  at: number,
  levels: ReadonlyArray<FactorValue>,
): MainEffects => {
  const steps = levels.slice(1).map((to, before) => [levels[before], to] as const)
  const whole =
    isNumeric(levels) && levels.length > 2 ? [[levels[0], levels[levels.length - 1]] as const] : []
  const asked = Object.keys(result.metrics).flatMap((metric) => {
    const means = levelMeans(result, at, metric)
    return [...steps, ...whole].map(([from, to]): Asked => ({
      metric,
      from,
      to,
      pairs: pairsOf(means.get(from), means.get(to)),
    }))
  })
  const judged = new Map(
    [true, false].flatMap((isPrimary) => {
      const family = asked.filter(({ metric }) => primaryMetrics.includes(metric) === isPrimary)
      const comparisons = judgePairs(family.map(({ pairs }) => pairs))
      return family.map(({ metric, from, to }, one) => {
        const verdict = verdictOf(comparisons[one], result.metrics[metric])
        const contrast: Contrast = { ...comparisons[one], verdict, from, to }
        return [`${metric} ${from} ${to}`, contrast] as const
      })
    }),
  )
  const contrastOf = (
    metric: string,
    [from, to]: readonly [FactorValue, FactorValue],
  ): Contrast => {
    const found = judged.get(`${metric} ${from} ${to}`)
    if (found === undefined) throw new Error(`main effects: ${metric} was not compared`)
    return found
  }
  return {
    factor,
    levels,
    metrics: Object.keys(result.metrics).map((metric) => {
      const own = steps.map((step) => contrastOf(metric, step))
      const all = [...own, ...whole.map((ends) => contrastOf(metric, ends))]
      return { metric, effect: effectIn(all), steps: own, most: mostOf(all, whole.length > 0) }
    }),
  }
}

const verdictOf = (judged: JudgedComparison, facts: MetricFacts): Verdict => {
  const { difference, halfWidth, baseline, verdict } = judged
  const isSmall =
    halfWidth !== null && Math.abs(difference) + halfWidth < smallestEffectOn(facts, baseline)
  return verdict !== "identical" && isSmall ? "negligible" : verdict
}

/** The metric's mean over the other factors, by value of this one and replication. */
const levelMeans = (
  { points, cells, definition }: SweepResult,
  factor: number,
  metric: string,
): ReadonlyMap<FactorValue, ReadonlyMap<number, number>> => {
  const sums = new Map<FactorValue, Map<number, { sum: number; n: number }>>()
  for (const { point, replication, metrics } of cells) {
    const level = points[point].values[factor]
    const own = sums.get(level) ?? new Map<number, { sum: number; n: number }>()
    sums.set(level, own)
    const place = own.get(replication) ?? { sum: 0, n: 0 }
    own.set(replication, place)
    if (!(metric in metrics)) continue
    place.sum += metrics[metric]
    place.n += 1
  }
  // A mean over some of the other factors' values is of another market than one over all.
  const combinations = definition.points / sums.size
  return new Map(
    [...sums].map(([level, own]) => [
      level,
      new Map(
        [...own].flatMap(([replication, { sum, n }]) =>
          n === combinations ? [[replication, sum / n]] : [],
        ),
      ),
    ]),
  )
}

const pairsOf = (
  from: ReadonlyMap<number, number> | undefined,
  to: ReadonlyMap<number, number> | undefined,
): ReadonlyArray<Pair> =>
  [...(from ?? [])].flatMap(([replication, baseline]) => {
    const variant = to?.get(replication)
    return variant === undefined ? [] : [{ baseline, variant }]
  })

const effectIn = (contrasts: ReadonlyArray<Contrast>): Effect => {
  if (contrasts.every(({ n, difference }) => n > 0 && difference === 0)) return "identical"
  if (contrasts.some(isShown)) return "moves"
  return contrasts.every(({ verdict }) => verdict === "negligible" || verdict === "identical")
    ? "negligible"
    : "not shown"
}

export const isShown = ({ verdict }: Contrast): boolean =>
  verdict === "higher" || verdict === "lower"

const mostOf = (contrasts: ReadonlyArray<Contrast>, hasWhole: boolean): Contrast => {
  const whole = contrasts[contrasts.length - 1]
  if (hasWhole && isShown(whole)) return whole
  // What is shown, before what is only larger.
  const shown = contrasts.filter(isShown)
  return (shown.length > 0 ? shown : contrasts).reduce((one, other) =>
    Math.abs(other.difference) > Math.abs(one.difference) ? other : one,
  )
}

/** Those that the factor moves: the primary ones first, then those whose change is largest beside their size. */
export const movingMetrics = ({ metrics }: MainEffects): ReadonlyArray<MetricEffect> => {
  const isPrimary = ({ metric }: MetricEffect) => primaryMetrics.includes(metric)
  const size = ({ most: { difference, baseline } }: MetricEffect) =>
    Math.abs(difference) / Math.max(Math.abs(baseline), Number.MIN_VALUE)
  return metrics
    .filter(({ effect }) => effect === "moves")
    .toSorted((a, b) => Number(isPrimary(b)) - Number(isPrimary(a)) || size(b) - size(a))
}
