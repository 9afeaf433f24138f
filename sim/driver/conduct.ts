/** What a node does that honest ones do not: the conduct of its party, as the driver asks for it. */
import { strategyOf } from "../agents/strategies/catalogue.ts"
import type { Conduct } from "../scenarios/party.ts"
import type { PartyState } from "./party-state.ts"
import { healthOf } from "./node-state.ts"
import type { World } from "./world.ts"

/** The party that a node belongs to; undefined: none. */
export const partyOfNode = ({ nodes, parties }: World, node: number): PartyState | undefined =>
  parties[nodes.columns.party[node] - 1]

export const conductOf = (world: World, node: number): Conduct | undefined =>
  partyOfNode(world, node)?.settings.conduct

/** How often a node's operator decides, h; 0: never. */
export const decisionHoursOf = (world: World, node: number): number =>
  strategyOf(world.nodes.columns.strategy[node]).everyHours ??
  partyOfNode(world, node)?.settings.decisionHours ??
  world.scenario.operators.decisionHours

/** The slots of a node whose machine has so many, those it declares, and those its server has. */
export const slotsOfNode = (
  world: World,
  node: number,
  slots: number,
): { readonly slots: number; readonly declared: number; readonly ofMachine: number } => {
  const { declareFactor, lead } = world.nodes.columns
  const factor = declareFactor[node]
  const nodes = world.machines.get(lead[node])
  const ofMachine = Math.floor(slots * factor)
  if (nodes === undefined) return { slots, declared: ofMachine, ofMachine }
  const at = nodes.indexOf(node)
  const part =
    Math.floor((slots * (at + 1)) / nodes.length) - Math.floor((slots * at) / nodes.length)
  const declared = Math.floor(part * factor)
  return { slots: part, declared, ofMachine: Math.max(ofMachine, nodes.length * declared) }
}

/** Has its name become too bad to keep? */
export const isToRejoin = (world: World, node: number): boolean => {
  const least = conductOf(world, node)?.rejoinBelowHealth ?? 0
  return least > 0 && healthOf(world, node) < least
}

/** Will the party's node fail this attempt, or refuse it? Undefined: it serves. */
export const misdeed = (
  { attemptStreams }: World,
  node: number,
  { failShare, refusesFromTokens, refusesWith }: Conduct,
  maxTokens: number,
): "upstreamError" | "backpressure" | "consumerError" | undefined => {
  if (refusesFromTokens !== null && maxTokens >= refusesFromTokens)
    return refusesWith === "429" ? "backpressure" : "consumerError"
  if (failShare > 0 && attemptStreams[node].next() < failShare) return "upstreamError"
  return undefined
}
