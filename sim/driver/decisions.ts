/**
 * What an operator sees when it decides, and the strategy that decides for it.
 */
import type { InstanceView, Stream } from "../../engine/index.ts"
import { instanceView, marketView } from "../../engine/index.ts"
import { meanInComingWeek } from "../agents/coming-week.ts"
import { profitSeeker } from "../agents/strategies/profit-seeker.ts"
import { strategies, strategyOf } from "../agents/strategies/catalogue.ts"
import type { Decision, ModelOutlook, OperatorView } from "../agents/view.ts"
import { withdraw } from "./accounts.ts"
import { believed, hourOfDay, learn } from "./beliefs.ts"
import { hourlyCostCredits } from "./costs.ts"
import { beginPeriod } from "./newcomers.ts"
import { busyMicrosOf, onlineMicrosOf } from "./node-state.ts"
import type { World } from "./world.ts"

const hourMicros = 3_600e6
const dayMicros = 24 * hourMicros

/** Lets the operator of a serving node decide; it also takes out what it has earned. */
export const decide = (world: World, node: number): Decision => {
  const { columns } = world.nodes
  withdraw(world, columns.operator[node])
  learn(world, node, payOf(world, node) - columns.payAtDecision[node])
  const { decide: choose } = strategyOf(columns.strategy[node])
  return choose(viewOf(world, node), world.decisionStreams[node])
}

/** From now on, what a node earns counts towards its next decision. */
export const beginEpoch = (world: World, node: number): void => {
  const { columns } = world.nodes
  columns.decidedAt[node] = world.now
  columns.busyAtDecision[node] = busyMicrosOf(world, node)
  columns.payAtDecision[node] = payOf(world, node)
  columns.onlineAtDecision[node] = onlineMicrosOf(world, node)
  columns.rampAtDecision[node] =
    instanceView(world.market, node)?.ramp ?? world.scenario.economy.ramp.start
}

/**
 * Demand begins: what nodes did before it made them old, and counts neither as time in which they
 * could have earned nor against their earnings when they first decide.
 */
export const beginBooks = (world: World): void => {
  const { count, columns } = world.nodes
  for (let node = 0; node < count; node++) {
    columns.onlineBefore[node] = onlineMicrosOf(world, node)
    beginEpoch(world, node)
    beginPeriod(world, node)
  }
}

/** All that a node was ever paid, and what was withheld from it beside, minor units. */
const payOf = ({ nodes: { columns } }: World, node: number): number =>
  columns.share[node] + columns.withheld[node] + columns.bounty[node]

const viewOf = (world: World, node: number): OperatorView => {
  const { scenario } = world
  const { columns } = world.nodes
  const instance = instanceView(world.market, node)
  if (instance === undefined) throw new Error(`simulator: node ${node} serves without an instance`)
  const { initialReduction, maxReduction, decayHours } = scenario.economy.flap
  const decayed = (world.now - columns.switchedAt[node]) / hourMicros
  const afterSwitch = Math.min(maxReduction, instance.reduction + initialReduction)
  const rampAhead = rampAheadOf(world, instance.ramp)
  return {
    current: columns.model[node],
    earnedCreditsPerDay: earnedPerDay(world, node, instance, rampAhead),
    costCreditsPerDay: 24 * columns.hourlyCost[node],
    providerShare: 1 - scenario.economy.feeBps / 10_000,
    rampAhead,
    utilisation: utilisationOf(world, node),
    hourOfDay: hourOfDay(world),
    believedCreditsInHour: believed(world.beliefs[node]?.byHour, hourOfDay(world)),
    stayLoss: meanInComingWeek(instance.reduction, Math.max(0, decayHours - decayed)),
    switchLoss: meanInComingWeek(afterSwitch, decayHours),
    outlooks: outlooksOf(world, columns.device[node], {
      current: columns.model[node],
      cap: instance.maxMultiplier,
      rampAhead,
      byModel: world.beliefs[node]?.byModel,
    }),
    temperatureCreditsPerDay: scenario.operators.temperatureCreditsPerDay,
  }
}

