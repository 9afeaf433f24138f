/** Each node's life until now, from the start of demand on, as a row of the results. */
import type { NodeOutcome } from "../../results/models/run-model.ts"
import type { Setting } from "../stage/setting.ts"
import { gone } from "./node-machine.ts"
import { busyMicrosOf, onlineMicrosOf } from "./node-meters.ts"
import type { Nodes } from "./nodes.ts"

const hourMicros = 3_600_000_000

export const nodeOutcomes = (
  setting: Setting,
  nodes: Nodes,
  now: number,
): ReadonlyArray<NodeOutcome> =>
  Array.from({ length: nodes.table.count }, (_, node) => nodeOutcome(setting, nodes, node, now))

/** By node: what its operator goes by; "" for those of a party, whose conduct is their own. */
export const strategiesOf = (
  { strategies }: Setting,
  { table: { count }, columns }: Nodes,
): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, node) =>
    columns.party[node] > 0 ? "" : strategies[columns.strategy[node]].name,
  )

/** By node: what its tokens are priced by, where operators of no party set prices; "" for all others. */
export const priceStrategiesOf = (
  { scenario }: Setting,
  { table: { count }, columns }: Nodes,
  prices: { readonly strategyOf: (node: number) => string },
): ReadonlyArray<string> =>
  scenario.operators.prices.length === 0
    ? []
    : Array.from({ length: count }, (_, node) =>
        columns.party[node] > 0 ? "" : prices.strategyOf(node),
      )

export const nodeOutcome = (
  { scenario, offers, startMicros, strategies }: Setting,
  nodes: Nodes,
  node: number,
  now: number,
): NodeOutcome => {
  const { columns } = nodes
  const device = offers.devices[columns.device[node]]
  const left = columns.leftAt[node]
  // Cost and time on the market count from the start of demand to the last end, as pay does.
  const onlineHours = (onlineMicrosOf(columns, node, now) - columns.onlineBefore[node]) / hourMicros
  const until = left < 0 ? now : left
  const presentHours =
    Math.max(0, until - Math.max(columns.joinedAt[node], startMicros)) / hourMicros
  const busySlotHours = busyMicrosOf(columns, node, now) / hourMicros
  // Calls of whoever has the hours count once.
  const busyHours = Math.min(
    onlineHours,
    // One that never served has no slots.
    busySlotHours / Math.max(1, columns.slots[node]) + columns.rentedHours[node],
  )
  const { paysWhileAway } = strategies[columns.strategy[node]].strategy
  return {
    node,
    operator: columns.operator[node],
    device: device.name,
    deviceClass: device.deviceClass,
    model: scenario.models[columns.model[node]].name,
    joinedSeconds: (columns.joinedAt[node] - startMicros) / 1e6,
    leftSeconds: left < 0 ? null : (left - startMicros) / 1e6,
    onlineHours,
    busySlotHours,
    slots: columns.slots[node],
    requests: columns.requests[node],
    failures: columns.failures[node],
    outputTokens: columns.outputTokens[node],
    shareEarned: columns.share[node],
    bountyEarned: Math.round(columns.bounty[node]),
    withheld: columns.withheld[node],
    costCredits:
      columns.idleCost[node] * (paysWhileAway ? presentHours : onlineHours) +
      columns.loadCost[node] * busyHours,
    parks: columns.parks[node],
    switches: columns.switches[node],
    health: columns.phase[node] === gone ? columns.health[node] : nodes.healthOf(node),
  }
}
