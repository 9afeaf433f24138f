/**
 * Which slot an id has: a hash table with open addressing and linear probing (Knuth, The Art of
 * Computer Programming 3, section 6.4), whose deletions move later entries up and leave no mark.
 *
 * A `Map` would do the same at several times the cost: it keeps the order of insertion, so what is
 * deleted stays in it until it is built anew, and each new entry is garbage for the collector.
 */
import { invariant } from "./invariant.ts"

/** No entry: the one number that equals no id, itself included. */
const FREE = NaN

/** 2^32 ÷ the golden ratio: spreads ids that follow each other evenly (Knuth, the same section). */
const GOLDEN = 0x9e3779b1

export class SlotIndex {
  /** Place p's id at 2p and its slot at 2p + 1, so that both lie in one cache line. */
  private places = new Float64Array(16).fill(FREE)
  /** Bits of a hash that are not used: 32 less those that number the places. */
  private shift = 29
  private entries = 0

  get size(): number {
    return this.entries
  }

  /** The slot of an id, or −1. */
  find(id: number): number {
    const { places, shift } = this
    const last = places.length - 2
    for (let at = 2 * hashOf(id, shift); ; at = (at + 2) & last) {
      const there = places[at]
      if (there === id) return places[at + 1]
      if (isFree(there)) return -1
    }
  }

  get(id: number): number | undefined {
    const slot = this.find(id)
    return slot < 0 ? undefined : slot
  }

  has(id: number): boolean {
    return this.find(id) >= 0
  }

  /** Enters an id that has no slot yet. */
  add(id: number, slot: number): void {
    this.entries++
    // At most half full: a search then looks at two or three places.
    if (4 * this.entries > this.places.length) this.double()
    this.put(id, slot)
  }

  /** Takes out an id that has a slot. */
  remove(id: number): void {
    const { places, shift } = this
    const last = places.length - 2
    let hole = 2 * hashOf(id, shift)
    while (places[hole] !== id) {
      hole = (hole + 2) & last
    }
    // Whatever a search would no longer find across the hole is moved into it.
    for (let at = (hole + 2) & last; !isFree(places[at]); at = (at + 2) & last) {
      const home = 2 * hashOf(places[at], shift)
      if (((at - home) & last) < ((at - hole) & last)) continue
      places[hole] = places[at]
      places[hole + 1] = places[at + 1]
      hole = at
    }
    places[hole] = FREE
    this.entries--
  }

  /** Ids with their slots, by id. O(n log n). */
  toArray(): ReadonlyArray<readonly [id: number, slot: number]> {
    const found: Array<readonly [number, number]> = []
    for (let at = 0; at < this.places.length; at += 2)
      if (!isFree(this.places[at])) found.push([this.places[at], this.places[at + 1]])
    return found.sort(([a], [b]) => a - b)
  }

  /** Ids with their slots, flat, in no order. O(places). */
  pairs(): Float64Array<ArrayBuffer> {
    const found = new Float64Array(2 * this.entries)
    let next = 0
    for (let at = 0; at < this.places.length; at += 2) {
      if (isFree(this.places[at])) continue
      found[next++] = this.places[at]
      found[next++] = this.places[at + 1]
    }
    return found
  }

  /** The index of such pairs. */
  static of(pairs: Float64Array): SlotIndex {
    const index = new SlotIndex()
    for (let at = 0; at < pairs.length; at += 2) index.add(pairs[at], pairs[at + 1])
    return index
  }

  /** Ids that have a slot, from the lowest. O(n log n). */
  keys(): ReadonlyArray<number> {
    return this.toArray().map(([id]) => id)
  }

  /** Asserts that every entry is found, and that the places leave room for searches to end. O(places). */
  audit(): void {
    const { places, entries } = this
    invariant(4 * entries <= places.length, "an index is at most half full")
    let found = 0
    for (let at = 0; at < places.length; at += 2) {
      if (isFree(places[at])) continue
      found++
      invariant(this.find(places[at]) === places[at + 1], "an index finds each of its entries")
    }
    invariant(found === entries, "an index counts its entries")
  }

  private put(id: number, slot: number): void {
    const { places, shift } = this
    const last = places.length - 2
    let at = 2 * hashOf(id, shift)
    while (!isFree(places[at])) at = (at + 2) & last
    places[at] = id
    places[at + 1] = slot
  }

  private double(): void {
    const before = this.places
    this.places = new Float64Array(2 * before.length).fill(FREE)
    this.shift--
    for (let at = 0; at < before.length; at += 2)
      if (!isFree(before[at])) this.put(before[at], before[at + 1])
  }
}

const isFree = (there: number): boolean => there !== there

/** All 53 bits of an id count. */
const hashOf = (id: number, shift: number): number =>
  Math.imul((id | 0) ^ ((id * 2 ** -32) | 0), GOLDEN) >>> shift
