/**
 * The metrics of a replication, after its warm-up is cut off. Each is a ratio of sums over the bins
 * that are left, or a quantile of what was observed on the days that are.
 */
import type { NodeOutcome } from "../results/models/run-model.ts"
import type { Metric, MetricFacts, Window } from "./metric.ts"
import { metric, sumOf } from "./metric.ts"
import type { OfferedModel } from "./model-metrics.ts"
import { modelMetrics } from "./model-metrics.ts"
import { economyMetrics } from "./economy-metrics.ts"
import { partyMetrics } from "./party-metrics.ts"
import type { PartyOutcome } from "../recording/replicated.ts"
import { newcomerMetrics } from "./newcomer-metrics.ts"
import { mergedSketch } from "./sketches.ts"
import { firstBinAfter, firstDayAfter } from "../recording/warm-up-cut.ts"
import type { Recording } from "../recording/recorder.ts"
import { deviceClasses, longTokens } from "../recording/recorder.ts"

const daySeconds = 86_400

const refusedIn = ({ sum }: Window): number =>
  sum("refused.InsufficientCredits") +
  sum("refused.PriceTooHigh") +
  sum("refused.NoInstance") +
  sum("refused.NoCapacity") +
  sum("refused.AttemptFailed")

/** Shares are of the requests that ended in the window: those that arrived may end after it. */
const endedIn = (window: Window): number =>
  window.sum("served") + window.sum("badInput") + window.sum("tooLong") + refusedIn(window)

const nodeDays = ({ sum, recording }: Window): number =>
  (sum("instances") * recording.sampleSeconds) / daySeconds

const ttftQuantile = (p: number) => (window: Window) =>
  mergedSketch(window.recording.ttft.slice(window.firstDay)).quantile(p)

