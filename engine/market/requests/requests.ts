/**
 * The life of a request (docs/rules.md#calls): hold the worst case, dispatch, retry before the first
 * token, then settle or void. Every request ends in exactly one `Finish` or `Refuse`.
 */
import { invariant } from "../../core/invariant.ts"
import { halfOpen } from "../../machines/admission.ts"
import { eligible, owe, refresh, refreshLoad } from "../admission/eligibility.ts"
import { decodeMilliTokensPerSecond, isBelowAfter } from "../../rules/floor.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emitDispatch } from "../../protocol/command.ts"
import type { EventOf, Outcome } from "../../protocol/event.ts"
import { hold } from "../../ledger/holds.ts"
import { spendableOf } from "../../ledger/accounts.ts"
import { noteTime } from "../admission/balance.ts"
import { audit, heed } from "../admission/answers.ts"
import { isExcusedRefusal } from "../quality/refusals.ts"
import { drawRecheck } from "../quality/rechecks.ts"
import { stopAfterLast } from "../presence/instances.ts"
import { doubtToken, sinkBelowFloor } from "../admission/probes.ts"
import { expectedOutput, noteRefusal } from "../payout/bounty.ts"
import { settle, voidRequest } from "../payout/settlement.ts"
import { batchOf } from "../batches/items.ts"
import { beginCall, clientOf, endCall, openFlow, openQueue } from "../queue/flows.ts"
import { classOf, drawFor, leastLevelFor, levelFor } from "../queue/tiers.ts"
import { leave } from "../queue/waiting.ts"
import { costOf, itemClass, noTier } from "../../rules/queue/fair-queue.ts"
import { tierOf } from "../state/queued-calls.ts"
import { queueNumber } from "../state/stirred.ts"
import { mayTake, releaseClaim, takeClaim } from "./preemption.ts"
import { mustWait, wait } from "./queueing.ts"
import { concludeItem, giveOut, isAnswered } from "./items.ts"
import { noteOutcome } from "../sla/outcomes.ts"
import { isOpinionWanted, judge, settleBlame } from "./blame.ts"
import { arriveInBooking, endInBooking } from "./booked-calls.ts"
import { endLent, startLent } from "./lent-items.ts"
import { arriveAtReserved, preferred } from "./reserved-calls.ts"
import { admit, finishUnserved, hasDelivered, isFailed, noteAttempt, refuse } from "./lifecycle.ts"
import { isRetryable } from "../../rules/outcome.ts"
import { countFailure } from "../reputation/witnesses.ts"
import type { Market } from "../state/market-state.ts"
import { remove, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import type { Standing } from "../../rules/selection.ts"
import { rankCandidate } from "../../rules/selection.ts"
import type { Ask } from "../../rules/pricing/pricing.ts"

/** More tokens than any context holds; keeps every price within BigInt-free arithmetic mostly. */
const maxTokensPerCall = 100_000_000

export const onRequestArrived = (
  market: Market,
  event: EventOf<"RequestArrived">,
): Rejection | undefined => {
  const { request, inputTokens, maxTokens, maxPricePerMtok, maxRatePerHour, tier } = event
  if (!isWhole(request) || !isWhole(inputTokens) || !isWhole(maxTokens)) return "InvalidQuantity"
  if (maxPricePerMtok !== undefined && !isWhole(maxPricePerMtok)) return "InvalidQuantity"
  if (maxRatePerHour !== undefined && !isWhole(maxRatePerHour)) return "InvalidQuantity"
  if (inputTokens > maxTokensPerCall || maxTokens > maxTokensPerCall) return "TooManyTokens"
  if (tier !== undefined && !mayBeOfTier(market, event)) return "TiersNotOffered"
  if (event.batch !== undefined) return onItemArrived(market, event)
  if (request <= market.lastRequest) return "DuplicateRequest"
  const account = slotOf(market.accounts, event.account)
  if (account < 0) return "UnknownAccount"
  const model = slotOf(market.models, event.model)
  if (model < 0) return "UnknownModel"
  if (event.booking !== undefined) return arriveInBooking(market, event, account, model)
  market.lastRequest = request
  if (arriveAtReserved(market, event, account, model)) return undefined

  const { rules } = market
  const { pricing } = rules
  const kind = tier === undefined ? noTier : classOf(tier)
  const leastLevel =
    kind === noTier ? pricing.leastLevel(market, model) : leastLevelFor(market, model, kind)
  if (leastLevel === Infinity) return refuseUnserved(market, event, account, model)
  if (pricing.isTooDear(market, model, event, leastLevel))
    return refuse(market, request, "PriceTooHigh")
  const budget = spendableOf(market.ledger, account)
  const least = pricing.worst(market, model, event, leastLevel)
  if (!(least <= budget)) return refuse(market, request, "InsufficientCredits")
  const reserved = kind === noTier ? preferred(market, event, account, model, budget) : -1
  const instance =
    reserved >= 0
      ? reserved
      : kind === noTier
        ? pricing.draw(market, model, event, budget)
        : drawFor(market, model, event, budget, kind)
  if (rules.isQueued && mustWait(market, account, model, kind, instance))
    return wait(market, event, account, model, kind, instance, budget)
  if (instance < 0) return refuseUnserved(market, event, account, model)
  const level =
    kind === noTier
      ? pricing.levelOf(market, model, instance)
      : levelFor(market, model, instance, kind)
  const worst = level === leastLevel ? least : pricing.worst(market, model, event, level)
  invariant(worst <= budget, "a call is served at a price that its consumer can pay")
  hold(market.ledger, market.ledger.holds.requests, request, account, worst)
  const slot = admit(market, request)
  const requests = market.requests.columns
  requests.account[slot] = account
  requests.model[slot] = model
  requests.inputTokens[slot] = inputTokens
  requests.maxTokens[slot] = maxTokens
  requests.inputPricePerMtok[slot] = pricing.inputPrice(market, model)
  requests.outputPricePerMtok[slot] = pricing.outputPrice(market, model, instance)
  if (kind !== noTier) market.queued.tier[slot] = kind
  if (pricing.isByTime) requests.ratePerHour[slot] = level
  dispatch(market, slot, instance)
  return undefined
}

/** Tiers are rates: calls have them where their time is charged, and neither items nor calls inside bookings do. */
const mayBeOfTier = ({ rules }: Market, event: EventOf<"RequestArrived">): boolean =>
  rules.areTiersOffered &&
  rules.pricing.isByTime &&
  event.batch === undefined &&
  event.booking === undefined

const refuseUnserved = (
  market: Market,
  { request, maxTokens }: EventOf<"RequestArrived">,
  account: number,
  model: number,
): undefined => {
  noteRefusal(market, model, account, maxTokens)
  const isServed = market.models.columns.instances[model] > 0
  return refuse(market, request, isServed ? "NoCapacity" : "NoInstance")
}

/** A call that has waited begins, as it was quoted when it arrived. */
export const beginWaiting = (market: Market, waiting: number, instance: number): void => {
  const { pricing } = market.rules
  const request = admit(market, market.waiting.ids[waiting])
  const { columns } = market.waiting
  const requests = market.requests.columns
  const model = columns.model[waiting]
  const kind = columns.tier[waiting]
  requests.account[request] = columns.account[waiting]
  requests.model[request] = model
  requests.inputTokens[request] = columns.inputTokens[waiting]
  requests.maxTokens[request] = columns.maxTokens[waiting]
  requests.inputPricePerMtok[request] = columns.inputPricePerMtok[waiting]
  requests.outputPricePerMtok[request] = pricing.isByInstance
    ? pricing.outputPrice(market, model, instance)
    : columns.levelHeld[waiting]
  market.queued.tier[request] = kind
  releaseClaim(market, waiting)
  if (pricing.isByTime) requests.ratePerHour[request] = levelFor(market, model, instance, kind)
  // It is charged as one of those that wait: whoever has had the last turn is not taken for one that comes back.
  dispatch(market, request, instance)
  leave(market, waiting)
}

const onItemArrived = (market: Market, event: EventOf<"RequestArrived">): Rejection | undefined => {
  const given = giveOut(market, event)
  if (typeof given !== "object") return given
  if (given.loan === undefined) dispatch(market, given.request, given.instance)
  else startLent(market, given.request, given.loan)
  return undefined
}

const dispatch = (market: Market, request: number, instance: number): void => {
  const requests = market.requests.columns
  const { columns } = market.instances
  const { breakers, rules } = market
  const id = market.requests.ids[request]
  invariant(columns.reason[instance] === eligible, "a call is given to an eligible instance")
  noteAttempt(market, request, instance)
  if (rules.isQueued) beginInFlow(market, request, instance)
  requests.startedAt[request] = market.now
  columns.inFlight[instance] += 1
  if (breakers.state[instance] === halfOpen) {
    columns.probeRequest[instance] = id + 1
    columns.probeUntil[instance] = market.now + rules.probeLeaseMicros
  }
  refreshLoad(market, instance)
  emitDispatch(market.sink, {
    _tag: "Dispatch",
    request: id,
    attempt: requests.attempt[request],
    instance: market.instances.ids[instance],
  })
}

/** Charges the flow that an attempt is of with what it is expected to cost. */
const beginInFlow = (market: Market, request: number, instance: number): void => {
  const requests = market.requests.columns
  const model = requests.model[request]
  const queue = openQueue(market, queueNumber(market, model, instance))
  const kind = requests.batch[request] === 0 ? market.queued.tier[request] : itemClass
  const flow = openFlow(market, queue, clientOf(market, requests.account[request]), kind)
  const output = expectedOutput(market, model, requests.maxTokens[request])
  const cost = costOf(requests.inputTokens[request], output)
  market.queued.flow[request] = flow + 1
  market.queued.costCharged[request] = cost
  beginCall(market, flow, cost)
}

/** And corrects that, by what it has cost: nothing where nothing was delivered. */
const endInFlow = (market: Market, request: number, outputTokens: number): void => {
  const { inputTokens } = market.requests.columns
  const { costCharged, flow } = market.queued
  const cost = outputTokens === 0 ? 0 : costOf(inputTokens[request], outputTokens)
  endCall(market, flow[request] - 1, cost - costCharged[request])
  flow[request] = 0
}

export const onAttemptEnded = (
  market: Market,
  event: EventOf<"AttemptEnded">,
): Rejection | undefined => {
  const request = slotOf(market.requests, event.request)
  if (request < 0) return "UnknownRequest"
  const requests = market.requests.columns
  if (requests.attempt[request] !== event.attempt) return "StaleAttempt"
  const { outcome, outputTokens, reportedTokens, decodeMicros, firstTokenMicros } = event
  if (!isWhole(outputTokens) || !isWhole(reportedTokens) || !isWhole(decodeMicros))
    return "InvalidQuantity"
  if (!isWhole(event.retryAfterMicros)) return "InvalidQuantity"
  if (firstTokenMicros !== undefined && !isWhole(firstTokenMicros)) return "InvalidQuantity"
  if (outputTokens > requests.maxTokens[request]) return "TooManyTokens"
  if (requests.booking[request] !== 0)
    return endInBooking(market, request, event, () => isRetryable(outcome) && goOn(market, request))
  if (requests.lender[request] !== 0) return endLentItem(market, request, event)

  const instance = requests.instance[request]
  const { columns } = market.instances
  invariant(columns.inFlight[instance] >= 1, "an attempt that ends was under way")
  columns.inFlight[instance] -= 1
  if (market.rules.isAdaptive && outcome === "completed")
    noteTime(market, instance, outputTokens, market.now - requests.startedAt[request])
  if (market.rules.isQueued) endInFlow(market, request, outputTokens)
  owe(market, instance, outputTokens)
  noteOutcome(market, instance, requests.account[request], outcome, firstTokenMicros)
  const isDelivered = hasDelivered(market, request, event)
  const isExcused = !isDelivered && isExcusedRefusal(market, request, instance, outcome)
  judge(market, request, instance, outcome, isDelivered, isExcused)
  if (outcome === "credentialRefused" && market.rules.minWitnesses > 1) doubtToken(market, instance)
  else heed(market, instance, outcome, event.retryAfterMicros)
  // What the gateway lost count of says nothing of the host's.
  if (outcome !== "gatewayFault") {
    if (reportedTokens > outputTokens + market.rules.meteringToleranceTokens) {
      countFailure(market, instance, requests.account[request])
      audit(market, instance, "OverReported", reportedTokens - outputTokens)
    }
    if (outputTokens >= market.rules.floorMinStreamTokens)
      measureFloor(market, instance, outputTokens, decodeMicros)
  }

  const isItem = requests.batch[request] !== 0
  const isGivingWay = market.rules.isPreempted && market.queued.preemptor[request] !== 0
  const heir = isGivingWay ? takeClaim(market, request) : -1
  if (isItem) {
    if (
      isGivingWay ||
      !(isItemToBeRetried(market, request, outcome, isDelivered) && retry(market, request))
    )
      concludeItem(market, request, outcome, isDelivered, Math.min(outputTokens, reportedTokens))
  } else if (isDelivered) {
    settleBlame(market, request, true)
    // The host's own count, where it is lower, is what it asks to be paid for.
    settle(market, request, outcome, Math.min(outputTokens, reportedTokens))
    if (outcome === "completed") drawRecheck(market, event.request, instance)
    remove(market.requests, request)
  } else if (!(isToBeRetried(market, request, outcome) && retry(market, request)))
    end(market, request, outcome)
  if (!stopAfterLast(market, instance)) refreshLoad(market, instance)
  if (heir >= 0 && mayTake(market, heir, instance)) beginWaiting(market, heir, instance)
  return undefined
}

/** What was lent to an item is its holder's again; an item that failed there is tried in the pool. */
const endLentItem = (
  market: Market,
  request: number,
  event: EventOf<"AttemptEnded">,
): undefined => {
  const { outcome } = event
  const requests = market.requests.columns
  const instance = requests.instance[request]
  endLent(market, request)
  noteOutcome(market, instance, requests.account[request], outcome, event.firstTokenMicros)
  const isDelivered = hasDelivered(market, request, event)
  if (isItemToBeRetried(market, request, outcome, isDelivered)) {
    requests.lender[request] = 0
    if (retry(market, request)) return void stopAfterLast(market, instance)
  }
  const outputTokens = Math.min(event.outputTokens, event.reportedTokens)
  concludeItem(market, request, outcome, isDelivered, outputTokens)
  stopAfterLast(market, instance)
  return undefined
}

const measureFloor = (
  market: Market,
  instance: number,
  outputTokens: number,
  decodeMicros: number,
): void => {
  const { columns } = market.instances
  const cursor = columns.floorCursor[instance]
  columns.floorCursor[instance] = cursor + 1
  const rate = decodeMilliTokensPerSecond(outputTokens, decodeMicros)
  const { floorSamples, rules, now } = market
  if (
    isBelowAfter(floorSamples, rules, instance, cursor, now, rate) &&
    columns.isBelowFloor[instance] === 0
  )
    sinkBelowFloor(market, instance)
}

const outOfTheRunning: Standing = {
  isAdmitted: false,
  inFlight: 0,
  capacity: 1,
  slots: 1,
  ramp: 1,
  healthHundredths: 0,
  idleShare: 1,
  reputation: 1,
}

/** A failure is tried elsewhere, and a 4xx put before a second host where the rules ask for one. */
const isToBeRetried = (market: Market, request: number, outcome: Outcome): boolean =>
  outcome === "consumerError" ? isOpinionWanted(market, request) : isRetryable(outcome)

/** An item is tried elsewhere until it is answered whole, as long as its batch waits for it. */
const isItemToBeRetried = (
  market: Market,
  request: number,
  outcome: Outcome,
  isDelivered: boolean,
): boolean =>
  batchOf(market, request) >= 0 &&
  !isAnswered(outcome, isDelivered) &&
  isToBeRetried(market, request, outcome)

/** Tries another instance, none twice. False where no attempt or no candidate is left. */
const retry = (market: Market, request: number): boolean => {
  const { rules } = market
  const requests = market.requests.columns
  const model = requests.model[request]
  // What was asked before is held, whatever the list says now.
  const instance = drawUntried(market, request, askedBefore(market, request), Infinity)
  if (instance < 0) return false
  if (rules.pricing.isByTime)
    requests.ratePerHour[request] = levelFor(
      market,
      model,
      instance,
      tierOf(market.queued, market.rules, request),
    )
  else if (rules.pricing.isByInstance)
    requests.outputPricePerMtok[request] = rules.pricing.outputPrice(market, model, instance)
  requests.attempt[request] += 1
  dispatch(market, request, instance)
  return true
}

/** A call that has failed where it was reserved goes on as any other: held for, and paid for, if its consumer can. */
const goOn = (market: Market, request: number): boolean => {
  const { pricing } = market.rules
  const { ids, columns: requests } = market.requests
  const { holds } = market.ledger
  const account = requests.account[request]
  const model = requests.model[request]
  const ask = {
    inputTokens: requests.inputTokens[request],
    maxTokens: requests.maxTokens[request],
    maxPricePerMtok: requests.mostPricePerMtok[request],
    maxRatePerHour: requests.mostRatePerHour[request],
  }
  const budget = spendableOf(market.ledger, account)
  const least = pricing.leastLevel(market, model)
  if (pricing.isTooDear(market, model, ask, least)) return false
  if (!(pricing.worst(market, model, ask, least) <= budget)) return false
  const instance = drawUntried(market, request, ask, budget)
  if (instance < 0) return false
  const level = pricing.levelOf(market, model, instance)
  voidRequest(market, request)
  const worst = pricing.worst(market, model, ask, level)
  hold(market.ledger, holds.requests, ids[request], account, worst)
  requests.inputPricePerMtok[request] = pricing.inputPrice(market, model)
  requests.outputPricePerMtok[request] = pricing.outputPrice(market, model, instance)
  requests.ratePerHour[request] = pricing.isByTime ? level : 0
  requests.booking[request] = 0
  requests.mayLeave[request] = 0
  requests.attempt[request] += 1
  dispatch(market, request, instance)
  return true
}

/** An instance that has not had the request yet; −1 where no attempt or no candidate is left. */
const drawUntried = (market: Market, request: number, ask: Ask, budget: number): number => {
  const { rules } = market
  const requests = market.requests.columns
  const { columns } = market.instances
  const tries = requests.attempt[request] + 1
  if (tries >= rules.maxAttempts) return -1
  const model = requests.model[request]
  const first = request * rules.maxAttempts
  const tried = [...market.attempts.instances.subarray(first, first + tries)]
    .map((id) => slotOf(market.instances, id))
    .filter((instance) => instance >= 0 && columns.model[instance] === model)
  for (const instance of tried) {
    const field = market.fields[columns.field[instance]]
    const place = columns.place[instance]
    rankCandidate(field, rules, place, columns.operator[instance], outOfTheRunning)
  }
  const instance = drawFor(
    market,
    model,
    ask,
    budget,
    tierOf(market.queued, market.rules, request),
    tried,
  )
  for (const before of tried) refresh(market, before)
  invariant(!tried.includes(instance), "no instance is tried twice for one request")
  return instance
}

/** What a further attempt may cost: no more than was asked before. */
const askedBefore = (market: Market, request: number): Ask => {
  const { batches, requests } = market
  const { inputTokens, maxTokens, outputPricePerMtok, ratePerHour } = requests.columns
  const batch = batchOf(market, request)
  return {
    inputTokens: inputTokens[request],
    maxTokens: maxTokens[request],
    maxPricePerMtok:
      batch >= 0 ? batches.columns.maxPricePerMtok[batch] : outputPricePerMtok[request],
    maxRatePerHour: ratePerHour[request],
  }
}

/** Ends a request that delivered nothing: the hold is voided, and the market says why. */
const end = (market: Market, request: number, outcome: Outcome): void => {
  const requests = market.requests.columns
  const id = market.requests.ids[request]
  const instance = market.instances.ids[requests.instance[request]]
  settleBlame(market, request, false)
  voidRequest(market, request)
  if (isFailed(outcome)) {
    const model = requests.model[request]
    noteRefusal(market, model, requests.account[request], requests.maxTokens[request])
  }
  finishUnserved(market, id, instance, outcome)
  remove(market.requests, request)
}
