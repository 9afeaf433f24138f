/**
 * Bounties (docs/rules.md#bounties). "Payout multipliers on under-supplied models, funded by the
 * platform — not the consumer" (002).
 *
 * Each hour and model: demand D = tokens/s asked for (served + refused), averaged over 24 h; supply
 * Q = Σ ramped tokens/s of active instances; shortage = clamp((1.25·D − Q) / (1.25·D), 0, 1);
 * m = 1 + (mMax − 1) · shortage, rounded to 0.01. A call's bounty, (min(m, trust cap) − 1) · share,
 * is claimed when the call is settled and paid at the turn of the hour out of what the pool holds,
 * prorated where it would run dry: the pool is never negative.
 */
import { serving } from "../../machines/presence.ts"
import { countedTokensPerSecond, onlineMicrosAt, rampNow } from "../admission/eligibility.ts"
import { invariant } from "../../core/invariant.ts"
import { emit } from "../../protocol/command.ts"
import { bountyPool, earned, lotAccount, post, vesting } from "../../ledger/accounts.ts"
import { healthHundredths } from "../../rules/health.ts"
import { bountyCapHundredths } from "../../rules/trust.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { mulDivFloor, tokensPerMtok } from "../../core/units.ts"
import { prorate } from "../../rules/proration.ts"
import { vest } from "./vesting.ts"

const hourSeconds = 3600

/** Notes tokens that an account asked a model for. */
export const noteDemand = (
  market: Market,
  model: number,
  account: number,
  tokens: number,
): void => {
  const { demandTokens } = market.models.columns
  demandTokens[model] += tokens
  if (market.rules.maxDemandShare === 1) return
  const byParty = market.demandByParty[model]
  const party = partyOf(market, account)
  byParty.set(party, (byParty.get(party) ?? 0) + tokens)
}

/**
 * Notes what a refused request would probably have used. Where own traffic is no demand, neither is
 * a refused request of whoever operates the model: it costs nothing, and a bounty would reward it.
 */
export const noteRefusal = (
  market: Market,
  model: number,
  account: number,
  maxTokens: number,
): void => {
  if (market.rules.isLinkedExcluded && market.operators[model].has(partyOf(market, account))) return
  noteDemand(market, model, account, expectedOutput(market, model, maxTokens))
}

/** The mean output of the model's served requests, or the request's maximum. */
export const expectedOutput = (market: Market, model: number, maxTokens: number): number => {
  const { servedRequests, servedTokens } = market.models.columns
  const served = servedRequests[model]
  return served === 0 ? maxTokens : Math.min(maxTokens, Math.round(servedTokens[model] / served))
}

/** Sets every model's multiplier for the hour that begins. O(instances + models). */
export const announceBounties = (market: Market): void => {
  const { rules } = market
  const models = market.models.columns
  const supply = supplyByModel(market)
  for (let model = 0; model < market.models.used; model++) {
    if (market.models.ids[model] === -1) continue
    models.supply[model] = supply[model]
    const demand = averageDemand(market, model)
    const wanted = rules.bountyTarget * demand
    const shortage = wanted > 0 ? Math.min(1, Math.max(0, (wanted - supply[model]) / wanted)) : 0
    if (market.now < models.announcedUntil[model]) continue
    const hundredths = Math.round(100 + 100 * (rules.bountyMaxMultiplier - 1) * shortage)
    invariant(
      hundredths >= 100 && hundredths <= Math.round(100 * rules.bountyMaxMultiplier),
      "a multiplier lies between 1 and the rules' most",
    )
    models.announcedUntil[model] = hundredths > 100 ? market.now + rules.bountyFixedMicros : 0
    if (models.multiplierHundredths[model] === hundredths) continue
    models.multiplierHundredths[model] = hundredths
    setPremium(market, model)
    emit(market.sink, {
      _tag: "Announce",
      model: market.models.ids[model],
      multiplierHundredths: hundredths,
    })
  }
}

/** The premium per Mtok that the multiplier amounts to at the model's own price. */
const setPremium = (market: Market, model: number): void => {
  const models = market.models.columns
  const price = models.outputPricePerMtok[model]
  const share = price - mulDivFloor(price, market.rules.feeBps, 10_000)
  models.premiumPerMtok[model] = mulDivFloor(share, models.multiplierHundredths[model] - 100, 100)
}

/** Ramped tokens/s of each model's active instances, by model slot. */
const supplyByModel = (market: Market): Float64Array => {
  const { columns } = market.instances
  const supply = new Float64Array(market.models.used)
  for (let instance = 0; instance < market.instances.used; instance++) {
    if (market.instances.ids[instance] === -1) continue
    if (columns.isOnline[instance] === 0 || columns.service[instance] !== serving) continue
    const model = columns.model[instance]
    supply[model] =
      supply[model] +
      rampNow(market, instance, market.now) * countedTokensPerSecond(market, instance)
  }
  return supply
}