const fixedMetrics: ReadonlyArray<Metric> = [
  metric(
    "requests.perSecond",
    "1/s",
    "Requests that consumers made; one that is refused and comes back counts once",
    ({ sum, days }) => sum("arrived") / (days * daySeconds),
  ),
  metric(
    "requests.servedShare",
    "share",
    "Requests that were served",
    (window) => window.sum("served") / endedIn(window),
  ),
  metric(
    "requests.abortedShare",
    "share",
    "Requests whose consumer left before the last token; they are among the served",
    (window) => window.sum("aborted") / endedIn(window),
  ),
  metric(
    "requests.badInputShare",
    "share",
    "Requests answered with a 4xx: wrong in themselves, or said to be",
    (window) => window.sum("badInput") / endedIn(window),
  ),
  metric(
    "requests.tooLongShare",
    "share",
    "Requests too long for the memory of the node that got them: answered with a 4xx",
    (window) => window.sum("tooLong") / endedIn(window),
  ),
  metric(
    "requests.rejectedShare",
    "share",
    "Requests given up after all retries",
    (window) => refusedIn(window) / endedIn(window),
  ),
  metric(
    "requests.noCapacityShare",
    "share",
    "Requests rejected because every node was busy",
    (window) => window.sum("refused.NoCapacity") / endedIn(window),
  ),
  metric(
    "requests.noCreditsShare",
    "share",
    "Requests rejected for want of credits",
    (window) => window.sum("refused.InsufficientCredits") / endedIn(window),
  ),
  metric(
    "requests.retriesPerRequest",
    "1/request",
    "Times that a refused consumer came back with the same request",
    ({ sum }) => sum("retried") / sum("arrived"),
  ),
  metric(
    "attempts.failedShare",
    "share",
    "Attempts that the node failed",
    ({ sum }) => sum("failedAttempts") / sum("attempts"),
  ),
  metric(
    "ttft.mean",
    "s",
    "Time to first token of served calls, retries included, by when they arrived",
    ({ sum }) => sum("ttftSeconds") / sum("answered"),
  ),
  metric(
    "ttft.p50",
    "s",
    "Half of the requests waited less for their first token; from a sketch within 0.8%",
    ttftQuantile(0.5),
  ),
  metric(
    "ttft.p99",
    "s",
    "One request in a hundred waited longer for its first token; from a sketch within 0.8%",
    ttftQuantile(0.99),
  ),
  metric(
    "ttft.long",
    "s",
    `Time to first token of long calls, of ${longTokens} output tokens or more`,
    ({ sum }) => sum("longTtftSeconds") / sum("longServed"),
  ),
  metric(
    "sojourn.mean",
    "s",
    "Time from request to last token of served calls, by when they arrived",
    ({ sum }) => sum("sojournSeconds") / sum("answered"),
  ),
  metric(
    "tokens.outputPerSecond",
    "tokens/s",
    "Output tokens delivered by the whole market",
    ({ sum, days }) => sum("outputTokens") / (days * daySeconds),
  ),
  metric(
    "streams.belowFloorShare",
    "share",
    "Streams slower than the throughput floor",
    ({ sum }) => sum("streamsBelowFloor") / sum("streams"),
  ),
  metric(
    "nodes.online",
    "nodes",
    "Nodes that were online",
    ({ sum }) =>
      (sum("nodes.consumer") + sum("nodes.datacenter") + sum("nodes.apple")) / sum("samples"),
  ),
  metric("nodes.joinedPerDay", "1/d", "Nodes that joined", ({ sum, days }) => sum("joins") / days),
  metric("nodes.leftPerDay", "1/d", "Nodes that left", ({ sum, days }) => sum("leaves") / days),
  metric(
    "switches.perNodeWeek",
    "1/(node week)",
    "Model switches of a node",
    (window) => window.sum("switches") / (nodeDays(window) / 7),
  ),
  metric(
    "breaker.parksPerNodeDay",
    "1/(node d)",
    "How often the breaker parked a node",
    (window) => window.sum("parks") / nodeDays(window),
  ),
  metric(
    "breaker.parkedShare",
    "share",
    "Nodes that were parked",
    ({ sum }) => sum("parkedInstances") / sum("instances"),
  ),
  metric(
    "utilisation.all",
    "share",
    "Slots of online nodes that were busy",
    ({ sum }) =>
      (sum("busySlotSeconds.consumer") +
        sum("busySlotSeconds.datacenter") +
        sum("busySlotSeconds.apple")) /
      (sum("slotSeconds.consumer") + sum("slotSeconds.datacenter") + sum("slotSeconds.apple")),
  ),
  ...deviceClasses.map((name) =>
    metric(
      `utilisation.${name}`,
      "share",
      `Slots of online ${name} nodes that were busy`,
      ({ sum }) => sum(`busySlotSeconds.${name}`) / sum(`slotSeconds.${name}`),
    ),
  ),
  metric(
    "credits.grossPerDay",
    "credits/d",
    "What consumers paid for calls",
    ({ sum, days }) => sum("gross") / days,
  ),
  metric(
    "credits.providersPerDay",
    "credits/d",
    "Provider shares paid out",
    ({ sum, days }) => sum("share") / days,
  ),
  metric(
    "credits.platformPerDay",
    "credits/d",
    "Fees kept by the platform",
    ({ sum, days }) => sum("fee") / days,
  ),
  metric(
    "credits.poolPerDay",
    "credits/d",
    "Paid into the bounty pool, from fees and withheld pay",
    ({ sum, days }) => (sum("poolFee") + sum("withheld")) / days,
  ),
  metric(
    "credits.bountiesPerDay",
    "credits/d",
    "Bounties paid",
    ({ sum, days }) => sum("bountyPaid") / days,
  ),
  metric(
    "credits.withheldShare",
    "share",
    "Provider pay withheld by the anti-flapping rule",
    ({ sum }) => sum("withheld") / (sum("share") + sum("withheld")),
  ),
  metric(
    "credits.giftShare",
    "share",
    "Calls paid with sign-up gifts",
    ({ sum }) => sum("promotionsSpent") / sum("gross"),
  ),
  metric(
    "bountyPool.mean",
    "credits",
    "Balance of the bounty pool",
    ({ sum }) => sum("bountyPool") / sum("samples"),
  ),
  ...economyMetrics,
  metric(
    "earnings.chaserRatio",
    "ratio",
    "Pay per online hour of operators who chase bounties ÷ that of the others",
    ({ nodes, strategies }) => {
      const isChaser = ({ node }: NodeOutcome) => strategies[node] === "bounty"
      const payOf = (own: ReadonlyArray<NodeOutcome>) =>
        own.reduce((sum, { shareEarned, bountyEarned }) => sum + shareEarned + bountyEarned, 0) /
        own.reduce((sum, { onlineHours }) => sum + onlineHours, 0)
      return payOf(nodes.filter(isChaser)) / payOf(nodes.filter((node) => !isChaser(node)))
    },
  ),
  ...newcomerMetrics,
]

