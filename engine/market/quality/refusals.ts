/**
 * Honest refusals (docs/rules.md#quality): whoever gives a job back that it cannot do well, soon and seldom, has not
 * failed. Otherwise it would earn more by handing in what it has.
 */
import { count, countIn } from "../../rules/health.ts"
import { mayRefuse } from "../../rules/quality.ts"
import type { Outcome } from "../../protocol/event.ts"
import type { Market } from "../state/market-state.ts"

/** Is the end of a request's attempt, which delivered nothing, a refusal that is no failure? Counts it if so. */
export const isExcusedRefusal = (
  market: Market,
  request: number,
  instance: number,
  outcome: Outcome,
): boolean => {
  if (outcome !== "qualityFailed" || market.rules.refusalShare === 0) return false
  const { sums } = market.health
  const jobs = (["successes", "failures", "neutrals"] as const).reduce(
    (sum, what) => sum + countIn(sums, what, instance),
    0,
  )
  const elapsed = market.now - market.requests.columns.startedAt[request]
  const refused = countIn(sums, "refusals", instance)
  if (!mayRefuse(market.rules, elapsed, jobs, refused)) return false
  count(market.health, "refusals", instance, 1)
  return true
}
