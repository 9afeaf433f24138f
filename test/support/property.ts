/**
 * How a property is asserted: 1,000 random cases, 100,000 with `EVENKEEL_LONG=1` (see
 * `property-runs.ts`), from the seed `EVENKEEL_SEED` where one is set. A failure prints its seed, its
 * path and the shrunken case.
 */
import fc from "fast-check"
import { PROPERTY_RUNS } from "./property-runs.ts"

const seedText = process.env["EVENKEEL_SEED"]
const seed = seedText === undefined || seedText === "" ? undefined : Number(seedText)
if (seed !== undefined && !Number.isSafeInteger(seed))
  throw new Error(`EVENKEEL_SEED: expected a whole number, got ${JSON.stringify(seedText)}`)

/** Asserts a property over the shared number of runs, or `share` of it where one case is long. */
export const assertProperty = <Ts>(
  property: fc.IRawProperty<Ts>,
  parameters: fc.Parameters<Ts> & { readonly share?: number } = {},
): void => {
  const { share = 1, ...rest } = parameters
  fc.assert(property, {
    numRuns: Math.max(1, Math.round(PROPERTY_RUNS * share)),
    ...(seed === undefined ? {} : { seed }),
    ...rest,
  })
}
