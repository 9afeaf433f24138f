/**
 * What an operator sees when it decides about a node, and what it may decide. One interface for every
 * strategy: `decide(view, stream)`, where the view shows only what a real operator could see.
 */
import type { Stream } from "../../engine/index.ts"

/** One model as an operator sees it on the public board, and what the node could serve of it. */
export interface ModelOutlook {
  readonly model: number
  /** Output tokens per second that this node could serve; 0 where the model does not fit. */
  readonly tokensPerSecond: number
  /** What calls of the model cost by the million output tokens, the input that came with them included. */
  readonly priceCreditsPerMtok: number
  /** Bounty multiplier announced, capped at the node's own trust. */
  readonly multiplier: number
  /** Demand ÷ supply of the whole market, with this node among the supply; above 1: short. */
  readonly pressure: number
  /** The same, 1 at most: how busy a node that serves the model can expect to be. */
  readonly expectedUtilisation: number
  /** Moving average of what the node earned on the model, credits a day online, at the ramp ahead; null: never served. */
  readonly believedCreditsPerDay: number | null
}

/** What a day on the market costs, credits: while the machine waits, and what is added while all of it is busy. */
export interface RunningCost {
  readonly idleCreditsPerDay: number
  readonly loadCreditsPerDay: number
}

/** At some utilisation, 0…1. */
export const costAt = (
  { idleCreditsPerDay, loadCreditsPerDay }: RunningCost,
  utilisation: number,
): number => idleCreditsPerDay + utilisation * loadCreditsPerDay

export interface OperatorView {
  readonly current: number
  /**
   * Pay of the last days on the current model, credits a day, before any anti-flapping reduction and at
   * the ramp ahead; null: too early to say.
   */
  readonly earnedCreditsPerDay: number | null
  readonly cost: RunningCost
  /** What the machine would bring its owner elsewhere, credits a day, less what that would cost; 0: nothing. */
  readonly outsideCreditsPerDay: number
  readonly providerShare: number
  /** Mean ramp of the node as far ahead as its operator looks, 0…1. */
  readonly rampAhead: number
  /** Parts of the coming week's pay that the anti-flapping rule withholds, without and with a switch. */
  readonly stayLoss: number
  readonly switchLoss: number
  /** Part of the node's slots that was busy since it last decided, 0…1; null: it was not online. */
  readonly utilisation: number | null
  /** Hour of the day, 0…23, on demand's own clock. */
  readonly hourOfDay: number
  /** Moving average of pay by hour of the day, credits an hour online; null: not seen as yet. */
  readonly believedCreditsInHour: number | null
  readonly outlooks: ReadonlyArray<ModelOutlook>
  readonly temperatureCreditsPerDay: number
}

export type Decision =
  | { readonly _tag: "Stay" }
  | { readonly _tag: "Leave" }
  | { readonly _tag: "Switch"; readonly model: number }
  /** Off the market for so long, and back by itself. */
  | { readonly _tag: "Pause"; readonly hours: number }

export type Decide = (view: OperatorView, stream: Stream) => Decision

export const stays: Decision = { _tag: "Stay" }

/** What a day of serving a model should bring, credits, before costs and losses. */
export const expectedIncome = (view: OperatorView, outlook: ModelOutlook): number =>
  (outlook.tokensPerSecond *
    view.rampAhead *
    86_400 *
    outlook.expectedUtilisation *
    outlook.priceCreditsPerMtok *
    view.providerShare *
    outlook.multiplier) /
  1e6

/** The models that the node could serve, beside the one that it does. */
export const others = ({ current, outlooks }: OperatorView): ReadonlyArray<ModelOutlook> =>
  outlooks.filter(({ model, tokensPerSecond }) => model !== current && tokensPerSecond > 0)
