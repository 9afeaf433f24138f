/** Where hours of machines are sold: what is sold of what is offered, at what rate, what comes of it, and who lives by it. */
import type {
  Failure,
  HoursChannel,
  ListingChannel,
  ListingRecord,
  RegionRecord,
  UseChannel,
} from "../recording/hours-recorder.ts"
import { failures } from "../recording/hours-recorder.ts"
import type { Metric, MetricWords } from "./metric.ts"
import { gainOrLoss, metricsIn } from "./metric.ts"
import { daysPresent } from "./pay-metrics.ts"
import type { Window } from "./window.ts"
import { sumOf } from "./window.ts"

/** What the registry depends on of a scenario that sells hours. */
export interface CataloguedHours {
  readonly regions: ReadonlyArray<string>
  /** Strategies of price that its listings mix. */
  readonly strategies: ReadonlyArray<string>
}

export const hoursMetrics = ({ regions, strategies }: CataloguedHours): ReadonlyArray<Metric> =>
  metricsIn("hours", [
    ...wholeMarket,
    ...failures.map(declined),
    ...regions.flatMap(ofRegion),
    ...strategies.flatMap(ofStrategy),
  ])

const sum = ({ hours, bins }: Window, channel: HoursChannel): number =>
  hours === null ? NaN : sumOf(hours.sums[channel].subarray(bins.first, bins.end))

const ratio =
  (top: HoursChannel, bottom: HoursChannel) =>
  (window: Window): number =>
    sum(window, top) / sum(window, bottom)

const perDay =
  (channel: HoursChannel) =>
  (window: Window): number =>
    sum(window, channel) / window.days

const sampled =
  (channel: HoursChannel) =>
  (window: Window): number =>
    sum(window, channel) / sum(window, "samples")

const useOf = (
  regions: ReadonlyArray<RegionRecord>,
  channel: UseChannel,
  { bins }: Window,
): number =>
  regions.reduce((total, one) => total + sumOf(one[channel].subarray(bins.first, bins.end)), 0)

const fillRate = (regions: ReadonlyArray<RegionRecord>, window: Window): number =>
  useOf(regions, "busy", window) / useOf(regions, "offered", window)

/** Use in the peak hours of the local clock ÷ use at other times. */
const fillPeakRatio = (regions: ReadonlyArray<RegionRecord>, window: Window): number => {
  const busyPeak = useOf(regions, "busyPeak", window)
  const offeredPeak = useOf(regions, "offeredPeak", window)
  const busy = useOf(regions, "busy", window) - busyPeak
  const offered = useOf(regions, "offered", window) - offeredPeak
  return busyPeak / offeredPeak / (busy / offered)
}

const ofOrders = "orders of hours"
const ofStarted = "bookings that came to their start"
const onOffer = "hours on offer, sampled"

