/**
 * How often each property is tried: 1,000 random cases, or 100,000 under `npm run test:long`.
 * Loaded before every test file, so a property that names no `numRuns` of its own follows it.
 * A failure prints its seed and path; hand both to `fc.assert` to see the same case again. Making the case
 * smaller ends before the test's own time does, so that they are printed however long it would take.
 *
 * Where a list has a greatest length, lists grow up to it: fast-check's own default stops at about 10,
 * and is asked for by `size: "small"` where longer ones say no more.
 */
import fc from "fast-check"

/** Is this `npm run test:long`, which takes what is heavy and the same in kind as what `npm test` shows? */
export const isLong = process.env["EVENKEEL_LONG"] === "1"
export const PROPERTY_RUNS = isLong ? 100_000 : 1_000

fc.configureGlobal({
  numRuns: PROPERTY_RUNS,
  defaultSizeToMaxWhenMaxSpecified: true,
  interruptAfterTimeLimit: isLong ? 3_000_000 : 90_000,
  markInterruptAsFailure: true,
})