/** Would somebody with this device join now, and with which model? −1: stays away. */
export const chooseToJoin = (world: World, device: number, stream: Stream): number => {
  const { economy, operators } = world.scenario
  const rampAhead = rampAheadOf(world, economy.ramp.start)
  const cap = economy.trust.tiers[0].maxMultiplier
  const decision = profitSeeker(
    {
      current: -1,
      earnedCreditsPerDay: null,
      costCreditsPerDay: 24 * hourlyCostCredits(world, device, strategies.profit),
      utilisation: null,
      hourOfDay: hourOfDay(world),
      believedCreditsInHour: null,
      providerShare: 1 - economy.feeBps / 10_000,
      rampAhead,
      stayLoss: 0,
      // A node's first model is no switch.
      switchLoss: 0,
      outlooks: outlooksOf(world, device, { current: -1, cap, rampAhead, byModel: undefined }),
      temperatureCreditsPerDay: operators.temperatureCreditsPerDay,
    },
    stream,
  )
  return decision._tag === "Switch" ? decision.model : -1
}

/** Part of the node's slots that was busy since it last decided; null where it was not online. */
const utilisationOf = (world: World, node: number): number | null => {
  const { columns } = world.nodes
  const online = onlineMicrosOf(world, node) - columns.onlineAtDecision[node]
  if (online <= 0) return null
  const busy = busyMicrosOf(world, node) - columns.busyAtDecision[node]
  return Math.min(1, busy / (online * columns.slots[node]))
}

/** Mean ramp over the coming week online of a node whose ramp is so far. */
const rampAheadOf = ({ scenario: { economy } }: World, ramp: number): number => {
  const { start, onlineHours } = economy.ramp
  const hoursLeft = start < 1 ? (onlineHours * (1 - ramp)) / (1 - start) : 0
  return 1 - meanInComingWeek(1 - ramp, hoursLeft)
}

/**
 * Pay since the epoch began, by the day that the node was online, as it would be at the ramp ahead.
 * Null before a quarter of a day.
 */
const earnedPerDay = (
  world: World,
  node: number,
  { ramp }: InstanceView,
  rampAhead: number,
): number | null => {
  const { columns } = world.nodes
  const online = onlineMicrosOf(world, node) - columns.onlineAtDecision[node]
  if (online < dayMicros / 4) return null
  const earned = (payOf(world, node) - columns.payAtDecision[node]) / world.credit
  // The ramp rose by the hour: its mean lies midway.
  const rampBehind = (columns.rampAtDecision[node] + ramp) / 2
  return (earned * (dayMicros / online) * rampAhead) / rampBehind
}

interface Onlooker {
  /** The model that it serves; −1: none as yet. */
  readonly current: number
  /** Highest multiplier that its trust allows. */
  readonly cap: number
  readonly rampAhead: number
  /** What it earned on each model, as it has learned; undefined: nothing as yet. */
  readonly byModel: Float64Array | undefined
}

/** The public board of the market, as it looks to a node of this device. */
const outlooksOf = (
  world: World,
  device: number,
  { current, cap, rampAhead, byModel }: Onlooker,
): ReadonlyArray<ModelOutlook> => {
  const board = marketView(world.market)
  return world.scenario.models.map((model, index) => {
    const { multiplier, demandTokensPerSecond, supplyTokensPerSecond } = board[index]
    const tokensPerSecond = world.offers.offers[device][index]?.tokensPerSecond ?? 0
    const supply = supplyTokensPerSecond + (index === current ? 0 : rampAhead * tokensPerSecond)
    return {
      model: index,
      tokensPerSecond,
      priceCreditsPerMtok:
        model.outputPricePerMtok + inputPerOutput(world, index) * model.inputPricePerMtok,
      multiplier: Math.min(multiplier, cap),
      pressure: demandTokensPerSecond / Math.max(1, supply),
      expectedUtilisation: Math.min(1, demandTokensPerSecond / Math.max(1, supply)),
      believedCreditsPerDay: believed(byModel, index),
    }
  })
}

/**
 * Input tokens that came with an output token in the calls of a model, as the market publishes them;
 * in those of all models where there were none of it, and none at all before the first call.
 */
const inputPerOutput = ({ servedInput, servedOutput }: World, model: number): number => {
  if (servedOutput[model] > 0) return servedInput[model] / servedOutput[model]
  const output = sumOf(servedOutput)
  return output > 0 ? sumOf(servedInput) / output : 0
}

const sumOf = (values: Float64Array): number => values.reduce((sum, one) => sum + one, 0)
