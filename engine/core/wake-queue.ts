/**
 * When each entity of the kernel wants to be looked at again: an indexed binary heap with at most
 * one entry an entity, ordered by (time, entity), so that ties never depend on the heap's history.
 */
import { invariant } from "./invariant.ts"

export interface WakeQueue {
  /** Heap of entities, the first `size` count. */
  heap: Int32Array
  /** Position of each entity in the heap, −1 where it has no entry. */
  position: Int32Array
  /** Wake time of each entity with an entry, µs. */
  time: Float64Array
  size: number
}

export const makeWakeQueue = (): WakeQueue => ({
  heap: new Int32Array(16),
  position: new Int32Array(16).fill(-1),
  time: new Float64Array(16),
  size: 0,
})

/** Earliest wake time, or +Infinity. */
export const nextTime = (queue: WakeQueue): number =>
  queue.size === 0 ? Infinity : queue.time[queue.heap[0]]

/** The entity to wake first. The queue is not empty. */
export const nextEntity = (queue: WakeQueue): number => queue.heap[0]

/** Sets an entity's wake time; +Infinity takes it out. O(log n), O(1) where nothing changes. */
export const wakeAt = (queue: WakeQueue, entity: number, time: number): void => {
  if (entity >= queue.position.length) widen(queue, entity + 1)
  const at = queue.position[entity]
  if (time === Infinity) {
    if (at >= 0) take(queue, at)
    return
  }
  if (at < 0) {
    queue.time[entity] = time
    place(queue, queue.size, entity)
    queue.size++
    rise(queue, queue.size - 1)
    return
  }
  const before = queue.time[entity]
  if (before === time) return
  queue.time[entity] = time
  if (time < before) rise(queue, at)
  else sink(queue, at)
}

const isBefore = (queue: WakeQueue, a: number, b: number): boolean => {
  const ta = queue.time[a]
  const tb = queue.time[b]
  return ta < tb || (ta === tb && a < b)
}

const place = (queue: WakeQueue, at: number, entity: number): void => {
  queue.heap[at] = entity
  queue.position[entity] = at
}

const take = (queue: WakeQueue, at: number): void => {
  queue.position[queue.heap[at]] = -1
  queue.size--
  if (at === queue.size) return
  const last = queue.heap[queue.size]
  place(queue, at, last)
  rise(queue, at)
  sink(queue, queue.position[last])
}

const rise = (queue: WakeQueue, from: number): void => {
  const entity = queue.heap[from]
  let at = from
  while (at > 0) {
    const up = (at - 1) >> 1
    const above = queue.heap[up]
    if (!isBefore(queue, entity, above)) break
    place(queue, at, above)
    at = up
  }
  place(queue, at, entity)
}

const sink = (queue: WakeQueue, from: number): void => {
  const entity = queue.heap[from]
  let at = from
  for (;;) {
    let down = 2 * at + 1
    if (down >= queue.size) break
    const right = down + 1
    if (right < queue.size && isBefore(queue, queue.heap[right], queue.heap[down])) down = right
    const below = queue.heap[down]
    if (!isBefore(queue, below, entity)) break
    place(queue, at, below)
    at = down
  }
  place(queue, at, entity)
}

const widen = (queue: WakeQueue, least: number): void => {
  const capacity = Math.max(least, queue.position.length * 2)
  const position = new Int32Array(capacity).fill(-1)
  position.set(queue.position)
  const time = new Float64Array(capacity)
  time.set(queue.time)
  const heap = new Int32Array(capacity)
  heap.set(queue.heap)
  queue.position = position
  queue.time = time
  queue.heap = heap
}

/** Asserts the order of the heap, and that everybody stands where they are said to. O(capacity). */
export const auditWakeQueue = (queue: WakeQueue): void => {
  const { heap, position, size, time } = queue
  for (let at = 0; at < size; at++) {
    invariant(position[heap[at]] === at, "the heap and its positions agree")
    invariant(time[heap[at]] >= 0 && time[heap[at]] < Infinity, "whoever waits has a time to wake")
    const above = heap[(at - 1) >> 1]
    invariant(at === 0 || isBefore(queue, above, heap[at]), "nobody waits below somebody later")
  }
  let waiting = 0
  for (const at of position) if (at >= 0) waiting++
  invariant(waiting === size, "whoever does not wait has no place in the heap")
}
