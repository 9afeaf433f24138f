/**
 * The Effect face of the kernel, for drivers: one market as a service. One Effect runs a batch of
 * events; the kernel itself stays plain and synchronous.
 */
import { Context, Effect, Layer } from "effect"
import type { Command } from "./protocol/command.ts"
import type { Economy } from "./economy/schema.ts"
import type { MarketEvent } from "./protocol/event.ts"
import { createMarket, digestOf, step } from "./market/market.ts"
import type { Snapshot, SnapshotInvalid } from "./market/snapshot.ts"
import { restore, snapshot } from "./market/snapshot.ts"
import type { Market } from "./market/state/market-state.ts"
import { nextWake } from "./market/state/market-state.ts"

export interface MarketService {
  /**
   * Takes events in order, waking the kernel's timers that are due before each, and returns the
   * commands of all of them. Uninterruptible: a batch is taken whole or not at all.
   */
  readonly take: (events: Iterable<MarketEvent>) => Effect.Effect<ReadonlyArray<Command>>
  /** When the market next wants a `TimerFired`, µs. */
  readonly nextWake: Effect.Effect<number>
  readonly digest: Effect.Effect<string>
  readonly snapshot: Effect.Effect<Snapshot>
  /** A view for queries. Only `take` may change it. */
  readonly view: Market
}

export class MarketEngine extends Context.Tag("evenkeel/MarketEngine")<
  MarketEngine,
  MarketService
>() {}

/**
 * `step` with every timer that is due before the event fired first, each at its own time; but none
 * before `GatewayResumed`, which says that they are not to be.
 */
export const advance = (market: Market, event: MarketEvent, out: Array<Command>): void => {
  const isTime = event._tag === "TimerFired" || event._tag === "GatewayResumed"
  if (!isTime && event.at > nextWake(market))
    step(market, { _tag: "TimerFired", at: event.at }, out)
  step(market, event, out)
}

const serviceOf = (market: Market): MarketService => ({
  take: (events) =>
    Effect.sync(() => {
      const out: Array<Command> = []
      for (const event of events) advance(market, event, out)
      return out
    }),
  nextWake: Effect.sync(() => nextWake(market)),
  digest: Effect.sync(() => digestOf(market)),
  snapshot: Effect.sync(() => snapshot(market)),
  view: market,
})

/** A new market. */
export const layer = (economy: Economy, seed: string): Layer.Layer<MarketEngine> =>
  Layer.sync(MarketEngine, () => serviceOf(createMarket(economy, seed)))

/** A market that goes on from a snapshot. */
export const layerFromSnapshot = (saved: unknown): Layer.Layer<MarketEngine, SnapshotInvalid> =>
  Layer.effect(MarketEngine, Effect.map(restore(saved), serviceOf))
