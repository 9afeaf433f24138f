/**
 * The charts of a report, in its order.
 */
import type { RunResult } from "../../sim/results/models/run-model.ts"
import type { ChartOf } from "../chart.ts"
import type { ChartSection } from "../page.ts"
import { batchItems } from "./batches.ts"
import { bountyMultiplier } from "./bounty-multiplier.ts"
import { bountyPool } from "./bounty-pool.ts"
import { breakerParks } from "./breaker-parks.ts"
import { coverage } from "./coverage.ts"
import { creditFlows } from "./credit-flows.ts"
import { creditTotals } from "./credit-totals.ts"
import { demand } from "./demand.ts"
import { earnings } from "./earnings.ts"
import { health } from "./health.ts"
import { hoursUseBy, swarmEarnings } from "./hours-promises.ts"
import { hoursDeclined, hoursEarnings, hoursUnsteadiness } from "./hours-strategies.ts"
import { hoursByClock, hoursFillRate } from "./hours-use.ts"
import { lorenz } from "./lorenz.ts"
import { newcomer } from "./newcomer.ts"
import { nodesOnline } from "./nodes-online.ts"
import { nodesServing } from "./nodes-serving.ts"
import { parkedShare } from "./parked-share.ts"
import { payParts } from "./pay-parts.ts"
import { priceLevels } from "./price-levels.ts"
import { priceProfits, priceShares } from "./price-strategies.ts"
import { queueOverTime, queueRefused, queueServed, queueWaits } from "./queue.ts"
import { rejections } from "./rejections.ts"
import { switches } from "./switches.ts"
import { tokensPerSecond } from "./tokens-per-second.ts"
import { ttft } from "./ttft.ts"
import { utilisation } from "./utilisation.ts"

type Section = readonly [id: string, title: string, charts: ReadonlyArray<ChartOf>]

const prices: Section = ["prices", "Prices", [priceLevels, priceShares, priceProfits]]

const hours: Section = [
  "hours",
  "Hours",
  [hoursFillRate, hoursByClock, hoursDeclined, hoursEarnings, hoursUnsteadiness],
]

/** Charts of what requests do, which a run without any has nothing to show in. */
const ofRequests: ReadonlySet<ChartOf> = new Set([
  demand,
  rejections,
  ttft,
  tokensPerSecond,
  utilisation,
  coverage,
  bountyMultiplier,
  nodesServing,
  switches,
  bountyPool,
  newcomer,
  breakerParks,
  parkedShare,
  health,
])

/** Charts of what only some markets have, by what the names of their metrics begin with. */
const ofSome: ReadonlyArray<readonly [metric: string, chart: ChartOf]> = [
  ["hours.useBy.", hoursUseBy],
  ["hours.swarmEarningsPerDay.", swarmEarnings],
]
const hoursOf = (result: RunResult): Section => {
  const [id, title, charts] = hours
  return [
    id,
    title,
    [...charts, ...ofSome.filter(([metric]) => hasMetric(result, metric)).map(([, one]) => one)],
  ]
}

const queue: Section = ["queue", "Queue", [queueOverTime, queueWaits, queueRefused]]
const queueOf = (result: RunResult): Section => {
  const [id, title, charts] = queue
  const hasTiers = hasMetric(result, "queue.servedShare.by.")
  return [id, title, hasTiers ? [...charts, queueServed] : charts]
}

const batches: Section = ["batches", "Batches", [batchItems]]

const plan: ReadonlyArray<Section> = [
  ["service", "Demand and service", [demand, rejections, ttft, tokensPerSecond]],
  [
    "supply",
    "Supply",
    [nodesOnline, utilisation, coverage, bountyMultiplier, nodesServing, switches],
  ],
  ["credits", "Credits", [creditFlows, creditTotals, bountyPool]],
  ["fairness", "Who earns what", [earnings, payParts, lorenz, newcomer]],
  ["reliability", "Reliability", [breakerParks, parkedShare, health]],
]

/**
 * Every chart of a run, or why it is left out. Prices stand before credits where hosts set them, and hours where they
 * are sold; where nobody asked for a request, its charts are not planned at all. O(values of the run).
 */
export const chartSections = (result: RunResult): ReadonlyArray<ChartSection> =>
  plan
    .flatMap((section) =>
      section[0] === "credits"
        ? [
            ...(hasSeries(result, "price.paid") ? [prices] : []),
            ...(hasSeries(result, "hours.fillRate") ? [hoursOf(result)] : []),
            ...(hasMetric(result, "batches.items.") ? [batches] : []),
            ...(hasMetric(result, "queue.waitedShare") ? [queueOf(result)] : []),
            section,
          ]
        : [section],
    )
    .map(([id, title, charts]) => ({
      id,
      title,
      charts: charts
        .filter((chart) => result.requests > 0 || !ofRequests.has(chart))
        .map((chart) => chart(result)),
    }))
    .filter(({ charts }) => charts.length > 0)

const hasMetric = ({ metrics }: RunResult, prefix: string): boolean =>
  Object.keys(metrics).some((name) => name.startsWith(prefix))

const hasSeries = ({ replications }: RunResult, wanted: string): boolean =>
  replications.some(({ series }) => series.some(({ name }) => name === wanted))
