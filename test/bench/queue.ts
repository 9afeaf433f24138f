/**
 * What it costs to take a call into a queue of so many flows, and to give it out: a flow for each consumer, two calls
 * of each. The time of each step is taken by itself, by the clock: it is no less than the thread's processor time, and
 * reading the processor time of a process costs as much as a step and counts the compiler's threads with it.
 */
import { pooled } from "../../engine/economy/presets/pooled.ts"
import { createMarket, step } from "../../engine/market/market.ts"
import type { Command } from "../../engine/protocol/command.ts"
import type { MarketEvent } from "../../engine/protocol/event.ts"
import { economyWith } from "../support/market.ts"

export interface QueueBenchRow {
  readonly flows: number
  /** Microseconds to take a call into the queue, and to end one and begin the next. */
  readonly takes: Quantiles
  readonly gives: Quantiles
}

interface Quantiles {
  readonly median: number
  readonly p99: number
}

const slots = 64

export const benchQueue = (flows: number): QueueBenchRow => {
  const economy = economyWith(
    {
      queue: { scope: "pool", size: 1_000_000, waitSeconds: 1e6 },
      ramp: { start: 1, onlineHours: 0 },
      promotion: { grantCredits: 0 },
    },
    pooled,
  )
  const market = createMarket(economy, "bench")
  const out: Array<Command> = []
  const send = (event: object): ReadonlyArray<Command> => {
    out.length = 0
    step(market, { at: 0, ...event } as MarketEvent, out)
    return out
  }
  const micros: Array<number> = []
  const timed = (event: MarketEvent): ReadonlyArray<Command> => {
    out.length = 0
    const before = process.hrtime.bigint()
    step(market, event, out)
    micros.push(Number(process.hrtime.bigint() - before) / 1000)
    return out
  }
  send({ _tag: "ModelListed", model: 0, inputPricePerMtok: 1, outputPricePerMtok: 1 })
  send({ _tag: "AccountOpened", account: 0 })
  send({ _tag: "NodeRegistered", node: 0, account: 0 })
  send({
    _tag: "InstanceStarted",
    instance: 0,
    node: 0,
    model: 0,
    slots,
    tokensPerSecond: 1000,
    isPlatformAsked: false,
  })
  for (let account = 1; account <= flows; account++) {
    send({ _tag: "AccountOpened", account })
    send({ _tag: "CreditsBought", transfer: account, account, amount: 1_000_000 })
  }
  let request = 0
  const arrival = (account: number): MarketEvent => ({
    _tag: "RequestArrived",
    at: 0,
    request: ++request,
    account,
    model: 0,
    inputTokens: 1 + ((account * 7919) % 500),
    maxTokens: 1 + ((account * 104_729) % 500),
  })
  const running: Array<number> = []
  const note = (commands: ReadonlyArray<Command>): void => {
    for (const one of commands) if (one._tag === "Dispatch") running.push(one.request)
  }
  for (let account = 1; account <= flows; account++) note(send(arrival(account)))
  for (let account = flows; account >= 1; account--) note(timed(arrival(account)))
  const takes = quantilesOf(micros)
  micros.length = 0
  for (let ended = running.shift(); ended !== undefined; ended = running.shift())
    note(
      timed({
        _tag: "AttemptEnded",
        at: 0,
        request: ended,
        attempt: 0,
        outcome: "completed",
        outputTokens: 1,
        reportedTokens: 1,
        decodeMicros: 1,
        retryAfterMicros: 0,
      }),
    )
  return { flows, takes, gives: quantilesOf(micros) }
}

const quantilesOf = (values: ReadonlyArray<number>): Quantiles => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  return { median: at(0.5), p99: at(0.99) }
}
