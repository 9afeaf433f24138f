/**
 * A mechanism: one part of the market's rules. It says which events it takes, its timers, and what it
 * does at the turn of an hour; `mechanisms.ts` lists them all, and whatever steps the market goes by
 * that list.
 */
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf, EventTag } from "../../protocol/event.ts"
import type { Market } from "./market-state.ts"

/** Takes a fact. A rejection has changed nothing. */
export type Handler<T extends EventTag> = (
  market: Market,
  event: EventOf<T>,
) => Rejection | undefined

export type Handlers = { readonly [T in EventTag]?: Handler<T> }

/** When single entities of a mechanism want to be looked at again, and what is done then. */
export interface Timers {
  /** Place of their queue in the market's `wakes`. */
  readonly queue: number
  readonly fire: (market: Market, entity: number) => void
}

export interface Mechanism {
  readonly name: string
  readonly takes: Handlers
  /** In the order in which those of one instant come. */
  readonly timers?: ReadonlyArray<Timers>
  /** The gateway was away from `from` until now: what fell due meanwhile is nobody's fault. */
  readonly resume?: (market: Market, from: number) => void
  /** What an hour changes when it turns. `isOpen`: the gateway was there, so what was asked is demand. */
  readonly turnHour?: (market: Market, isOpen: boolean) => void
  /** In a market where nothing has happened for long: could a further hour change anything but counters? */
  readonly isAtRest?: (market: Market, isOpen: boolean) => boolean
  /** Lets so many hours go by at once, at rest, to the state that one by one would have led to. */
  readonly passHours?: (market: Market, hours: number, isOpen: boolean) => void
  /** Asserts what holds of the mechanism's part of the state between steps. O(its part). */
  readonly audit?: (market: Market) => void
}
