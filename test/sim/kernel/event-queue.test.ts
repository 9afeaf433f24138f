import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { assertProperty } from "../../support/property.ts"
import { EventQueue, NO_ACTOR } from "../../../sim/kernel/event-queue.ts"

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
  it("does what a sorted list does, whatever is asked of it", () => {
    assertProperty(
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
})
