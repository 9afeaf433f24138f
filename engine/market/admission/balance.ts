/** What adaptive balancing goes by (docs/rules.md#balancing): what nodes report, and how fast their calls are. */
import { blend, medianEveryMicros, medianOf, shareOf, timeOf } from "../../rules/balancing.ts"
import type { Market } from "../state/market-state.ts"

/** In a listing's column. */
export const forThroughput = 0
export const forLatency = 1

/** The factor of an instance's weight, 0 … 1. */
export const balanceOf = (market: Market, instance: number): number => {
  const { capacity, inFlight, microsPerToken, model, node } = market.instances.columns
  const { listing, memoryBps, utilisationBps } = market.nodes.columns
  const at = node[instance]
  const reported = utilisationBps[at] / 10_000
  // What the market has under way with it is a load that no report can talk away.
  const use = market.rules.isReportBounded
    ? Math.max(reported, Math.min(1, inFlight[instance] / Math.max(1, capacity[instance])))
    : reported
  const time = timeOf(microsPerToken[instance], market.models.columns.medianMicros[model[instance]])
  const isForLatency =
    listing[at] !== 0 && market.listings.columns.balance[listing[at] - 1] === forLatency
  return shareOf(use, memoryBps[at] / 10_000, time, isForLatency)
}

/** A call was answered whole: so long a token. O(1), and O(instances) once a minute and model. */
export const noteTime = (
  market: Market,
  instance: number,
  outputTokens: number,
  micros: number,
): void => {
  if (outputTokens === 0) return
  const { microsPerToken, model, timedAt } = market.instances.columns
  const elapsed = market.now - timedAt[instance]
  microsPerToken[instance] = blend(microsPerToken[instance], micros / outputTokens, elapsed)
  timedAt[instance] = market.now
  const { medianAt, medianMicros } = market.models.columns
  const of = model[instance]
  if (medianMicros[of] !== 0 && market.now - medianAt[of] < medianEveryMicros) return
  medianAt[of] = market.now
  medianMicros[of] = medianOf(timesOf(market, of))
}

const timesOf = ({ instances: { columns, ids, used } }: Market, model: number) => {
  const times: Array<number> = []
  for (let instance = 0; instance < used; instance++)
    if (ids[instance] !== -1 && columns.model[instance] === model)
      if (columns.microsPerToken[instance] > 0) times.push(columns.microsPerToken[instance])
  return times
}

/** Another model takes another time. */
export const forgetTime = ({ instances: { columns } }: Market, instance: number): void => {
  columns.microsPerToken[instance] = 0
  columns.timedAt[instance] = 0
}
