import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeWakeQueue, nextEntity, nextTime, wakeAt } from "../../../engine/core/wake-queue.ts"
import { assertProperty } from "../../support/property.ts"

/** The naive queue: a map, and the least (time, entity) of it. */
const leastOf = (naive: ReadonlyMap<number, number>): readonly [number, number] | undefined =>
  [...naive].toSorted(([e, t], [f, u]) => t - u || e - f)[0]

describe("the wake queue", () => {
  it("is empty at first", () => {
    expect(nextTime(makeWakeQueue())).toBe(Infinity)
  })

  it("wakes at one time by entity, whatever the order they were set in", () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const queue = makeWakeQueue()
      for (const entity of order) wakeAt(queue, entity, 5)
      const woken = []
      while (nextTime(queue) < Infinity) {
        woken.push(nextEntity(queue))
        wakeAt(queue, nextEntity(queue), Infinity)
      }
      expect(woken).toEqual([0, 1, 2])
    }
  })

  it("does what a map does: one entry an entity, the least (time, entity) first", async () => {
    // Few entities and times, so that ties and moves in both directions are frequent.
    const entity = fc.oneof(fc.nat(8), fc.nat(100))
    const time = fc.oneof(fc.nat(5), fc.constant(Infinity), fc.maxSafeNat())
    await assertProperty(
      fc.property(fc.array(fc.tuple(entity, time), { maxLength: 120 }), (deeds) => {
        const queue = makeWakeQueue()
        const naive = new Map<number, number>()
        for (const [one, at] of deeds) {
          wakeAt(queue, one, at)
          if (at === Infinity) naive.delete(one)
          else naive.set(one, at)
          expect(queue.size).toBe(naive.size)
          const least = leastOf(naive)
          expect(nextTime(queue)).toBe(least?.[1] ?? Infinity)
          if (least !== undefined) expect(nextEntity(queue)).toBe(least[0])
        }
        for (let least = leastOf(naive); least !== undefined; least = leastOf(naive)) {
          expect([nextEntity(queue), nextTime(queue)]).toEqual(least)
          wakeAt(queue, least[0], Infinity)
          naive.delete(least[0])
        }
        expect(queue.size).toBe(0)
      }),
    )
  })
})
