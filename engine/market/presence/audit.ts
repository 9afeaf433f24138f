/** What holds of nodes, and of instances on them, between steps. */
import { stopping } from "../../machines/presence.ts"
import { invariant } from "../../core/invariant.ts"
import { auditTable } from "../../core/table.ts"
import { auditWakeQueue } from "../../core/wake-queue.ts"
import { countUnderWay } from "../state/attempts.ts"
import { candidateAt } from "../../rules/selection.ts"
import type { Market } from "../state/market-state.ts"
import { ofNodes, partyOf } from "../state/market-state.ts"

/** Asserts it of every node and instance. O(nodes + instances + models). */
export const auditPresence = (market: Market): void => {
  const { instances, models, nodes, operators } = market
  auditTable(nodes)
  auditTable(instances)
  auditWakeQueue(market.wakes[ofNodes])
  let listed = 0
  for (let node = 0; node < nodes.used; node++) listed += auditNode(market, node)
  invariant(listed === instances.slots.size, "each instance is on the list of one node")
  const served = operators.map(() => new Map<number, number>())
  for (let instance = 0; instance < instances.used; instance++) {
    if (instances.ids[instance] === -1) continue
    auditInstance(market, instance)
    const ofModel = served[instances.columns.model[instance]]
    const operator = instances.columns.operator[instance]
    ofModel.set(operator, (ofModel.get(operator) ?? 0) + 1)
  }
  for (let model = 0; model < models.used; model++) {
    const own = served[model]
    let counted = 0
    for (const count of own.values()) counted += count
    invariant(models.columns.instances[model] === counted, "a model counts its instances")
    invariant(
      operators[model].size === own.size &&
        [...own].every(([operator, count]) => operators[model].get(operator) === count),
      "a model counts its operators' instances",
    )
  }
  auditOffers(market)
}

const auditOffers = (market: Market): void => {
  const counted = onlineByField(market)
  for (const { fields, online } of market.levels)
    invariant(
      fields.length === online.length &&
        fields.every((field, level) => online[level] === (counted.get(field) ?? 0)),
      "a price counts who asks it and is online",
    )
}

const onlineByField = ({ instances, nodes }: Market): ReadonlyMap<number, number> => {
  const { field, node } = instances.columns
  const counted = new Map<number, number>()
  for (let instance = 0; instance < instances.used; instance++)
    if (instances.ids[instance] !== -1 && nodes.columns.isOnline[node[instance]] === 1)
      counted.set(field[instance], (counted.get(field[instance]) ?? 0) + 1)
  return counted
}

/** Returns how many instances are on the node's list. */
const auditNode = (market: Market, node: number): number => {
  const { instances, nodes, now } = market
  const { position } = market.wakes[ofNodes]
  const { account, firstInstance, isOnline, isSupervised, lastHeartbeat } = nodes.columns
  const isWaitedFor = node < position.length && position[node] >= 0
  const isThere = nodes.ids[node] !== -1
  invariant(
    isWaitedFor === (isThere && isOnline[node] === 1 && isSupervised[node] === 1),
    "heartbeats are waited for of nodes that are online and send them",
  )
  if (!isThere) return 0
  invariant(market.accounts.ids[account[node]] >= 0, "a node's account is open")
  invariant(lastHeartbeat[node] <= now, "a heartbeat has been received")
  let listed = 0
  for (let next = firstInstance[node]; next !== 0; next = instances.columns.nextOnNode[next - 1]) {
    invariant(instances.columns.node[next - 1] === node, "a node lists instances of its own")
    invariant(listed < instances.used, "the list of a node's instances ends")
    listed++
  }
  return listed
}

const auditInstance = (market: Market, instance: number): void => {
  const { fields, instances, nodes, now, rules } = market
  const { columns } = instances
  const node = columns.node[instance]
  const operator = columns.operator[instance]
  invariant(
    columns.account[instance] === nodes.columns.account[node],
    "an instance is of its node's account",
  )
  invariant(
    operator === partyOf(market, columns.account[instance]),
    "an instance's operator is its account's party",
  )
  invariant(
    columns.isOnline[instance] === nodes.columns.isOnline[node],
    "an instance is there while its node is",
  )
  invariant(columns.creditedUntil[instance] <= now, "online time is credited as it goes by")
  invariant(
    columns.onlineMicros[instance] >= 0 && columns.onlineMicros[instance] <= now,
    "nobody is online for longer than there is a market",
  )
  invariant(
    columns.service[instance] !== stopping || countUnderWay(instances, instance) > 0,
    "an instance that is to stop waits for attempts",
  )
  invariant(
    candidateAt(fields[columns.field[instance]], rules, columns.place[instance], operator) ===
      instance,
    "an instance stands at its place among the candidates",
  )
}
