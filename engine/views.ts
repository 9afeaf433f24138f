/**
 * Read-only views of a market, for whoever shows or measures it: plain objects in the units of the
 * rules, no slots and no typed arrays.
 */
import type { EligibilityReason } from "./admission/eligibility.ts"
import {
  countedSlots,
  countedTokensPerSecond,
  eligibilityReasons,
  onlineMicrosAt,
  rampNow,
} from "./admission/eligibility.ts"
import { rampedSlots } from "./admission/ramp.ts"
import { reductionOf } from "./lifecycle/seats.ts"
import { healthHundredths } from "./reputation/health.ts"
import { bountyCapHundredths } from "./reputation/trust.ts"
import type { Market } from "./state/market.ts"
import { slotOf } from "./state/table.ts"

export interface InstanceView {
  readonly instance: number
  readonly node: number
  readonly account: number
  readonly model: number
  /** Why it gets no requests now, or "Eligible". */
  readonly reason: EligibilityReason
  readonly breaker: "closed" | "open" | "halfOpen"
  readonly inFlight: number
  /** Slots in use at the present ramp, and before the ramp. */
  readonly capacity: number
  readonly slots: number
  readonly tokensPerSecond: number
  /** 0…1. */
  readonly ramp: number
  /** 0…1, rounded to 0.01. */
  readonly health: number
  readonly onlineMicros: number
  /** Anti-flapping reduction of the payout, 0…1. */
  readonly reduction: number
  /** Highest bounty multiplier that its trust allows. */
  readonly maxMultiplier: number
  readonly parks: number
}

/** By the breaker's own numbers: closed, open, half-open. */
const breakerNames = ["closed", "open", "halfOpen"] as const

/** The state of an instance's breaker, or `undefined` where there is no such instance. */
export const breakerStateOf = (market: Market, id: number): InstanceView["breaker"] | undefined => {
  const slot = slotOf(market.instances, id)
  return slot < 0 ? undefined : breakerNames[market.breakers.state[slot]]
}

/** One instance as it stands at the market's present time, or `undefined`. */
export const instanceView = (market: Market, id: number): InstanceView | undefined => {
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
    tokensPerSecond: countedTokensPerSecond(market, slot),
    ramp,
    health: health / 100,
    onlineMicros,
    reduction: reductionOf(market, columns.node[slot]),
    maxMultiplier: bountyCapHundredths(market.rules, onlineMicros, health) / 100,
    parks: columns.parks[slot],
  }
}

export interface ModelView {
  readonly model: number
  readonly instances: number
  /** Bounty multiplier in force. */
  readonly multiplier: number
  /** Average demand and ramped supply as of the last turn of the hour, tokens per second. */
  readonly demandTokensPerSecond: number
  readonly supplyTokensPerSecond: number
}

/** What any operator can see of the market: supply, demand and bounty by model. */
export const marketView = (market: Market): ReadonlyArray<ModelView> => {
  const { columns, ids, used } = market.models
  const views: Array<ModelView> = []
  for (let slot = 0; slot < used; slot++)
    views.push({
      model: ids[slot],
      instances: columns.instances[slot],
      multiplier: columns.multiplierHundredths[slot] / 100,
      demandTokensPerSecond: columns.demandAverage[slot],
      supplyTokensPerSecond: columns.supply[slot],
    })
  return views
}
