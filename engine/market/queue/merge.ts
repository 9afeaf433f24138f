/** Where flows are parties', those of a party that was found to be another one's are that one's. */
import { remove } from "../../core/table.ts"
import type { Market } from "../state/market-state.ts"
import { openFlow, rankFlow } from "./flows.ts"
import { moveTo, waitingOf } from "./waiting.ts"

/** O(flows + open requests). */
export const joinFlows = (market: Market, kept: number, joined: number): void => {
  if (!market.rules.areFlowsByParty || !market.rules.isQueued) return
  const { columns } = market.flows
  for (let flow = 0; flow < market.flows.used; flow++) {
    if (market.flows.ids[flow] === -1 || columns.client[flow] !== joined) continue
    merge(market, flow, openFlow(market, columns.queue[flow], kept, columns.class[flow]))
  }
}

const merge = (market: Market, from: number, into: number): void => {
  const { columns } = market.flows
  // Neither had more than its due by being two.
  columns.virtual[into] = Math.max(columns.virtual[into], columns.virtual[from])
  const all = [...waitingOf(market, into), ...waitingOf(market, from)]
  for (const slot of all.toSorted((a, b) => market.waiting.ids[a] - market.waiting.ids[b]))
    moveTo(market, slot, into)
  columns.inFlight[into] += columns.inFlight[from]
  const { flow } = market.queued
  for (let request = 0; request < flow.length; request++)
    if (flow[request] === from + 1) flow[request] = into + 1
  remove(market.flows, from)
  rankFlow(market, into)
}
