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
  /** What there is beside orders at a rate. */
  readonly has: {
    readonly promises: boolean
    readonly contracts: boolean
    readonly reservations: boolean
    readonly ratings: boolean
    readonly swarms: boolean
  }
  /** Strategies of price that its listings mix. */
  readonly strategies: ReadonlyArray<string>
}

export const hoursMetrics = ({
  has,
  regions,
  strategies,
}: CataloguedHours): ReadonlyArray<Metric> =>
  metricsIn("hours", [
    ...wholeMarket,
    ...(has.contracts || has.reservations ? useBy : []),
    ...(has.promises ? ofPromises : []),
    ...(has.contracts ? ofContracts : []),
    ...(has.reservations ? ofReservations : []),
    ...(has.ratings ? ofRatings : []),
    ...(has.swarms ? ofSwarms : []),
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
    name: "hours.paidToShown",
    label: "Agreed ÷ shown price",
    unit: "ratio",
    meaning: "What renters agreed to pay ÷ what they had been shown",
    base: "orders that were sold",
    valueOf: ratio("agreedPrice", "shownPrice"),
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
    name: "hours.lerner",
    label: "Lerner index of hours",
    unit: "ratio",
    meaning: "(Price − cost) ÷ price of hours that were delivered; cost: the machine's, job by job",
    base: "what was paid for hours",
    least: null,
    most: 1,
    valueOf: (window) => 1 - sum(window, "machineCredits") / sum(window, "drawn"),
  },
  {
    name: "hours.periodRefundRatio",
    label: "Not paid of periods ÷ revenue",
    unit: "ratio",
    meaning:
      "What of the price of periods went back, for want of delivery or for a broken promise ÷ what was paid for them",
    base: "what was paid for periods",
    valueOf: (window) =>
      sum(window, "periodRefunds") / (sum(window, "periodPrice") - sum(window, "periodRefunds")),
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

/** What keeps machines in use, where there is more than orders. */
const useBy: ReadonlyArray<MetricWords> = (
  [
    ["orders", "Orders at the listing's rate", undefined],
    ["contracts", "Contracts", "contractBusy"],
    ["reservations", "Reservations", "reservedHours"],
  ] as const
).map(([name, words, channel]) => ({
  name: `hours.useBy.${name}`,
  label: `Use by ${name}`,
  unit: "share",
  meaning: `${words} among the hours in use, sampled`,
  base: "hours in use, sampled",
  valueOf: (window) => {
    const busy = useOf(window.hours?.regions ?? [], "busy", window)
    if (channel !== undefined) return sum(window, channel) / busy
    return Math.max(0, 1 - (sum(window, "contractBusy") + sum(window, "reservedHours")) / busy)
  },
}))

const ofPromises: ReadonlyArray<MetricWords> = [
  {
    name: "hours.slaAvailability",
    label: "Availability of promised hours",
    unit: "share",
    meaning: "Hours that were delivered, of those that were promised to be up",
    base: "bookings with a promise that are over, until their end",
    valueOf: ratio("promisedUpHours", "promisedHours"),
  },
  {
    name: "hours.breachesPerBooking",
    label: "Broken promises",
    unit: "ratio",
    meaning: "Periods whose promise was broken, for each booking with one",
    base: "bookings with a promise that are over",
    valueOf: ratio("breaches", "promised"),
  },
]

const ofContracts: ReadonlyArray<MetricWords> = [
  {
    name: "hours.fillRate.contracts",
    label: "Fill rate by contract",
    unit: "share",
    meaning: "Hours in use by contract, of those that were on offer",
    base: onOffer,
    valueOf: (window) =>
      sum(window, "contractBusy") / useOf(window.hours?.regions ?? [], "offered", window),
  },
  {
    name: "hours.contractsSignedShare",
    label: "Contracts signed",
    unit: "share",
    meaning: "Contracts that an enterprise looked for and accepted",
    base: "contracts looked for",
    valueOf: ratio("contractsSigned", "contractsWanted"),
  },
  {
    name: "hours.contractIdlePerDay",
    label: "Kept for nothing",
    unit: "h",
    meaning: "Job-hours of a day that calendars kept for offers that came to nothing",
    base: "time",
    valueOf: perDay("contractIdleHours"),
  },
]

const ofReservations: ReadonlyArray<MetricWords> = [
  {
    name: "hours.reservationUtilisation",
    label: "Use of what is reserved",
    unit: "share",
    meaning: "Reserved hours that their holders used",
    base: "reserved hours, sampled",
    valueOf: ratio("reservedUsedHours", "reservedHours"),
  },
  {
    name: "hours.workServedShare",
    label: "Work with a machine",
    unit: "share",
    meaning: "Hours of work for which their holder had a machine, reserved or booked",
    base: "hours of work",
    valueOf: ratio("servedWorkHours", "workHours"),
  },
]

const ofRatings: ReadonlyArray<MetricWords> = [
  {
    name: "hours.reputation",
    label: "Reputation",
    unit: "score",
    meaning: "What hosts of open listings are known for, 0 to 1",
    base: "time",
    valueOf: sampled("reputation"),
  },
  {
    name: "hours.reputationSpread",
    label: "Spread of reputation",
    unit: "score",
    meaning: "Standard deviation over open listings of what their hosts are known for",
    base: "time",
    valueOf: sampled("reputationSpread"),
  },
  {
    name: "hours.meanStars",
    label: "Stars",
    unit: "ratio",
    meaning: "Stars that renters gave, 1 to 5",
    base: "ratings",
    valueOf: ratio("stars", "ratings"),
  },
]

const ofSwarms: ReadonlyArray<MetricWords> = [
  {
    name: "hours.swarmHoursPerDay.members",
    label: "Hours sold by members",
    unit: "h",
    meaning: "Hours in use, a listing of a member and day",
    base: "listings and days",
    valueOf: (window) => perListing(window, "busy", true),
  },
  {
    name: "hours.swarmHoursPerDay.others",
    label: "Hours sold by others",
    unit: "h",
    meaning: "Hours in use, a listing of nobody's swarm and day",
    base: "listings and days",
    valueOf: (window) => perListing(window, "busy", false),
  },
  {
    name: "hours.swarmEarningsPerDay.members",
    label: "Earned by members",
    unit: "credits/d",
    meaning: "Provider share for hours, a listing of a member and day",
    base: "listings and days",
    valueOf: (window) => perListing(window, "earned", true),
  },
  {
    name: "hours.swarmEarningsPerDay.others",
    label: "Earned by others",
    unit: "credits/d",
    meaning: "Provider share for hours, a listing of nobody's swarm and day",
    base: "listings and days",
    valueOf: (window) => perListing(window, "earned", false),
  },
  {
    name: "hours.passedOnShare",
    label: "Orders passed on",
    unit: "share",
    meaning: "Orders that were sold by another member than the one that was looked at",
    base: "orders sold",
    valueOf: ratio("passedOn", "booked"),
  },
  {
    name: "hours.sharedDataError",
    label: "Error of shared data",
    unit: "share",
    meaning: "|Use as members tell it − use as the market measures it|, day by day",
    base: "days on which it was told",
    valueOf: ratio("dataError", "dataTold"),
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

/** Of those that are in a swarm, or are not. */
const perListing = (window: Window, channel: ListingChannel, isInSwarm: boolean): number => {
  const [first, end] = daysOf(window)
  const own = window.hours?.listings.filter((one) => one.isInSwarm === isInSwarm) ?? []
  const total = own.reduce((all, one) => all + sumOf(one[channel].subarray(first, end)), 0)
  return total / (own.length * (end - first))
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
