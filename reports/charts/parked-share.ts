/**
 * What share of the instances the breaker keeps parked, over time.
 */
import { figureOf } from "../estimate-text.ts"
import { singleLine } from "./single-line.ts"

export const parkedShare = singleLine({
  id: "parked-share",
  name: "Instances parked",
  series: "breaker.parkedShare",
  yTitle: "instances parked",
  titleOf: (result) => {
    const parked = figureOf(result, "breaker.parkedShare")
    return parked === undefined
      ? "Instances that the breaker keeps parked"
      : `At any time ${parked} of the instances are parked`
  },
})
