/**
 * How newcomers fare in their first week online, against equal veterans and against what the ramp
 * allows. Newcomers are followed by their age, so that those of the first days are among them.
 */
import type { NewcomerChannel } from "../recording/recorder.ts"
import { ageBinSeconds } from "../recording/recorder.ts"
import type { MetricWords } from "./metric.ts"
import { gainOrLoss, metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"
import { sumOf } from "./window.ts"

const weekOfAgeBins = (7 * 86_400) / ageBinSeconds

/** One channel over another, in the week of a node's online life that begins after so many. */
const inWeek =
  (weeksBefore: number, own: NewcomerChannel, equal: NewcomerChannel) =>
  ({ recording: { newcomers } }: Window): number => {
    const from = weeksBefore * weekOfAgeBins
    const until = from + weekOfAgeBins
    return (
      sumOf(newcomers[own].subarray(from, until)) / sumOf(newcomers[equal].subarray(from, until))
    )
  }

const ramp = inWeek(0, "ramp", "onlineSeconds")
const traffic = inWeek(0, "traffic", "veteranTraffic")
const pay = inWeek(0, "pay", "veteranPay")

const ofWeek = (metric: Omit<MetricWords, "unit" | "window">): MetricWords => ({
  ...metric,
  name: `newcomer.${metric.name}`,
  unit: "ratio",
  window: "whole run",
})

const ofVeterans = "equal veterans, in the same hours"

export const newcomerMetrics = metricsIn("newcomers", [
  ofWeek({
    name: "trafficFirstWeek",
    label: "Newcomer's traffic, week 1",
    meaning: "Traffic in a node's first online week ÷ equal veterans'",
    base: ofVeterans,
    valueOf: traffic,
  }),
  ofWeek({
    name: "payFirstWeek",
    label: "Newcomer's pay, week 1",
    meaning: "Pay in a node's first online week ÷ equal veterans'",
    base: ofVeterans,
    valueOf: pay,
  }),
  ofWeek({
    name: "paySecondWeek",
    label: "Newcomer's pay, week 2",
    meaning: "Pay in a node's second online week, when the ramp is over, ÷ equal veterans'",
    base: ofVeterans,
    valueOf: inWeek(1, "pay", "veteranPay"),
  }),
  ofWeek({
    name: "rampFirstWeek",
    label: "What the ramp allows",
    meaning: "What the ramp allows in a node's first online week",
    base: "full capacity",
    most: 1,
    valueOf: ramp,
  }),
  ofWeek({
    name: "trafficLessRamp",
    label: "Traffic less ramp",
    meaning: "Traffic less ramp: below 0, newcomers get less than the ramp allows",
    base: ofVeterans,
    ...gainOrLoss,
    valueOf: (window) => traffic(window) - ramp(window),
  }),
  ofWeek({
    name: "payLessRamp",
    label: "Pay less ramp",
    meaning: "Pay less ramp: below 0, newcomers earn less than the ramp allows",
    base: ofVeterans,
    ...gainOrLoss,
    valueOf: (window) => pay(window) - ramp(window),
  }),
])
