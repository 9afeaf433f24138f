/**
 * Every assertion of the kernel is seen to fail: broken arguments are given to the functions that state
 * it, or a state is spoilt and then audited or stepped. What cannot be broken is listed with the reason.
 */
import { describe, expect, it } from "vitest"
import { InvariantBroken } from "../../../engine/core/invariant.ts"
import { assertionsIn } from "./assertions.ts"
import { auditBreaches } from "./audit-breaches.ts"
import { batchBreaches } from "./batch-breaches.ts"
import type { Breaches } from "./breaches.ts"
import { coreBreaches } from "./core-breaches.ts"
import { hoursBreaches } from "./hours-breaches.ts"
import { ledgerBreaches } from "./ledger-breaches.ts"
import { qualityBreaches } from "./quality-breaches.ts"
import { ratingsBreaches } from "./ratings-breaches.ts"
import { queueBreaches } from "./queue-breaches.ts"
import { rulesBreaches } from "./rules-breaches.ts"
import { stepBreaches } from "./step-breaches.ts"
import { swarmsBreaches } from "./swarms-breaches.ts"
import { unreachable } from "./unreachable.ts"

const assertions = assertionsIn("engine").map(({ what }) => what)
const breaches: ReadonlyArray<Breaches> = [
  coreBreaches,
  ledgerBreaches,
  rulesBreaches,
  stepBreaches,
  auditBreaches,
  hoursBreaches,
  ratingsBreaches,
  qualityBreaches,
  swarmsBreaches,
  batchBreaches,
  queueBreaches,
]

/** The sentence of the assertion that something breaks. */
const brokenBy = (act: () => void): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof InvariantBroken) return error.what
    throw error
  }
  return "nothing"
}

describe("the kernel's assertions", () => {
  it("are many, and each has a sentence of its own", () => {
    expect(assertions.length).toBeGreaterThanOrEqual(150)
    expect(assertions.filter((what, index) => assertions.indexOf(what) !== index)).toEqual([])
  })

  it("are each broken by a test, or listed with the reason why none can", () => {
    const tried = [...breaches.flatMap((some) => Object.keys(some)), ...Object.keys(unreachable)]
    expect(tried.toSorted()).toEqual(assertions.toSorted())
  })

  it.each(breaches.flatMap((some) => Object.entries(some)))("%s", (what, breach) => {
    expect(brokenBy(breach)).toBe(what)
  })
})

describe("an assertion", () => {
  it("that is broken throws, and its stack begins where it stands", () => {
    const [, breach] = Object.entries(coreBreaches)[0]!
    try {
      breach()
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: "InvariantBroken" })
      expect((error as Error).stack?.split("\n")[1]).toContain("engine/core/machine.ts")
    }
  })
})
