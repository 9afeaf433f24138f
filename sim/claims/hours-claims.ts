/** What the two GPU guides (001, 003) promise to those who let machines by the hour, and how they are held to it. */
import type { Estimated } from "../results/models/claims-model.ts"
import type { Arm, ArmResult } from "./arm.ts"
import type { ClaimPlan, MeasurePlan } from "./claim-catalogue.ts"
import { arm, atLeast, atMost, difference, excess, mean, within } from "./claim-catalogue.ts"
import { allBy, hoursMarket, mixedHours } from "./hours-markets.ts"
import { estimate, estimateRatio } from "./judge.ts"
import { loadFor, lossQueue } from "./loss-queue.ts"

const strategies = ["fixed", "dynamic", "marketBalance", "peakMaximizer", "utilizationGuard"]

/** What needs no experiment. */
const exactly = (value: number): Estimated => ({ mean: value, low: value, high: value, n: 1 })
const arithmetic = (
  label: string,
  unit: string,
  value: number,
  bound: MeasurePlan["bound"],
): MeasurePlan => ({ label, unit, arms: [], of: () => exactly(value), bound })

const ratioOf =
  (metric: string) =>
  ([one, other]: ReadonlyArray<ArmResult>): Estimated =>
    estimateRatio([one, metric], [other, metric])

/** Pairs of strategies that two runs of one world rank differently by what they earn, of all pairs. */
const rankedDifferently = ([short, long]: ReadonlyArray<ArmResult>): Estimated =>
  estimate(
    short.metrics.flatMap((early, index) => {
      const late = long.metrics[index] ?? {}
      const pairs = strategies.flatMap((one, at) =>
        strategies.slice(at + 1).map((other) => {
          const [a, b] = [one, other].map((name) => `hours.earningsPerDay.by.${name}`)
          return (early[a] - early[b]) * (late[a] - late[b])
        }),
      )
      return pairs.some(Number.isNaN)
        ? []
        : [pairs.filter((product) => product < 0).length / pairs.length]
    }),
  )

/** A host of four machines beside twenty equal ones, at so many times the published rate. */
const hostAt = (rateFactor: number): Arm =>
  arm(
    "strategies-of-price",
    ...hoursMarket,
    `parties=[{name: subject, device: RTX 4090, model: llama-3-8b, machines: 4, hours: {lets: {rateFactor: ${rateFactor}}}}]`,
  )

/** 003's dearest tier: its rate, jobs, the highest multiplier, a premium for specialised models; 95% of a month. */
const dearestMonth = 0.25 * 5 * 2.0 * 1.2 * 684
const servers = 3
const queued = 20
const guideUse = 0.95

