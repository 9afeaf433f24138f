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
  reasonsNow,
  untilOf,
} from "./admission/eligibility.ts"
import { recentFailures } from "../rules/breaker.ts"
import { rampedSlots } from "../rules/ramp.ts"
import type { Balance } from "../ledger/accounts.ts"
import { balanceOf, bountyPool, lotAccount, promotion, wouldOverflow } from "../ledger/accounts.ts"
import { heldAmount } from "../ledger/holds.ts"
import { reductionOf } from "./payout/seats.ts"
import { healthHundredths } from "../rules/health.ts"
import { bountyCapHundredths } from "../rules/trust.ts"
import type { Market } from "./state/market-state.ts"
import { slotOf } from "../core/table.ts"

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
  market: Market,
  id: number,
  now: number = market.now,
): StandingView | undefined => {
  const view = instanceView(market, id)
  if (view === undefined) return undefined
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

/** Every instance, or a model's, by id: the breakers and the routing as they stand. O(instances). */
export const standingViews = (market: Market, model?: number): ReadonlyArray<StandingView> => {
  const { ids, used, columns } = market.instances
  const of = model === undefined ? undefined : slotOf(market.models, model)
  const found: Array<number> = []
  for (let slot = 0; slot < used; slot++)
    if (ids[slot] !== -1 && (of === undefined || columns.model[slot] === of)) found.push(ids[slot])
  return found
    .toSorted((a, b) => a - b)
    .map((id) => standingView(market, id))
    .filter((view) => view !== undefined)
}

/**
 * How many of a model's instances stand how, by reason; what a refused call was up against. Counted
 * as they go: O(reasons), whatever the number of instances. `undefined`: no such model.
 */
export const standingsOf = (
  market: Market,
  model: number,
): Readonly<Record<EligibilityReason, number>> | undefined => {
  const slot = slotOf(market.models, model)
  if (slot < 0) return undefined
  const counts = market.standings[slot]
  return Object.fromEntries(
    eligibilityReasons.map((reason, code) => [reason, counts[code]]),
  ) as Record<EligibilityReason, number>
}

export interface NodeView {
  readonly node: number
  readonly account: number
  readonly isOnline: boolean
  /** Whether its silence is noticed, and its latest heartbeat, µs. */
  readonly isSupervised: boolean
  readonly lastHeartbeat: number
  /** Anti-flapping reduction of the payout, 0…1. */
  readonly reduction: number
  readonly instances: ReadonlyArray<number>
}

/** One node as it stands, or `undefined`. */
export const nodeView = (market: Market, id: number): NodeView | undefined => {
  const slot = slotOf(market.nodes, id)
  if (slot < 0) return undefined
  const { columns } = market.nodes
  const instances: Array<number> = []
  for (let next = columns.firstInstance[slot]; next !== 0;) {
    instances.push(market.instances.ids[next - 1])
    next = market.instances.columns.nextOnNode[next - 1]
  }
  return {
    node: id,
    account: market.accounts.ids[columns.account[slot]],
    isOnline: columns.isOnline[slot] === 1,
    isSupervised: columns.isSupervised[slot] === 1,
    lastHeartbeat: columns.lastHeartbeat[slot],
    reduction: reductionOf(market, slot),
    instances: instances.toSorted((a, b) => a - b),
  }
}

export interface AccountView extends Balance {
  readonly account: number
  /** Its number among the ledger's customers, for `lotAccount`. */
  readonly customer: number
  /** Bounty that it has claimed since the last turn of the hour, minor units. */
  readonly claimed: number
}

/** One account's balance by lot, minor units, or `undefined`. */
export const accountView = (market: Market, id: number): AccountView | undefined => {
  const customer = slotOf(market.accounts, id)
  if (customer < 0) return undefined
  const { claimNow, claimVesting } = market.accounts.columns
  return {
    account: id,
    customer,
    ...balanceOf(market.ledger, customer),
    claimed: claimNow[customer] + claimVesting[customer],
  }
}

/** Sums over the whole ledger, minor units. */
export interface BooksView {
  /** Of all balances: 0 unless the ledger is broken. */
  readonly total: number
  readonly bountyPool: number
  /** What customers own, and what is held of it. */
  readonly owned: number
  readonly held: number
}

/** The ledger as a whole. O(accounts). */
export const booksView = ({ ledger: { posted, held } }: Market): BooksView => {
  const firstLot = lotAccount(0, 0)
  let ofSystem = 0
  for (let account = 0; account < firstLot; account++) ofSystem += posted[account]
  let owned = 0
  let heldInAll = 0
  for (let account = firstLot; account < posted.length; account++) {
    owned += posted[account]
    heldInAll += held[account]
  }
  return { total: ofSystem + owned, bountyPool: posted[bountyPool], owned, held: heldInAll }
}

/** Accounts of the ledger that have less than is held of them: none unless it is broken. O(accounts). */
export const overdrawnAccounts = ({ ledger: { posted, held } }: Market): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let account = bountyPool; account < posted.length; account++)
    if (account !== promotion && posted[account] < held[account]) found.push(account)
  return found
}

/** May customers buy so many minor units more, or would all money leave the safe range? O(1). */
export const hasRoomFor = (market: Market, amount: number): boolean =>
  !wouldOverflow(market.ledger, amount)

/** Attempts that an instance is counted to have under way; 0 where there is no such instance. O(1). */
export const inFlightOf = (market: Market, instance: number): number => {
  const slot = slotOf(market.instances, instance)
  return slot < 0 ? 0 : market.instances.columns.inFlight[slot]
}

export interface AttemptView {
  readonly request: number
  readonly attempt: number
  readonly instance: number
  readonly node: number
  readonly account: number
  readonly model: number
  readonly maxTokens: number
}

/** Attempts under way, by request: what hosts should be at work on. O(open requests). */
export const openAttempts = (market: Market): ReadonlyArray<AttemptView> => {
  const { columns, slots } = market.requests
  const instances = market.instances
  return slots.toArray().map(([request, slot]) => ({
    request,
    attempt: columns.attempt[slot],
    instance: instances.ids[columns.instance[slot]],
    node: market.nodes.ids[instances.columns.node[columns.instance[slot]]],
    account: market.accounts.ids[columns.account[slot]],
    model: market.models.ids[columns.model[slot]],
    maxTokens: columns.maxTokens[slot],
  }))
}

export interface WithdrawalView {
  readonly transfer: number
  readonly account: number
  readonly amount: number
}

/** Withdrawals that are neither posted nor voided, by transfer. O(open withdrawals). */
export const openWithdrawals = (market: Market): ReadonlyArray<WithdrawalView> => {
  const holds = market.ledger.withdrawalHolds
  return holds.slots.toArray().map(([transfer, slot]) => ({
    transfer,
    account: market.accounts.ids[holds.columns.customer[slot]],
    amount: heldAmount(holds, slot),
  }))
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
