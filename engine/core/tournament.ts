/**
 * The candidate index: a tournament tree that finds the least key and draws among those that share
 * it, by weight. Each inner node holds the least key below it and the summed weight of the leaves
 * that attain it. Weights are whole numbers, so sums are exact and no order of updates can matter.
 *
 * Update and draw are O(log n). A leaf that is no candidate has key +Infinity.
 */
import { invariant } from "./invariant.ts"
import type { Stream } from "./random.ts"
import { drawBelow } from "./random.ts"

export interface Tournament {
  /** Leaves, a power of two. Node i has children 2i and 2i + 1; leaf p is node size + p. */
  size: number
  /** Node i's key at 2i and weight at 2i + 1: two siblings lie in one cache line. */
  nodes: Float64Array<ArrayBuffer>
  /** What each leaf stands for. */
  entrant: Int32Array<ArrayBuffer>
  /** Leaves to use again, last freed first. */
  readonly free: Array<number>
  used: number
}

export const makeTournament = (size = 2): Tournament => {
  const nodes = new Float64Array(4 * size)
  for (let at = 0; at < nodes.length; at += 2) nodes[at] = Infinity
  return { size, nodes, entrant: new Int32Array(size).fill(-1), free: [], used: 0 }
}

/** Gives an entrant a leaf (not yet a candidate) and returns its place. */
export const enter = (tournament: Tournament, entrant: number): number => {
  const place = tournament.free.pop() ?? tournament.used++
  if (place >= tournament.size) double(tournament)
  invariant(entrant >= 0, "an entrant is no mark of a free leaf")
  invariant(tournament.entrant[place] === -1, "a leaf that is given away is free")
  tournament.entrant[place] = entrant
  return place
}

export const leave = (tournament: Tournament, place: number): void => {
  invariant(tournament.entrant[place] >= 0, "a leaf that is freed is taken")
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
  const { nodes } = tournament
  let at = 2 * (tournament.size + place)
  if (nodes[at] === leafKey && nodes[at + 1] === leafWeight) return
  nodes[at] = leafKey
  nodes[at + 1] = leafWeight
  while (at > 2) {
    // The pair of siblings that this node belongs to lies at 4 · parent.
    const pair = at & ~3
    const left = nodes[pair]
    const right = nodes[pair + 2]
    const key = left < right ? left : right
    const weight = (left === key ? nodes[pair + 1] : 0) + (right === key ? nodes[pair + 3] : 0)
    at = pair >> 1
    if (nodes[at] === key && nodes[at + 1] === weight) return
    nodes[at] = key
    nodes[at + 1] = weight
  }
}

export const isEmpty = (tournament: Tournament): boolean => tournament.nodes[2] === Infinity

/** The summed weight of those that share the least key; 0 where there is no candidate. */
export const weightOfLeast = (tournament: Tournament): number => tournament.nodes[3]

/** Draws among the leaves of the least key, by weight; −1 where there is no candidate. */
export const draw = (tournament: Tournament, stream: Stream): number => {
  const { nodes, size } = tournament
  const least = nodes[2]
  if (least === Infinity) return -1
  let lot = drawBelow(stream, nodes[3])
  let node = 1
  while (node < size) {
    node *= 2
    if (nodes[2 * node] === least) {
      const here = nodes[2 * node + 1]
      if (lot < here) continue
      lot -= here
    }
    node++
  }
  return node - size
}

const double = (tournament: Tournament): void => {
  const { size, nodes, entrant } = tournament
  const wider = makeTournament(size * 2)
  wider.entrant.set(entrant)
  tournament.size = wider.size
  tournament.nodes = wider.nodes
  tournament.entrant = wider.entrant
  for (let place = 0; place < size; place++) {
    const leaf = 2 * (size + place)
    setLeaf(tournament, place, nodes[leaf], nodes[leaf + 1])
  }
}

/** Asserts that each node holds what its two hold, and each leaf what its entrant may. O(size). */
export const auditTournament = ({ size, nodes, entrant, free, used }: Tournament): void => {
  for (let node = 1; node < size; node++) {
    const [left, right] = [4 * node, 4 * node + 2]
    const key = Math.min(nodes[left], nodes[right])
    const weight =
      (nodes[left] === key ? nodes[left + 1] : 0) + (nodes[right] === key ? nodes[right + 1] : 0)
    invariant(nodes[2 * node] === key, "a node of a tournament has the least key below it")
    invariant(nodes[2 * node + 1] === weight, "a node's weight is that of the least below it")
  }
  let taken = 0
  for (let place = 0; place < size; place++) {
    const leaf = 2 * (size + place)
    invariant(Number.isSafeInteger(nodes[leaf + 1]), "a candidate's weight is whole")
    if (entrant[place] !== -1) taken++
    else invariant(nodes[leaf] === Infinity, "a leaf of nobody is no candidate")
  }
  invariant(taken + free.length === used, "each leaf of a tournament is taken or free")
}