const wholeMarket: ReadonlyArray<MetricWords> = [
  {
    name: "hours.ordersPerDay",
    label: "Orders of hours",
    unit: "1/d",
    meaning: "Orders of hours that renters made; one that looks elsewhere counts once",
    base: "time",
    valueOf: perDay("orders"),
  },
  {
    name: "hours.soldShare",
    label: "Orders sold",
    unit: "share",
    meaning: "Orders of hours that were sold, there or elsewhere",
    base: ofOrders,
    valueOf: ratio("booked", "orders"),
  },
  {
    name: "hours.fillRate",
    label: "Fill rate",
    unit: "share",
    meaning: "Hours in use, of those that were on offer",
    base: onOffer,
    valueOf: (window) => fillRate(window.hours?.regions ?? [], window),
  },
  {
    name: "hours.fillPeakRatio",
    label: "Fill rate, peak ÷ other hours",
    unit: "ratio",
    meaning: "Fill rate in the peak hours of the regions' clocks ÷ that at other times",
    base: onOffer,
    valueOf: (window) => fillPeakRatio(window.hours?.regions ?? [], window),
  },
  {
    name: "hours.realisedRate",
    label: "Realised rate",
    unit: "credits/h",
    meaning: "What was paid for an hour that was delivered",
    base: "hours delivered",
    valueOf: ratio("drawn", "deliveredHours"),
  },
  {
    name: "hours.rateIndex",
    label: "Realised ÷ published rate",
    unit: "ratio",
    meaning: "What was paid for hours that were delivered ÷ what they cost at the published rates",
    base: "hours delivered",
    valueOf: ratio("drawn", "publishedCredits"),
  },
  {
    name: "hours.rateDispersion",
    label: "Dispersion of rates",
    unit: "ratio",
    meaning:
      "Coefficient of variation of what listings asked at one moment, each ÷ its device's published rate",
    base: "time",
    valueOf: sampled("dispersion"),
  },
  {
    name: "hours.revenuePerDay",
    label: "Paid for hours",
    unit: "credits/d",
    meaning: "What was paid for hours",
    base: "time",
    valueOf: perDay("drawn"),
  },
  {
    name: "hours.refundRatio",
    label: "Refunds ÷ revenue",
    unit: "ratio",
    meaning:
      "What went back to renters for hours that were not delivered, or were disputed ÷ what was paid",
    base: "what was paid for hours",
    valueOf: ratio("refunds", "drawn"),
  },
  {
    name: "hours.penaltiesPerDay",
    label: "Penalties",
    unit: "credits/d",
    meaning: "What renters got out of providers' bonds",
    base: "time",
    valueOf: perDay("penalties"),
  },
  {
    name: "hours.heldCredits",
    label: "Held for hours",
    unit: "credits",
    meaning: "Credits held as the price of hours: times 24, credit-hours a day",
    base: "time",
    valueOf: sampled("heldCredits"),
  },
  {
    name: "hours.noShowShare",
    label: "No-shows",
    unit: "share",
    meaning: "Bookings whose provider did not show up",
    base: ofStarted,
    valueOf: ratio("noShows", "due"),
  },
  {
    name: "hours.lostShare",
    label: "Machines lost",
    unit: "share",
    meaning: "Bookings whose machine was away for too long",
    base: ofStarted,
    valueOf: ratio("lost", "due"),
  },
  {
    name: "hours.disputeShare",
    label: "Disputes",
    unit: "share",
    meaning: "Bookings that were disputed",
    base: ofStarted,
    valueOf: ratio("disputes", "due"),
  },
  {
    name: "hours.rulingError",
    label: "Error of settled disputes",
    unit: "share",
    meaning:
      "|What the renter was given back − what was not delivered|, as shares of what was disputed",
    base: "disputes settled",
    valueOf: ratio("rulingErrors", "settledDisputes"),
  },
  {
    name: "hours.surplusPerDay",
    label: "Renters' surplus",
    unit: "credits/d",
    meaning: "What hours that were delivered were worth beyond what they cost, penalties included",
    base: "time",
    ...gainOrLoss,
    valueOf: perDay("surplus"),
  },
  {
    name: "hours.profitPerDay",
    label: "Left to hosts of hours",
    unit: "credits/d",
    meaning: "Pay less cost of a node that sells hours, and day",
    base: "days on the market's books, online or not",
    ...gainOrLoss,
    valueOf: (window) => profitOf(window, () => true),
  },
]

const reasonWords: Readonly<Record<Failure, string>> = {
  InsufficientCredits: "the renter lacked credits",
  PriceTooHigh: "the rate had risen since it was shown",
  NotOpen: "no machine was there",
  OffSchedule: "machines were closed",
  NoCapacity: "machines were sold",
  InThePast: "the start had passed",
  TooShort: "the hours were too few",
  TooLong: "the hours were too many",
  TooFarAhead: "the start was too far ahead",
  BondMissing: "the provider could not stand for it",
  Offline: "the machine was not heard of",
  PricedOut: "nothing was worth its price",
}

const declined = (reason: Failure): MetricWords => ({
  name: `hours.declined.${reason}`,
  label: `Not sold: ${reasonWords[reason]}`,
  unit: "share",
  meaning: `Orders of hours that came to nothing because ${reasonWords[reason]}`,
  base: ofOrders,
  valueOf: ratio(`declined.${reason}`, "orders"),
})

const ofRegion = (name: string): ReadonlyArray<MetricWords> => {
  const own = ({ hours }: Window) => hours?.regions.filter((region) => region.name === name) ?? []
  return [
    {
      name: `hours.fillRate.region.${name}`,
      label: `Fill rate, ${name}`,
      unit: "share",
      meaning: `Hours in use, of those that were on offer in ${name}`,
      base: onOffer,
      valueOf: (window) => fillRate(own(window), window),
    },
    {
      name: `hours.fillPeakRatio.region.${name}`,
      label: `Fill rate, peak ÷ other hours, ${name}`,
      unit: "ratio",
      meaning: `Fill rate in the peak hours of ${name}'s clock ÷ that at other times`,
      base: onOffer,
      valueOf: (window) => fillPeakRatio(own(window), window),
    },
  ]
}

