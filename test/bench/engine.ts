/**
 * `step` of the full `pooled` economy: routing, breaker, ramp, health, anti-flapping, bounty and ledger
 * on every call, at 10, 1,000 and 100,000 instances. A logical event is one arrival or one end.
 *
 * Every size is loaded alike, each instance to 70%: the larger market has as many more calls open,
 * and as many more events an hour, so that the turn of the hour costs an event the same. What grows
 * is the depth of the index and what of the market lies in no cache.
 */
import type { Command, Market, MarketEvent } from "../../engine/index.ts"
import { createMarket, drawBelow, nextWake, openStream, pooled, step } from "../../engine/index.ts"

export interface EngineRow {
  readonly instances: number
  readonly eventsPerSecond: number
  readonly bytesPerInstance: number
}

const slots = 8
const load = 0.7
const dayMicros = 86_400e6

const openMarket = (instances: number): Market => {
  const market = createMarket(pooled, "bench")
  const out: Array<Command> = []
  const tell = (event: MarketEvent) => step(market, event, out)
  tell({ _tag: "ModelListed", at: 0, model: 0, inputPricePerMtok: 20e6, outputPricePerMtok: 60e6 })
  tell({ _tag: "AccountOpened", at: 0, account: 0 })
  tell({ _tag: "CreditsBought", at: 0, transfer: 0, account: 0, amount: 8e15 })
  for (let i = 0; i < instances; i++) {
    tell({ _tag: "AccountOpened", at: 0, account: i + 1 })
    tell({ _tag: "NodeRegistered", at: 0, node: i, account: i + 1 })
    tell({
      _tag: "InstanceStarted",
      at: 0,
      instance: i,
      node: i,
      model: 0,
      slots,
      tokensPerSecond: 400,
      isPlatformAsked: false,
    })
    out.length = 0
  }
  // A week and a day later the ramp is over: the state that a market spends its life in.
  tell({ _tag: "TimerFired", at: 8 * dayMicros })
  return market
}

/**
 * Runs `events` logical events at a steady 70% load, the first tenth unmeasured: events a second of
 * processor time, which a busy machine disturbs less than wall time.
 */
const drive = (market: Market, instances: number, events: number): number => {
  const out: Array<Command> = []
  const stream = openStream("bench", "completion", 0)
  const open: Array<number> = []
  const target = Math.max(1, Math.floor(instances * slots * load))
  let at = market.now
  let request = market.lastRequest + 1
  const arrive = () => {
    step(
      market,
      {
        _tag: "RequestArrived",
        at,
        request: request++,
        account: 0,
        model: 0,
        inputTokens: 800,
        maxTokens: 800,
      },
      out,
    )
    for (const command of out) if (command._tag === "Dispatch") open.push(command.request)
    out.length = 0
  }
  const end = () => {
    const index = drawBelow(stream, open.length)
    const ended = open[index]
    const last = open.pop() ?? ended
    if (index < open.length) open[index] = last
    step(
      market,
      {
        _tag: "AttemptEnded",
        at,
        request: ended,
        attempt: 0,
        outcome: "completed",
        outputTokens: 400,
        reportedTokens: 400,
        decodeMicros: 8e6,
        retryAfterMicros: 0,
      },
      out,
    )
    out.length = 0
  }
  while (open.length < target) arrive()
  // Enough virtual time between events that hours turn, as they do in a market of this size.
  const gap = Math.max(1, Math.round((16e6 / target) * 0.5))
  const warmup = Math.floor(events / 10)
  let began = process.cpuUsage()
  for (let i = -warmup; i < events; i++) {
    if (i === 0) began = process.cpuUsage()
    at += gap
    if (nextWake(market) < at) {
      step(market, { _tag: "TimerFired", at }, out)
      out.length = 0
    }
    if (i % 2 === 0) arrive()
    else end()
  }
  const { user, system } = process.cpuUsage(began)
  return events / ((user + system) / 1e6)
}

export const benchEngine = (
  events: number,
  sizes: ReadonlyArray<number> = [10, 1_000, 100_000],
): ReadonlyArray<EngineRow> =>
  sizes.map((instances) => {
    globalThis.gc?.()
    const before = process.memoryUsage()
    const market = openMarket(instances)
    globalThis.gc?.()
    const after = process.memoryUsage()
    const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    return {
      instances,
      eventsPerSecond: drive(market, instances, events),
      bytesPerInstance: bytes / instances,
    }
  })
