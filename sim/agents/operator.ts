/**
 * What an operator does with a node: stay, switch to another model, or leave. One interface for every
 * strategy: `decide(view, stream)`, where the view shows only what a real operator could see.
 */
import type { Stream } from "../../engine/index.ts"
import { logit } from "./logit.ts"

/** One model as an operator sees it on the public board, and what the node could serve of it. */
export interface ModelOutlook {
  readonly model: number
  /** Output tokens per second that this node could serve; 0 where the model does not fit. */
  readonly tokensPerSecond: number
  /** What calls of the model cost by the million output tokens, the input that came with them included. */
  readonly priceCreditsPerMtok: number
  /** Bounty multiplier announced, capped at the node's own trust. */
  readonly multiplier: number
  /**
   * Demand ÷ supply of the whole market, 0…1, with this node among the supply: how busy a node that
   * serves the model can expect to be.
   */
  readonly expectedUtilisation: number
}

export interface OperatorView {
  readonly current: number
  /**
   * Pay of the last days on the current model, credits a day, before any anti-flapping reduction and at
   * the ramp of the coming week; null: too early to say.
   */
  readonly earnedCreditsPerDay: number | null
  readonly costCreditsPerDay: number
  readonly providerShare: number
  /** Mean ramp of the node over the coming week, 0…1. */
  readonly rampAhead: number
  /** Parts of the coming week's pay that the anti-flapping rule withholds, without and with a switch. */
  readonly stayLoss: number
  readonly switchLoss: number
  readonly outlooks: ReadonlyArray<ModelOutlook>
  readonly temperatureCreditsPerDay: number
}

export type Decision =
  | { readonly _tag: "Stay" }
  | { readonly _tag: "Leave" }
  | { readonly _tag: "Switch"; readonly model: number }

export type Strategy = (view: OperatorView, stream: Stream) => Decision

/** What a day of serving a model should bring in the coming week, credits, before costs and losses. */
export const expectedIncome = (view: OperatorView, outlook: ModelOutlook): number =>
  (outlook.tokensPerSecond *
    view.rampAhead *
    86_400 *
    outlook.expectedUtilisation *
    outlook.priceCreditsPerMtok *
    view.providerShare *
    outlook.multiplier) /
  1e6

/** Chooses by expected profit; what was really earned counts for more than what was expected. */
export const profitSeeker: Strategy = (view, stream) => {
  const options: Array<{ readonly decision: Decision; readonly profit: number }> = [
    { decision: { _tag: "Leave" }, profit: 0 },
  ]
  for (const outlook of view.outlooks) {
    if (outlook.tokensPerSecond === 0) continue
    const expected = expectedIncome(view, outlook)
    if (outlook.model === view.current) {
      const income =
        view.earnedCreditsPerDay === null
          ? expected
          : 0.8 * view.earnedCreditsPerDay + 0.2 * expected
      options.push({
        decision: { _tag: "Stay" },
        profit: income * (1 - view.stayLoss) - view.costCreditsPerDay,
      })
    } else
      options.push({
        decision: { _tag: "Switch", model: outlook.model },
        profit: expected * (1 - view.switchLoss) - view.costCreditsPerDay,
      })
  }
  return logit(options, view.temperatureCreditsPerDay, stream)
}

/** Goes wherever the announced multiplier is highest, whatever it costs. */
export const bountyChaser: Strategy = (view) => {
  let best: ModelOutlook | undefined
  for (const outlook of view.outlooks)
    if (outlook.tokensPerSecond > 0 && (best === undefined || outlook.multiplier > best.multiplier))
      best = outlook
  const current = view.outlooks[view.current]
  if (best === undefined || best.multiplier <= current.multiplier) return { _tag: "Stay" }
  return { _tag: "Switch", model: best.model }
}
