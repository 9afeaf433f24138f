import { describe, expect, it } from "vitest"
import { machine } from "../../../engine/core/machine.ts"
import { kernelMachines } from "../../../engine/machines/index.ts"
import { faultsOf } from "./explore.ts"

describe("a machine of the kernel", () => {
  it.each(kernelMachines.map((one) => [one.name, one] as const))("%s has no fault", (_, one) => {
    expect(faultsOf(one)).toEqual([])
  })
})

it("the faults of a machine are found", () => {
  const lost = machine({
    name: "lost",
    meaning: "Goes wrong in each way.",
    initial: "here",
    final: ["gone", "back"],
    table: {
      here: { walked: ["pit"], left: ["gone"] },
      pit: { dug: ["deeper"] },
      deeper: { dug: ["pit"] },
      gone: {},
      back: { turned: ["here"] },
    },
  })
  expect(faultsOf(lost)).toEqual([
    "back is never reached",

    "back is final, or has no way out, and not both",

    "pit leads nowhere",
    "deeper leads nowhere",
  ])
})
