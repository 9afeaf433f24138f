/**
 * What an operator sees when it thinks about the price of a node's tokens, where hosts set prices
 * (docs/rules.md#host-prices), and how a strategy answers: with the price that it wants. Prices are
 * credits per million output tokens. The driver rounds it to three digits and keeps it within what the
 * market allows.
 */
import type { Stream } from "../../../engine/index.ts"
import type { PriceNumbers } from "./price-numbers.ts"

/** Others who serve the model at one price. */
export interface RivalLevel {
  readonly price: number
  readonly instances: number
  /** Whether anyone at this price can take another call. */
  readonly hasRoom: boolean
}

export interface PriceView {
  /** What it asks now; null: it has not said yet, and stands at the list price. */
  readonly price: number | null
  /** What the platform lists the model at. */
  readonly listPrice: number
  /** The least that the market allows. */
  readonly leastPrice: number
  /** The price that pays a machine with every slot busy just what it costs, the platform's fee paid. */
  readonly breakEvenPrice: number
  /** By ascending price. */
  readonly rivals: ReadonlyArray<RivalLevel>
  /** Moving average of its profit while it asked about so much, credits a day; null: never tried. */
  readonly believedProfitAt: (price: number) => number | null
  readonly temperatureCreditsPerDay: number
}

export type DecidePrice = (view: PriceView, numbers: PriceNumbers, stream: Stream) => number
