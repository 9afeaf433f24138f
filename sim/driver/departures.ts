/**
 * Draining: a node that is to switch or to leave takes nothing new and goes on when its last attempt
 * has ended.
 */
import { drainingToLeave, drainingToSwitch, gone, loading } from "./nodes-table.ts"
import { closeServer, healthOf, pauseOnline, scheduleLife } from "./node-state.ts"
import type { World } from "./world.ts"
import { lifeActor, tell } from "./world.ts"

/** A draining node without attempts goes on to what it drained for. */
export const afterInFlightFell = (world: World, node: number): void => {
  const { columns } = world.nodes
  if (columns.inFlight[node] > 0) return
  if (columns.phase[node] === drainingToSwitch) {
    const offer = world.offers.offers[columns.device[node]][columns.target[node]]
    if (offer === null)
      throw new Error("simulator: a node switches to a model that does not fit it")
    closeServer(world, node)
    columns.phase[node] = loading
    columns.readyAt[node] = world.now + offer.setUpMicros
    scheduleLife(world, node)
  } else if (columns.phase[node] === drainingToLeave) {
    columns.health[node] = healthOf(world, node)
    pauseOnline(world, node)
    closeServer(world, node)
    columns.phase[node] = gone
    columns.leftAt[node] = world.now
    world.queue.cancel(lifeActor(node))
    world.recorder.add("leaves", 1)
    tell(world, { _tag: "NodeRemoved", at: world.now, node })
  }
}
