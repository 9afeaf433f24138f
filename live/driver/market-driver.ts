/**
 * The kernel in real time. A fact is stamped with the clock, the kernel takes it, the journal gets
 * it with its commands, and the commands go to their takers: all before `submit` returns. Nothing
 * else may change the market.
 *
 * The order "journal, then act" is in memory; `durable` says when it is on disk. Whoever shows
 * something to the outside that the journal must not forget (the first byte of an answer, the
 * acknowledgement of a transfer) waits for it.
 */
import { Context, Data, Effect } from "effect"
import type {
  Command,
  EventOf,
  EventTag,
  Market,
  MarketService,
  Rejection,
} from "../../engine/index.ts"
import { digestOf, nextWake } from "../../engine/index.ts"
import { causeText } from "../../platform/cause.ts"
import type { Clock } from "./clock.ts"
import type { StoreBroken } from "../store/errors.ts"
import type { Journal } from "../store/journal.ts"

/** An event without its time, which the driver gives. */
export type Fact = { [K in EventTag]: Omit<EventOf<K>, "at"> }[EventTag]

/** Takes each command of the kernel, in order; may itself submit facts. */
export type CommandTaker = (command: Command, atMicros: number) => void

/**
 * The kernel threw: a mistake in it. Nothing of the event was written, and no further one is taken, since
 * what a market decides that broke off in the middle is worth nothing.
 */
export class MarketBroken extends Data.TaggedError("MarketBroken")<{
  readonly event: EventTag
  readonly cause: unknown
}> {
  override get message(): string {
    return (
      `The market broke off at an event (${this.event}) that it should have taken: ${causeText(this.cause)}. ` +
      "Nothing of that event was written: started again, the gateway goes on as it stood before. " +
      "Please report this"
    )
  }
}

export interface MarketDriver {
  /** Gives the reason where the kernel rejects the fact, which then has changed nothing. */
  readonly submit: (fact: Fact) => Rejection | undefined
  /** An id for the next request, higher than any before. */
  readonly nextRequest: () => number
  /** Takers are called in the order in which they were added. */
  readonly addTaker: (taker: CommandTaker) => void
  /** Resolves once all that was submitted until now survives a crash; rejects where it cannot. */
  readonly durable: () => Promise<void>
  /** The market's time: once the driver is stopped, or its market broken, it wakes nobody. */
  readonly clock: Clock
  /** The market as it stands. Only `submit` may change it. */
  readonly market: Market
  /** Whether the kernel threw: then the market is not to be kept as it is. */
  readonly isBroken: () => boolean
  /** Ends the timers; no fact may be submitted any more. */
  readonly stop: () => void
}

export class Driver extends Context.Tag("evenkeel/MarketDriver")<Driver, MarketDriver>() {}

/** Ends once all that was submitted until now survives a crash. */
export const durably = ({ durable }: Pick<MarketDriver, "durable">) =>
  Effect.tryPromise({ try: durable, catch: (cause) => cause as StoreBroken })

export const makeMarketDriver = (
  { market, take }: MarketService,
  clock: Clock,
  journal: Journal,
  onBroken: (error: MarketBroken) => void = () => {},
): MarketDriver => {
  const takers: Array<CommandTaker> = []
  const waiting: Array<Command> = []
  let isHandingOut = false
  let isStopped = false
  let broken: MarketBroken | undefined
  let lastRequest = market.lastRequest
  let armedFor = Infinity
  let disarm = (): void => {}

  // Who waits for the market's time has nothing to tell it once it is over.
  const ownClock: Clock = {
    nowMicros: clock.nowMicros,
    wakeAt: (atMicros, wakeUp) =>
      clock.wakeAt(atMicros, () => {
        if (!isStopped && broken === undefined) wakeUp()
      }),
  }

  const arm = (): void => {
    const next = nextWake(market)
    if (next === armedFor) return
    disarm()
    armedFor = next
    disarm = Number.isFinite(next) ? ownClock.wakeAt(next, wake) : () => {}
  }
  const wake = (): void => {
    armedFor = Infinity
    if (clock.nowMicros() >= nextWake(market)) submit({ _tag: "TimerFired" })
    else arm()
  }

  const breakOff = (event: EventTag, cause: unknown): MarketBroken => {
    broken = new MarketBroken({ event, cause })
    disarm()
    onBroken(broken)
    return broken
  }

  const submit = (fact: Fact): Rejection | undefined => {
    if (broken !== undefined) throw broken
    if (isStopped) throw new Error(`driver: ${fact._tag} after the end`)
    const at = Math.max(clock.nowMicros(), market.now)
    const event = { ...fact, at } as { [K in EventTag]: EventOf<K> }[EventTag]
    const commands: Array<Command> = []
    try {
      take(event, commands)
    } catch (cause) {
      throw breakOff(fact._tag, cause)
    }
    journal.append({ event, commands, digest: digestOf(market) })
    for (const command of commands) waiting.push(command)
    arm()
    handOut(at)
    const last = commands.at(-1)
    return last?._tag === "Rejected" ? last.reason : undefined
  }

  /** A taker may submit: its commands queue behind those that are being handed out. */
  const handOut = (at: number): void => {
    if (isHandingOut) return
    isHandingOut = true
    try {
      for (let next = 0; next < waiting.length; next++)
        for (const taker of takers) taker(waiting[next], at)
    } finally {
      waiting.length = 0
      isHandingOut = false
    }
  }

  arm()
  return {
    submit,
    nextRequest: () => ++lastRequest,
    addTaker: (taker) => {
      takers.push(taker)
    },
    durable: journal.durable,
    clock: ownClock,
    market,
    isBroken: () => broken !== undefined,
    stop: () => {
      isStopped = true
      disarm()
    },
  }
}
