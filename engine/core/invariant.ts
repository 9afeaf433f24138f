/**
 * Assertions: what has to hold whatever anybody does. A broken one is a mistake in the kernel, and never
 * in what it was told: it throws, and whoever steps the market stops, since what it would decide from
 * there on is worth nothing.
 *
 * Each assertion is known by its sentence, a literal of its own. That keeps one that holds down to a
 * comparison, and lets a test list them all and see each of them fail.
 */

/** Something that has to hold does not. Its stack begins where the assertion stands. */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken"
  /** The sentence that is not true. */
  readonly what: string

  constructor(what: string, detail?: string) {
    super(detail === undefined ? what : `${what}: ${detail}`)
    this.what = what
  }
}

/** Throws unless the condition holds. `what` says in a literal what should have been true. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) broken(what)
}

const broken = (what: string): never => {
  const error = new InvariantBroken(what)
  // Where there is such a thing: the kernel runs in browsers, too.
  if ("captureStackTrace" in Error && typeof Error.captureStackTrace === "function")
    Error.captureStackTrace(error, invariant)
  throw error
}
