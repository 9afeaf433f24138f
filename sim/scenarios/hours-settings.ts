/**
 * Hours sold beside requests: where machines and renters are, which machines are let and at what rate, who
 * rents them, and what goes wrong. Without a region, or without listings, nobody sells hours.
 *
 * Money is a multiple of the device's published rate (sim/fleet/published-rates.ts), so that one figure holds
 * for machines of every price.
 */
import { Schema } from "effect"
import { priceStrategies, Settings } from "../../engine/index.ts"
import { Timezone } from "../../schedules/index.ts"
import { weekNames } from "../agents/weeks.ts"
import { Contracts, Promises, Reservations, Swarms } from "./promise-settings.ts"
import { ListingQueue, OfferedTier } from "./tier-settings.ts"

const { allowing, between, factor, nonNegative, oneOf, positive } = Settings
const { setting, share, wholeBetween } = Settings

/** A region's row in the recordings. */
export const maxRegions = 16

const isDate = (text: string): boolean =>
  /^20\d\d-\d\d-\d\d$/.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().startsWith(text)

const date = allowing(Schema.String.pipe(Schema.filter(isDate)), "a date, such as 2026-03-02")

const Region = Schema.Struct({
  name: setting(
    Schema.String.pipe(
      Schema.pattern(/^[a-z][a-z0-9-]*$/, {
        message: () => "expected a name of small letters, digits and hyphens, such as europe-west",
      }),
    ),
    { meaning: "What its metrics are called by." },
  ),
  timezone: setting(Timezone, {
    meaning: "The zone whose clock its peak hours, weeks and days are told by.",
  }),
  hosts: setting(nonNegative("weight"), { meaning: "Weight among the machines that sell hours." }),
  renters: setting(nonNegative("weight"), { meaning: "Weight among the renters." }),
})
export type Region = typeof Region.Type

const Listings = Schema.Struct({
  share: setting(share, {
    default: 0,
    meaning: "Part of the nodes that sell hours; only devices that have a rate do.",
  }),
  rates: setting(
    Schema.Array(
      Schema.Struct({
        device: setting(Schema.String, { meaning: "A device of the fleet, by name." }),
        usdPerHour: setting(positive("US dollars an hour"), {
          meaning: "What an hour of it costs in public.",
        }),
      }),
    ),
    {
      default: [],
      unit: "US dollars an hour",
      meaning: "Rates in place of the published ones, by device.",
      source: "sim/fleet/published-rates.ts where none is given",
    },
  ),
  rateFactor: setting(factor(0.001, 1000), {
    default: 1,
    unit: "times the published rate",
    meaning: "The base rate of every listing.",
    source: "assumed: hosts start from what others ask",
  }),
  rateSpread: setting(between("a standard deviation of the logarithm", 0, 3), {
    default: 0,
    unit: "log-rate",
    meaning: "How far apart the base rates of equal machines are: log-normal around that.",
    source: "assumed; the rents of one device at small hosts differ by some 20%",
  }),
  leastShare: setting(share, {
    default: 0,
    unit: "of the base rate",
    meaning: "No strategy takes a rate below this; 0: any.",
    source: "assumed",
  }),
  maxJobs: setting(wholeBetween("jobs", 1, 1024), {
    default: 1,
    meaning: "How many jobs a listing takes at once; 1: the machine is let as a whole.",
    source: "001 books whole GPUs",
  }),
  strategies: setting(
    Schema.Array(
      Schema.Struct({
        strategy: setting(oneOf(...priceStrategies), { meaning: "How its rate follows demand." }),
        weight: setting(nonNegative("weight"), { meaning: "Weight among the listings." }),
      }),
    ),
    { default: [], meaning: "By what rates follow demand, by weight; where none is given: fixed." },
  ),
  weeks: setting(
    Schema.Array(
      Schema.Struct({
        week: setting(oneOf(...weekNames), {
          meaning:
            "always; nights: 20:00 to 08:00; weekends; guide: 003's example, working days from 9 to 17 and weekends; maintained: always, but for maintenance on Wednesdays from 3 to 6.",
        }),
        weight: setting(nonNegative("weight"), { meaning: "Weight among the listings." }),
      }),
    ),
    { default: [], meaning: "When listings are open, by weight; where none is given: always." },
  ),
  peakFactor: setting(factor(1, 100), {
    default: 1.5,
    unit: "times the rate",
    meaning: "What an hour costs at peak.",
    source: "003: peak_multiplier 1.5",
  }),
  bulkFactor: setting(share, {
    default: 0.8,
    unit: "times the rate",
    meaning: "What an hour of a long rental costs.",
    source: "003: bulk_discount 0.8",
  }),
  threshold: setting(between("a share", 0.01, 0.99), {
    default: 0.8,
    unit: "of the listing's jobs",
    meaning: "dynamic: above which use it is dearer.",
    source: "003: increase price when 80% utilized",
  }),
  maxFactor: setting(factor(1, 100), {
    default: 2,
    unit: "times the rate",
    meaning: "dynamic: by how much at most.",
    source: "003: max_multiplier 2.0",
  }),
  tiers: setting(Schema.Array(OfferedTier), {
    default: [],
    meaning: "What every listing offers for calls, where these are charged by their time.",
  }),
  queue: setting(Schema.NullOr(ListingQueue), {
    default: null,
    meaning: "How many calls may wait at each of a listing's machines; null: none.",
  }),
}).annotations({ description: "Machines that are let by the hour." })

