/** Each node's life until now, from the start of demand on, as a row of the results. */
import { strategyNames, strategyOf } from "../agents/strategies/catalogue.ts"
import type { NodeOutcome } from "../results/models/run-model.ts"
import { gone } from "./nodes-table.ts"
import { busyMicrosOf, healthOf, onlineMicrosOf } from "./node-state.ts"
import type { World } from "./world.ts"

const hourMicros = 3_600_000_000

export const nodeOutcomes = (world: World): ReadonlyArray<NodeOutcome> =>
  Array.from({ length: world.nodes.count }, (_, node) => nodeOutcome(world, node))

/** By node: what its operator goes by; "" for those of a party, whose conduct is their own. */
export const strategiesOf = ({ nodes: { count, columns } }: World): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, node) =>
    columns.party[node] > 0 ? "" : strategyNames[columns.strategy[node]],
  )

export const nodeOutcome = (world: World, node: number): NodeOutcome => {
  const { scenario, offers, startMicros } = world
  const { columns } = world.nodes
  const device = offers.devices[columns.device[node]]
  const left = columns.leftAt[node]
  // Cost and time on the market count from the start of demand to the last end, as pay does.
  const onlineHours = (onlineMicrosOf(world, node) - columns.onlineBefore[node]) / hourMicros
  const until = left < 0 ? world.now : left
  const presentHours =
    Math.max(0, until - Math.max(columns.joinedAt[node], startMicros)) / hourMicros
  const { paysWhileAway } = strategyOf(columns.strategy[node])
  return {
    node,
    operator: columns.operator[node],
    device: device.name,
    deviceClass: device.deviceClass,
    model: scenario.models[columns.model[node]].name,
    joinedSeconds: (columns.joinedAt[node] - startMicros) / 1e6,
    leftSeconds: left < 0 ? null : (left - startMicros) / 1e6,
    onlineHours,
    busySlotHours: busyMicrosOf(world, node) / hourMicros,
    slots: columns.slots[node],
    requests: columns.requests[node],
    failures: columns.failures[node],
    outputTokens: columns.outputTokens[node],
    shareEarned: columns.share[node],
    bountyEarned: Math.round(columns.bounty[node]),
    withheld: columns.withheld[node],
    costCredits: columns.hourlyCost[node] * (paysWhileAway ? presentHours : onlineHours),
    parks: columns.parks[node],
    switches: columns.switches[node],
    health: columns.phase[node] === gone ? columns.health[node] : healthOf(world, node),
  }
}