export const hoursClaims: ReadonlyArray<ClaimPlan> = [
  {
    id: "stable-earnings",
    title: "Market Balance earns steadily",
    source: "001: stable earnings with demand-based adjustments",
    measures: strategies
      .filter((name) => name !== "marketBalance")
      .map((name) => ({
        label: `weekly variation of Market Balance's earnings, less that of ${name}`,
        unit: "coefficient of variation",
        arms: [mixedHours()],
        of: excess("hours.earningsCv.by.marketBalance", `hours.earningsCv.by.${name}`),
        bound: atMost(0),
      })),
  },
  {
    id: "peak-maximizer",
    title: "Peak Maximizer gets higher rates in peak hours",
    source: "001: higher rates during peak hours and regions",
    measures: [
      {
        label: "rate of hours sold at peak, less Market Balance's",
        unit: "times the published rate",
        arms: [mixedHours()],
        of: excess("hours.peakRateIndex.by.peakMaximizer", "hours.peakRateIndex.by.marketBalance"),
        bound: atLeast(0),
      },
      {
        label: "what it earns a day, less what Market Balance earns",
        unit: "credits/d",
        arms: [mixedHours()],
        of: excess(
          "hours.earningsPerDay.by.peakMaximizer",
          "hours.earningsPerDay.by.marketBalance",
        ),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "guard",
    title: "Utilization Guard keeps machines booked",
    source: "001: keeps your GPU booked; lowers price when idle",
    measures: [
      {
        label: "hours sold a day among other strategies, less those at a fixed rate",
        unit: "h/d",
        arms: [mixedHours()],
        of: excess("hours.hoursPerDay.by.utilizationGuard", "hours.hoursPerDay.by.fixed"),
        bound: atLeast(0),
      },
      {
        label: "hours sold a day with all on Guard, less all at a fixed rate",
        unit: "share",
        arms: [allBy("utilizationGuard"), allBy("fixed")],
        of: difference("hours.fillRate"),
        bound: atLeast(0),
      },
      {
        label: "what hosts are left with, all on Guard less all at a fixed rate",
        unit: "credits/d",
        arms: [allBy("utilizationGuard"), allBy("fixed")],
        of: difference("hours.profitPerDay"),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "lower-base-price",
    title: "No bookings? Lower the base price",
    source: "001: No bookings? Lower base price or enable Utilization Guard",
    measures: [
      {
        label: "what a host earns at 0.8 of the others' rate, less at the same",
        unit: "credits/d",
        arms: [hostAt(0.8), hostAt(1)],
        of: difference("party.subject.share"),
        bound: atLeast(0),
      },
      {
        label: "fill rate with all at 0.8 of the published rate, less at it",
        unit: "share",
        arms: [
          arm("strategies-of-price", ...hoursMarket, "hours.listings.rateFactor=0.8"),
          arm("strategies-of-price", ...hoursMarket),
        ],
        of: difference("hours.fillRate"),
        bound: atLeast(0),
      },
      {
        label: "what all hosts are left with then, less at the published rate",
        unit: "credits/d",
        arms: [
          arm("strategies-of-price", ...hoursMarket, "hours.listings.rateFactor=0.8"),
          arm("strategies-of-price", ...hoursMarket),
        ],
        of: difference("hours.profitPerDay"),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "peak-fill",
    title: "Fill rates are higher from 9 to 21",
    source: "001: peak windows, local 9 AM to 9 PM, see higher fill rates",
    measures: ["europe", "america", "asia"].map((region) => ({
      label: `fill rate at peak ÷ at other times, ${region}`,
      unit: "ratio",
      arms: [arm("day-and-night")],
      of: mean(`hours.fillPeakRatio.region.${region}`),
      bound: atLeast(1),
    })),
  },
  {
    id: "after-48-hours",
    title: "48 hours of data are enough to choose a strategy by",
    source: "001: start with Market Balance, adjust after 48h of data",
    measures: [
      {
        label: "pairs of strategies that 48 h rank otherwise than five weeks",
        unit: "share",
        arms: [mixedHours("horizonDays=2", "warmupDays=0"), mixedHours("warmupDays=0")],
        of: rankedDifferently,
        bound: atMost(0.1),
      },
    ],
  },
  {
    id: "utilisation",
    title: "Utilisation from 60% to 95%",
    source: "003: a case study raises utilization from 60% to 95%",
    measures: [
      arithmetic(
        "jobs lost where three slots without a queue are 95% busy",
        "share",
        lossQueue(loadFor(guideUse, servers, 0), servers, 0).lost,
        atMost(0.05),
      ),
      arithmetic(
        "jobs lost where 20 may wait, as the guide's queue has it",
        "share",
        lossQueue(loadFor(guideUse, servers, queued), servers, queued).lost,
        atMost(0.05),
      ),
      arithmetic(
        "wait there",
        "service times",
        lossQueue(loadFor(guideUse, servers, queued), servers, queued).wait,
        atMost(1),
      ),
    ],
  },
  {
    id: "monthly-income",
    title: "One GPU earns 2,500 tokens a month",
    source: "003: a case study earns 2,500 tokens monthly",
    measures: [
      arithmetic(
        "a month at the dearest tier, 95% busy, the full multiplier and a premium, less the fee",
        "credits",
        dearestMonth * 0.88,
        atLeast(2500),
      ),
    ],
  },
  {
    id: "raise-by-a-fifth",
    title: "From 0.10 to 0.12 an hour brings 15% more",
    source: "003: revenue_increase_15% from a base rate of 0.10 to 0.12",
    measures: [
      arithmetic(
        "elasticity of the hours up to which it does",
        "% fewer hours for 1% more",
        1 - Math.log(1.15) / Math.log(1.2),
        within(0.233, 0.234),
      ),
      ...[0, 0.2, 0.5, 1].map((elasticity) => ({
        label: `revenue at a fifth more ÷ at the published rate, elasticity ${elasticity}`,
        unit: "ratio",
        arms: [1.2, 1].map((factor) =>
          arm(
            "strategies-of-price",
            ...hoursMarket,
            "hours.renters.worth=20",
            `hours.renters.elasticity=${elasticity}`,
            "hours.listings.bulkFactor=1",
            "hours.listings.peakFactor=1",
            "hours.renters.ordersPerDay=20",
            `hours.listings.rateFactor=${factor}`,
          ),
        ),
        of: ratioOf("hours.revenuePerDay"),
        bound: atLeast(1.15),
      })),
    ],
  },
]