const Renters = Schema.Struct({
  count: setting(wholeBetween("renters", 1, 1_000_000), {
    default: 100,
    meaning: "Renters, in all regions; each has an account of its own.",
  }),
  ordersPerDay: setting(nonNegative("orders a day"), {
    default: 0,
    meaning: "What all of them order, on average over a week.",
  }),
  daily: setting(share, {
    default: 0,
    meaning: "The shape of the renters' day, by their region's clock: 0 flat, 1 as assumed.",
  }),
  weekly: setting(share, {
    default: 0,
    meaning: "The shape of their week: 0 flat, 1 as assumed.",
  }),
  medianHours: setting(positive("hours"), {
    default: 4,
    meaning: "Median length of an order.",
    source: "assumed: a fine-tuning run or an evening of pictures",
  }),
  hoursSpread: setting(between("a standard deviation of the logarithm", 0, 3), {
    default: 1,
    unit: "log-hours",
    meaning: "Standard deviation of its logarithm.",
    source: "assumed: jobs in shared clusters spread over orders of magnitude",
  }),
  maxHours: setting(positive("hours"), { default: 168, meaning: "The longest order." }),
  jobs: setting(wholeBetween("jobs", 1, 1024), {
    default: 1,
    meaning: "How many jobs of a listing an order takes.",
  }),
  worth: setting(positive("times the published rate"), {
    default: 1.5,
    unit: "times the published rate",
    meaning: "What an hour is worth to the median renter.",
    source: "assumed: what the large clouds charge for an hour of a like machine is twice as much",
  }),
  worthSpread: setting(between("a standard deviation of the logarithm", 0, 3), {
    default: 0.5,
    unit: "log-worth",
    meaning: "Standard deviation of its logarithm.",
    source: "assumed",
  }),
  elasticity: setting(between("an elasticity", 0, 10), {
    default: 0,
    unit: "% fewer hours for 1% more",
    meaning: "How much shorter an order is made where the rate is above the published one.",
    source: "not known: results are functions of it",
  }),
  leadHours: setting(nonNegative("hours"), {
    default: 0,
    meaning: "Mean time from an order to its start, exponential; 0: at once.",
  }),
  patienceHours: setting(nonNegative("hours"), {
    default: 0,
    meaning: "How much later the hours may start where they do not fit.",
  }),
  looks: setting(wholeBetween("listings", 1, 100), {
    default: 5,
    meaning: "How many listings a renter looks at before it orders.",
    source: "assumed: the first screen of a list",
  }),
  maxRetries: setting(wholeBetween("retries", 0, 20), {
    default: 1,
    meaning: "How often it looks at others where nothing was to be had.",
  }),
  thinkMinutes: setting(nonNegative("minutes"), {
    default: 0,
    meaning:
      "How long it thinks about the best of them before it orders, at the price that it was shown at most.",
  }),
  caution: setting(between("a share", 0, 10), {
    default: 1,
    unit: "of what the hours are worth",
    meaning: "What it fears to lose where a listing fails for certain.",
    source: "assumed: what is not delivered is worth nothing",
  }),
  trusts: setting(oneOf("record", "reputation"), {
    default: "record",
    meaning:
      "What it fears that by: the part of a listing's bookings that was delivered, or what its provider is known for in the market.",
    source: "003: reputation",
  }),
  ratesShare: setting(share, {
    default: 0,
    meaning: "Part of the bookings that their renter rates, by what was delivered of them.",
    source: "003: client satisfaction",
  }),
  distance: setting(share, {
    default: 0.1,
    unit: "of what the hours are worth",
    meaning: "What a machine in another region is worth less.",
    source: "001: near buyers; the figure is assumed",
  }),
  endEarlyShare: setting(share, {
    default: 0,
    meaning: "Part of the bookings that their renter ends early, at any time of them.",
  }),
  tolerance: setting(share, {
    default: 0.05,
    unit: "of the hours",
    meaning: "What may be missing before a renter says anything.",
    source: "003: guaranteed_availability 0.95",
  }),
  disputeShare: setting(share, {
    default: 1,
    meaning: "Part of those to whom more is missing that dispute.",
  }),
  falseDisputeShare: setting(share, {
    default: 0,
    meaning: "Part of those to whom nothing is missing that dispute all the same.",
  }),
  answerShare: setting(share, {
    default: 1,
    meaning: "Part of a provider's disputes that a renter answers.",
  }),
  silentShare: setting(share, {
    default: 0,
    meaning: "Part of the renters that never confirm.",
  }),
  confirmMinutes: setting(positive("minutes"), {
    default: 60,
    meaning: "How long it takes the others, or to dispute.",
  }),
}).annotations({ description: "Who rents machines by the hour." })
export type RenterSettings = typeof Renters.Type

