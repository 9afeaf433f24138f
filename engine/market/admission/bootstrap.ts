/**
 * Bootstrap (docs/rules.md#ramp): where the ramp of each model starts, worked out at the turn of the
 * hour. In between it stays, so that no arrival or loss moves the standing of all others at once.
 */
import type { Market } from "../state/market-state.ts"
import { bootstrapStart } from "../../rules/ramp.ts"
import { countedTokensPerSecond, isInService, progressAt } from "./eligibility.ts"

/** O(instances + models); whoever calls it looks at every instance again. */
export const setRampStarts = (market: Market): void => {
  const { instances, models, rules } = market
  if (rules.bootstrapShare === 0) return
  const supply = new Float64Array(models.used)
  const established = new Float64Array(models.used)
  for (let instance = 0; instance < instances.used; instance++) {
    if (instances.ids[instance] === -1 || !isInService(market, instance)) continue
    const model = instances.columns.model[instance]
    const tokensPerSecond = countedTokensPerSecond(market, instance)
    supply[model] += tokensPerSecond
    if (progressAt(market, instance, market.now) === 1) established[model] += tokensPerSecond
  }
  for (let model = 0; model < models.used; model++)
    models.columns.rampStart[model] = bootstrapStart(rules, established[model], supply[model])
}
