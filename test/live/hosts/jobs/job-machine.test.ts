import { describe, expect, it } from "vitest"
import type { JobInput, JobOutput } from "../../../../live/hosts/jobs/job-machine.ts"
import { jobMachine } from "../../../../live/hosts/jobs/job-machine.ts"
import type { Naive } from "../../support/explore.ts"
import { exploreBeside, expectWellFormed } from "../../support/explore.ts"

const inputs: ReadonlyArray<JobInput> = [
  "handedOut",
  "gaveBack",
  "uploadOpened",
  "uploadFinished",
  "uploadBroken",
  "uploadMalformed",
  "completed",
  "failed",
  "heard",
  "timedOut",
  "withdrawn",
  "hostLost",
]

/** A job as flags, one for each thing that is so. */
interface Flags {
  readonly isHanded?: true
  readonly isUploading?: true
  /** An upload of this handing-out has come to its end. */
  readonly isUploaded?: true
  /** The host's last word waits for the end of its upload. */
  readonly hasWord?: true
  readonly isOver?: true
}

const naiveJob: Naive<Flags, JobInput, JobOutput> = (flags, input) => {
  const { isHanded, isUploading, isUploaded, hasWord, isOver } = flags
  const on = (model: Flags, ...outputs: ReadonlyArray<JobOutput>) => ({ model, outputs })
  const over = (...outputs: ReadonlyArray<JobOutput>) => on({ isOver: true }, ...outputs)
  if (isOver) return undefined
  // Its clock runs where it waits for its host, and not while an upload is a sign of life.
  const isTimed = !isUploading
  switch (input) {
    case "handedOut":
      return isHanded ? undefined : on({ isHanded: true }, "startLease")
    case "gaveBack":
      return isHanded && !isUploading ? on({}, "offer") : undefined
    case "uploadOpened":
      return isHanded && !isUploading
        ? on({ isHanded: true, isUploading: true }, "stopLease")
        : undefined
    case "uploadFinished":
      if (!isUploading) return undefined
      return hasWord
        ? over("noteWay", "endCompleted")
        : on({ isHanded: true, isUploaded: true }, "noteWay", "startLease")
    case "uploadBroken":
      return isUploading ? over("endLost") : undefined
    case "uploadMalformed":
      return isUploading ? over("endFailed") : undefined
    case "completed":
      if (!isHanded) return undefined
      return isUploading
        ? on({ ...flags, hasWord: true }, "keepWord")
        : over("takeResponse", "endCompleted")
    case "failed":
      return isHanded ? over("endFailed") : undefined
    case "heard":
      if (!isHanded) return undefined
      return isUploading
        ? on(flags)
        : on({ isHanded, ...(isUploaded ? { isUploaded } : {}) }, "startLease")
    case "timedOut":
      return isTimed ? over("endLost") : undefined
    case "withdrawn":
      return over("endWithdrawn")
    case "hostLost":
      return over("endLost")
  }
}

describe("the machine of a job", () => {
  it("has only states that are reached, and one end", () => {
    expectWellFormed(jobMachine, inputs)
  })

  it("does what flags would do, whatever happens in whatever order", () => {
    const meanings = exploreBeside(jobMachine, inputs, {}, naiveJob)
    for (const [state, flags] of meanings) expect(flags, state).toHaveLength(1)
  })

  it("ends with one word, wherever it ends", () => {
    for (const row of Object.values(jobMachine.table))
      for (const [next, ...outputs] of Object.values(row)) {
        const ends = outputs.filter((output) => output.startsWith("end"))
        expect(ends).toHaveLength(next === "over" ? 1 : 0)
      }
  })
})
