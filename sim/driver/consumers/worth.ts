/**
 * What calls are worth, in money: to each consumer a multiple of what their tokens are worth to the median one,
 * which the scenario says, apart from any price. A model whose worth it does not say is called at any price.
 */
import type { Scenario } from "../../scenarios/schema.ts"
import type { Setting } from "../stage/setting.ts"
import { listPriceOf } from "../stage/setting.ts"

type Model = Scenario["models"][number]

export const isWorthKnown = (model: Model): model is Model & { readonly worthPerMtok: number } =>
  model.worthPerMtok !== null

/** What the tokens of a call are worth at the median, credits; what they are listed at where that is not known. */
export const medianWorth = (
  setting: Setting,
  model: number,
  inputTokens: number,
  outputTokens: number,
): number => {
  const offered = setting.scenario.models[model]
  return isWorthKnown(offered)
    ? (inputTokens * offered.inputWorthPerMtok + outputTokens * offered.worthPerMtok) / 1e6
    : listPriceOf(setting, model, inputTokens, outputTokens)
}
