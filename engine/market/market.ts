/**
 * The kernel: `step` takes one event and leaves the commands that follow from it.
 *
 * Its contract: all time comes with the events; all chance comes from the market's seeded streams;
 * the same economy, seed and events give the same commands, to the last minor unit. An event that is
 * not legal in the present state changes nothing and yields one `Rejected` command with its reason.
 * A broken invariant throws, and is never caught.
 */
import { hexOf } from "../core/digest.ts"
import { invariant } from "../core/invariant.ts"
import { isWhole, microsPerDay } from "../core/units.ts"
import type { Economy } from "../economy/schema.ts"
import type { Command, Rejection } from "../protocol/command.ts"
import { emit } from "../protocol/command.ts"
import type { EventOf, EventTag, MarketEvent } from "../protocol/event.ts"
import { clearing } from "../ledger/accounts.ts"
import { eligibilityReasons } from "./admission/eligibility.ts"
import { resumeGateway } from "./gateway.ts"
import { turnHours } from "./hours.ts"
import type { TimeTag } from "./mechanisms.ts"
import { handlers } from "./mechanisms.ts"
import { beginWaiting } from "./requests/requests.ts"
import { serveStirred } from "./requests/queueing.ts"
import type { Market, MarketHandle } from "./state/market-state.ts"
import { makeMarket, open } from "./state/market-state.ts"
import type { Handler } from "./state/mechanism.ts"
import { fireFirst, nextTimer, nextWake } from "./timers.ts"

/**
 * Timers of nodes and instances that are overdue by more than this are not fired one by one: an
 * instance may have one every few seconds. A driver that was away for so long says so.
 */
const longestDelayMicros = 366 * microsPerDay

/** An empty market at time 0 under these rules; every draw of it follows from `seed`. */
export const createMarket = (economy: Economy, seed: string): MarketHandle =>
  makeMarket(economy, seed, eligibilityReasons.length)

/**
 * Takes one event and appends the commands that follow to `out`. Events come in order of time, and
 * never later than `nextWake`: a driver that has nothing until then sends `TimerFired` first.
 * O(log instances), but for the turn of an hour, which is O(instances).
 */
export const step = (handle: MarketHandle, event: MarketEvent, out: Array<Command>): void => {
  const market = open(handle)
  const { now, ledger, sink } = market
  const given = out.length
  sink.commands = out
  const rejection = rejectTime(market, event.at) ?? take(market, event)
  if (rejection !== undefined) {
    invariant(out.length === given, "an event that is rejected has left no command")
    invariant(market.now === now, "an event that is rejected takes no time")
    emit(sink, { _tag: "Rejected", event: event._tag, reason: rejection })
  }
  invariant(market.now >= now, "time never goes back")
  invariant(ledger.posted[clearing] === 0, "clearing is empty after a step")
}

const rejectTime = (market: Market, at: number): Rejection | undefined => {
  if (!isWhole(at)) return "InvalidQuantity"
  if (at < market.now) return "ClockWentBackwards"
  return undefined
}

const take = (market: Market, event: MarketEvent): Rejection | undefined => {
  if (event._tag === "TimerFired") return fireTimers(market, event.at)
  if (event._tag === "GatewayResumed") {
    resumeGateway(market, event.at)
    serveThoseWaiting(market)
    return undefined
  }
  if (event.at > nextWake(market)) return "TimerDue"
  const before = market.now
  market.now = event.at
  const rejection = handle(market, event)
  if (rejection === undefined) {
    market.idleHours = 0
    serveThoseWaiting(market)
  } else market.now = before
  return rejection
}

/** Hands an event to the mechanism that takes it: nearly all are of two kinds, whose handlers V8 inlines. */
const handle = (
  market: Market,
  event: Exclude<MarketEvent, EventOf<TimeTag>>,
): Rejection | undefined => {
  if (event._tag === "RequestArrived") return handlers.RequestArrived(market, event)
  if (event._tag === "AttemptEnded") return handlers.AttemptEnded(market, event)
  return handleByTable(market, event)
}

const handleByTable = <T extends Exclude<EventTag, TimeTag>>(
  market: Market,
  event: EventOf<T>,
): Rejection | undefined => {
  // One event and its own handler: the table is typed tag by tag, which a union of tags hides.
  const handler = handlers[event._tag as T] as unknown as Handler<T>
  return handler(market, event)
}

/** Whatever has come to have room is given to those that wait for it, as the last thing that a step does. */
const serveThoseWaiting = (market: Market): void => {
  if (market.stirred.length > 0) serveStirred(market, beginWaiting)
}

/** Everything that was due by `at`, each at its own time, in order. */
const fireTimers = (market: Market, at: number): Rejection | undefined => {
  if (at - nextTimer(market) > longestDelayMicros) return "TooFarAhead"
  for (let due = nextWake(market); due <= at; due = nextWake(market)) {
    market.now = due
    // At the same instant: what single instances and nodes want first, then the turn of the hour.
    const timer = nextTimer(market)
    if (due < timer) {
      turnHours(market, Math.min(at, timer - 1), true)
      serveThoseWaiting(market)
      continue
    }
    market.idleHours = 0
    fireFirst(market, due)
    serveThoseWaiting(market)
  }
  market.now = at
  return undefined
}

/** The digest over all commands so far: 16 hexadecimal digits. */
export const digestOf = (market: MarketHandle): string => hexOf(open(market).sink.digest)
