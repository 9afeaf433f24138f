/** Where hours of machines are sold: what listings of each strategy earn, how steadily, and why orders come to nothing. */
import { chartByName } from "./by-name.ts"

export const hoursEarnings = chartByName({
  id: "hours-earnings",
  name: "Earnings of hours by strategy",
  metric: "hours.earningsPerDay.by.",
  xTitle: "credits a listing and day",
  titleOf: (strategy, mean) => `A listing earns the most by ${strategy}: ${mean} credits a day`,
  note: "provider shares for hours, before electricity or rent",
  bounds: [],
  factor: 1,
  missing: "It counts whole days, of which the run has none after the warm-up.",
  leavesOutNever: true,
})

export const hoursUnsteadiness = chartByName({
  id: "hours-unsteadiness",
  name: "How steadily hours earn, by strategy",
  metric: "hours.earningsCv.by.",
  xTitle: "coefficient of variation from week to week",
  titleOf: (strategy, mean) => `Earnings vary the most from week to week by ${strategy}: ${mean}`,
  note: "of each listing's weekly earnings",
  bounds: [],
  factor: 1,
  missing: "It counts whole weeks, of which the run has too few after the warm-up.",
  leavesOutNever: true,
})

export const hoursDeclined = chartByName({
  id: "hours-declined",
  name: "Why orders of hours come to nothing",
  metric: "hours.declined.",
  labelAfter: "Not sold: ",
  xTitle: "percent of all orders",
  titleOf: (reason, mean) => `Of all orders, ${mean} % come to nothing because ${reason}`,
  note: "of all orders of hours; reasons that never were are left out",
  bounds: [],
  factor: 100,
  missing: "The run recorded no metrics hours.declined.….",
  leavesOutNever: true,
})
