/**
 * What a machine costs its operator: electricity by load where it is owned, rent whatever it does where it is
 * rented; and what it would bring its owner elsewhere.
 */
import type { Strategy } from "../../agents/strategy.ts"
import { isRentedOnly, powerUsdPerHour, rentUsd } from "../../fleet/offers.ts"
import { modelRun } from "../nodes/conduct.ts"
import type { NodeColumns } from "../nodes/nodes-table.ts"
import type { Setting } from "../stage/setting.ts"

/** Credits an hour: while the machine waits, and what is added while all of its slots are busy. */
export interface HourlyCost {
  readonly idle: number
  readonly load: number
}

export const hourlyCostOf = (
  { scenario: { operators }, offers }: Setting,
  device: number,
  { isRented }: Strategy,
): HourlyCost => {
  const { creditUsd, electricityUsdPerKwh, idlePowerShare } = operators
  const machine = offers.devices[device]
  const rent = isRented || isRentedOnly(machine) ? rentUsd(machine) : null
  if (rent !== null) return { idle: rent / creditUsd, load: 0 }
  const full = powerUsdPerHour(machine, electricityUsdPerKwh) / creditUsd
  return { idle: idlePowerShare * full, load: (1 - idlePowerShare) * full }
}

/** What a machine that leaves the market would bring elsewhere, credits a day; 0 where that is nothing. */
export const outsideCreditsPerDay = (
  setting: Setting,
  device: number,
  strategy: Strategy,
): number => {
  const { offers, scenario } = setting
  const { creditUsd, outsideRentShare } = scenario.operators
  const machine = offers.devices[device]
  // What is rented is given back.
  if (strategy.isRented || isRentedOnly(machine)) return 0
  const { idle, load } = hourlyCostOf(setting, device, strategy)
  return 24 * Math.max(0, (outsideRentShare * (rentUsd(machine) ?? 0)) / creditUsd - idle - load)
}

/** What an hour costs in which all slots are busy, credits. */
export const busyHourCost = ({ idleCost, loadCost }: NodeColumns, node: number): number =>
  idleCost[node] + loadCost[node]

/** What a million output tokens cost the operator of a node whose slots are all busy, credits. */
export const costPerMtok = (setting: Setting, columns: NodeColumns, node: number): number => {
  const { device, model } = columns
  const offer = setting.offers.offers[device[node]][modelRun(setting, columns, node, model[node])]
  if (offer === null) throw new Error(`simulator: model ${model[node]} does not fit node ${node}`)
  return (busyHourCost(columns, node) * 1e6) / (offer.tokensPerSecond * 3600)
}
