/**
 * Where the items of batches go (docs/rules.md#batches): into room that calls leave, which stand before every
 * item. How much was idle is noted by the hour, for the batches that are promised a week later.
 */
import { microsPerHour, microsPerSecond } from "../../core/units.ts"
import { hasRoomFor, idleHoursKept, idleWithin, isUrgent, unknownHour } from "../../rules/batch.ts"
import type { EligibilityReason } from "../admission/eligibility.ts"
import { countedTokensPerSecond, eligibilityReasons, rampNow } from "../admission/eligibility.ts"
import type { Market } from "../state/market-state.ts"

const secondsPerHour = microsPerHour / microsPerSecond

/** Standings of an instance that serves: it has room, or is at work. */
const serves: ReadonlyArray<boolean> = eligibilityReasons.map((reason) =>
  (
    ["Eligible", "Full"] satisfies ReadonlyArray<EligibilityReason> as ReadonlyArray<string>
  ).includes(reason),
)

/** A model's room: slots of those that serve it, those of them that are free, and their speed. */
interface Room {
  readonly capacity: number
  readonly free: number
  readonly tokensPerSecond: number
}

/** O(instances). */
const roomOf = (market: Market, model: number): Room => {
  const { columns, ids, used } = market.instances
  let capacity = 0
  let free = 0
  let tokensPerSecond = 0
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.model[instance] !== model) continue
    if (!serves[columns.reason[instance]]) continue
    capacity += columns.capacity[instance]
    free += Math.max(0, columns.capacity[instance] - columns.inFlight[instance])
    tokensPerSecond += speedOf(market, instance)
  }
  return { capacity, free, tokensPerSecond }
}

const speedOf = (market: Market, instance: number): number =>
  rampNow(market, instance, market.now) * countedTokensPerSecond(market, instance)

/** Output tokens of a batch's items that are not over, at most. */
const workOf = ({ batches }: Market, batch: number): number =>
  batches.columns.maxTokens[batch] - batches.columns.outputOver[batch]

/** May an item of a batch be given out now? A queue for items would take the place of this question. */
export const hasRoom = (market: Market, batch: number): boolean => {
  const { deadline, model } = market.batches.columns
  const { capacity, free, tokensPerSecond } = roomOf(market, model[batch])
  const isInHaste = isUrgent({
    tokens: workOf(market, batch),
    tokensPerSecond,
    slackMicros: deadline[batch] - market.now,
  })
  return hasRoomFor(market.rules, free, capacity, isInHaste)
}

/** Is a batch of so much work small beside what a model had idle, with all that is promised already? */
export const isPromisable = (
  market: Market,
  model: number,
  tokens: number,
  windowMicros: number,
): boolean => {
  const { rules, batches, now } = market
  if (rules.batchMostIdleShare === 0) return true
  const { capacity, free, tokensPerSecond } = roomOf(market, model)
  const idleNow = capacity === 0 ? 0 : (secondsPerHour * tokensPerSecond * free) / capacity
  const idle = idleWithin(
    market.idleTokens[model] ?? [],
    Math.floor(now / microsPerHour),
    Math.ceil(windowMicros / microsPerHour),
    idleNow,
  )
  let promised = tokens
  for (let batch = 0; batch < batches.used; batch++)
    if (batches.ids[batch] !== -1 && batches.columns.model[batch] === model)
      promised += workOf(market, batch)
  return promised <= rules.batchMostIdleShare * idle
}

/** Notes what each model had idle in the hour that ends: what it could have made, less what calls took of it. */
export const noteIdle = (market: Market): void => {
  const { models, rules } = market
  if (rules.batchMostIdleShare === 0) return
  const hour = market.now / microsPerHour - 1
  const speeds = speedByModel(market)
  const { servedBefore, servedTokens } = models.columns
  for (let model = 0; model < models.used; model++) {
    if (models.ids[model] === -1) continue
    const byHour = (market.idleTokens[model] ??= unknownHours())
    const served = servedTokens[model] - servedBefore[model]
    byHour[hour % idleHoursKept] = Math.max(0, secondsPerHour * speeds[model] - served)
    servedBefore[model] = servedTokens[model]
  }
}

const unknownHours = (): Float64Array<ArrayBuffer> =>
  new Float64Array(idleHoursKept).fill(unknownHour)

const speedByModel = (market: Market): Float64Array => {
  const { columns, ids, used } = market.instances
  const speeds = new Float64Array(market.models.used)
  for (let instance = 0; instance < used; instance++)
    if (ids[instance] !== -1 && serves[columns.reason[instance]])
      speeds[columns.model[instance]] = speeds[columns.model[instance]] + speedOf(market, instance)
  return speeds
}
