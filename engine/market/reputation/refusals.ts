/**
 * Refusals: calls that an instance has answered with a 4xx and no second host has. Where its rate of
 * them stands out from that of each of its peers, other operators' instances of the model, they are of its own
 * making (`blame.refusalDeviations`).
 *
 * With x refusals among n answers of the instance, and X among N of a peer, the peer's rate is taken for
 * p = (X + 1) / (N + 2) (Laplace's rule of succession); with the highest p of all peers, x stands out when
 *
 *   x ≥ 3  and  x − n·p > z · √(n·p·(1 − p))
 *
 * The highest, not the mean: a call that is wrong in itself is refused by all who are honest, however
 * many others serve it. Counts are of the last hours: halved each hour, rounded down.
 */
import { invariant } from "../../core/invariant.ts"
import type { Market } from "../state/market-state.ts"
import { halved } from "./credibility.ts"

const fewestRefusals = 3
/** A peer that has answered less often says nothing yet. */
const fewestAnswers = 8

/** Counts an answer of an instance, whatever it was. On the path of every attempt. */
export const noteAnswer = (market: Market, instance: number): void => {
  if (market.rules.refusalDeviations > 0) market.instances.columns.answers[instance] += 1
}

/** Counts a refusal that nobody shared, and tells whether the instance stands out. O(instances). */
export const standsOutByRefusal = (market: Market, instance: number): boolean => {
  const { refusalDeviations } = market.rules
  if (refusalDeviations === 0) return false
  const { answers, refusals } = market.instances.columns
  refusals[instance] += 1
  if (refusals[instance] < fewestRefusals) return false
  const rate = highestRateOfPeers(market, instance)
  invariant(rate > 0 && rate <= 1, "a rate of refusals is above 0, to 1")
  const expected = answers[instance] * rate
  return refusals[instance] - expected > refusalDeviations * Math.sqrt(expected * (1 - rate))
}

/** 1 where no peer has answered often enough: then nothing stands out. */
const highestRateOfPeers = (market: Market, instance: number): number => {
  const { ids, used, columns } = market.instances
  const { answers, refusals, model, operator } = columns
  let highest = -1
  for (let peer = 0; peer < used; peer++) {
    if (ids[peer] === -1 || model[peer] !== model[instance]) continue
    // An operator's hosts are no measure of each other.
    if (operator[peer] === operator[instance]) continue
    if (answers[peer] < fewestAnswers) continue
    highest = Math.max(highest, (refusals[peer] + 1) / (answers[peer] + 2))
  }
  return highest < 0 || highest > 1 ? 1 : highest
}

/** Another model's calls begin: what was answered before says nothing of them. */
export const forgetAnswers = (market: Market, instance: number): void => {
  market.instances.columns.answers[instance] = 0
  market.instances.columns.refusals[instance] = 0
}

/** So many hours have turned. O(instances). */
export const fadeAnswers = (market: Market, hours: number): void => {
  if (market.rules.refusalDeviations === 0) return
  const { answers, refusals } = market.instances.columns
  for (let slot = 0; slot < market.instances.used; slot++) {
    if (answers[slot] > 0) answers[slot] = halved(answers[slot], hours)
    if (refusals[slot] > 0) refusals[slot] = halved(refusals[slot], hours)
  }
}
