import { expect, it } from "vitest"
import { makeWordiness } from "../../../../live/gateway/probing/wordiness.ts"

it("is known of instances that are served, and of no others for long", () => {
  const served = new Set<number>()
  const wordiness = makeWordiness((instance) => served.has(instance))
  for (let instance = 0; instance < 1000; instance++) {
    served.add(instance)
    wordiness.learn(instance, 100 + instance)
    expect(wordiness.of(instance)).toBe(100 + instance)
    served.delete(instance - 3)
    expect(wordiness.size()).toBeLessThanOrEqual(4)
  }
  // What ends in the middle of its probe is not remembered at all.
  wordiness.learn(0, 100)
  expect(wordiness.of(0)).toBeUndefined()
  wordiness.forget(999)
  expect(wordiness.of(999)).toBeUndefined()
})
