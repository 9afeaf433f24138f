/**
 * How newcomers fare in their first week online, against equal veterans and against what the ramp
 * allows. Newcomers are followed by their age, so that those of the first days are among them.
 */
import type { Metric, Window } from "./metric.ts"
import { metric, sumOf } from "./metric.ts"
import type { NewcomerChannel } from "../recording/recorder.ts"
import { ageBinSeconds } from "../recording/recorder.ts"

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

const ofWeek = (name: string, meaning: string, valueOf: (window: Window) => number): Metric =>
  metric(`newcomer.${name}`, "ratio", `${meaning}, warm-up included`, valueOf)

export const newcomerMetrics: ReadonlyArray<Metric> = [
  ofWeek(
    "paySecondWeek",
    "Pay in a node's second online week, when the ramp is over, ÷ equal veterans'",
    inWeek(1, "pay", "veteranPay"),
  ),
  ofWeek("rampFirstWeek", "What the ramp allows in a node's first online week", ramp),
  ofWeek("trafficFirstWeek", "Traffic in a node's first online week ÷ equal veterans'", traffic),
  ofWeek("payFirstWeek", "Pay in a node's first online week ÷ equal veterans'", pay),
  ofWeek(
    "trafficLessRamp",
    "Traffic less ramp: below 0, newcomers get less than the ramp allows",
    (window) => traffic(window) - ramp(window),
  ),
  ofWeek(
    "payLessRamp",
    "Pay less ramp: below 0, newcomers earn less than the ramp allows",
    (window) => pay(window) - ramp(window),
  ),
]
