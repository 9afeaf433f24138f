/** The walk through the compute provider's guide, which is an example to run, is one that works. */
import { expect, it } from "vitest"
import { walkThrough, withMarket } from "../../../examples/compute-provider.ts"
import { guideMethods } from "../../docs/guide.ts"

it("the walk through a provider's guide calls every method of it, and none is refused", async () => {
  const steps = await withMarket((url) => walkThrough(url))
  expect(steps.filter(({ isRefused }) => isRefused)).toEqual([])
  const called = new Set(steps.map(({ method }) => method))
  expect(guideMethods.filter((method) => !called.has(method))).toEqual([])
  const said = (name: string) => steps.find(({ method }) => method === name)?.said ?? ""
  expect(said("setAvailability")).toContain("86 h a week")
  expect(said("end")).toMatch(/^released: 0\.0/)
  expect(said("getReputation")).toMatch(/satisfaction 1$/)
  expect(said("getEarnings")).toMatch(/^0\.0\d*[1-9]\d* credits/)
  expect(said("setQualityChecker")).toContain("Job took too long")
})
