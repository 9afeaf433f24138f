import { describe, expect, it } from "vitest"
import type { UploadInput, UploadOutput } from "../../../../live/hosts/jobs/upload-machine.ts"
import { uploadMachine } from "../../../../live/hosts/jobs/upload-machine.ts"
import type { Naive } from "../../support/explore.ts"
import { exploreBeside, expectWellFormed } from "../../support/explore.ts"

const inputs: ReadonlyArray<UploadInput> = [
  "came",
  "sentAll",
  "drained",
  "hold",
  "release",
  "malformed",
  "closed",
  "unwanted",
]

interface Flags {
  readonly isHeld: boolean
  readonly isAtEnd: boolean
  readonly isOver: boolean
}

const naiveUpload: Naive<Flags, UploadInput, UploadOutput> = (flags, input) => {
  const { isHeld, isAtEnd, isOver } = flags
  const on = (model: Partial<Flags>, ...outputs: ReadonlyArray<UploadOutput>) => ({
    model: { ...flags, ...model },
    outputs,
  })
  const over = (output: UploadOutput) => ({
    model: { isHeld: false, isAtEnd: false, isOver: true },
    outputs: [output],
  })
  if (isOver) return undefined
  switch (input) {
    case "came":
      if (isAtEnd) return undefined
      return isHeld ? on({}) : on({}, "takeLines")
    case "sentAll":
      if (isAtEnd) return undefined
      return isHeld ? on({ isAtEnd: true }) : on({ isAtEnd: true }, "takeLines")
    case "drained":
      if (isAtEnd) return over("endFinished")
      return isHeld ? undefined : on({}, "resumeSource")
    case "hold":
      if (isHeld) return undefined
      // A source that has given all of it has nothing to pause.
      return isAtEnd ? on({ isHeld: true }) : on({ isHeld: true }, "pauseSource")
    case "release":
      return isHeld ? on({ isHeld: false }, "takeLines") : undefined
    case "malformed":
      return over("endMalformed")
    case "closed":
      return isAtEnd ? undefined : over("endBroken")
    case "unwanted":
      return over("endUnwanted")
  }
}

describe("the machine of an upload", () => {
  it("has only states that are reached, and one end", () => {
    expectWellFormed(uploadMachine, inputs)
  })

  it("does what flags would do, whatever happens in whatever order", () => {
    const start = { isHeld: false, isAtEnd: false, isOver: false }
    const meanings = exploreBeside(uploadMachine, inputs, start, naiveUpload)
    for (const [state, flags] of meanings) expect(flags, state).toHaveLength(1)
  })
})
