/** The markets of hours in which promises are tried and attacks are made: one region, equal machines that are always open. */
import type { Arm } from "./arm.ts"
import { arm } from "./claim-catalogue.ts"

const fixedRates = "hours.listings.strategies=[]"
/** Twenty machines, and orders that keep some two fifths of them in use. */
const twenty = ["fleet.nodes=20", "hours.renters.ordersPerDay=38", "horizonDays=28"]
/** The same with orders that keep most of them in use. */
export const crowdedHours = "hours.renters.ordersPerDay=75"

export const hoursMarket: ReadonlyArray<string> = [fixedRates, ...twenty]

/**
 * The same without anything that goes wrong by itself, where nobody remembers what a host or a renter did, and machines
 * cost nothing: what is left between an attack and its control is the market's rules.
 */
export const bareHours: ReadonlyArray<string> = [
  ...hoursMarket,
  "faults.crashesPerNodeDay=0",
  "hours.providers.noShowShare=0",
  "hours.providers.awayPerBookedDay=0",
  "hours.renters.caution=0",
  "operators.electricityUsdPerKwh=0",
]

/** Eight machines of the subject, beside the twenty. */
export const letBy = (lets: string): string =>
  `parties=[{name: subject, device: RTX 4090, model: llama-3-8b, machines: 8, hours: {lets: {${lets}}}}]`

/** The mix of five strategies, as its scenario has it. */
export const mixedHours = (...settings: ReadonlyArray<string>): Arm =>
  arm("strategies-of-price", ...settings)

/** Everybody by one strategy. */
export const allBy = (strategy: string, ...settings: ReadonlyArray<string>): Arm =>
  arm(
    "strategies-of-price",
    ...twenty,
    `hours.listings.strategies=[{strategy: ${strategy}, weight: 1}]`,
    ...settings,
  )
