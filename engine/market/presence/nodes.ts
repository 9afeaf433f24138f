/**
 * Nodes come, fall silent, return and leave. A node that has sent a heartbeat is lost when it misses
 * three; one that never has (a cloud account, a simulated machine) is lost when the driver says so.
 */
import { connectionColumn, serving, supervisionColumn } from "../../machines/presence.ts"
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import { countUnderWay } from "../state/attempts.ts"
import type { EventOf } from "../../protocol/event.ts"
import type { Market } from "../state/market-state.ts"
import { ofNodes } from "../state/market-state.ts"
import { insert, isPresent, remove, slotOf } from "../../core/table.ts"
import { wakeAt } from "../../core/wake-queue.ts"
import { isWhole } from "../../core/units.ts"
import { stopInstance } from "./instances.ts"
import { setOnline } from "./online-time.ts"
import { refresh } from "../admission/eligibility.ts"
import { lookAgain } from "../admission/probes.ts"
import { noteNode } from "../bookings/delivery.ts"
import { withdrawOffers } from "../contracts/offers.ts"
import { delist, isNodeBooked } from "../listings/listings.ts"
import { countUseOfNode } from "../listings/use.ts"
import { countOnline } from "../pricing/offers.ts"
import { bequeathSeats, inheritSeats, leaveSeat } from "../payout/seats.ts"

export const onNodeRegistered = (
  market: Market,
  event: EventOf<"NodeRegistered">,
): Rejection | undefined => {
  if (!isWhole(event.node)) return "InvalidQuantity"
  if (isPresent(market.nodes, event.node)) return "DuplicateNode"
  const account = slotOf(market.accounts, event.account)
  if (account < 0) return "UnknownAccount"
  const node = insert(market.nodes, event.node)
  market.nodes.columns.account[node] = account
  advance(connectionColumn, market.nodes.columns.isOnline, node, "heard")
  inheritSeats(market, node)
  return undefined
}

export const onHeartbeatReceived = (
  market: Market,
  event: EventOf<"HeartbeatReceived">,
): Rejection | undefined => {
  const node = slotOf(market.nodes, event.node)
  if (node < 0) return "UnknownNode"
  const { utilisationBps, memoryBps } = event
  if (!isShareBps(utilisationBps) || !isShareBps(memoryBps)) return "InvalidQuantity"
  const { columns } = market.nodes
  advance(supervisionColumn, columns.isSupervised, node, "heartbeat")
  columns.lastHeartbeat[node] = event.at
  if (utilisationBps !== undefined || memoryBps !== undefined)
    noteLoad(
      market,
      node,
      utilisationBps ?? columns.utilisationBps[node],
      memoryBps ?? columns.memoryBps[node],
    )
  // One wake for a node, moved when it fires: a heartbeat itself costs no heap operation.
  if (columns.isOnline[node] === 0) bringOnline(market, node)
  else if ((market.wakes[ofNodes].position[node] ?? -1) < 0) superviseFrom(market, node)
  return undefined
}

const isShareBps = (bps: number | undefined): boolean =>
  bps === undefined || (isWhole(bps) && bps <= 10_000)

const noteLoad = (
  market: Market,
  node: number,
  utilisationBps: number,
  memoryBps: number,
): void => {
  const { columns } = market.nodes
  if (columns.utilisationBps[node] === utilisationBps && columns.memoryBps[node] === memoryBps)
    return
  columns.utilisationBps[node] = utilisationBps
  columns.memoryBps[node] = memoryBps
  if (!market.rules.isUtilisationHeeded) return
  for (const instance of instancesOf(market, node)) refresh(market, instance)
}

/** Sets the wake at which a node's silence since its latest heartbeat is noticed. */
export const superviseFrom = (market: Market, node: number): void => {
  const { lastHeartbeat } = market.nodes.columns
  invariant(lastHeartbeat[node] === market.now, "a node is waited for from when it was heard of")
  wakeAt(market.wakes[ofNodes], node, market.now + market.rules.heartbeatTimeoutMicros)
}

/** The wake of a supervised node: overdue, or heard of since and looked at again later. */
export const checkHeartbeat = (market: Market, node: number): void => {
  const { isSupervised, lastHeartbeat } = market.nodes.columns
  invariant(isSupervised[node] === 1, "a node is lost by silence once it has been heard of")
  const due = lastHeartbeat[node] + market.rules.heartbeatTimeoutMicros
  if (market.now < due) return wakeAt(market.wakes[ofNodes], node, due)
  takeOffline(market, node)
  emit(market.sink, { _tag: "FailOver", node: market.nodes.ids[node] })
}

export const onNodeLost = (market: Market, event: EventOf<"NodeLost">): Rejection | undefined => {
  const node = slotOf(market.nodes, event.node)
  if (node < 0) return "UnknownNode"
  if (market.nodes.columns.isOnline[node] === 0) return "AlreadyLost"
  takeOffline(market, node)
  return undefined
}

export const onNodeReturned = (
  market: Market,
  event: EventOf<"NodeReturned">,
): Rejection | undefined => {
  const node = slotOf(market.nodes, event.node)
  if (node < 0) return "UnknownNode"
  if (market.nodes.columns.isOnline[node] === 1) return "AlreadyOnline"
  // The driver has heard of it, which is as good as a heartbeat.
  market.nodes.columns.lastHeartbeat[node] = event.at
  bringOnline(market, node)
  return undefined
}

export const onNodeRemoved = (
  market: Market,
  event: EventOf<"NodeRemoved">,
): Rejection | undefined => {
  const node = slotOf(market.nodes, event.node)
  if (node < 0) return "UnknownNode"
  for (const instance of instancesOf(market, node))
    if (countUnderWay(market.instances, instance) > 0) return "AttemptsInFlight"
  if (isNodeBooked(market, node)) return "Booked"
  withdrawOffers(market, node)
  delist(market, node)
  for (const instance of instancesOf(market, node)) {
    if (market.instances.columns.service[instance] === serving) leaveSeat(market, instance)
    stopInstance(market, instance)
  }
  bequeathSeats(market, node)
  wakeAt(market.wakes[ofNodes], node, Infinity)
  remove(market.nodes, node)
  return undefined
}

/** Slots of a node's instances, latest first. */
export const instancesOf = (market: Market, node: number): ReadonlyArray<number> => {
  const { nextOnNode } = market.instances.columns
  const found: Array<number> = []
  let next = market.nodes.columns.firstInstance[node]
  while (next !== 0) {
    found.push(next - 1)
    next = nextOnNode[next - 1]
  }
  return found
}

const takeOffline = (market: Market, node: number): void => {
  countUseOfNode(market, node)
  advance(connectionColumn, market.nodes.columns.isOnline, node, "silent")
  wakeAt(market.wakes[ofNodes], node, Infinity)
  for (const instance of instancesOf(market, node)) {
    countOnline(market, instance, -1)
    setOnline(market, instance, false)
  }
  noteNode(market, node, false)
}

const bringOnline = (market: Market, node: number): void => {
  countUseOfNode(market, node)
  advance(connectionColumn, market.nodes.columns.isOnline, node, "heard")
  if (market.nodes.columns.isSupervised[node] === 1) superviseFrom(market, node)
  for (const instance of instancesOf(market, node)) {
    countOnline(market, instance, 1)
    setOnline(market, instance, true)
    lookAgain(market, instance)
  }
  noteNode(market, node, true)
}
