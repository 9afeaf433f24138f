/** Where credits come from and go: what consumers pay and gain, what the platform keeps, the bounty pool. */
import { gainOrLoss, metricsIn } from "./metric.ts"
import { payOf } from "./pay-metrics.ts"
import type { Window } from "./window.ts"

const time = "time"

/** What consumers paid, for calls and for hours. */
const paid = (sum: Window["sum"]): number => sum("gross") + sum("rent")

export const moneyMetrics = metricsIn("money", [
  {
    name: "credits.grossPerDay",
    label: "Consumers pay",
    unit: "credits/d",
    meaning: "What consumers paid, for calls and for hours",
    base: time,
    valueOf: ({ sum, days }) => paid(sum) / days,
  },
  {
    name: "credits.perMtok",
    label: "A million output tokens",
    unit: "credits/Mtok",
    meaning: "What consumers paid for a million output tokens, their input included",
    base: "output tokens delivered",
    valueOf: ({ sum }) => (sum("gross") / sum("outputTokens")) * 1e6,
  },
  {
    name: "credits.providersPerDay",
    label: "Shares paid to hosts",
    unit: "credits/d",
    meaning: "Provider shares paid out",
    base: time,
    valueOf: ({ sum, days }) => sum("share") / days,
  },
  {
    name: "credits.bountiesPerDay",
    label: "Bounties paid",
    unit: "credits/d",
    meaning: "Bounties paid",
    base: time,
    valueOf: ({ sum, days }) => sum("bountyPaid") / days,
  },
  {
    name: "credits.platformPerDay",
    label: "Fees kept",
    unit: "credits/d",
    meaning: "Fees kept by the platform",
    base: time,
    valueOf: ({ sum, days }) => sum("fee") / days,
  },
  {
    name: "credits.poolPerDay",
    label: "Paid into the pool",
    unit: "credits/d",
    meaning: "Paid into the bounty pool, from fees and withheld pay",
    base: time,
    valueOf: ({ sum, days }) => (sum("poolFee") + sum("withheld")) / days,
  },
  {
    name: "credits.withheldShare",
    label: "Pay withheld",
    unit: "share",
    meaning: "Provider pay withheld by the anti-flapping rule",
    base: "provider shares before anything is withheld",
    valueOf: ({ sum }) => sum("withheld") / (sum("share") + sum("withheld")),
  },
  {
    name: "credits.giftShare",
    label: "Paid with gifts",
    unit: "share",
    meaning: "What was paid with sign-up gifts",
    base: "what consumers paid",
    valueOf: ({ sum }) => sum("promotionsSpent") / paid(sum),
  },
  {
    name: "platform.marginPerDay",
    label: "Platform's margin",
    unit: "credits/d",
    meaning: "Fees kept by the platform less the sign-up gifts that were spent",
    base: time,
    ...gainOrLoss,
    valueOf: ({ sum, days }) => (sum("fee") - sum("promotionsSpent")) / days,
  },
  {
    name: "platform.margin",
    label: "Platform's margin, of all paid",
    unit: "ratio",
    meaning:
      "Fees kept by the platform less the sign-up gifts that were spent, ÷ what consumers paid",
    base: "what consumers paid",
    least: null,
    most: 1,
    smallestEffect: 0.005,
    valueOf: ({ sum }) => (sum("fee") - sum("promotionsSpent")) / paid(sum),
  },
  {
    name: "bountyPool.mean",
    label: "Bounty pool",
    unit: "credits",
    meaning: "Balance of the bounty pool",
    base: time,
    valueOf: ({ sum }) => sum("bountyPool") / sum("samples"),
  },
  {
    name: "bountyPool.least",
    label: "Bounty pool at its lowest",
    unit: "credits",
    meaning: "Lowest mean balance of the bounty pool in any bin of time",
    base: "bins of time",
    valueOf: ({ recording, bins }) => {
      const { bountyPool, samples } = recording.sums
      let least = Infinity
      for (let bin = bins.first; bin < bins.end; bin++)
        if (samples[bin] > 0) least = Math.min(least, bountyPool[bin] / samples[bin])
      return least
    },
  },
  {
    name: "bountyPool.paidShare",
    label: "Bounties that the pool could pay",
    unit: "share",
    meaning: "Bounties paid: below 100%, the pool ran dry",
    base: "bounties claimed",
    valueOf: ({ sum }) => Math.min(1, sum("bountyPaid") / sum("bountyClaimed")),
  },
  {
    name: "credits.supply",
    label: "Credits in customers' hands",
    unit: "credits",
    meaning: "Credits that customers own, held and vesting ones included",
    base: time,
    valueOf: ({ sum }) => sum("customerCredits") / sum("samples"),
  },
  {
    name: "credits.held",
    label: "Credits held for calls",
    unit: "credits",
    meaning: "Credits held for calls under way",
    base: time,
    valueOf: ({ sum }) => sum("heldCredits") / sum("samples"),
  },
  {
    name: "credits.velocity",
    label: "Velocity of credits",
    unit: "1/d",
    meaning: "How often a day the credits that customers own are spent",
    base: "credits that customers own",
    valueOf: ({ sum, days }) => paid(sum) / days / (sum("customerCredits") / sum("samples")),
  },
])

/** Where a scenario says what calls are worth. */
export const surplusMetrics = metricsIn("money", [
  {
    name: "surplus.consumersPerDay",
    label: "Consumer surplus",
    unit: "credits/d",
    meaning: "What served calls were worth beyond what they cost",
    base: time,
    ...gainOrLoss,
    valueOf: ({ sum, days }) => sum("surplus") / days,
  },
])

/** Where it says what all that is paid for is worth. */
export const welfareMetrics = metricsIn("money", [
  {
    name: "welfare.perDay",
    label: "Welfare",
    unit: "credits/d",
    meaning:
      "What served calls were worth beyond what it cost hosts to be there for them: consumers' surplus, hosts' profits, the platform's fees and what the pool took in, less what it paid",
    base: time,
    ...gainOrLoss,
    valueOf: ({ sum, days, nodes, minor }) =>
      (sum("surplus") +
        nodes.reduce((all, node) => all + payOf(node) / minor - node.costCredits, 0) +
        sum("fee") +
        sum("poolFee") +
        sum("withheld") -
        sum("bountyPaid")) /
      days,
  },
])
