import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Stream } from "../../../engine/core/random.ts"
import { openStream } from "../../../engine/core/random.ts"
import {
  draw,
  enter,
  isEmpty,
  leave,
  makeTournament,
  setLeaf,
} from "../../../engine/core/tournament.ts"
import { assertProperty } from "../../support/property.ts"

/** A stream whose next draw is `value`. */
const fixed = (value: number): Stream => ({
  next: () => value,
  state: () => ({ c: 0, s0: 0, s1: 0, s2: 0 }),
})

interface Leaf {
  readonly key: number
  readonly weight: number
}

/** What a draw of `u` has to give: the leaves of the least key in order of place, by weight. */
const drawNaively = (leaves: ReadonlyMap<number, Leaf>, u: number): number => {
  const least = Math.min(Infinity, ...[...leaves.values()].map((leaf) => leaf.key))
  if (least === Infinity) return -1
  const tied = [...leaves].filter(([, leaf]) => leaf.key === least).toSorted(([p], [q]) => p - q)
  let lot = Math.floor(u * tied.reduce((sum, [, { weight }]) => sum + weight, 0))
  for (const [place, { weight }] of tied) {
    if (lot < weight) return place
    lot -= weight
  }
  throw new Error("the weights do not add up")
}

describe("the tournament", () => {
  it("has no winner without entrants, or with none that is a candidate", () => {
    const tournament = makeTournament()
    expect(draw(tournament, fixed(0))).toBe(-1)
    enter(tournament, 5)
    expect(isEmpty(tournament)).toBe(true)
    expect(draw(tournament, fixed(0))).toBe(-1)
  })

  it("draws by weight among the least key only", () => {
    const tournament = makeTournament()
    const places = [7, 8, 9].map((entrant) => enter(tournament, entrant))
    const [a = -1, b = -1, c = -1] = places
    setLeaf(tournament, a, 0.5, 1)
    setLeaf(tournament, b, 0.25, 1)
    setLeaf(tournament, c, 0.25, 3)
    expect(draw(tournament, fixed(0))).toBe(b)
    expect(draw(tournament, fixed(0.2499))).toBe(b)
    expect(draw(tournament, fixed(0.25))).toBe(c)
    expect(draw(tournament, fixed(0.9999))).toBe(c)
    leave(tournament, b)
    leave(tournament, c)
    expect(draw(tournament, fixed(0.9999))).toBe(a)
    expect(tournament.entrant[a]).toBe(7)
  })

  it("does what a list does, through entering, leaving, growth and changes", async () => {
    const deed = fc.oneof(
      { weight: 2, arbitrary: fc.record({ enter: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ leave: fc.nat() }) },
      {
        weight: 6,
        arbitrary: fc.record({
          set: fc.nat(),
          key: fc.constantFrom(0, 0.25, 1 / 3, 0.5, 1, -3, Infinity),
          weight: fc.integer({ min: 1, max: 1000 }),
        }),
      },
    )
    const u = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    await assertProperty(
      fc.property(fc.array(fc.tuple(deed, u), { maxLength: 80 }), (deeds) => {
        const tournament = makeTournament()
        const leaves = new Map<number, Leaf>()
        for (const [one, lot] of deeds) {
          const places = [...leaves.keys()]
          if ("enter" in one) {
            const place = enter(tournament, one.enter)
            expect(leaves.has(place)).toBe(false)
            leaves.set(place, { key: Infinity, weight: 0 })
          } else if (places.length > 0) {
            const at = places[("leave" in one ? one.leave : one.set) % places.length] ?? -1
            if ("leave" in one) {
              leave(tournament, at)
              leaves.delete(at)
            } else {
              const weight = one.key === Infinity ? 0 : one.weight
              setLeaf(tournament, at, one.key, weight)
              leaves.set(at, { key: one.key, weight })
            }
          }
          expect(draw(tournament, fixed(lot))).toBe(drawNaively(leaves, lot))
        }
      }),
    )
  })

  it("gives each its share of draws", () => {
    const tournament = makeTournament()
    const weights = [1, 2, 3, 4, 0, 5, 6, 7, 8]
    for (const [entrant, weight] of weights.entries()) {
      const place = enter(tournament, entrant)
      setLeaf(tournament, place, weight === 0 ? Infinity : 0, weight)
    }
    const stream = openStream("shares", "draw", 0)
    const counts = weights.map(() => 0)
    const draws = 360_000
    for (let i = 0; i < draws; i++) {
      const place = draw(tournament, stream)
      counts[place] = (counts[place] ?? 0) + 1
    }
    const chiSquared = weights.reduce((sum, weight, place) => {
      if (weight === 0) return sum
      const expected = (draws * weight) / 36
      return sum + ((counts[place] ?? 0) - expected) ** 2 / expected
    }, 0)
    expect(counts[4]).toBe(0)
    // χ² with 7 degrees of freedom exceeds 42.3 once in 2 · 10⁶.
    expect(chiSquared).toBeLessThan(42.3)
  })
})
