/**
 * What share of the instances the breaker keeps parked, over time.
 */
import { averagesOf } from "../bands.ts"
import { formatShare } from "../number-format.ts"
import { meanOf } from "../spread.ts"
import { singleLine } from "./single-line.ts"

export const parkedShare = singleLine({
  id: "parked-share",
  name: "Instances parked",
  series: "breaker.parkedShare",
  yTitle: "instances parked",
  titleOf: (result) => {
    const averages = averagesOf(result, "breaker.parkedShare", "", result.warmupSeconds)
    return `At any time ${formatShare(meanOf(averages))} of the instances are parked`
  },
})
