/** Nodes as they stand. */
import type { AccountId, InstanceId, NodeId } from "../../core/ids.ts"
import { countOf, isPresent, slotOf } from "../../core/table.ts"
import { reductionOf } from "../payout/seats.ts"
import type { MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface NodeView {
  readonly node: NodeId
  readonly account: AccountId
  readonly isOnline: boolean
  /** Whether its silence is noticed, and its latest heartbeat, µs. */
  readonly isSupervised: boolean
  readonly lastHeartbeat: number
  /** Anti-flapping reduction of the payout, 0…1. */
  readonly reduction: number
  readonly instances: ReadonlyArray<InstanceId>
}

/** How many nodes there are. O(1). */
export const countNodes = (handle: MarketHandle): number => countOf(open(handle).nodes)

/** Is there such a node? O(1). */
export const hasNode = (handle: MarketHandle, id: NodeId): boolean =>
  isPresent(open(handle).nodes, id)

/** One node as it stands, or `undefined`. */
export const nodeView = (handle: MarketHandle, id: NodeId): NodeView | undefined => {
  const market = open(handle)
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
