/** What is to be known of a metric besides its meaning, in a line. */
import type { MetricFacts } from "../results/models/metric-facts.ts"

/** Unit, bounds, base, window, and what difference matters. */
export const measureText = (facts: MetricFacts): string => {
  const { unit, base, window, least, most } = facts
  const bounds =
    least === null && most === null
      ? ""
      : most === null
        ? `, ${least} or more`
        : least === null
          ? `, ${most} or less`
          : `, ${least} to ${most}`
  return `${unit}${bounds}; over ${base}; ${window}; differences from ${smallestText(facts)} on matter.`
}

const smallestText = ({ unit, smallestEffect, isEffectRelative }: MetricFacts): string =>
  isEffectRelative
    ? `${100 * smallestEffect}% of it`
    : unit === "share"
      ? `${100 * smallestEffect} percentage points`
      : String(smallestEffect)
