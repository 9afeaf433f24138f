/** The delay line against a plain queue. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DelayLine } from "../../../sim/kernel/delay-line.ts"
import { assertProperty } from "../../support/property.ts"

describe("delay line", () => {
  it("delivers what was sent, in order, the same time after", () => {
    const line = new DelayLine(200)
    line.send(1000, 7, 8)
    line.send(1000, 9, -1)
    line.send(1050, 2 ** 40, 3)
    expect([line.dueMicros, line.first, line.second]).toEqual([1200, 7, 8])
    line.drop()
    expect([line.dueMicros, line.first, line.second]).toEqual([1200, 9, -1])
    line.drop()
    expect([line.dueMicros, line.first, line.second]).toEqual([1250, 2 ** 40, 3])
    line.drop()
    expect(line.dueMicros).toBe(Infinity)
  })

  it("does what a plain queue does, beyond its first 64 places and around its end", async () => {
    // A positive number sends so many, a negative one takes so many out.
    const bursts = fc.array(fc.integer({ min: -150, max: 150 }), { maxLength: 12 })
    await assertProperty(
      fc.property(fc.nat(1_000_000), bursts, (delay, counts) => {
        const line = new DelayLine(delay)
        const queue: Array<readonly [number, number, number]> = []
        let now = 0
        for (const count of counts) {
          for (let i = 0; i < count; i++) {
            line.send(now, now + i, i)
            queue.push([now + delay, now + i, i])
          }
          for (let i = 0; i < -count && queue.length > 0; i++) {
            expect([line.dueMicros, line.first, line.second]).toEqual(queue.shift())
            line.drop()
          }
          now += 13
          expect(line.dueMicros).toBe(queue[0]?.[0] ?? Infinity)
        }
      }),
    )
  })
})
