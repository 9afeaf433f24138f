/**
 * What an operator has learned from a node: what it earned, by model and by hour of the day. Older pay counts
 * for less, by the time that has passed since and not by how often its operator has looked.
 */
const hourMicros = 3_600e6
const dayMicros = 24 * hourMicros

/** Less time online on a model than this says nothing of it, days. */
const leastDays = 0.25

export interface Beliefs {
  /** By model: pay as it would have been at the full ramp, credits, and the days online that it is of; both fade. */
  readonly payByModel: Float64Array
  readonly daysByModel: Float64Array
  /** By hour of the day: credits an hour online; NaN: never seen. */
  readonly byHour: Float64Array
}

export const noBeliefs = (models: number): Beliefs => ({
  payByModel: new Float64Array(models),
  daysByModel: new Float64Array(models),
  byHour: new Float64Array(24).fill(NaN),
})

/** What a node was between two decisions. */
export interface Epoch {
  readonly model: number
  readonly earnedCredits: number
  /** Its mean ramp, above 0. */
  readonly ramp: number
  readonly onlineMicros: number
  readonly lengthMicros: number
  /** Hour of the day at its end. */
  readonly hour: number
}

/** Less than a quarter of an epoch online says too little of it. */
export const isTelling = ({ onlineMicros, lengthMicros }: Epoch): boolean =>
  onlineMicros > 0 && onlineMicros >= lengthMicros / 4

/** Takes an epoch into account, with a memory whose weights fall by e in so many days. */
export const learn = (beliefs: Beliefs, epoch: Epoch, memoryDays: number): void => {
  const { model, earnedCredits, lengthMicros, onlineMicros, ramp } = epoch
  if (onlineMicros <= 0) return
  const { payByModel, daysByModel, byHour } = beliefs
  const days = onlineMicros / dayMicros
  // As if it had been earned evenly: looking twice as often then teaches the same.
  const kept = Math.exp(-days / memoryDays)
  const added = memoryDays * (1 - kept)
  payByModel[model] = payByModel[model] * kept + (earnedCredits / ramp / days) * added
  daysByModel[model] = daysByModel[model] * kept + added
  // An epoch of more than a few hours says nothing of any one of them.
  if (lengthMicros > dayMicros / 8 || !isTelling(epoch)) return
  const hour = (epoch.hour + 23) % 24
  const perHour = (earnedCredits * hourMicros) / onlineMicros
  const before = byHour[hour]
  // Each hour of the day comes once a day.
  byHour[hour] = Number.isNaN(before)
    ? perHour
    : before + (1 - Math.exp(-1 / memoryDays)) * (perHour - before)
}

/** Pay of a day online on a model at the full ramp, credits; null: too little is known of it. */
export const believedOnModel = (beliefs: Beliefs | undefined, model: number): number | null =>
  beliefs === undefined || beliefs.daysByModel[model] < leastDays
    ? null
    : beliefs.payByModel[model] / beliefs.daysByModel[model]

/** Pay of an hour online at that hour of the day, credits; null: never seen. */
export const believedAtHour = (beliefs: Beliefs | undefined, hour: number): number | null => {
  const average = beliefs?.byHour[hour]
  return average === undefined || Number.isNaN(average) ? null : average
}
