import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { assertProperty } from "../../support/property.ts"
import { openStream } from "../../../engine/index.ts"
import { EventQueue, NO_ACTOR, PRIORITY_LIMIT } from "../../../sim/kernel/event-queue.ts"

/** The queue as one would write it with no thought of speed: sort all entries at every look. */
class SortedList {
  now = 0
  private sequence = 0
  private entries: Array<{ actor: number; time: number; priority: number; sequence: number }> = []

  get size() {
    return this.entries.length
  }
  dueTime(actor: number) {
    return this.entries.find((entry) => entry.actor === actor)?.time ?? Infinity
  }
  peekTime() {
    return this.entries[0]?.time ?? Infinity
  }
  schedule(actor: number, time: number, priority: number) {
    this.cancel(actor)
    this.entries.push({ actor, time, priority, sequence: this.sequence++ })
    this.entries.sort(
      (a, b) => a.time - b.time || a.priority - b.priority || a.sequence - b.sequence,
    )
  }
  cancel(actor: number) {
    const before = this.entries.length
    this.entries = this.entries.filter((entry) => entry.actor !== actor)
    return this.entries.length < before
  }
  pop() {
    const first = this.entries.shift()
    if (first === undefined) return NO_ACTOR
    this.now = first.time
    return first.actor
  }
}

/** Few actors and few times, so that moves, cancellations and ties are common. */
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("schedule" as const),
      actor: fc.nat(24),
      time: fc.nat(3),
      priority: fc.constantFrom(0, 0, 0, -1, 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pop" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("cancel" as const), actor: fc.nat(24) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("peek" as const) }) },
)

describe("the event queue", () => {
  it("does what a sorted list does, whatever is asked of it", async () => {
    await assertProperty(
      fc.property(
        fc.array(operation, { maxLength: 200, size: "max" }),
        fc.constantFrom(1, 3, 64),
        (operations, capacity) => {
          const queue = new EventQueue(capacity)
          const list = new SortedList()
          for (const step of operations) {
            if (step.kind === "schedule") {
              queue.schedule(step.actor, step.time, step.priority)
              list.schedule(step.actor, step.time, step.priority)
            } else if (step.kind === "pop") {
              expect(queue.pop()).toBe(list.pop())
            } else if (step.kind === "cancel") {
              expect(queue.cancel(step.actor)).toBe(list.cancel(step.actor))
            } else {
              expect(queue.peekTime()).toBe(list.peekTime())
            }
            expect(queue.now).toBe(list.now)
            expect(queue.size).toBe(list.size)
          }
          for (let actor = 0; actor <= 24; actor++) {
            expect(queue.dueTime(actor)).toBe(list.dueTime(actor))
            expect(queue.isPending(actor)).toBe(list.dueTime(actor) < Infinity)
          }
          while (list.size > 0) expect(queue.pop()).toBe(list.pop())
          expect(queue.pop()).toBe(NO_ACTOR)
        },
      ),
    )
  })

  it("lets equal times go by priority, then in the order in which they were scheduled", () => {
    const queue = new EventQueue()
    for (const actor of [5, 3, 9, 1]) queue.schedule(actor, 7)
    queue.schedule(4, 7, -1)
    queue.schedule(8, 7, 1)
    // Scheduled anew, the first becomes the last of its priority.
    queue.schedule(5, 7)
    const order = Array.from({ length: 6 }, () => queue.pop())
    expect(order).toEqual([4, 3, 9, 1, 5, 8])
  })

  it("sorts a hundred thousand actors", () => {
    const stream = openStream("event-queue", "sort", 0)
    const times = Array.from({ length: 100_000 }, () => Math.floor(stream.next() * 1e6))
    const queue = new EventQueue()
    times.forEach((time, actor) => queue.schedule(actor, time))
    expect(queue.size).toBe(times.length)
    const expected = times.map((_, actor) => actor).sort((a, b) => times[a] - times[b] || a - b)
    expect(times.map(() => queue.pop())).toEqual(expected)
  })

  it("goes through the same events whatever room it was given at first", () => {
    const run = (capacity: number) => {
      const stream = openStream("event-queue", "capacity", 0)
      const queue = new EventQueue(capacity)
      const log: Array<number> = []
      for (let actor = 0; actor < 300; actor++)
        queue.schedule(actor, Math.floor(stream.next() * 50))
      for (let event = 0; event < 5000; event++) {
        const actor = queue.pop()
        log.push(actor, queue.now)
        queue.schedule(actor, queue.now + Math.floor(stream.next() * 50))
        queue.schedule(Math.floor(stream.next() * 300), queue.now + 10)
      }
      return log
    }
    expect(run(1)).toEqual(run(300))
  })

  it("takes any finite time, and gives it back exactly", async () => {
    // The two zeros are one time, in whatever order they were scheduled.
    const time = fc.double({ noNaN: true, noDefaultInfinity: true }).map((at) => at + 0)
    await assertProperty(
      fc.property(fc.array(time, { maxLength: 30 }), (times) => {
        const queue = new EventQueue()
        times.forEach((at, actor) => queue.schedule(actor, at))
        const popped = times.map(() => (queue.pop(), queue.now))
        expect(popped).toEqual([...times].sort((a, b) => a - b).map((at) => at))
      }),
    )
  })

  it("refuses what has no place, and stays as it was", () => {
    const queue = new EventQueue()
    queue.schedule(1, 10)
    expect(() => queue.schedule(1, NaN)).toThrow("actor 1 can only be scheduled at a finite time")
    expect(() => queue.schedule(2, Infinity)).toThrow("not Infinity")
    expect(() => queue.schedule(2, -Infinity)).toThrow("not -Infinity")
    expect(() => queue.schedule(-1, 0)).toThrow("an actor is an integer in 0 … 67108863, not -1")
    expect(() => queue.schedule(1.5, 0)).toThrow("not 1.5")
    expect(() => queue.schedule(2 ** 26, 0)).toThrow(RangeError)
    expect(() => queue.schedule(1, 5, PRIORITY_LIMIT)).toThrow("-1024 … 1023, not 1024")
    expect(() => queue.schedule(1, 5, 0.5)).toThrow("the priority of actor 1")
    expect(queue.cancel(-1)).toBe(false)
    expect(queue.isPending(0.5)).toBe(false)
    expect([queue.size, queue.peekTime(), queue.dueTime(1)]).toEqual([1, 10, 10])
    expect([queue.pop(), queue.pop(), queue.now]).toEqual([1, NO_ACTOR, 10])
  })
})
