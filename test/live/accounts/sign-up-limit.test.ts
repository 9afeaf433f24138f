import { describe, expect, it } from "vitest"
import { makeSignUpLimit } from "../../../live/accounts/sign-up-limit.ts"

describe("the limit of sign-ups", () => {
  it("gives each address its own bucket, refilled evenly", () => {
    const limit = makeSignUpLimit(3)
    expect([1, 2, 3, 4].map(() => limit.take("192.0.2.1", 0))).toEqual([0, 0, 0, 1200])
    expect(limit.take("192.0.2.2", 0)).toBe(0)
    expect(limit.take("192.0.2.1", 1_199_999)).toBe(1)
    expect(limit.take("192.0.2.1", 1_200_000)).toBe(0)
    expect(limit.take("192.0.2.1", 1_200_000)).toBe(1200)
  })

  it("forgives a clock that is set back", () => {
    const limit = makeSignUpLimit(1)
    expect(limit.take("192.0.2.1", 1_000_000)).toBe(0)
    expect(limit.take("192.0.2.1", 0)).toBe(3600)
  })

  it("forgets the address seen longest ago rather than grow without end", () => {
    const limit = makeSignUpLimit(1)
    limit.take("first", 0)
    limit.take("second", 0)
    for (let n = 0; n < 99_999; n++) limit.take(`address ${n}`, 0)
    expect(limit.take("second", 0)).toBe(3600)
    expect(limit.take("first", 0)).toBe(0)
  })
})
