import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Machines } from "../../../../sim/driver/nodes/machines.ts"
import { NodesTable } from "../../../../sim/driver/nodes/nodes-table.ts"
import { assertProperty } from "../../../support/property.ts"

const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

/** One machine of these nodes, each of which declares a multiple of its slots. */
const machineOf = (nodes: ReadonlyArray<number>, declareFactor: number) => {
  const table = new NodesTable(nodes.length)
  for (let node = 0; node < nodes.length; node++) table.add()
  table.columns.declareFactor.fill(declareFactor)
  const machines = new Machines()
  machines.join(nodes)
  return { columns: table.columns, machines }
}

describe("a machine that poses as several nodes", () => {
  it("deals out its slots evenly, and they declare together what its server has", async () => {
    await assertProperty(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.nat(63),
        fc.integer({ min: 100, max: 2000 }),
        (slots, more, hundredths) => {
          const nodes = Array.from({ length: Math.min(slots, 1 + more) }, (_, node) => node)
          const { columns, machines } = machineOf(nodes, hundredths / 100)
          const dealt = nodes.map((node) => machines.slotsOf(columns, node, slots))
          const most = Math.floor((slots * hundredths) / 100)
          for (const one of dealt) {
            expect(Math.abs(one.slots - slots / nodes.length)).toBeLessThan(1)
            expect(one.declared).toBeGreaterThanOrEqual(one.slots)
            expect(Math.abs(one.ofMachine - most)).toBeLessThanOrEqual(1)
            expect(one.ofMachine).toBe(dealt[0].ofMachine)
          }
          expect(sum(dealt.map((one) => one.slots))).toBe(slots)
          expect(sum(dealt.map((one) => one.declared))).toBe(dealt[0].ofMachine)
        },
      ),
    )
  })
})
