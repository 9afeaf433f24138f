/** Actors are woken by time, and at one instant in the order in which they asked, never by number. */
import { describe, expect, it } from "vitest"
import { Agenda } from "../../../sim/kernel/agenda.ts"
import { Relay } from "../../../sim/kernel/relay.ts"

describe("an agenda", () => {
  it("wakes each actor under the number and for the subject that it registered with", () => {
    const agenda = new Agenda()
    const woken: Array<string> = []
    const late = agenda.register((subject) => woken.push(`late ${subject} at ${agenda.now}`), 7)
    const early = agenda.register((subject) => woken.push(`early ${subject} at ${agenda.now}`))
    agenda.queue.schedule(late, 20)
    agenda.queue.schedule(early, 10)
    agenda.next()
    agenda.next()
    expect(woken).toEqual(["early 0 at 10", "late 7 at 20"])
  })

  it("keeps the order of asking at one instant, and the priority before it", () => {
    const agenda = new Agenda(1)
    const woken: Array<number> = []
    const entries = [0, 1, 2, 3].map((subject) =>
      agenda.register((one) => woken.push(one), subject),
    )
    for (const at of [3, 1, 0]) agenda.queue.schedule(entries[at], 5)
    agenda.queue.schedule(entries[2], 5, -1)
    for (let i = 0; i < 4; i++) agenda.next()
    expect(woken).toEqual([2, 3, 1, 0])
  })
})

describe("a relay", () => {
  it("hands on what was sent, after its delay and in order, also what is sent meanwhile", () => {
    const agenda = new Agenda()
    const arrived: Array<readonly [number, number, number]> = []
    const relay: Relay = new Relay(agenda, 10, (first, second) => {
      arrived.push([agenda.now, first, second])
      if (second === 1) relay.send(first + 100, 3)
    })
    expect(relay.dueMicros).toBe(Infinity)
    relay.send(1, 1)
    relay.send(2, 2)
    expect([relay.dueMicros, relay.delayMicros]).toEqual([10, 10])
    while (relay.dueMicros < Infinity) agenda.next()
    expect(arrived).toEqual([
      [10, 1, 1],
      [10, 2, 2],
      [20, 101, 3],
    ])
  })
})
