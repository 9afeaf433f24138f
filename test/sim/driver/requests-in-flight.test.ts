/** The ring of open requests: finds each by its id, however long one stays open. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RequestsInFlight } from "../../../sim/driver/stage/requests-in-flight.ts"
import { assertProperty } from "../../support/property.ts"

describe("requests in flight", () => {
  it("doubles when an old request is where a new one should go, and keeps both", () => {
    const requests = new RequestsInFlight(4)
    const first = requests.add(0)
    requests.columns.inputTokens[first] = 111
    requests.columns.arrivedAt[first] = 1.5
    requests.columns.instance[first] = 7
    for (let id = 1; id < 4; id++) requests.close((requests.add(id), id))
    const collided = requests.add(4)
    requests.columns.inputTokens[collided] = 222
    expect(requests.columns.id.length).toBe(8)
    expect(requests.columns.inputTokens[requests.slotOf(0)]).toBe(111)
    expect(requests.columns.arrivedAt[requests.slotOf(0)]).toBe(1.5)
    expect(requests.columns.instance[requests.slotOf(0)]).toBe(7)
    expect(requests.columns.inputTokens[requests.slotOf(4)]).toBe(222)
    expect(requests.open).toBe(2)
  })

  it("doubles as often as it takes for ids that are far apart", () => {
    const requests = new RequestsInFlight(2)
    requests.add(0)
    requests.add(64)
    expect(requests.columns.id.length).toBe(128)
    expect(requests.slotOf(0)).not.toBe(requests.slotOf(64))
  })

  it("begins every request without a past", () => {
    const requests = new RequestsInFlight(1)
    const slot = requests.add(0)
    const { columns } = requests
    columns.attempt[slot] = 2
    columns.firstTokenAt[slot] = 99
    columns.instance[slot] = 3
    columns.serverSlot[slot] = 4
    requests.close(0)
    const again = requests.add(1)
    expect(again).toBe(slot)
    expect(columns.attempt[again]).toBe(0)
    expect(columns.firstTokenAt[again]).toBe(0)
    expect(columns.instance[again]).toBe(-1)
    expect(columns.serverSlot[again]).toBe(-1)
  })

  it("gives a request that comes back a new id, and lets it begin anew", () => {
    // Ids 1 and 5 share a slot of four: the ring doubles under the request that is renamed.
    for (const newId of [2, 5]) {
      const requests = new RequestsInFlight(4)
      const before = requests.add(1)
      const names = ["consumer", "model", "inputTokens", "outputTokens", "maxTokens"] as const
      const kept = [...names, "arrivedAt", "retries", "flaw"] as const
      const renewed = ["attempt", "firstTokenAt"] as const
      for (const [i, name] of [...kept, ...renewed].entries())
        requests.columns[name][before] = i + 1
      requests.columns.instance[before] = 3
      requests.columns.serverSlot[before] = 4
      const slot = requests.rename(1, newId)
      expect(requests.slotOf(newId)).toBe(slot)
      expect(() => requests.slotOf(1)).toThrow("request 1 is not under way")
      expect(requests.open).toBe(1)
      expect(kept.map((name) => requests.columns[name][slot])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      expect(renewed.map((name) => requests.columns[name][slot])).toEqual([0, 0])
      expect(requests.columns.instance[slot]).toBe(-1)
      expect(requests.columns.serverSlot[slot]).toBe(-1)
    }
  })

  it("knows no request that was closed or never opened", () => {
    const requests = new RequestsInFlight(4)
    requests.add(5)
    expect(() => requests.slotOf(1)).toThrow("request 1 is not under way")
    requests.close(5)
    expect(() => requests.slotOf(5)).toThrow("request 5 is not under way")
    expect(() => requests.close(5)).toThrow("request 5 is not under way")
    expect(requests.open).toBe(0)
  })

  it("holds what a map would hold, in whatever order requests open and close", async () => {
    // Each number opens the next request (0) or closes one of those that are open.
    const steps = fc.array(fc.nat(20), { maxLength: 200 })
    await assertProperty(
      fc.property(fc.constantFrom(1, 2, 8), steps, (size, choices) => {
        const requests = new RequestsInFlight(size)
        const model = new Map<number, number>()
        let next = 0
        for (const choice of choices) {
          const ids = [...model.keys()]
          if (choice < 8 || ids.length === 0) {
            const slot = requests.add(next)
            requests.columns.maxTokens[slot] = 3 * next
            model.set(next, 3 * next)
            next++
          } else {
            const id = ids[choice % ids.length]
            requests.close(id)
            model.delete(id)
          }
          expect(requests.open).toBe(model.size)
          for (const [id, tokens] of model)
            expect(requests.columns.maxTokens[requests.slotOf(id)]).toBe(tokens)
        }
      }),
      { share: 0.3 },
    )
  })
})