const Providers = Schema.Struct({
  startMinutes: setting(nonNegative("minutes"), {
    default: 1,
    meaning: "Mean time until access is given, exponential.",
  }),
  noShowShare: setting(share, {
    default: 0,
    meaning: "Part of the bookings whose provider never shows up.",
  }),
  awayPerBookedDay: setting(nonNegative("times a booked day"), {
    default: 0,
    meaning: "How often a machine goes away while it is let.",
  }),
  awayMinutes: setting(positive("minutes"), {
    default: 60,
    meaning: "Mean time until it is repaired, exponential.",
  }),
  awaySpread: setting(between("a standard deviation of the logarithm", 0, 3), {
    default: 0,
    unit: "log-frequency",
    meaning: "How much hosts differ in how often that is: log-normal around it.",
    source: "assumed",
  }),
  depositHours: setting(nonNegative("hours"), {
    default: 96,
    unit: "h of the listing's rate",
    meaning:
      "Credits that a provider buys at once to stand for bookings, where the economy asks for bonds.",
    source: "assumed: a few bookings at once",
  }),
  answerShare: setting(share, {
    default: 1,
    meaning: "Part of the disputes that a provider answers.",
  }),
}).annotations({ description: "How reliable those are who let machines." })

export const Hours = Schema.Struct({
  startDate: setting(date, {
    default: "2026-03-02",
    meaning: "The date at whose midnight, UTC, demand begins; local days follow from it.",
    source: "assumed: a Monday, so that weeks are whole",
  }),
  regions: setting(
    Schema.Array(Region).pipe(
      Schema.maxItems(maxRegions, { message: () => `expected ${maxRegions} regions at most` }),
    ),
    { default: [], meaning: "Where machines and renters are; none: no hours are sold." },
  ),
  listings: Listings,
  renters: Renters,
  providers: Providers,
  promises: Promises,
  contracts: Contracts,
  reservations: Reservations,
  swarms: Swarms,
  probeMinutes: setting(positive("minutes"), {
    default: 10,
    meaning: "How often the market looks whether hours are delivered, where it goes by probes.",
    source: "assumed",
  }),
  rulingHours: setting(nonNegative("hours"), {
    default: 24,
    meaning: "How long somebody takes to rule on a dispute.",
    source: "assumed",
  }),
  rulingError: setting(share, {
    default: 0,
    meaning: "Part of the rulings that find the opposite of what happened.",
    source: "assumed",
  }),
}).annotations({ description: "Hours of machines, sold beside requests." })
export type HoursSettings = typeof Hours.Type
