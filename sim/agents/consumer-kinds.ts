/**
 * Kinds of consumers, by what separates their demand: how large their calls are, when they come, what
 * they are worth to them, and how much they put up with.
 */
export interface ConsumerKind {
  /** Output tokens ÷ those that the scenario's sizes say. */
  readonly size: number
  /** What a call is worth at the median, times what the scenario says of its model. */
  readonly worthFactor: number
  /** Spread of what a call is worth, as the standard deviation of its logarithm. */
  readonly worthSpread: number
  /** Where the model that it wants is dearer than it is worth, it takes whichever leaves it most, if any does. */
  readonly takesOthers: boolean
  /** Its calls wait for the night. */
  readonly waitsForNight: boolean
  /** Further calls that follow upon one that was served, on average, and the pause before each. */
  readonly furtherCalls: number
  readonly thinkSeconds: number
  /** Times that it comes back with a refused call; null: as the scenario says. */
  readonly maxRetries: number | null
  /** Leaves the market for good after so many calls given up in a row; 0: never. */
  readonly leavesAfter: number
}

/** What a kind is like where nothing else is said of it. */
export const plainConsumer: ConsumerKind = {
  size: 1,
  worthFactor: 3,
  worthSpread: 0.5,
  takesOthers: false,
  waitsForNight: false,
  furtherCalls: 0,
  thinkSeconds: 0,
  maxRetries: null,
  leavesAfter: 0,
}

export const consumerKinds = {
  /** A product that calls the market all day, and has to. */
  steady: plainConsumer,
  /** Work that can wait: large, patient, at night. */
  batch: { ...plainConsumer, size: 3, waitsForNight: true, maxRetries: 8 },
  /** An agent: a chain of short calls, each as soon as it has thought about the last. */
  agent: { ...plainConsumer, size: 0.5, furtherCalls: 9, thinkSeconds: 2 },
  /** Plays with models while that is cheap, and goes when it is no fun. */
  hobbyist: { ...plainConsumer, worthFactor: 1, worthSpread: 1, takesOthers: true, leavesAfter: 5 },
} as const satisfies Record<string, ConsumerKind>

export type ConsumerKindName = keyof typeof consumerKinds
export const consumerKindNames = Object.keys(consumerKinds) as ReadonlyArray<ConsumerKindName>

/** The hours of the day that are no night, on demand's own clock. */
const dayFromHour = 8
const dayUntilHour = 22

export const isDay = (hourOfDay: number): boolean =>
  hourOfDay >= dayFromHour && hourOfDay < dayUntilHour
export const nightFromHour = dayUntilHour
export const nightHours = 24 - (dayUntilHour - dayFromHour)
