/**
 * Instances start, switch models, drain and stop. An instance's history (online time, health, trust)
 * follows it through switches; the anti-flapping reduction follows its node (`seats.ts`).
 */
import { credentialColumn, floorColumn } from "../../machines/admission.ts"
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import { serviceColumn, serving, stopping } from "../../machines/presence.ts"
import { forgetBreaker } from "../../rules/breaker.ts"
import { refresh } from "../admission/eligibility.ts"
import { forgetSamples } from "../../rules/floor.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { forget } from "../../rules/health.ts"
import { forgetAnswers } from "../reputation/refusals.ts"
import { forgetPrice } from "../pricing/host-prices.ts"
import { countUnderWay } from "../state/attempts.ts"
import { enterOffer, leaveOffer } from "../pricing/offers.ts"
import type { Market } from "../state/market-state.ts"
import { growInstanceMemory, ofInstances, partyOf } from "../state/market-state.ts"
import { noteLeft } from "../state/stirred.ts"
import { insert, isPresent, remove, slotOf } from "../../core/table.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { isWhole } from "../../core/units.ts"
import { forgetMeasurement, isCapacity } from "../admission/measurements.ts"
import { creditOnline } from "./online-time.ts"
import { forgetTime } from "../admission/balance.ts"
import { lookAgain } from "../admission/probes.ts"
import { reducePayout, takeSeat, vacateSeat } from "../payout/seats.ts"
import { noteUptimeOfNode } from "../sla/uptime.ts"

export const onInstanceStarted = (
  market: Market,
  event: EventOf<"InstanceStarted">,
): Rejection | undefined => {
  if (!isWhole(event.instance)) return "InvalidQuantity"
  if (isPresent(market.instances, event.instance)) return "DuplicateInstance"
  const node = slotOf(market.nodes, event.node)
  if (node < 0) return "UnknownNode"
  const model = slotOf(market.models, event.model)
  if (model < 0) return "UnknownModel"
  if (!isCapacity(event.slots, event.tokensPerSecond)) return "InvalidQuantity"
  const instance = insert(market.instances, event.instance)
  growInstanceMemory(market)
  const { columns } = market.instances
  const nodes = market.nodes.columns
  columns.node[instance] = node
  columns.account[instance] = nodes.account[node]
  columns.operator[instance] = partyOf(market, nodes.account[node])
  columns.nextOnNode[instance] = nodes.firstInstance[node]
  nodes.firstInstance[node] = instance + 1
  columns.isOnline[instance] = nodes.isOnline[node]
  columns.creditedUntil[instance] = event.at
  serve(market, instance, model, event.slots, event.tokensPerSecond)
  noteUptimeOfNode(market, node)
  takeSeat(market, instance, event.isPlatformAsked)
  return undefined
}

export const onModelSwitched = (
  market: Market,
  event: EventOf<"ModelSwitched">,
): Rejection | undefined => {
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  const model = slotOf(market.models, event.model)
  if (model < 0) return "UnknownModel"
  if (!isCapacity(event.slots, event.tokensPerSecond)) return "InvalidQuantity"
  const { columns } = market.instances
  if (columns.service[instance] === stopping) return "InstanceStopping"
  if (columns.model[instance] === model) return "SameModel"
  if (countUnderWay(market.instances, instance) > 0) return "AttemptsInFlight"
  leaveModel(market, instance)
  const hasLeftSeat = columns.service[instance] !== serving
  if (hasLeftSeat) advance(serviceColumn, columns.service, instance, "switched")
  serve(market, instance, model, event.slots, event.tokensPerSecond)
  if (hasLeftSeat) takeSeat(market, instance, event.isPlatformAsked)
  else if (!event.isPlatformAsked) reducePayout(market, columns.node[instance])
  return undefined
}

/** Begins to serve a model: what was measured of another one no longer says anything. */
const serve = (
  market: Market,
  instance: number,
  model: number,
  slots: number,
  tokensPerSecond: number,
): void => {
  const { columns } = market.instances
  const models = market.models.columns
  columns.model[instance] = model
  columns.slots[instance] = slots
  columns.tokensPerSecond[instance] = tokensPerSecond
  forgetMeasurement(market, instance)
  advance(floorColumn, columns.isBelowFloor, instance, "begunAgain")
  columns.floorCursor[instance] = 0
  columns.accuracyBps[instance] = 0
  forgetSamples(market.floorSamples, market.rules, instance)
  models.instances[model] += 1
  const operator = columns.operator[instance]
  const operators = market.operators[model]
  operators.set(operator, (operators.get(operator) ?? 0) + 1)
  forgetPrice(market, instance)
  forgetTime(market, instance)
  enterOffer(market, instance)
  market.standings[model][columns.reason[instance]] += 1
  lookAgain(market, instance)
}

