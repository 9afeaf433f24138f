/**
 * The kernel as its drivers have it: one market as a service. The simulator, the gateway and the
 * replay of a journal each are given one, feed it events, and act on the commands.
 */
import { Context, Layer } from "effect"
import type { Command } from "./protocol/command.ts"
import type { Economy } from "./economy/schema.ts"
import type { MarketEvent } from "./protocol/event.ts"
import { createMarket, step } from "./market/market.ts"
import type { MarketHandle } from "./market/state/market-state.ts"
import { nextWake } from "./market/timers.ts"

export interface MarketService {
  /** For the views. Only `take` may change it. */
  readonly market: MarketHandle
  /**
   * Takes an event, every timer that is due before it first, and appends the commands of all of them.
   * Plain and synchronous: it is called for every event of a simulation, and for every call that a
   * gateway serves.
   */
  readonly take: (event: MarketEvent, out: Array<Command>) => void
}

export class MarketEngine extends Context.Tag("evenkeel/MarketEngine")<
  MarketEngine,
  MarketService
>() {}

/**
 * `step` with every timer that is due before the event fired first, each at its own time; but none
 * before `GatewayResumed`, which says that they are not to be.
 */
export const advance = (market: MarketHandle, event: MarketEvent, out: Array<Command>): void => {
  const isTime = event._tag === "TimerFired" || event._tag === "GatewayResumed"
  if (!isTime && event.at > nextWake(market))
    step(market, { _tag: "TimerFired", at: event.at }, out)
  step(market, event, out)
}

/** A market that is there already, such as one that was restored. */
export const engineOf = (market: MarketHandle): MarketService => ({
  market,
  take: (event, out) => advance(market, event, out),
})

/** A new market. */
export const layer = (economy: Economy, seed: string): Layer.Layer<MarketEngine> =>
  Layer.sync(MarketEngine, () => engineOf(createMarket(economy, seed)))
