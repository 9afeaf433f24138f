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

/** When a node's operator decides. */
export type DecisionTimes =
  | { readonly _tag: "Never" }
  | { readonly _tag: "ByTheClock"; readonly everyHours: number }
  | { readonly _tag: "AtRevisions"; readonly perDay: number }

export const decisionTimesOf = (
  setting: Setting,
  columns: NodeColumns,
  node: number,
): DecisionTimes => {
  const { strategy } = setting.strategies[columns.strategy[node]]
  const { decisionHours, revisionsPerDay } = setting.scenario.operators
  const party = partyOfNode(setting, columns, node)
  const everyHours = strategy.everyHours ?? party?.decisionHours ?? decisionHours
  if (everyHours === 0) return { _tag: "Never" }
  // A party is put into the market on purpose, and its conduct says when it decides.
  return strategy.isRevised && party === undefined
    ? { _tag: "AtRevisions", perDay: revisionsPerDay }
    : { _tag: "ByTheClock", everyHours }
}

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
