/** Lives lived again: the events of a random life, sent to another market. */
import type { Command } from "../../engine/protocol/command.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import type { MarketEvent } from "../../engine/protocol/event.ts"
import { createMarket, step } from "../../engine/market/market.ts"
import type { MarketHandle } from "../../engine/market/state/market-state.ts"
import type { Deed, Sent } from "./random-market.ts"
import { beginLife } from "./random-market.ts"

export const seedOfLives = "life"

/** Every event of a life with its commands, in order. */
export const eventsOf = (economy: Economy, deeds: ReadonlyArray<Deed>): ReadonlyArray<Sent> => {
  const life = beginLife(economy, seedOfLives, false)
  for (const deed of deeds) life.play(deed)
  return life.sent
}

/** Sends the events to a market, and returns the commands of each. */
export const sendAll = (
  market: MarketHandle,
  events: Iterable<MarketEvent>,
): ReadonlyArray<ReadonlyArray<Command>> =>
  Array.from(events, (event) => {
    const out: Array<Command> = []
    step(market, event, out)
    return out
  })

export const replay = (economy: Economy, events: Iterable<MarketEvent>, seed = seedOfLives) => {
  const market = createMarket(economy, seed)
  return { market, commands: sendAll(market, events) }
}

export const isRejected = ({ commands }: Sent): boolean => commands[0]?._tag === "Rejected"
