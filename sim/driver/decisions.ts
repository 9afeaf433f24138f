/**
 * What an operator sees when it decides, and the strategy that decides for it.
 */
import type { Stream } from "../../engine/index.ts"
import { instanceView, marketView } from "../../engine/index.ts"
import type { Decision, ModelOutlook, OperatorView } from "../agents/operator.ts"
import { bountyChaser, profitSeeker } from "../agents/operator.ts"
import { hourlyCostUsd } from "../fleet/offers.ts"
import { withdraw } from "./accounts.ts"
import { onlineMicrosOf } from "./node-state.ts"
import type { World } from "./world.ts"

const dayMicros = 86_400e6

/** Lets the operator of a serving node decide; it also takes out what it has earned. */
export const decide = (world: World, node: number): Decision => {
  const { columns } = world.nodes
  withdraw(world, columns.operator[node])
  const strategy = columns.isChaser[node] === 1 ? bountyChaser : profitSeeker
  return strategy(viewOf(world, node), world.decisionStreams[node])
}

const viewOf = (world: World, node: number): OperatorView => {
  const { scenario, credit } = world
  const { columns } = world.nodes
  const { economy, operators } = scenario
  const online = onlineMicrosOf(world, node) - columns.onlineAtDecision[node]
  const earned = columns.share[node] + columns.bounty[node] - columns.payAtDecision[node]
  const device = world.offers.devices[columns.device[node]]
  const weekHours = 7 * 24
  return {
    current: columns.model[node],
    earnedCreditsPerDay: online < dayMicros / 4 ? null : ((earned / credit) * dayMicros) / online,
    costCreditsPerDay:
      (24 * hourlyCostUsd(device, operators.electricityUsdPerKwh)) / operators.creditUsd,
    providerShare: 1 - economy.feeBps / 10_000,
    switchLoss: Math.min(
      1,
      (economy.flap.initialReduction * economy.flap.decayHours) / (2 * weekHours),
    ),
    outlooks: outlooksOf(
      world,
      columns.device[node],
      instanceView(world.market, node)?.maxMultiplier ?? newcomerCap(world),
    ),
    temperatureCreditsPerDay: operators.temperatureCreditsPerDay,
  }
}

const newcomerCap = (world: World): number => world.scenario.economy.trust.tiers[0].maxMultiplier

/** The public board of the market, as it looks to a node of this device. */
const outlooksOf = (world: World, device: number, cap: number): ReadonlyArray<ModelOutlook> => {
  const board = marketView(world.market)
  return world.scenario.models.map((model, index) => {
    const { multiplier, demandTokensPerSecond, supplyTokensPerSecond } = board[index]
    return {
      model: index,
      tokensPerSecond: world.offers.offers[device][index]?.tokensPerSecond ?? 0,
      outputPriceCreditsPerMtok: model.outputPricePerMtok,
      multiplier: Math.min(multiplier, cap),
      expectedUtilisation: Math.min(1, demandTokensPerSecond / Math.max(1, supplyTokensPerSecond)),
    }
  })
}

/** Would somebody with this device join now, and with which model? −1: stays away. */
export const chooseToJoin = (world: World, device: number, stream: Stream): number => {
  const { scenario } = world
  const cost =
    (24 * hourlyCostUsd(world.offers.devices[device], scenario.operators.electricityUsdPerKwh)) /
    scenario.operators.creditUsd
  const decision = profitSeeker(
    {
      current: -1,
      earnedCreditsPerDay: null,
      costCreditsPerDay: cost,
      providerShare: 1 - scenario.economy.feeBps / 10_000,
      switchLoss: 0,
      outlooks: outlooksOf(world, device, newcomerCap(world)),
      temperatureCreditsPerDay: scenario.operators.temperatureCreditsPerDay,
    },
    stream,
  )
  return decision._tag === "Switch" ? decision.model : -1
}