/** Demand below this is none, so that an average that decays comes to an end, tokens/s. */
const leastDemand = 1e-9

/** Folds the hour that ends into the average and returns it, tokens/s. */
const averageDemand = (market: Market, model: number): number => {
  const models = market.models.columns
  const asked = cappedDemand(market, model) / hourSeconds
  const hours = models.demandHours[model]
  const before = models.demandAverage[model]
  const smoothing = Math.max(market.rules.demandSmoothing, 1 / (hours + 1))
  models.demandHours[model] = hours + 1
  models.demandTokens[model] = 0
  const average = before + smoothing * (asked - before)
  invariant(average >= 0, "an average demand is at least 0")
  models.demandAverage[model] = average < leastDemand ? 0 : average
  return models.demandAverage[model]
}

/** Does any model have demand, or a bounty still announced for what it had? */
export const hasDemand = ({ models }: Market): boolean => {
  const { demandAverage, demandTokens, multiplierHundredths } = models.columns
  for (let model = 0; model < models.used; model++) {
    if (demandAverage[model] > 0 || demandTokens[model] > 0) return true
    if (multiplierHundredths[model] > 100) return true
  }
  return false
}

/** Lets hours without demand go by. */
export const passDemandHours = ({ models }: Market, hours: number): void => {
  for (let model = 0; model < models.used; model++) models.columns.demandHours[model] += hours
}

const cappedDemand = (market: Market, model: number): number => {
  const total = market.models.columns.demandTokens[model]
  const { maxDemandShare } = market.rules
  if (maxDemandShare === 1) return total
  const byParty = market.demandByParty[model]
  let counted = 0
  let asked = 0
  for (const tokens of byParty.values()) {
    counted += Math.min(tokens, maxDemandShare * total)
    asked += tokens
  }
  invariant(asked === total, "the parties' demand is the model's")
  byParty.clear()
  return counted
}

/**
 * The bounty of a call, minor units, before anti-flapping. `share` is the provider's part of the
 * price and `paidShare` the part of it that was not paid with gifts.
 */
export const bountyOf = (
  market: Market,
  model: number,
  instance: number,
  outputTokens: number,
  paidShare: number,
): number => {
  const models = market.models.columns
  const multiplier = models.multiplierHundredths[model]
  if (multiplier <= 100 || paidShare === 0) return 0
  const { rules } = market
  const cap = bountyCapHundredths(
    rules,
    onlineMicrosAt(market, instance, market.now),
    healthHundredths(rules, market.health, instance),
  )
  const most = mulDivFloor(paidShare, cap - 100, 100)
  if (rules.isBountyPremium)
    return Math.min(most, mulDivFloor(outputTokens, models.premiumPerMtok[model], tokensPerMtok))
  return Math.min(most, mulDivFloor(paidShare, multiplier - 100, 100))
}

/** Claims a bounty for an account, to be paid at the turn of the hour. */
export const claim = (market: Market, account: number, atOnce: number, vested: number): void => {
  invariant(atOnce >= 0 && vested >= 0, "both parts of a claim are at least 0")
  const { claimNow, claimVesting } = market.accounts.columns
  if (claimNow[account] === 0 && claimVesting[account] === 0) market.claimants.push(account)
  claimNow[account] += atOnce
  claimVesting[account] += vested
}

/** Pays the hour's claims from the pool, prorated by largest remainder where it would run dry. */
export const payBounties = (market: Market): void => {
  const { claimants, ledger, sink } = market
  if (claimants.length === 0) return
  const { claimNow, claimVesting } = market.accounts.columns
  // What a remainder leaves over goes to the lower account id.
  const { ids } = market.accounts
  claimants.sort((a, b) => ids[a] - ids[b])
  const claims = claimants.flatMap((account) => [claimNow[account], claimVesting[account]])
  const claimed = claims.reduce((sum, one) => sum + one, 0)
  const pool = ledger.posted[bountyPool]
  invariant(claimed > 0, "whoever is listed as a claimant claims something")
  const paid = claimed <= pool ? claims : prorate(pool, claims)
  claimants.forEach((account, index) => {
    const atOnce = paid[2 * index]
    const toVest = paid[2 * index + 1]
    const id = market.accounts.ids[account]
    post(ledger, sink, "bounty", bountyPool, lotAccount(account, earned), atOnce, id)
    post(ledger, sink, "vestingBounty", bountyPool, lotAccount(account, vesting), toVest, id)
    if (toVest > 0) vest(market, account, toVest)
    claimNow[account] = 0
    claimVesting[account] = 0
  })
  claimants.length = 0
}
