/**
 * How often the breaker parks an instance, over time.
 */
import { averagesOf } from "../bands.ts"
import { formatNumber } from "../number-format.ts"
import { meanOf } from "../spread.ts"
import { singleLine } from "./single-line.ts"

export const breakerParks = singleLine({
  id: "breaker-parks",
  name: "Breaker parks",
  series: "breaker.parks",
  yTitle: "parks",
  titleOf: (result) => {
    const averages = averagesOf(result, "breaker.parks", "", result.warmupSeconds)
    return `The breaker parks ${formatNumber(meanOf(averages))} instances an hour`
  },
})
