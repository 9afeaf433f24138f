/**
 * A binary heap of slots whose places are kept beside it, so that any of them can be moved or taken out. What comes
 * first is the caller's to say, and must be a total order, so that ties never depend on the heap's history.
 */
import { invariant } from "./invariant.ts"

/** Slots; the first comes first. */
export type Heap = Array<number>

/** Is slot `a` to come before slot `b`? */
export type IsBefore = (a: number, b: number) => boolean

/** Place + 1 of each slot in the heap; 0: it is not in it. */
export type Places = Int32Array

/** Puts a slot in, or where its order has come to be another one moves it there. O(log n). */
export const putIn = (heap: Heap, places: Places, slot: number, isBefore: IsBefore): void => {
  let at = places[slot] - 1
  if (at < 0) {
    at = heap.length
    heap.push(slot)
    places[slot] = at + 1
  }
  rise(heap, places, at, isBefore)
  sink(heap, places, places[slot] - 1, isBefore)
}

/** Takes a slot out; nothing where it is not in. O(log n). */
export const takeOut = (heap: Heap, places: Places, slot: number, isBefore: IsBefore): void => {
  const at = places[slot] - 1
  if (at < 0) return
  places[slot] = 0
  const last = heap.pop()
  invariant(last !== undefined, "whoever has a place in a heap is in it")
  if (last === slot) return
  heap[at] = last
  places[last] = at + 1
  putIn(heap, places, last, isBefore)
}

const rise = (heap: Heap, places: Places, from: number, isBefore: IsBefore): void => {
  const slot = heap[from]
  let at = from
  while (at > 0) {
    const up = (at - 1) >> 1
    const above = heap[up]
    if (!isBefore(slot, above)) break
    heap[at] = above
    places[above] = at + 1
    at = up
  }
  heap[at] = slot
  places[slot] = at + 1
}

const sink = (heap: Heap, places: Places, from: number, isBefore: IsBefore): void => {
  const slot = heap[from]
  let at = from
  for (;;) {
    let down = 2 * at + 1
    if (down >= heap.length) break
    if (down + 1 < heap.length && isBefore(heap[down + 1], heap[down])) down++
    const below = heap[down]
    if (!isBefore(below, slot)) break
    heap[at] = below
    places[below] = at + 1
    at = down
  }
  heap[at] = slot
  places[slot] = at + 1
}

/** Asserts the order of a heap, and that everybody in it stands where they are said to. O(heap). */
export const auditHeap = (heap: Heap, places: Places, isBefore: IsBefore): void =>
  heap.forEach((slot, at) => {
    invariant(places[slot] === at + 1, "a heap of slots and their places agree")
    const above = heap[(at - 1) >> 1]
    invariant(at === 0 || !isBefore(slot, above), "no slot stands below one that it comes before")
  })
