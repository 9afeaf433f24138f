/** What a store says of its market: written once, when the market is opened. */
import { Effect, Schema } from "effect"
import { Economy } from "../../engine/index.ts"
import type { StoreFault } from "./errors.ts"

/** The market of a store: its rules, its chance, its zero of time. */
export const MarketMeta = Schema.Struct({
  economy: Economy,
  /** 256 random bits: whoever knew it could tell where the next request goes. */
  seed: Schema.String,
  /** Unix time, ms. */
  openedAtMillis: Schema.Int,
})
export type MarketMeta = typeof MarketMeta.Type

/** Time of the market at a Unix time, µs; 0 where none was opened yet. */
export const marketMicros = (
  { meta }: { readonly meta: Effect.Effect<MarketMeta | undefined, StoreFault> },
  nowMillis: number,
): Effect.Effect<number, StoreFault> =>
  Effect.map(meta, (known) =>
    known === undefined ? 0 : Math.max(0, Math.round((nowMillis - known.openedAtMillis) * 1000)),
  )
