/**
 * A loss system on the kernel: Poisson arrivals, exponential service times with mean one second, and
 * a call that finds no room is refused. Small and exact: since service is memoryless, the next end is
 * any of the calls under way with equal chance, and no event queue is needed.
 */
import type { Command } from "../../engine/protocol/command.ts"
import type { EventOf, MarketEvent } from "../../engine/protocol/event.ts"
import { step } from "../../engine/market/market.ts"
import { drawBelow, openStream } from "../../engine/core/random.ts"
import { nextWake } from "../../engine/market/timers.ts"
import type { Trial } from "../support/market.ts"

export interface LossRun {
  /** Calls dispatched, by instance id. */
  readonly served: ReadonlyMap<number, number>
  readonly refused: number
}

/** Lets `calls` calls of account 1 arrive at the small market's model, `callsPerSecond` on average. */
export const runLossSystem = (
  { market }: Trial,
  {
    calls,
    callsPerSecond,
    seed,
  }: { readonly calls: number; readonly callsPerSecond: number; readonly seed: string },
): LossRun => {
  const stream = openStream(seed, "loss-system", 0)
  const underWay: Array<number> = []
  const served = new Map<number, number>()
  let refused = 0
  let request = market.lastRequest
  let out: Array<Command> = []
  const timer: { -readonly [K in keyof EventOf<"TimerFired">]: EventOf<"TimerFired">[K] } = {
    _tag: "TimerFired",
    at: 0,
  }
  const send = (event: MarketEvent): ReadonlyArray<Command> => {
    if (event.at > nextWake(market)) {
      timer.at = event.at
      step(market, timer, out)
    }
    out = []
    step(market, event, out)
    return out
  }
  let now = market.now
  for (let arrived = 0; arrived < calls;) {
    const rate = callsPerSecond + underWay.length
    now += (-Math.log(1 - stream.next()) / rate) * 1_000_000
    const at = Math.ceil(now)
    if (stream.next() * rate < callsPerSecond) {
      arrived++
      request++
      const [first] = send({
        _tag: "RequestArrived",
        at,
        request,
        account: 1,
        model: 1,
        inputTokens: 1,
        maxTokens: 1,
      })
      if (first?._tag === "Dispatch") {
        served.set(first.instance, (served.get(first.instance) ?? 0) + 1)
        underWay.push(request)
      } else refused++
    } else {
      const index = drawBelow(stream, underWay.length)
      const ended = underWay[index] ?? -1
      underWay[index] = underWay.at(-1) ?? -1
      underWay.pop()
      send({
        _tag: "AttemptEnded",
        at,
        request: ended,
        attempt: 0,
        outcome: "completed",
        outputTokens: 1,
        reportedTokens: 1,
        decodeMicros: 0,
        retryAfterMicros: 0,
      })
    }
  }
  return { served, refused }
}

/** Sum of the calls that these instances served. */
export const servedBy = ({ served }: LossRun, isOne: (instance: number) => boolean): number => {
  let sum = 0
  for (const [instance, calls] of served) if (isOne(instance)) sum += calls
  return sum
}

/** Mean and half-width of the two-sided 95% Student-t interval; 10 replications. */
export const intervalOf = (values: ReadonlyArray<number>) => {
  if (values.length !== 10) throw new Error("the quantile below is that of 10 replications")
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, halfWidth: 2.2622 * Math.sqrt(variance / values.length) }
}
