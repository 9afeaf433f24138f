/**
 * What is true of a node now, and when it has to be looked at again.
 */
import { instanceView } from "../../engine/index.ts"
import { serving } from "./nodes-table.ts"
import type { World } from "./world.ts"
import { lifeActor, serverActor } from "./world.ts"

const clocks = [
  "readyAt",
  "crashAt",
  "detectAt",
  "repairAt",
  "awayAt",
  "returnAt",
  "hiccupAt",
  "decideAt",
  "leaveAt",
] as const

/** Schedules the earliest of what happens to the node next. */
export const scheduleLife = (world: World, node: number): void => {
  const { columns } = world.nodes
  let next = Infinity
  for (const clock of clocks) next = Math.min(next, columns[clock][node])
  if (next === Infinity) world.queue.cancel(lifeActor(node))
  else world.queue.schedule(lifeActor(node), next)
}

/** Begins to load a model; the node is ready when it is loaded. */
export const load = (world: World, node: number, model: number): void => {
  const { columns } = world.nodes
  const offer = world.offers.offers[columns.device[node]][model]
  if (offer === null) throw new Error("simulator: a node loads a model that does not fit it")
  columns.readyAt[node] = world.now + offer.setUpMicros
}

/** All nodes of the machine that a node leads. */
export const nodesOfMachine = (world: World, lead: number): ReadonlyArray<number> =>
  world.machines.get(lead) ?? [lead]

/** Closes the server of a node that serves nothing. */
export const closeServer = (world: World, node: number): void => {
  if (!world.servers.isOpen(node)) return
  world.servers.close(node)
  world.queue.cancel(serverActor(node))
}

/**
 * Notes how many of a node's slots are busy, and how many there are to be busy: all of them while it
 * can be reached and serves, and otherwise those in which attempts run to their end. A node that
 * declared more slots than it has is busy with no more than it has.
 */
export const noteSlots = (world: World, node: number): void => {
  const { recorder, now } = world
  const { columns } = world.nodes
  const { busySlots, offeredSlots } = columns
  const slots = columns.slots[node]
  const busy = Math.min(columns.inFlight[node], slots)
  const isOffered =
    columns.phase[node] === serving && columns.isUp[node] === 1 && columns.isAway[node] === 0
  const offered = isOffered ? slots : busy
  columns.busyMicros[node] += busySlots[node] * (now - columns.busySince[node])
  columns.busySince[node] = now
  if (busy !== busySlots[node] || offered !== offeredSlots[node])
    recorder.setSlots(
      columns.device[node],
      now,
      busy - busySlots[node],
      offered - offeredSlots[node],
    )
  busySlots[node] = busy
  offeredSlots[node] = offered
}

/** The node cannot be reached from now on. */
export const pauseOnline = (world: World, node: number): void => {
  const { columns } = world.nodes
  columns.onlineMicros[node] = onlineMicrosOf(world, node)
  columns.onlineSince[node] = -1
}

/** Time that slots of a node were busy, µs. */
export const busyMicrosOf = (world: World, node: number): number => {
  const { busyMicros, busySlots, busySince } = world.nodes.columns
  return busyMicros[node] + busySlots[node] * (world.now - busySince[node])
}

/** Time that a node has been reachable, µs. */
export const onlineMicrosOf = (world: World, node: number): number => {
  const { onlineMicros, onlineSince } = world.nodes.columns
  const since = onlineSince[node]
  return since < 0 ? onlineMicros[node] : onlineMicros[node] + world.now - since
}

/** Health score of a node's instance in the kernel, 0…1; 0 where it never started. */
export const healthOf = (world: World, node: number): number =>
  instanceView(world.market, node)?.health ?? 0
