/**
 * Who is there at the start and who comes later: nodes drawn by device and model, operators with one
 * node or a farm of them.
 */
import type { Stream } from "../../engine/index.ts"
import { openStream } from "../../engine/index.ts"
import { exponential } from "../kernel/variates.ts"
import { signUpOperator } from "./accounts.ts"
import type { StrategyName } from "../agents/strategies/catalogue.ts"
import { chooseToJoin } from "./decisions.ts"
import { addNode } from "./new-node.ts"
import { beginLife } from "./node-life.ts"
import type { World } from "./world.ts"
import { joinActor } from "./world.ts"

const dayMicros = 86_400e6

/** Index drawn with probability proportional to its weight; −1 where all weights are 0. */
const drawWeighted = (weights: ReadonlyArray<number>, lot: number): number => {
  let target = lot * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    target -= weight
    if (target < 0) return index
  }
  return -1
}

/** Registers the first nodes that are `established` (old when demand begins), or the others. */
export const populate = (world: World, isEstablished: boolean): void => {
  const { fleet } = world.scenario
  const established = Math.round(fleet.nodes * fleet.establishedShare)
  const count = isEstablished ? established : fleet.nodes - established
  let left = 0
  let operator = -1
  for (let i = 0; i < count; i++) {
    if (left === 0) {
      operator = signUpResident(world)
      left = world.streams.device.next() < fleet.farmShare ? fleet.farmNodes : 1
    }
    left--
    const device = drawDevice(world, world.streams.device)
    const model = drawWeighted(
      world.scenario.models.map(({ initialSupply }, index) =>
        world.offers.offers[device][index] === null ? 0 : initialSupply,
      ),
      world.streams.device.next(),
    )
    if (model >= 0) addResident(world, operator, device, model, world.nextResident++)
  }
}

/** An operator of no party, who may be a consumer as well. */
const signUpResident = (world: World): number => {
  const operator = signUpOperator(world)
  world.residents.push(operator)
  return operator
}

const drawDevice = (world: World, stream: Stream): number =>
  drawWeighted(
    world.scenario.fleet.devices.map(({ weight }) => weight),
    stream.next(),
  )

/** A node of the fleet, with a character of its own. */
const addResident = (
  world: World,
  operator: number,
  device: number,
  model: number,
  entity: number | string,
): void => {
  const { operators, faults } = world.scenario
  const character = openStream(world.seed, "character", entity)
  const declareFactor =
    character.next() < operators.overDeclareShare ? operators.overDeclareFactor : 1
  const isChaser = character.next() < operators.chaserShare
  const speed = character.next() < faults.slowShare ? faults.slowSpeed : 1
  const strategy = isChaser ? "bounty" : drawStrategy(operators.strategies, character.next())
  const node = addNode(world, { operator, device, model, entity, strategy })
  const { columns } = world.nodes
  columns.declareFactor[node] = declareFactor
  columns.speed[node] = speed
  beginLife(world, node)
}

const drawStrategy = (
  mix: World["scenario"]["operators"]["strategies"],
  lot: number,
): StrategyName =>
  mix[
    drawWeighted(
      mix.map(({ weight }) => weight),
      lot,
    )
  ]?.strategy ?? "profit"

/** Somebody considers joining; they do where it pays. */
export const onJoin = (world: World): void => {
  scheduleJoin(world)
  // Named by those who considered it, not by those who came: who stays away changes no one else.
  const entity = `candidate ${world.nextCandidate++}`
  const stream = openStream(world.seed, "join", entity)
  const device = drawDevice(world, stream)
  const model = chooseToJoin(world, device, stream)
  if (model < 0) return
  world.recorder.add("joins", 1)
  addResident(world, signUpResident(world), device, model, entity)
}

export const scheduleJoin = (world: World): void => {
  const perDay = world.scenario.churn.joinsPerDay
  if (perDay === 0) return
  const at = Math.round(world.now + exponential(world.streams.join, perDay / dayMicros))
  if (at <= world.endMicros) world.queue.schedule(joinActor, at)
}
