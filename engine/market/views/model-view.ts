/** What anyone can see of a model: supply, demand and bounty. */
import type { ModelId } from "../../core/ids.ts"
import { isFieldEmpty } from "../../rules/selection.ts"
import type { Market, MarketHandle } from "../state/market-state.ts"
import { open } from "../state/market-state.ts"

export interface ModelView {
  readonly model: ModelId
  /** Minor units per million tokens. */
  readonly inputPricePerMtok: number
  readonly outputPricePerMtok: number
  readonly instances: number
  /** Bounty multiplier in force. */
  readonly multiplier: number
  /** Average demand and ramped supply as of the last turn of the hour, tokens per second. */
  readonly demandTokensPerSecond: number
  readonly supplyTokensPerSecond: number
  /** Tokens asked for in the present hour so far. */
  readonly hourDemandTokens: number
  /** Share of its rate that a new instance starts at: above `ramp.start` while the model bootstraps. */
  readonly rampStart: number
  /**
   * Where hosts set prices: what they ask for its output, ascending. A price that only nodes which are offline ask
   * is none that anyone can have.
   */
  readonly levels: ReadonlyArray<LevelView>
}

export interface LevelView {
  readonly outputPricePerMtok: number
  /** How many that are online ask it. */
  readonly instances: number
  /** Whether any of them can take another call. */
  readonly hasRoom: boolean
}

/** What any operator can see of the market: supply, demand and bounty by model. */
export const marketView = (handle: MarketHandle): ReadonlyArray<ModelView> => {
  const market = open(handle)
  const { columns, ids, used } = market.models
  const views: Array<ModelView> = []
  for (let slot = 0; slot < used; slot++)
    views.push({
      model: ids[slot],
      inputPricePerMtok: columns.inputPricePerMtok[slot],
      outputPricePerMtok: columns.outputPricePerMtok[slot],
      instances: columns.instances[slot],
      multiplier: columns.multiplierHundredths[slot] / 100,
      demandTokensPerSecond: columns.demandAverage[slot],
      supplyTokensPerSecond: columns.supply[slot],
      hourDemandTokens: columns.demandTokens[slot],
      rampStart: columns.rampStart[slot],
      levels: isPricedByHosts(market) ? levelsOf(market, slot) : [],
    })
  return views
}

/** Where time is charged, the levels of a model are rates. */
const isPricedByHosts = ({ rules: { pricing } }: Market): boolean =>
  pricing.isByInstance && !pricing.isByTime

const levelsOf = ({ fields, levels }: Market, model: number): ReadonlyArray<LevelView> => {
  const { prices, fields: ofLevels, online } = levels[model]
  return prices.flatMap((outputPricePerMtok, level) =>
    online[level] === 0
      ? []
      : {
          outputPricePerMtok,
          instances: online[level],
          hasRoom: !isFieldEmpty(fields[ofLevels[level]]),
        },
  )
}
