/** Instances as they stand, why they get no requests, and until when: plain objects, in the rules' units. */
import type { AccountId, InstanceId, ModelId, NodeId } from "../../core/ids.ts"
import type { EligibilityReason } from "../admission/eligibility.ts"
import {
  countedSlots,
  countedTokensPerSecond,
  eligibilityReasons,
  onlineMicrosAt,
  rampNow,
  reasonsNow,
  untilOf,
} from "../admission/eligibility.ts"
import { isPresent, slotOf } from "../../core/table.ts"
import { reductionOf } from "../payout/seats.ts"
import { recentFailures } from "../../rules/breaker.ts"
import { healthHundredths } from "../../rules/health.ts"
import { rampedSlots } from "../../rules/ramp.ts"
import { bountyCapHundredths } from "../../rules/trust.ts"
import type { MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface InstanceView {
  readonly instance: InstanceId
  readonly node: NodeId
  readonly account: AccountId
  readonly model: ModelId
  /** Why it gets no requests now, or "Eligible". */
  readonly reason: EligibilityReason
  readonly breaker: "closed" | "open" | "halfOpen"
  readonly inFlight: number
  /** Slots in use at the present ramp, and before the ramp. */
  readonly capacity: number
  readonly slots: number
  /** Slots that its latest measurement found; 0: it was not measured. */
  readonly measuredSlots: number
  readonly tokensPerSecond: number
  /** 0…1. */
  readonly ramp: number
  /** 0…1, rounded to 0.01. */
  readonly health: number
  readonly onlineMicros: number
  /** Calls that it has completed, switches included. */
  readonly completed: number
  /** Anti-flapping reduction of the payout, 0…1. */
  readonly reduction: number
  /** Highest bounty multiplier that its trust allows. */
  readonly maxMultiplier: number
  readonly parks: number
  /** What its output costs, minor units per million tokens: its own price, or its model's. */
  readonly outputPricePerMtok: number
}

/** By the breaker's own numbers: closed, open, half-open. */
const breakerNames = ["closed", "open", "halfOpen"] as const

/** Is there such an instance? O(1). */
export const hasInstance = (handle: MarketHandle, id: InstanceId): boolean =>
  isPresent(open(handle).instances, id)

/** The state of an instance's breaker, or `undefined` where there is no such instance. */
export const breakerStateOf = (
  handle: MarketHandle,
  id: InstanceId,
): InstanceView["breaker"] | undefined => {
  const market = open(handle)
  const slot = slotOf(market.instances, id)
  return slot < 0 ? undefined : breakerNames[market.breakers.state[slot]]
}

/** One instance as it stands at the market's present time, or `undefined`. */
export const instanceView = (handle: MarketHandle, id: InstanceId): InstanceView | undefined => {
  const market = open(handle)
  const slot = slotOf(market.instances, id)
  if (slot < 0) return undefined
  const { columns } = market.instances
  const ramp = rampNow(market, slot, market.now)
  const slots = countedSlots(market, slot)
  const health = healthHundredths(market.rules, market.health, slot)
  const onlineMicros = onlineMicrosAt(market, slot, market.now)
  return {
    instance: id,
    node: market.nodes.ids[columns.node[slot]],
    account: market.accounts.ids[columns.account[slot]],
    model: market.models.ids[columns.model[slot]],
    reason: eligibilityReasons[columns.reason[slot]] as EligibilityReason,
    breaker: breakerNames[market.breakers.state[slot]],
    inFlight: columns.inFlight[slot],
    capacity: rampedSlots(ramp, Math.max(1, slots)),
    slots,
    measuredSlots: columns.measuredSlots[slot],
    tokensPerSecond: countedTokensPerSecond(market, slot),
    ramp,
    health: health / 100,
    onlineMicros,
    completed: columns.successes[slot],
    reduction: reductionOf(market, columns.node[slot]),
    maxMultiplier: bountyCapHundredths(market.rules, onlineMicros, health) / 100,
    parks: columns.parks[slot],
    outputPricePerMtok: market.rules.pricing.outputPrice(market, columns.model[slot], slot),
  }
}

/** An instance with everything that stands against it, and until when. */
export interface StandingView extends InstanceView {
  /** Empty: it may get requests now. The first is the one that `reason` shows. */
  readonly reasons: ReadonlyArray<ReasonView>
  /** Failures that its breaker holds against it now. */
  readonly recentFailures: number
}

export interface ReasonView {
  readonly reason: EligibilityReason
  /** When it may pass by itself, µs; `undefined`: that takes a deed, or the end of an attempt. */
  readonly untilMicros: number | undefined
}

/**
 * One instance as it stands, and why, or `undefined`. O(reasons). `now`: a moment at which nothing has
 * happened yet since the market's own; failures leave the window by time alone.
 */
export const standingView = (
  handle: MarketHandle,
  id: InstanceId,
  now: number = handle.now,
): StandingView | undefined => {
  const view = instanceView(handle, id)
  if (view === undefined) return undefined
  const market = open(handle)
  const slot = slotOf(market.instances, id)
  return {
    ...view,
    reasons: reasonsNow(market, slot).map((reason) => ({
      reason,
      untilMicros: untilOf(market, slot, reason),
    })),
    recentFailures: recentFailures(market.breakers, market.rules, slot, now),
  }
}

/** How often instances came to stand so, by reason. O(reasons). */
export const reasonCountsOf = (
  handle: MarketHandle,
): Readonly<Record<EligibilityReason, number>> => {
  const { reasonCounts } = open(handle)
  return byReason(reasonCounts)
}

const byReason = (counts: ArrayLike<number>): Readonly<Record<EligibilityReason, number>> =>
  Object.fromEntries(eligibilityReasons.map((reason, code) => [reason, counts[code]])) as Record<
    EligibilityReason,
    number
  >

/** Every instance, or a model's, by id: the breakers and the routing as they stand. O(instances). */
export const standingViews = (
  handle: MarketHandle,
  model?: ModelId,
): ReadonlyArray<StandingView> => {
  const market = open(handle)
  const { ids, used, columns } = market.instances
  const of = model === undefined ? undefined : slotOf(market.models, model)
  const found: Array<number> = []
  for (let slot = 0; slot < used; slot++)
    if (ids[slot] !== -1 && (of === undefined || columns.model[slot] === of)) found.push(ids[slot])
  return found
    .toSorted((a, b) => a - b)
    .map((id) => standingView(handle, id))
    .filter((view) => view !== undefined)
}

/**
 * How many of a model's instances stand how, by reason; what a refused call was up against. Counted
 * as they go: O(reasons), whatever the number of instances. `undefined`: no such model.
 */
export const standingsOf = (
  handle: MarketHandle,
  model: ModelId,
): Readonly<Record<EligibilityReason, number>> | undefined => {
  const market = open(handle)
  const slot = slotOf(market.models, model)
  if (slot < 0) return undefined
  return byReason(market.standings[slot])
}
