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

const turnMillis = 200
let lastTurn = performance.now()

/** Lets the test runner take its turn now and then: it gives up on a worker that is long silent. */
export const breathe = async (): Promise<void> => {
  if (performance.now() - lastTurn < turnMillis) return
  await new Promise((resolve) => setImmediate(resolve))
  lastTurn = performance.now()
}

/** Asserts a property over the shared number of runs, or `share` of it where one case is long. */
export const assertProperty = async <Ts>(
  property: fc.IRawProperty<Ts>,
  parameters: fc.Parameters<Ts> & { readonly share?: number } = {},
): Promise<void> => {
  const { share = 1, ...rest } = parameters
  const breathing: fc.IRawProperty<Ts, true> = {
    isAsync: () => true,
    generate: (random, runId) => property.generate(random, runId),
    shrink: (value) => property.shrink(value),
    runBeforeEach: async () => {
      await breathe()
      await property.runBeforeEach()
    },
    run: async (value) => property.run(value),
    runAfterEach: async () => {
      await property.runAfterEach()
    },
  }
  await fc.assert(breathing, {
    numRuns: Math.max(1, Math.round(PROPERTY_RUNS * share)),
    ...(seed === undefined ? {} : { seed }),
    ...rest,
  })
}
