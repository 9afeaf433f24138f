/**
 * Draining: a node that is to switch or to leave takes nothing new and goes on when its last attempt
 * has ended.
 */
import { drainingToLeave, drainingToSwitch, gone, loading } from "./nodes-table.ts"
import { closeServer, healthOf, load, pauseOnline, scheduleLife } from "./node-state.ts"
import type { World } from "./world.ts"
import { lifeActor, tell } from "./world.ts"

/** A draining node without attempts goes on to what it drained for. */
export const afterInFlightFell = (world: World, node: number): void => {
  const { columns } = world.nodes
  if (columns.inFlight[node] > 0) return
  if (columns.phase[node] === drainingToSwitch) {
    closeServer(world, node)
    columns.phase[node] = loading
    // A machine that is down loads it once it is repaired.
    if (columns.isUp[node] === 1) load(world, node, columns.target[node])
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
    world.onGone(world, node)
  }
}
