import { describe, expect, it } from "vitest"
import { Agenda } from "../../../sim/kernel/agenda.ts"
import { Appointments } from "../../../sim/kernel/appointments.ts"

const runAll = (agenda: Agenda): void => {
  while (agenda.queue.peekTime() < Infinity) agenda.run(agenda.queue.pop())
}

describe("appointments", () => {
  it("are kept at their time, in the order of time and then of making", () => {
    const agenda = new Agenda()
    const appointments = new Appointments(agenda)
    const kept: Array<string> = []
    for (const [at, name] of [
      [30, "c"],
      [10, "a"],
      [30, "d"],
      [20, "b"],
      [30, "e"],
    ] as const)
      appointments.make(at, () => kept.push(`${name} ${agenda.now}`))
    runAll(agenda)
    expect(kept).toEqual(["a 10", "b 20", "c 30", "d 30", "e 30"])
  })

  it("may be made while others are kept, for the same instant too", () => {
    const agenda = new Agenda()
    const appointments = new Appointments(agenda)
    const kept: Array<number> = []
    const again = (left: number): void => {
      kept.push(agenda.now)
      if (left > 0) appointments.make(agenda.now + (left % 2), () => again(left - 1))
    }
    appointments.make(5, () => again(4))
    runAll(agenda)
    expect(kept).toEqual([5, 5, 6, 6, 7])
  })
})
