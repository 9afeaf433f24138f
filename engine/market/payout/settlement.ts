/**
 * Settling a call (docs/rules.md#calls): the delivered tokens are charged to the hold, the fee goes
 * to the platform and the bounty pool, the share to the provider less what anti-flapping withholds,
 * and the bounty is claimed. One linked group of transfers through the clearing account, which is
 * empty before and after.
 */
import { invariant } from "../../core/invariant.ts"
import { emitFinish } from "../../protocol/command.ts"
import type { Outcome } from "../../protocol/event.ts"
import { heldAmount, postHold, voidHold } from "../../ledger/holds.ts"
import { chargeItem } from "../batches/charging.ts"
import { batchOf } from "../batches/items.ts"
import type { Loan } from "./pay.ts"
import { pay } from "./pay.ts"
import { reductionOf } from "./seats.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { slotOf } from "../../core/table.ts"
import { mulDivFloor } from "../../core/units.ts"
import { bountyOf, claim, noteDemand } from "./bounty.ts"
import { feeOf, priceOf } from "../../rules/price.ts"
import { mostMicros, priceOfTime } from "../../rules/pricing/time-price.ts"
import { countedSlots, countedTokensPerSecond } from "../admission/eligibility.ts"

/** Releases the whole hold of a request that delivered nothing. */
export const voidRequest = (market: Market, request: number): void => {
  const holds = market.ledger.holds.requests
  voidHold(market.ledger, holds, slotOf(holds, market.requests.ids[request]))
}

/**
 * The same of an item of a batch, at its batch's discount. What can wait is no demand that bounties should
 * answer, and earns none.
 */
export const settleItem = (
  market: Market,
  request: number,
  outcome: Outcome,
  outputTokens: number,
): void => {
  const requests = market.requests.columns
  const instances = market.instances.columns
  const id = market.requests.ids[request]
  const instance = requests.instance[request]
  const price = priceByTokens(market, request, outputTokens)
  const { charge, fee, poolFee, paidByGift } = chargeItem(
    market,
    batchOf(market, request),
    price,
    id,
  )
  const share = charge - fee
  const withheld = Math.floor(share * reductionOf(market, instances.node[instance]))
  const split = { charge, paidByGift, share, withheld, fee, poolFee }
  const loan = loanOf(market, request, share - withheld)
  pay(market, instances.account[instance], split, "call", id, loan)
  emitFinish(market.sink, {
    _tag: "Finish",
    request: id,
    instance: market.instances.ids[instance],
    outcome,
    outputTokens,
    charge,
    fee,
    share,
    withheld,
    bounty: 0,
  })
}

/** What of a share goes to whoever has lent the job that an item ran in; nothing where its reservation is over. */
const loanOf = (market: Market, request: number, share: number): Loan | undefined => {
  const { bookings, requests, rules } = market
  const lender = requests.columns.lender[request]
  const booking = lender === 0 ? -1 : slotOf(bookings, lender - 1)
  if (booking < 0) return undefined
  const to = bookings.columns.account[booking]
  return { to, amount: mulDivFloor(share, rules.lendBps, 10_000) }
}

/** Charges, splits and pays a call that delivered `outputTokens`, and says so with `Finish`. */
export const settle = (
  market: Market,
  request: number,
  outcome: Outcome,
  outputTokens: number,
): void => {
  const { ledger, sink, rules } = market
  const requests = market.requests.columns
  const models = market.models.columns
  const instances = market.instances.columns
  const id = market.requests.ids[request]
  const model = requests.model[request]
  const instance = requests.instance[request]
  const account = requests.account[request]
  const provider = instances.account[instance]
  const node = instances.node[instance]

  const holds = ledger.holds.requests
  const hold = slotOf(holds, id)
  invariant(hold >= 0, "a call that is settled has a hold")
  const price = rules.pricing.isByTime
    ? priceByTime(market, request, outputTokens)
    : priceByTokens(market, request, outputTokens)
  const charge = Math.min(heldAmount(holds, hold), price)
  const fee = feeOf(charge, rules.feeBps)
  const share = charge - fee
  const reduction = reductionOf(market, node)
  const withheld = reduction === 0 ? 0 : Math.floor(share * reduction)
  const poolFee = mulDivFloor(fee, rules.poolFeeBps, 10_000)

  const paidByGift = postHold(ledger, sink, holds, hold, charge)
  pay(market, provider, { charge, paidByGift, share, withheld, fee, poolFee }, "call", id)

  const isOwn = rules.isLinkedExcluded && partyOf(market, account) === instances.operator[instance]
  if (!isOwn) noteDemand(market, model, account, outputTokens)
  models.servedTokens[model] += outputTokens
  models.servedRequests[model] += 1

  const paidShare = paidByGift === 0 ? share : mulDivFloor(share, charge - paidByGift, charge)
  const whole = isOwn ? 0 : bountyOf(market, model, instance, outputTokens, paidShare)
  const bounty = reduction === 0 ? whole : whole - Math.ceil(whole * reduction)
  if (bounty > 0) {
    const atOnce =
      rules.vestingDays === 0
        ? bounty
        : Math.min(bounty, mulDivFloor(charge, rules.vestingAboveBps, 10_000))
    claim(market, provider, atOnce, bounty - atOnce)
  }
  emitFinish(sink, {
    _tag: "Finish",
    request: id,
    instance: market.instances.ids[instance],
    outcome,
    outputTokens,
    charge,
    fee,
    share,
    withheld,
    bounty,
  })
}

/** What the prompt and so much output cost, at the prices of its arrival. */
const priceByTokens = ({ requests }: Market, request: number, outputTokens: number): number => {
  const { inputPricePerMtok, inputTokens, outputPricePerMtok } = requests.columns
  return priceOf(
    inputTokens[request],
    inputPricePerMtok[request],
    outputTokens,
    outputPricePerMtok[request],
  )
}

/** What the time from dispatch to now costs: all of it, or what the tokens can account for. */
const priceByTime = (market: Market, request: number, outputTokens: number): number => {
  const { now, rules } = market
  const { instance, ratePerHour, startedAt } = market.requests.columns
  const passed = now - startedAt[request]
  const micros = rules.isTimeCapped
    ? Math.min(passed, mostMicrosOf(market, instance[request], outputTokens))
    : passed
  return priceOfTime(micros, ratePerHour[request])
}

/** What tokens may take at the counted speed of one stream, with some slack. */
const mostMicrosOf = (market: Market, instance: number, tokens: number): number =>
  mostMicros(
    tokens,
    countedTokensPerSecond(market, instance) / Math.max(1, countedSlots(market, instance)),
  )
