/**
 * What an operator has learned from a node: moving averages of what it earned, by model and by hour of
 * the day. Updated when it decides, with what was earned since it last did.
 */
const hourMicros = 3_600e6
const dayMicros = 24 * hourMicros

/** What the latest epoch weighs in a moving average. */
const weight = 0.3

/** NaN: never seen. */
export interface Beliefs {
  /** By model: credits a day online. */
  readonly byModel: Float64Array
  /** By hour of the day: credits an hour online. */
  readonly byHour: Float64Array
}

export const noBeliefs = (models: number): Beliefs => ({
  byModel: new Float64Array(models).fill(NaN),
  byHour: new Float64Array(24).fill(NaN),
})

/** What a node was between two decisions. */
export interface Epoch {
  readonly model: number
  readonly earnedCredits: number
  readonly onlineMicros: number
  readonly lengthMicros: number
  /** Hour of the day at its end. */
  readonly hour: number
}

/** Less than a quarter of an epoch online says too little. */
export const isTelling = ({ onlineMicros, lengthMicros }: Epoch): boolean =>
  onlineMicros > 0 && onlineMicros >= lengthMicros / 4

/** Takes an epoch into account. */
export const learn = ({ byModel, byHour }: Beliefs, epoch: Epoch): void => {
  const creditsPerHour = (epoch.earnedCredits * hourMicros) / epoch.onlineMicros
  fold(byModel, epoch.model, creditsPerHour * 24)
  // An epoch of more than a few hours says nothing of any one of them.
  if (epoch.lengthMicros > dayMicros / 8) return
  fold(byHour, (epoch.hour + 23) % 24, creditsPerHour)
}

const fold = (averages: Float64Array, at: number, value: number): void => {
  const before = averages[at]
  averages[at] = Number.isNaN(before) ? value : before + weight * (value - before)
}

/** The average, or null where it was never seen. */
export const believed = (averages: Float64Array | undefined, at: number): number | null => {
  const average = averages?.[at]
  return average === undefined || Number.isNaN(average) ? null : average
}
