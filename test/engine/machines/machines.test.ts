import { describe, it } from "vitest"
import { kernelMachines } from "../../../engine/machines/index.ts"
import { explore } from "./explore.ts"

describe("the kernel's machine", () => {
  it.each(kernelMachines.map((one) => [one.name, one] as const))(
    "%s leads nowhere astray",
    (_, one) => explore(one),
  )
})
