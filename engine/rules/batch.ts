/**
 * Batches (docs/rules.md#batches): many requests that can wait, for one discount. "min_batch_size=10,
 * batch_discount=0.3, processing_window="24h", quality_guarantee=True" (003).
 *
 *   S = Σ price of an item that ended well      charged in all: ⌈S · F⌉, F = 1 − discount
 *
 * An item goes where there is room that calls do not want: so much of a model's room is left free for them,
 * until what is left of the work fills what is left of the window.
 */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { flag, positive, share, wholeBetween } from "../core/setting.ts"
import { microsOf, microsPerSecond, mulDivCeil } from "../core/units.ts"

/** How often a failed item may be tried again at most: its state is kept in a byte. */
const mostRedo = 60

export const batchKnobs = {
  areTaken: knob(flag, {
    default: false,
    unit: "yes or no",
    meaning: "Whether many requests that can wait are taken as a batch, at a discount.",
    source: "003: enable batch processing; 000 and 002 know none",
  }),
  minItems: knob(wholeBetween("items", 1, 1_000_000), {
    default: 10,
    unit: "items",
    meaning: "From how many items on a batch has its discount.",
    source: "003: min_batch_size 10",
  }),
  discount: knob(share, {
    default: 0.3,
    unit: "share of the price",
    meaning: "What is taken off the price of a batch that leaves the market the whole window.",
    source: "003: batch_discount 0.3",
  }),
  windowHours: knob(positive("hours"), {
    default: 24,
    unit: "h",
    meaning: "Within which a batch is done: what is not is void, and not charged.",
    source: '003: processing_window "24h"',
  }),
  redo: knob(wholeBetween("times", 0, mostRedo), {
    default: 2,
    unit: "times",
    meaning: "How often a failed item is tried again, at no price, before it is void.",
    source: "003: quality_guarantee; the number is ours",
  }),
  leaveFree: knob(share, {
    default: 0.1,
    unit: "share of a model's room",
    meaning:
      "How much of a model's room is left to calls that do not wait; nothing once a batch is urgent.",
    source: "ours: or the first call behind a batch finds every slot taken",
  }),
  mostIdleShare: knob(share, {
    default: 0,
    unit: "share of idle capacity",
    meaning:
      "A batch is taken where it and those before it are at most this part of what was idle in its window a week ago; 0: any is.",
    source: "ours: or batches are promised that only calls could make room for",
  }),
} as const

export const compileBatch = ({ batches }: { readonly batches: KnobValues<typeof batchKnobs> }) =>
  ({
    areBatchesTaken: batches.areTaken,
    batchMinItems: batches.minItems,
    batchFactorBps: 10_000 - Math.round(batches.discount * 10_000),
    batchWindowMicros: microsOf(batches.windowHours * 3600),
    batchRedo: batches.redo,
    batchLeaveFree: batches.leaveFree,
    batchMostIdleShare: batches.areTaken ? batches.mostIdleShare : 0,
  }) as const
export type BatchRules = ReturnType<typeof compileBatch>

/** The factor of a batch's price: its discount is for its size, and for leaving the market the whole window. */
export const factorOf = (rules: BatchRules, items: number, windowMicros: number): number =>
  items >= rules.batchMinItems && windowMicros >= rules.batchWindowMicros
    ? rules.batchFactorBps
    : 10_000

/** What is due in all when the items that ended well cost `full` at their own prices. */
export const dueOf = (full: number, factorBps: number): number =>
  mulDivCeil(full, factorBps, 10_000)

/**
 * The most that items can cost one by one, each rounded up, when all their tokens together cost `together`:
 * Σ⌈x⌉ < Σx + n.
 */
export const mostOfItems = (together: number, items: number): number => together + items - 1

/** Work and the speed at which it could be done, output tokens. */
export interface Remaining {
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly slackMicros: number
}

/** Has a batch no time left to wait? */
export const isUrgent = ({ tokens, tokensPerSecond, slackMicros }: Remaining): boolean =>
  tokens * microsPerSecond >= slackMicros * tokensPerSecond

/** May one more item be given out, with `free` of `capacity` slots free? */
export const hasRoomFor = (
  rules: BatchRules,
  free: number,
  capacity: number,
  isInHaste: boolean,
): boolean => free - 1 >= (isInHaste ? 0 : Math.floor(capacity * rules.batchLeaveFree))

/**
 * An item's state, as a byte: how often it has failed, and above it where it stands. One that was never given
 * out is 0.
 */
const standShift = 6
export const waiting = 0
export const underWay = 1
export const completed = 2
export const voided = 3

/** Their names, by number. */
export const standNames = ["waiting", "underWay", "completed", "void"] as const
export type ItemStand = (typeof standNames)[number]

export const standOf = (item: number): number => item >> standShift
export const failuresOf = (item: number): number => item & mostFailures
const mostFailures = (1 << standShift) - 1
export const itemOf = (stand: number, failures: number): number => (stand << standShift) | failures

/** What a failed item is: to be tried again, or void. */
export const afterFailure = (rules: BatchRules, item: number): number => {
  const failures = failuresOf(item) + 1
  return itemOf(failures > rules.batchRedo ? voided : waiting, Math.min(failures, mostFailures))
}

/** Hours of a week, by which a day is like the one before it of that name. */
export const idleHoursKept = 168
/** An hour of which nothing is known. */
export const unknownHour = -1

/**
 * Output tokens that were idle within as long as a window, a week before it; hours that are not known count
 * as the present one.
 */
export const idleWithin = (
  byHour: ArrayLike<number>,
  fromHour: number,
  hours: number,
  idleNow: number,
): number => {
  let idle = 0
  for (let hour = 0; hour < hours; hour++) {
    const known = byHour[(fromHour + hour) % idleHoursKept]
    idle += known === unknownHour || known === undefined ? idleNow : known
  }
  return idle
}
