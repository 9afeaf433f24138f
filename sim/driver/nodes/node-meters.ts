/** What is read off a node at an instant: slots, time online, and the period since the last sample. */
import type { Recorder } from "../../recording/recorder.ts"
import { isAway, isUp, serving } from "./node-machine.ts"
import type { NodeColumns } from "./nodes-table.ts"

/**
 * Notes how many of a node's slots are busy, and how many there are to be busy: all of them while it
 * can be reached and serves, and otherwise those in which attempts run to their end. A node that
 * declared more slots than it has is busy with no more than it has.
 */
export const noteSlots = (
  columns: NodeColumns,
  recorder: Recorder,
  node: number,
  now: number,
): void => {
  const { busySlots, offeredSlots } = columns
  const slots = columns.slots[node]
  const busy = Math.min(columns.inFlight[node], slots)
  const reach = columns.reach[node]
  const isOffered = columns.phase[node] === serving && isUp(reach) && !isAway(reach)
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

/** Time that slots of a node were busy, µs. */
export const busyMicrosOf = (
  { busyMicros, busySlots, busySince }: NodeColumns,
  node: number,
  now: number,
): number => busyMicros[node] + busySlots[node] * (now - busySince[node])

/** Time that a node has been reachable, µs. */
export const onlineMicrosOf = (
  { onlineMicros, onlineSince }: NodeColumns,
  node: number,
  now: number,
): number => {
  const since = onlineSince[node]
  return since < 0 ? onlineMicros[node] : onlineMicros[node] + now - since
}

/** The node cannot be reached from now on. */
export const pauseOnline = (columns: NodeColumns, node: number, now: number): void => {
  columns.onlineMicros[node] = onlineMicrosOf(columns, node, now)
  columns.onlineSince[node] = -1
}

/** From now on, what a node does belongs to its next period; its instance was online for so long. */
export const beginPeriod = (columns: NodeColumns, node: number, onlineMicros: number): void => {
  columns.requestsSince[node] = 0
  columns.paySince[node] = 0
  columns.onlineAtSample[node] = onlineMicros
}

/** All that a node was ever paid, and what was withheld from it beside, minor units. */
export const payOf = ({ share, withheld, bounty }: NodeColumns, node: number): number =>
  share[node] + withheld[node] + bounty[node]
