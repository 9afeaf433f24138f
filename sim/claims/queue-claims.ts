/** What the guide for providers (003) promises of tiers and of the queue, each held against the same market without it. */
import type { Arm } from "./arm.ts"
import type { ClaimPlan } from "./claim-catalogue.ts"
import { arm, atLeast, atMost, difference, excess, mean } from "./claim-catalogue.ts"

const tiered = (...settings: ReadonlyArray<string>): Arm =>
  arm(
    "service-classes",
    "economy.pricing.tokens=listing",
    "economy.pricing.timeoutSeconds=300",
    "horizonDays=2",
    ...settings,
  )
/** The same subscribers at the same rates, in turn. */
const inTurn = ["economy.tiers.low=2", "economy.tiers.high=2", "economy.tiers.urgent=2"]

/** Calls wait at their model, beside batches. */
const withBatches = (...settings: ReadonlyArray<string>): Arm =>
  arm(
    "batch-nights",
    "horizonDays=3",
    "demand.requestsPerSecond=0.6",
    // Items that take minutes, and are left alone for one of them.
    "demand.batches.outputTokens=12000",
    "demand.batches.items=50",
    "economy.preempt.exemptMinutes=1",
    "economy.queue.scope=pool",
    ...settings,
  )
const firm = "economy.preempt.policy=none"

export const queueClaims: ReadonlyArray<ClaimPlan> = [
  {
    id: "service-tiers",
    title: "Tiers serve those who pay more, and earn more",
    source: "003: basic 0.05 low, premium 0.15 high, enterprise 0.25 urgent; weighted_fair_share",
    measures: [
      {
        label: "what a host is paid, with priorities less without, at the same rates",
        unit: "credits/(node d)",
        arms: [tiered(), tiered(...inTurn)],
        of: difference("pay.consumer.share"),
        bound: atLeast(0),
      },
      {
        label: "wait of enterprise less that of basic",
        unit: "s",
        arms: [tiered()],
        of: excess("queue.wait.mean.by.enterprise", "queue.wait.mean.by.basic"),
        bound: atMost(0),
      },
      {
        label: "what enterprise has of its calls, with priorities less without",
        unit: "credits/d",
        arms: [tiered(), tiered(...inTurn)],
        of: difference("queue.surplusPerDay.by.enterprise"),
        bound: atLeast(0),
      },
      {
        label: "what basic has of them then",
        unit: "credits/d",
        arms: [tiered(), tiered(...inTurn)],
        of: difference("queue.surplusPerDay.by.basic"),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "preemption",
    title: "Preemption is graceful",
    source: '003: preemption_policy "graceful"',
    measures: [
      {
        label: "items that end by themselves, of those that are to give way",
        unit: "share",
        arms: [withBatches()],
        of: mean("queue.gaveWayShare"),
        bound: atLeast(0.5),
      },
      {
        label: "calls rejected, with preemption less without",
        unit: "share",
        arms: [withBatches(), withBatches(firm)],
        of: difference("requests.rejectedShare"),
        bound: atMost(0.01),
      },
      {
        label: "batches done by their deadline, with preemption less without",
        unit: "share",
        arms: [withBatches(), withBatches(firm)],
        of: difference("batches.doneShare"),
        bound: atLeast(-0.05),
      },
    ],
  },
]
