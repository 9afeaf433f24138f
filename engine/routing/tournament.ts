/**
 * The candidate index: a tournament tree that finds the least key and draws among those that share
 * it, by weight. Each inner node holds the least key below it and the summed weight of the leaves
 * that attain it. Weights are whole numbers, so sums are exact and no order of updates can matter.
 *
 * Update and draw are O(log n). A leaf that is no candidate has key +Infinity.
 */
import type { Stream } from "../random.ts"
import { drawBelow } from "../random.ts"

export interface Tournament {
  /** Leaves, a power of two. Node i has children 2i and 2i + 1; leaf p is node size + p. */
  size: number
  key: Float64Array<ArrayBuffer>
  weight: Float64Array<ArrayBuffer>
  /** What each leaf stands for. */
  entrant: Int32Array<ArrayBuffer>
  /** Leaves to use again, last freed first. */
  readonly free: Array<number>
  used: number
}

export const makeTournament = (size = 2): Tournament => ({
  size,
  key: new Float64Array(2 * size).fill(Infinity),
  weight: new Float64Array(2 * size),
  entrant: new Int32Array(size).fill(-1),
  free: [],
  used: 0,
})

/** Gives an entrant a leaf (not yet a candidate) and returns its place. */
export const enter = (tournament: Tournament, entrant: number): number => {
  const place = tournament.free.pop() ?? tournament.used++
  if (place >= tournament.size) double(tournament)
  tournament.entrant[place] = entrant
  return place
}

export const leave = (tournament: Tournament, place: number): void => {
  setLeaf(tournament, place, Infinity, 0)
  tournament.entrant[place] = -1
  tournament.free.push(place)
}

/** Sets a leaf's key and weight. +Infinity: no candidate. */
export const setLeaf = (
  tournament: Tournament,
  place: number,
  leafKey: number,
  leafWeight: number,
): void => {
  const { key, weight } = tournament
  let node = tournament.size + place
  if (key[node] === leafKey && weight[node] === leafWeight) return
  key[node] = leafKey
  weight[node] = leafWeight
  while (node > 1) {
    const left = key[node & ~1]
    const right = key[node | 1]
    const k = left < right ? left : right
    let w = 0
    if (left === k) w = weight[node & ~1]
    if (right === k) w += weight[node | 1]
    node >>= 1
    if (key[node] === k && weight[node] === w) return
    key[node] = k
    weight[node] = w
  }
}

export const isEmpty = (tournament: Tournament): boolean => tournament.key[1] === Infinity

/** Draws among the leaves of the least key, by weight; −1 where there is no candidate. */
export const draw = (tournament: Tournament, stream: Stream): number => {
  const { key, weight, size } = tournament
  const least = key[1]
  if (least === Infinity) return -1
  let lot = drawBelow(stream, weight[1])
  let node = 1
  while (node < size) {
    node *= 2
    if (key[node] === least) {
      const here = weight[node]
      if (lot < here) continue
      lot -= here
    }
    node++
  }
  return node - size
}

const double = (tournament: Tournament): void => {
  const { size, key, weight, entrant } = tournament
  const wider = makeTournament(size * 2)
  tournament.size = wider.size
  tournament.key = wider.key
  tournament.weight = wider.weight
  tournament.entrant = wider.entrant
  tournament.entrant.set(entrant)
  wider.key.set(key.subarray(size), wider.size)
  wider.weight.set(weight.subarray(size), wider.size)
  for (let node = wider.size - 1; node >= 1; node--) {
    const left = wider.key[2 * node]
    const right = wider.key[2 * node + 1]
    const k = Math.min(left, right)
    wider.key[node] = k
    wider.weight[node] =
      (left === k ? wider.weight[2 * node] : 0) + (right === k ? wider.weight[2 * node + 1] : 0)
  }
}
