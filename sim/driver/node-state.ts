/**
 * What is true of a node now, and when it has to be looked at again.
 */
import { instanceView } from "../../engine/index.ts"
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

/** Closes the server of a node that serves nothing. */
export const closeServer = (world: World, node: number): void => {
  if (!world.servers.isOpen(node)) return
  world.servers.close(node)
  world.queue.cancel(serverActor(node))
}

/** The node cannot be reached from now on. */
export const pauseOnline = (world: World, node: number): void => {
  const { columns } = world.nodes
  columns.onlineMicros[node] = onlineMicrosOf(world, node)
  columns.onlineSince[node] = -1
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
