/** What the market publishes, and how it looks to whoever has a device and thinks about the week ahead. */
import { marketView } from "../../../engine/index.ts"
import type { ModelView } from "../../../engine/index.ts"
import { horizonOf, meanAhead } from "../../agents/ahead.ts"
import type { ModelOutlook } from "../../agents/view.ts"
import type { MarketPort } from "../stage/market-port.ts"
import { askedPrices } from "../../recording/price-samples.ts"
import type { Setting } from "../stage/setting.ts"
import { inputPriceOf, outputPriceOf } from "../stage/setting.ts"
import type { Beliefs } from "./beliefs.ts"
import { believedOnModel } from "./beliefs.ts"

export interface Onlooker {
  readonly device: number
  /** The model that it serves; −1: none as yet. */
  readonly current: number
  /** Highest multiplier that its trust allows. */
  readonly cap: number
  readonly rampAhead: number
  /** What it has learned; undefined: nothing as yet. */
  readonly beliefs: Beliefs | undefined
}

/** Mean ramp, as far ahead as operators look, of a node that is online and whose ramp is so far. */
export const rampAheadOf = ({ scenario }: Setting, ramp: number): number => {
  const { start, onlineHours } = scenario.economy.ramp
  const { discountPerYear, outlookDays } = scenario.operators
  const hoursLeft = start < 1 ? (onlineHours * (1 - ramp)) / (1 - start) : 0
  return 1 - meanAhead(1 - ramp, hoursLeft, horizonOf(outlookDays, discountPerYear))
}

export class PublicBoard {
  private readonly setting: Setting
  private readonly port: MarketPort
  /** By model: tokens of the calls that were served. */
  private readonly servedInput: Float64Array
  private readonly servedOutput: Float64Array

  constructor(setting: Setting, port: MarketPort) {
    this.setting = setting
    this.port = port
    this.servedInput = new Float64Array(setting.scenario.models.length)
    this.servedOutput = new Float64Array(setting.scenario.models.length)
  }

  noteServed(model: number, inputTokens: number, outputTokens: number): void {
    this.servedInput[model] += inputTokens
    this.servedOutput[model] += outputTokens
  }

  /** By model of the scenario. */
  outlooksOf({ device, current, cap, rampAhead, beliefs }: Onlooker): ReadonlyArray<ModelOutlook> {
    const { scenario, offers } = this.setting
    const board = marketView(this.port.market)
    return scenario.models.map((_, index) => {
      const { multiplier, demandTokensPerSecond, supplyTokensPerSecond } = board[index]
      const tokensPerSecond = offers.offers[device][index]?.tokensPerSecond ?? 0
      const believed = believedOnModel(beliefs, index)
      const supply = supplyTokensPerSecond + (index === current ? 0 : rampAhead * tokensPerSecond)
      return {
        model: index,
        tokensPerSecond,
        priceCreditsPerMtok:
          this.middlePrice(board[index], outputPriceOf(this.setting, index)) +
          this.inputPerOutput(index) * inputPriceOf(this.setting, index),
        multiplier: Math.min(multiplier, cap),
        pressure: demandTokensPerSecond / Math.max(1, supply),
        expectedUtilisation: Math.min(1, demandTokensPerSecond / Math.max(1, supply)),
        believedCreditsPerDay: believed === null ? null : rampAhead * believed,
      }
    })
  }

  /** The least that anyone asks for a million output tokens of a model, credits. */
  leastPrice(model: number): number {
    const { setting, port } = this
    const listed = outputPriceOf(setting, model)
    if (!setting.hasHostPrices) return listed
    const [least] = marketView(port.market)[model].levels
    return least === undefined ? listed : least.outputPricePerMtok / setting.credit
  }

  /** The least that a call of such a size may cost, credits. */
  leastCost(model: number, inputTokens: number, outputTokens: number): number {
    return (
      (inputTokens * inputPriceOf(this.setting, model) + outputTokens * this.leastPrice(model)) /
      1e6
    )
  }

  /** What the middle one of those asks who offer a model, credits; the list price where nobody does. */
  private middlePrice({ levels }: ModelView, listed: number): number {
    const asked = askedPrices(
      levels.map(({ outputPricePerMtok, instances }) => ({
        price: outputPricePerMtok / this.setting.credit,
        instances,
      })),
    )
    return asked?.median ?? listed
  }

  /**
   * Input tokens that came with an output token in the calls of a model; in those of all models where
   * there were none of it, and none at all before the first call.
   */
  private inputPerOutput(model: number): number {
    const { servedInput, servedOutput } = this
    if (servedOutput[model] > 0) return servedInput[model] / servedOutput[model]
    const output = sumOf(servedOutput)
    return output > 0 ? sumOf(servedInput) / output : 0
  }
}

const sumOf = (values: Float64Array): number => values.reduce((sum, one) => sum + one, 0)