const leaveModel = (market: Market, instance: number): void => {
  const { columns } = market.instances
  const models = market.models.columns
  const model = columns.model[instance]
  const operator = columns.operator[instance]
  const operators = market.operators[model]
  const others = (operators.get(operator) ?? 0) - 1
  invariant(others >= 0, "an operator is counted at the models of its instances")
  if (others > 0) operators.set(operator, others)
  else operators.delete(operator)
  noteLeft(market, instance)
  leaveOffer(market, instance)
  models.instances[model] -= 1
  invariant(models.instances[model] >= 0, "a model loses no more instances than it has")
  const standings = market.standings[model]
  standings[columns.reason[instance]] -= 1
  invariant(standings[columns.reason[instance]] >= 0, "an instance that leaves was counted")
  forgetAnswers(market, instance)
}

export const onAvailabilityChanged = (
  market: Market,
  event: EventOf<"AvailabilityChanged">,
): Rejection | undefined => {
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  market.instances.columns.isUnavailable[instance] = event.isAvailable ? 0 : 1
  lookAgain(market, instance)
  return undefined
}

export const onInstanceDrained = (
  market: Market,
  event: EventOf<"InstanceDrained">,
): Rejection | undefined => {
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  drain(market, instance)
  refresh(market, instance)
  return undefined
}

/** No new attempts from now on, and its seat is vacant. */
const drain = (market: Market, instance: number): void => {
  const { service } = market.instances.columns
  const wasServing = service[instance] === serving
  advance(serviceColumn, service, instance, "drained")
  if (wasServing) vacateSeat(market, instance)
}

export const onCredentialReplaced = (
  market: Market,
  event: EventOf<"CredentialReplaced">,
): Rejection | undefined => {
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  if (market.instances.columns.isSuspended[instance] === 0) return "NotSuspended"
  advance(credentialColumn, market.instances.columns.isSuspended, instance, "replaced")
  lookAgain(market, instance)
  return undefined
}

export const onInstanceStopped = (
  market: Market,
  event: EventOf<"InstanceStopped">,
): Rejection | undefined => {
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  const { columns } = market.instances
  if (columns.service[instance] === stopping) return "InstanceStopping"
  drain(market, instance)
  if (countUnderWay(market.instances, instance) === 0) {
    stopInstance(market, instance)
    return undefined
  }
  advance(serviceColumn, columns.service, instance, "stopped")
  refresh(market, instance)
  return undefined
}

/** The last attempt may be over that an instance waited for to leave: has it? */
export const stopAfterLast = (market: Market, instance: number): boolean => {
  const { columns } = market.instances
  if (columns.service[instance] !== stopping) return false
  if (countUnderWay(market.instances, instance) > 0) return false
  stopInstance(market, instance)
  return true
}

/** Takes an instance without attempts, which has left its seat, out of the market. */
export const stopInstance = (market: Market, instance: number): void => {
  const { columns } = market.instances
  invariant(
    countUnderWay(market.instances, instance) === 0,
    "an instance stops after its last attempt",
  )
  const node = columns.node[instance]
  creditOnline(market, instance)
  leaveModel(market, instance)
  unlink(market, node, instance)
  wakeAt(market.wakes[ofInstances], instance, Infinity)
  forgetBreaker(market.breakers, market.rules, instance)
  forgetSamples(market.floorSamples, market.rules, instance)
  forget(market.health, instance)
  remove(market.instances, instance)
  noteUptimeOfNode(market, node)
}

const unlink = (market: Market, node: number, instance: number): void => {
  const { firstInstance } = market.nodes.columns
  const { nextOnNode } = market.instances.columns
  if (firstInstance[node] === instance + 1) {
    firstInstance[node] = nextOnNode[instance]
    return
  }
  let before = firstInstance[node] - 1
  while (nextOnNode[before] !== instance + 1) {
    invariant(before >= 0, "an instance is on the list of its node")
    before = nextOnNode[before] - 1
  }
  nextOnNode[before] = nextOnNode[instance]
}