/** How the operators of each strategy fare, where a scenario mixes them. */
const strategyMetrics = (strategies: ReadonlyArray<string>): ReadonlyArray<Metric> =>
  strategies.map((name) =>
    metric(
      `profit.by.${name}`,
      "credits/d",
      `Pay less cost of a node and day that it was there, strategy ${name}`,
      ({ nodes, strategies: own, minor, horizonDays, days }) => {
        const theirs = nodes.filter(({ node }) => own[node] === name)
        const profit = theirs.reduce((sum, node) => sum + payOf(node) / minor - node.costCredits, 0)
        return profit / theirs.reduce((sum, node) => sum + daysPresent(node, horizonDays, days), 0)
      },
    ),
  )

const payOf = ({ shareEarned, bountyEarned }: NodeOutcome): number => shareEarned + bountyEarned

/** Days on the market's books after the warm-up, online or not. */
const daysPresent = (
  { joinedSeconds, leftSeconds }: NodeOutcome,
  horizonDays: number,
  days: number,
): number => {
  const from = Math.max(joinedSeconds / daySeconds, horizonDays - days)
  return Math.max(0, Math.min(horizonDays, (leftSeconds ?? Infinity) / daySeconds) - from)
}

/** Every metric of a scenario with these models and parties: what it is called, its unit and its meaning. */
export const metricFacts = (
  models: ReadonlyArray<OfferedModel>,
  parties: ReadonlyArray<string>,
  strategies: ReadonlyArray<string> = [],
): Readonly<Record<string, MetricFacts>> =>
  Object.fromEntries(
    metricsFor(models, parties, strategies).map(({ name, unit, meaning }) => [
      name,
      { unit, meaning },
    ]),
  )

const metricsFor = (
  models: ReadonlyArray<OfferedModel>,
  parties: ReadonlyArray<string>,
  strategies: ReadonlyArray<string>,
): ReadonlyArray<Metric> => [
  ...fixedMetrics,
  ...strategyMetrics(strategies),
  ...modelMetrics(models),
  ...partyMetrics(parties),
]

export interface MetricOptions {
  readonly warmupSeconds: number
  readonly horizonSeconds: number
  readonly models: ReadonlyArray<OfferedModel>
  readonly scale: number
  /** By node: what its operator goes by; "" for those of a party. */
  readonly strategies: ReadonlyArray<string>
  readonly parties: ReadonlyArray<PartyOutcome>
  /** Strategies that the scenario mixes, by name. */
  readonly mixedStrategies: ReadonlyArray<string>
}

/**
 * The metrics of one replication; those that it saw nothing of are left out. `nodes` are as they are
 * after the warm-up.
 */
export const metricsOf = (
  recording: Recording,
  nodes: ReadonlyArray<NodeOutcome>,
  options: MetricOptions,
): Readonly<Record<string, number>> => {
  const firstBin = firstBinAfter(recording, options.warmupSeconds)
  const cut = firstBin * recording.binSeconds
  const window: Window = {
    recording,
    nodes,
    strategies: options.strategies,
    minor: 10 ** options.scale,
    parties: options.parties,
    days: (options.horizonSeconds - cut) / daySeconds,
    horizonDays: options.horizonSeconds / daySeconds,
    servedInAll: sumOf(recording.sums.served),
    firstBin,
    // Quantiles are kept by day, so their warm-up ends with the day.
    firstDay: firstDayAfter(recording, firstBin),
    sum: (channel) => sumOf(recording.sums[channel].subarray(firstBin, recording.bins)),
  }
  const names = options.parties.map(({ name }) => name)
  const values = metricsFor(options.models, names, options.mixedStrategies).map(
    ({ name, valueOf }) => [name, valueOf(window)] as const,
  )
  return Object.fromEntries(values.filter(([, value]) => Number.isFinite(value)))
}
