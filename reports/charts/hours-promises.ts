/** Where hours are sold by contract or reserved, and where hosts act together: what keeps machines in use, who earns. */
import { chartByName } from "./by-name.ts"

export const hoursUseBy = chartByName({
  id: "hours-use-by",
  name: "What keeps machines in use",
  metric: "hours.useBy.",
  xTitle: "percent of the hours in use",
  titleOf: (kind, mean) => `Of the hours in use, ${mean} % are by ${kind}`,
  note: "of the hours in use, sampled; a reservation counts whether it is used or not",
  bounds: [],
  factor: 100,
  missing: "The run recorded no metrics hours.useBy.….",
})

export const swarmEarnings = chartByName({
  id: "swarm-earnings",
  name: "Earnings in a swarm and outside of it",
  metric: "hours.swarmEarningsPerDay.",
  xTitle: "credits a listing and day",
  titleOf: (whose, mean) => `A listing of ${whose} earns the most: ${mean} credits a day`,
  note: "provider shares for hours, before electricity or rent",
  bounds: [],
  factor: 1,
  missing: "The run recorded no metrics hours.swarmEarningsPerDay.….",
})
