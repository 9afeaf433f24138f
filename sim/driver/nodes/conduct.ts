/** What a node does that honest ones do not: the conduct of its party. */
import type { Stream } from "../../../engine/index.ts"
import type { Conduct, Party } from "../../scenarios/party.ts"
import type { Setting } from "../stage/setting.ts"
import type { NodeColumns } from "./nodes-table.ts"

/** The party that a node belongs to; undefined: none. */
export const partyOfNode = (
  { scenario: { parties } }: Setting,
  { party }: NodeColumns,
  node: number,
): Party | undefined => parties[party[node] - 1]

export const conductOf = (
  setting: Setting,
  columns: NodeColumns,
  node: number,
): Conduct | undefined => partyOfNode(setting, columns, node)?.conduct

/** The model that a node really runs where it says that it serves `model`. */
export const modelRun = (
  setting: Setting,
  columns: NodeColumns,
  node: number,
  model: number,
): number => {
  const name = conductOf(setting, columns, node)?.runsModel ?? null
  return name === null ? model : setting.scenario.models.findIndex((one) => one.name === name)
}

/** How often a node's operator decides, h; 0: never. */
export const decisionHoursOf = (setting: Setting, columns: NodeColumns, node: number): number =>
  setting.strategies[columns.strategy[node]].strategy.everyHours ??
  partyOfNode(setting, columns, node)?.decisionHours ??
  setting.scenario.operators.decisionHours

/** Will the party's node fail this attempt, or refuse it? Undefined: it serves. */
export const misdeed = (
  { failShare, refusesFromTokens, refusesWith }: Conduct,
  maxTokens: number,
  stream: Stream,
): "upstreamError" | "backpressure" | "consumerError" | undefined => {
  if (refusesFromTokens !== null && maxTokens >= refusesFromTokens)
    return refusesWith === "429" ? "backpressure" : "consumerError"
  if (failShare > 0 && stream.next() < failShare) return "upstreamError"
  return undefined
}
