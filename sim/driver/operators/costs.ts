/** What a node costs its operator: electricity where it is owned, rent where it is rented. */
import type { Strategy } from "../../agents/strategy.ts"
import { hourlyCostUsd, rentUsd } from "../../fleet/offers.ts"
import { modelRun } from "../nodes/conduct.ts"
import type { NodeColumns } from "../nodes/nodes-table.ts"
import type { Setting } from "../stage/setting.ts"

export const hourlyCostCredits = (
  { scenario: { operators }, offers }: Setting,
  device: number,
  { isRented }: Strategy,
): number => {
  const owned = hourlyCostUsd(offers.devices[device], operators.electricityUsdPerKwh)
  const usd = isRented ? (rentUsd(offers.devices[device]) ?? owned) : owned
  return usd / operators.creditUsd
}

/** What a million output tokens cost the operator of a node whose slots are all busy, credits. */
export const costPerMtok = (setting: Setting, columns: NodeColumns, node: number): number => {
  const { device, model, hourlyCost } = columns
  const offer = setting.offers.offers[device[node]][modelRun(setting, columns, node, model[node])]
  if (offer === null) throw new Error(`simulator: model ${model[node]} does not fit node ${node}`)
  return (hourlyCost[node] * 1e6) / (offer.tokensPerSecond * 3600)
}
