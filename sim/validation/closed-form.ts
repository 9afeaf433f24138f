/**
 * What a closed form is to the validation: a queue whose answer is known, and a way to simulate it.
 *
 * A form is simulated in independent replications, each a pure function of (seed, replication,
 * length): they can run in any order and on any thread, and their results are judged together.
 */

/** One known figure of a form. */
export interface Quantity {
  /** What is measured, for example "mean wait". */
  readonly name: string
  /** Computes its true value. */
  readonly truth: () => number
  /** Where the truth itself was measured: the half-width of its 95% interval. Otherwise 0. */
  readonly truthHalfWidth: number
  /** Formula or publication that the truth comes from. */
  readonly source: string
}

/** What one replication observed. */
export interface Replication {
  /** One estimate for each quantity, in their order. */
  readonly values: ReadonlyArray<number>
  /** Control variates: observed minus known mean, in an order that is the same for every one. */
  readonly controls: ReadonlyArray<number>
}

export interface ClosedForm {
  readonly name: string
  readonly quantities: ReadonlyArray<Quantity>
  /** How many replications an interval is made of. */
  readonly replications: number
  /** How much one replication simulates at effort 1, in `lengthUnit`s. */
  readonly length: number
  readonly lengthUnit: "customers" | "service times"
  readonly replicate: (seed: string, replication: number, length: number) => Replication
}
