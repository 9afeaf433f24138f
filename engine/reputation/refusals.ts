/**
 * Refusals: calls that an instance has answered with a 4xx, no second host's word for or against it.
 * Where the rate of an instance stands out from that of its peers, the model's other instances, its
 * refusals are of its own making (`blame.refusalDeviations`).
 *
 * With x refusals among n answers of the instance and X among N of its peers, p = (X + 1) / (N + 2) is
 * the rate to expect (Laplace's rule of succession), and x stands out when
 *
 *   x ≥ 3  and  x − n·p > z · √(n·p·(1 − p))
 *
 * Counts are of the last hours: each instance's are halved each hour, rounded down, so that a market
 * at rest forgets everything.
 */
import type { Market } from "../state/market.ts"
import { halved } from "./credibility.ts"

const fewestRefusals = 3

/** Counts an answer of an instance, whatever it was. On the path of every attempt. */
export const noteAnswer = (market: Market, instance: number): void => {
  if (market.rules.refusalDeviations === 0) return
  const { columns } = market.instances
  columns.answers[instance] += 1
  market.models.columns.answers[columns.model[instance]] += 1
}

/** Counts a refusal that nobody confirmed, and tells whether the instance stands out by it. */
export const standsOutByRefusal = (market: Market, instance: number): boolean => {
  const { refusalDeviations } = market.rules
  if (refusalDeviations === 0) return false
  const { columns } = market.instances
  const models = market.models.columns
  const model = columns.model[instance]
  columns.refusals[instance] += 1
  models.refusals[model] += 1
  const own = columns.answers[instance]
  const ownRefusals = columns.refusals[instance]
  const peers = models.answers[model] - own
  if (peers === 0 || ownRefusals < fewestRefusals) return false
  const rate = (models.refusals[model] - ownRefusals + 1) / (peers + 2)
  const expected = own * rate
  return ownRefusals - expected > refusalDeviations * Math.sqrt(expected * Math.max(0, 1 - rate))
}

/** An instance leaves its model: what it has answered is no peer's answer, nor one to other calls. */
export const forgetAnswers = (market: Market, instance: number): void => {
  const { columns } = market.instances
  const models = market.models.columns
  const model = columns.model[instance]
  models.answers[model] -= columns.answers[instance]
  models.refusals[model] -= columns.refusals[instance]
  columns.answers[instance] = 0
  columns.refusals[instance] = 0
}

/** So many hours have turned. O(instances + models). */
export const fadeAnswers = (market: Market, hours: number): void => {
  if (market.rules.refusalDeviations === 0) return
  const { instances, models } = market
  models.columns.answers.fill(0)
  models.columns.refusals.fill(0)
  for (let slot = 0; slot < instances.used; slot++) {
    if (instances.ids[slot] === -1) continue
    const { answers, refusals, model } = instances.columns
    answers[slot] = halved(answers[slot], hours)
    refusals[slot] = halved(refusals[slot], hours)
    models.columns.answers[model[slot]] += answers[slot]
    models.columns.refusals[model[slot]] += refusals[slot]
  }
}
