/**
 * The market as an economist sees it: what each side gains, what the platform keeps, whether the bounty
 * pool can pay, how fast credits turn over, and how concentrated the pay is.
 */
import { gini, herfindahlIndex, jainIndex } from "../statistics/samples/inequality.ts"
import type { NodeOutcome } from "../results/models/run-model.ts"
import type { Metric, Window } from "./metric.ts"
import { metric } from "./metric.ts"
import { deviceClasses } from "../recording/recorder.ts"

/** Nodes that were there long enough for their pay to mean something. */
const settled = ({ nodes, days }: Window): ReadonlyArray<NodeOutcome> =>
  nodes.filter(({ onlineHours }) => onlineHours >= Math.min(24, (days * 24) / 2))

const payOf = ({ shareEarned, bountyEarned }: NodeOutcome): number => shareEarned + bountyEarned

/** An index of inequality of pay; nobody's pay is neither equal nor unequal. */
const ofPay = (index: (pay: ReadonlyArray<number>) => number) => (window: Window) => {
  const pay = settled(window).map((node) => payOf(node) / node.onlineHours)
  return pay.length === 0 ? NaN : index(pay)
}

/** Pay of each operator that was paid anything, all its nodes together. */
const payByOperator = ({ nodes }: Window): ReadonlyArray<number> => {
  const sums = new Map<number, number>()
  for (const node of nodes) sums.set(node.operator, (sums.get(node.operator) ?? 0) + payOf(node))
  return [...sums.values()].filter((pay) => pay > 0)
}

/** A part of the pay of a class of nodes, credits a node and day online. */
const perNodeDay =
  (name: string, valueOf: (node: NodeOutcome, minor: number) => number) =>
  (window: Window): number => {
    const own = settled(window).filter(({ deviceClass }) => deviceClass === name)
    const hours = own.reduce((sum, { onlineHours }) => sum + onlineHours, 0)
    return own.reduce((sum, node) => sum + valueOf(node, window.minor), 0) / (hours / 24)
  }

export const economyMetrics: ReadonlyArray<Metric> = [
  metric(
    "surplus.consumersPerDay",
    "credits/d",
    "Consumer surplus: what served calls were worth beyond what they cost",
    ({ sum, days }) => sum("surplus") / days,
  ),
  metric(
    "demand.goneShare",
    "share",
    "Calls never made, since their consumers had left after bad experience",
    ({ sum }) => sum("demandGone") / (sum("arrived") + sum("demandGone") + sum("demandPricedOut")),
  ),
  metric(
    "demand.pricedOutShare",
    "share",
    "Calls never made, since no model was worth its price",
    ({ sum }) =>
      sum("demandPricedOut") / (sum("arrived") + sum("demandGone") + sum("demandPricedOut")),
  ),
  metric(
    "credits.perMtok",
    "credits/Mtok",
    "What consumers paid for a million output tokens, their input included",
    ({ sum }) => (sum("gross") / sum("outputTokens")) * 1e6,
  ),
  metric(
    "platform.marginPerDay",
    "credits/d",
    "Fees kept by the platform less the sign-up gifts that were spent",
    ({ sum, days }) => (sum("fee") - sum("promotionsSpent")) / days,
  ),
  metric(
    "platform.margin",
    "ratio",
    "The same ÷ what consumers paid",
    ({ sum }) => (sum("fee") - sum("promotionsSpent")) / sum("gross"),
  ),
  metric(
    "bountyPool.paidShare",
    "share",
    "Bounties paid of those claimed: below 1, the pool ran dry",
    ({ sum }) => Math.min(1, sum("bountyPaid") / sum("bountyClaimed")),
  ),
  metric(
    "bountyPool.least",
    "credits",
    "Lowest mean balance of the bounty pool in any bin of time",
    ({ recording, firstBin }) => {
      const { bountyPool, samples } = recording.sums
      let least = Infinity
      for (let bin = firstBin; bin < recording.bins; bin++)
        if (samples[bin] > 0) least = Math.min(least, bountyPool[bin] / samples[bin])
      return least
    },
  ),
  metric(
    "credits.supply",
    "credits",
    "Credits that customers own, held and vesting ones included",
    ({ sum }) => sum("customerCredits") / sum("samples"),
  ),
  metric(
    "credits.held",
    "credits",
    "Credits held for calls under way",
    ({ sum }) => sum("heldCredits") / sum("samples"),
  ),
  metric(
    "credits.velocity",
    "1/d",
    "How often a day the credits that customers own are spent on calls",
    ({ sum, days }) => sum("gross") / days / (sum("customerCredits") / sum("samples")),
  ),
  metric(
    "earnings.jain",
    "index",
    "Jain's fairness of pay per online hour (1: all equal)",
    ofPay(jainIndex),
  ),
  metric("earnings.gini", "index", "Gini of pay per online hour (0: all equal)", ofPay(gini)),
  metric(
    "earnings.hhi",
    "index",
    "Herfindahl–Hirschman index of operators' shares of all pay (1: one has it all)",
    (window) => {
      const pay = payByOperator(window)
      return pay.length === 0 ? NaN : herfindahlIndex(pay)
    },
  ),
  ...deviceClasses.flatMap((name) => [
    metric(
      `profit.${name}`,
      "credits/d",
      `Pay less cost of a node, class ${name}`,
      perNodeDay(name, (node, minor) => payOf(node) / minor - node.costCredits),
    ),
    metric(
      `pay.${name}.share`,
      "credits/d",
      `Of that: provider share, before anything was withheld, class ${name}`,
      perNodeDay(name, ({ shareEarned, withheld }, minor) => (shareEarned + withheld) / minor),
    ),
    metric(
      `pay.${name}.withheld`,
      "credits/d",
      `Of that: withheld for switching models, class ${name}`,
      perNodeDay(name, ({ withheld }, minor) => withheld / minor),
    ),
    metric(
      `pay.${name}.bounty`,
      "credits/d",
      `Of that: bounties, class ${name}`,
      perNodeDay(name, ({ bountyEarned }, minor) => bountyEarned / minor),
    ),
    metric(
      `pay.${name}.cost`,
      "credits/d",
      `Of that: electricity or rent, class ${name}`,
      perNodeDay(name, ({ costCredits }) => costCredits),
    ),
  ]),
]
