/**
 * What a pricing is (docs/rules.md#pricing): it says at which price a request can be served, and draws
 * who serves it at that. A market has one; `index.ts` lists those that there are.
 *
 * A request meets it in this order: the least that it could cost (or it is refused), who serves it,
 * what that one asks; then so much is held and the request is dispatched.
 */
import type { Stream } from "../../core/random.ts"
import type { Candidates, SelectionRules } from "../selection.ts"
import type { PriceLevels } from "./price-levels.ts"

/** What a pricing sees of the market, models and instances by slot. */
export interface Offers {
  readonly models: {
    readonly columns: {
      readonly inputPricePerMtok: Float64Array
      readonly outputPricePerMtok: Float64Array
    }
  }
  readonly instances: {
    readonly columns: {
      readonly node: Int32Array
      readonly model: Int32Array
      /** Attempts under way, and the ramped slots for them. */
      readonly inFlight: Int32Array
      readonly capacity: Int32Array
      /** What it asks itself; 0: nothing of its own. */
      readonly ownPricePerMtok: Float64Array
    }
  }
  readonly nodes: { readonly columns: { readonly listing: Int32Array } }
  readonly listings: { readonly columns: { readonly rate: Float64Array } }
  /** Who is in the running, by field; the fields of a model by price; and the model's own chance. */
  readonly fields: ReadonlyArray<Candidates>
  readonly levels: ReadonlyArray<PriceLevels>
  readonly routeStreams: ReadonlyArray<Stream>
  readonly rules: SelectionRules & {
    readonly pricing: Pricing
    /** The longest call, where its time is charged. */
    readonly callTimeoutMicros: number
  }
}

/** What a consumer asks for. */
export interface Ask {
  readonly inputTokens: number
  readonly maxTokens: number
  /** The highest output price that it accepts, minor units per million tokens. */
  readonly maxPricePerMtok?: number
  /** The highest rate that it accepts, minor units an hour. */
  readonly maxRatePerHour?: number
}

/**
 * Token prices are minor units per million tokens, rates minor units an hour. The level of an instance is
 * what instances of one model differ by: its token price, or its rate.
 */
export interface Pricing {
  /** Whether instances differ in price: a retry elsewhere then costs what the other one asks. */
  readonly isByInstance: boolean
  /** Whether time is charged: the level of an instance is then its rate. */
  readonly isByTime: boolean
  readonly inputPrice: (offers: Offers, model: number) => number
  /** The lowest level now: who does not accept it, or cannot pay it, is refused at once. */
  readonly leastLevel: (offers: Offers, model: number) => number
  readonly levelOf: (offers: Offers, model: number, instance: number) => number
  /** Does a consumer refuse what is asked for at that level? */
  readonly isTooDear: (offers: Offers, model: number, ask: Ask, level: number) => boolean
  /** The most that a request may come to at that level. */
  readonly worst: (offers: Offers, model: number, ask: Ask, level: number) => number
  /**
   * Draws who serves the next attempt, among those whose price the consumer accepts and can pay out
   * of `budget` minor units at its worst; −1 where none of them has room.
   */
  readonly draw: (offers: Offers, model: number, ask: Ask, budget: number) => number
  /** What the output of a request costs that this instance serves. */
  readonly outputPrice: (offers: Offers, model: number, instance: number) => number
}
