import { describe, expect, it } from "vitest"
import {
  advance,
  diagramOf,
  machine,
  machineColumn,
  move,
  transitionsOf,
} from "../../../engine/core/machine.ts"

const door = machine({
  name: "door",
  meaning: "A door with a lock.",
  initial: "shut",
  final: ["broken"],
  table: {
    shut: { pushed: ["open", "Creak"], locked: ["locked"] },
    open: { pulled: ["shut"] },
    locked: { unlocked: ["shut"], kicked: ["broken", "Bang", "Alarm"] },
    broken: {},
  },
})

describe("a machine", () => {
  it("moves as its table says, and refuses what has no row", () => {
    expect(move(door, "shut", "pushed")).toEqual(["open", "Creak"])
    expect(move(door, "open", "kicked")).toBeUndefined()
    expect(move(door, "broken", "pushed")).toBeUndefined()
  })

  it("can be drawn, with every transition once", () => {
    expect(transitionsOf(door)).toHaveLength(5)
    expect(diagramOf(door)).toBe(
      [
        "stateDiagram-v2",
        "  [*] --> shut",
        "  shut --> open: pushed / Creak",
        "  shut --> locked: locked",
        "  open --> shut: pulled",
        "  locked --> shut: unlocked",
        "  locked --> broken: kicked / Bang, Alarm",
        "  broken --> [*]",
      ].join("\n"),
    )
  })

  it("runs in a column, whose zeros are its initial state, and throws on what is not legal", () => {
    const column = new Uint8Array(2)
    const doors = machineColumn(door)
    advance(doors, column, 1, "locked")
    expect([...column]).toEqual([0, 2])
    expect(() => advance(doors, column, 1, "pushed")).toThrow("door: no pushed while locked")
    expect([...column]).toEqual([0, 2])
  })

  it("must begin with its initial state", () => {
    expect(() => machineColumn({ ...door, initial: "open" })).toThrow("initial state")
  })
})
