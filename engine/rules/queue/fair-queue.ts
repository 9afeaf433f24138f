/**
 * The weighted fair queue (docs/rules.md#queue): a Virtual Token Counter (arXiv 2401.00588) for each flow, in whole
 * numbers.
 *
 *   v += cost · 2520 / weight,   cost = input + 2 · output tokens
 *
 * Next is the flow that waits with the least (v, −weight, number). What a call costs is charged when it begins, by
 * what it is expected to cost, and corrected when it ends; a flow that comes back begins where the others stand.
 */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { flag, oneOf, positive, wholeBetween } from "../../core/setting.ts"
import { microsOf } from "../../core/units.ts"

/** Every weight from 1 to 10 divides it. */
export const weightUnit = 2520
const mostWeight = 10
/** A counter stays where sums are exact. */
const mostVirtual = 2 ** 52

export const queueKnobs = {
  scope: knob(oneOf("none", "node", "pool"), {
    default: "none",
    unit: "rule",
    meaning:
      "Where calls wait that find no room: nowhere, and are refused; at one instance, where its host has a queue; or at their model, for any.",
    source: "003: each provider configures a queue of its own; 000 and 002 know none",
  }),
  size: knob(wholeBetween("calls", 1, 1_000_000), {
    default: 20,
    unit: "calls",
    meaning: "How many calls may wait in a queue at a model; hosts say it of their own.",
    source: "003: max_queue_size 20",
  }),
  waitSeconds: knob(positive("seconds"), {
    default: 60,
    unit: "s",
    meaning:
      "After which a call that still waits at a model is refused; hosts say it of their own.",
    source: "ours",
  }),
  flows: knob(oneOf("account", "party"), {
    default: "account",
    unit: "rule",
    meaning:
      "Whose calls are one flow: an account's, or those of all accounts that are one party's.",
    source: "ours; hardened: whoever splits into accounts has no more turns by it",
  }),
  full: knob(oneOf("refuse", "pushOut"), {
    default: "refuse",
    unit: "rule",
    meaning:
      "What happens to a call at a full queue: it is refused, or the last one of the longest flow is, where that is longer.",
    source: "ours; hardened: or one client takes all places",
  }),
} as const

const weight = wholeBetween("weight", 1, mostWeight)

export const tierKnobs = {
  areOffered: knob(flag, {
    default: false,
    unit: "yes or no",
    meaning:
      "Whether hosts may offer tiers: rates of their own for calls, as many at once, and a priority.",
    source: "003: service tiers basic, premium, enterprise",
  }),
  low: knob(weight, {
    default: 1,
    unit: "weight",
    meaning: "The weight of a flow of low priority, as of items of batches.",
    source: "ours",
  }),
  normal: knob(weight, {
    default: 2,
    unit: "weight",
    meaning: "The weight of a flow of normal priority, which is that of calls of no tier.",
    source: "ours",
  }),
  high: knob(weight, {
    default: 4,
    unit: "weight",
    meaning: "The weight of a flow of high priority.",
    source: "ours",
  }),
  urgent: knob(weight, {
    default: 8,
    unit: "weight",
    meaning: "The weight of a flow of urgent priority.",
    source: "ours",
  }),
} as const

export const compileQueue = ({
  queue,
  tiers,
}: {
  readonly queue: KnobValues<typeof queueKnobs>
  readonly tiers: KnobValues<typeof tierKnobs>
}) =>
  ({
    isQueued: queue.scope !== "none",
    isQueuedByNode: queue.scope === "node",
    queueSize: queue.size,
    queueWaitMicros: microsOf(queue.waitSeconds),
    areFlowsByParty: queue.flows === "party",
    isPushedOut: queue.full === "pushOut",
    areTiersOffered: tiers.areOffered,
    /** By class of a flow. */
    weights: [tiers.normal, tiers.low, tiers.normal, tiers.high, tiers.urgent, tiers.low],
  }) as const

/** What a flow is: calls of no tier; of one, by its priority; items of batches. */
export const noTier = 0
export const itemClass = 5
/** Classes of flows, with room for as many again. */
export const classes = 8

/** What serving so many tokens costs. */
export const costOf = (inputTokens: number, outputTokens: number): number =>
  inputTokens + 2 * outputTokens

/** A counter after a cost, or after the correction of one, which may be below 0. */
export const charged = (virtual: number, cost: number, weightOfFlow: number): number =>
  Math.min(mostVirtual, virtual + cost * (weightUnit / weightOfFlow))