/** Whole days of the window, as rows of a listing have them. */
const daysOf = ({ fromDay, days }: Window): readonly [first: number, end: number] => [
  Math.ceil(fromDay - 1e-9),
  Math.floor(fromDay + days + 1e-9),
]

const ofStrategy = (name: string): ReadonlyArray<MetricWords> => {
  const own = ({ hours }: Window): ReadonlyArray<ListingRecord> =>
    hours?.listings.filter((one) => one.strategy === name && !one.isOfParty) ?? []
  const total = (channel: ListingChannel, window: Window): number => {
    const [first, end] = daysOf(window)
    return own(window).reduce((all, one) => all + sumOf(one[channel].subarray(first, end)), 0)
  }
  const perListingDay =
    (channel: ListingChannel) =>
    (window: Window): number => {
      const [first, end] = daysOf(window)
      return total(channel, window) / (own(window).length * (end - first))
    }
  const base = "listings and days"
  return [
    {
      name: `hours.earningsPerDay.by.${name}`,
      label: `Earned by ${name}`,
      unit: "credits/d",
      meaning: `Provider share for hours, a listing and day, strategy ${name}`,
      base,
      valueOf: perListingDay("earned"),
    },
    {
      name: `hours.earningsCv.by.${name}`,
      label: `Unsteadiness of ${name}`,
      unit: "ratio",
      meaning: `Coefficient of variation of what a listing earned from week to week, strategy ${name}`,
      base: "listings that earned anything; whole weeks",
      valueOf: (window) => weeklyVariation(own(window), window),
    },
    {
      name: `hours.hoursPerDay.by.${name}`,
      label: `Hours sold by ${name}`,
      unit: "h",
      meaning: `Hours in use, a listing and day, strategy ${name}`,
      base,
      valueOf: perListingDay("busy"),
    },
    {
      name: `hours.fillRate.by.${name}`,
      label: `Fill rate, ${name}`,
      unit: "share",
      meaning: `Hours in use, of those that were on offer, strategy ${name}`,
      base: onOffer,
      valueOf: (window) => total("busy", window) / total("offered", window),
    },
    {
      name: `hours.peakRateIndex.by.${name}`,
      label: `Peak ÷ published rate, ${name}`,
      unit: "ratio",
      meaning: `What hours in use at peak were sold at ÷ the published rate, strategy ${name}`,
      base: "hours in use in peak hours of the region's clock",
      valueOf: (window) => total("ratesPeak", window) / total("busyPeak", window),
    },
    {
      name: `hours.profitPerDay.by.${name}`,
      label: `Left to ${name}`,
      unit: "credits/d",
      meaning: `Pay less cost of a node and day that sells hours by the strategy ${name}`,
      base: "days on the market's books, online or not",
      ...gainOrLoss,
      valueOf: (window) => profitOf(window, (listing) => listing.strategy === name),
    },
  ]
}

/** Of each listing's weekly earnings, and the mean of these. */
const weeklyVariation = (listings: ReadonlyArray<ListingRecord>, window: Window): number => {
  const [first, end] = daysOf(window)
  const weeks = Math.floor((end - first) / 7)
  if (weeks < 2) return NaN
  const variations = listings.flatMap(({ earned }) => {
    const sums = Array.from({ length: weeks }, (_, week) =>
      sumOf(earned.subarray(first + 7 * week, first + 7 * week + 7)),
    )
    const mean = sums.reduce((all, one) => all + one, 0) / weeks
    const square = sums.reduce((all, one) => all + (one - mean) * (one - mean), 0)
    return mean === 0 ? [] : [Math.sqrt(square / (weeks - 1)) / mean]
  })
  return variations.reduce((all, one) => all + one, 0) / variations.length
}

const profitOf = (window: Window, isTheirs: (listing: ListingRecord) => boolean): number => {
  const { hours, nodes, minor } = window
  const theirs = new Set(
    hours?.listings.filter((one) => !one.isOfParty && isTheirs(one)).map(({ node }) => node),
  )
  const own = nodes.filter(({ node }) => theirs.has(node))
  const profit = own.reduce(
    (all, { shareEarned, bountyEarned, costCredits }) =>
      all + (shareEarned + bountyEarned) / minor - costCredits,
    0,
  )
  return profit / own.reduce((all, node) => all + daysPresent(node, window), 0)
}
