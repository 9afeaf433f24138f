/** A node's row and its streams, before its life begins. */
import { openStream } from "../../engine/index.ts"
import type { StrategyName } from "../agents/strategies/catalogue.ts"
import { codeOfStrategy, strategies } from "../agents/strategies/catalogue.ts"
import { hourlyCostCredits } from "./costs.ts"
import type { World } from "./world.ts"

export interface NewNode {
  readonly operator: number
  readonly device: number
  readonly model: number
  /** Names the node's streams: what happens to one node changes no other's draws. */
  readonly entity: number | string
  readonly strategy: StrategyName
}

/** Adds a node, honest and at full speed, whose life has not begun; returns its number. */
export const addNode = (
  world: World,
  { operator, device, model, entity, strategy }: NewNode,
): number => {
  const { nodes } = world
  const node = nodes.add()
  const { seed } = world
  world.faultStreams[node] = openStream(seed, "fault", entity)
  world.attemptStreams[node] = openStream(seed, "attempt", entity)
  world.decisionStreams[node] = openStream(seed, "decision", entity)
  const { columns } = nodes
  columns.operator[node] = operator
  columns.device[node] = device
  columns.model[node] = model
  columns.lead[node] = node
  columns.strategy[node] = codeOfStrategy(strategy)
  columns.hourlyCost[node] = hourlyCostCredits(world, device, strategies[strategy])
  columns.declareFactor[node] = 1
  columns.speed[node] = 1
  world.nodesOf[operator].push(node)
  return node
}
