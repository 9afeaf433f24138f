/**
 * How often the breaker parks an instance, over time.
 */
import { figureOf } from "../estimate-text.ts"
import { singleLine } from "./single-line.ts"

export const breakerParks = singleLine({
  id: "breaker-parks",
  name: "Breaker parks",
  series: "breaker.parks",
  yTitle: "parks",
  titleOf: (result) => {
    const often = figureOf(result, "breaker.parksPerNodeDay")
    return often === undefined
      ? "How often the breaker parks nodes"
      : `The breaker parks a node ${often.replace(/\u00a0.*/, "")} times a day`
  },
})
