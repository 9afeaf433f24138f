/** A market of two operators, one host each, and one consumer: served, recorded, and closed. */
import { Effect } from "effect"
import type { Economy } from "../../../engine/index.ts"
import { makeMarketDriver } from "../../../live/driver/market-driver.ts"
import { openMarket } from "../../../live/driver/recovery.ts"
import { Store } from "../../../live/store/store.ts"
import { openedStore, temporaryFolder } from "../support/data-directory.ts"
import { manualClock } from "../support/manual-clock.ts"

const second = 1_000_000

export interface ServedMarket {
  readonly economy: Economy
  /** What the two hosts ask for a million output tokens, minor units, where they set prices. */
  readonly prices?: readonly [number, number]
  /** Of each host. */
  readonly slots: number
  readonly calls: number
  readonly betweenSeconds: number
}

/** Each call takes two seconds, and each twentieth fails wherever it goes. */
export const servedMarket = async ({
  economy,
  prices,
  slots,
  calls,
  betweenSeconds,
}: ServedMarket) => {
  const { store } = await openedStore(temporaryFolder())
  const { engine, meta } = await Effect.runPromise(
    Effect.provideService(
      openMarket(economy, () => "replay", 0),
      Store,
      store,
    ),
  )
  const clock = manualClock()
  const driver = makeMarketDriver(engine, clock, store)
  driver.addTaker((command) => {
    if (command._tag === "Probe") {
      const { instance, probe } = command
      // The second host is the slower one, which the rules may or may not mind.
      clock.wakeAt(clock.nowMicros() + instance * second, () => {
        driver.submit({
          _tag: "ProbeEnded",
          instance,
          probe,
          outcome: "completed",
          outputTokens: 32,
          decodeMicros: second,
          retryAfterMicros: 0,
        })
      })
    }
    if (command._tag === "Measure") {
      const { instance, measurement } = command
      clock.wakeAt(clock.nowMicros() + 3 * second, () => {
        driver.submit({
          _tag: "CapacityMeasured",
          instance,
          measurement,
          slots,
          tokensPerSecond: 1000,
        })
      })
    }
    if (command._tag !== "Dispatch") return
    const { request, attempt } = command
    clock.wakeAt(clock.nowMicros() + 2 * second, () => {
      driver.submit({
        _tag: "AttemptEnded",
        request,
        attempt,
        outcome: request % 20 === 0 ? "upstreamError" : "completed",
        outputTokens: request % 20 === 0 ? 0 : 50,
        reportedTokens: request % 20 === 0 ? 0 : 50,
        decodeMicros: second,
        retryAfterMicros: 0,
      })
    })
  })
  for (const account of [1, 2, 3]) driver.submit({ _tag: "AccountOpened", account })
  driver.submit({ _tag: "CreditsBought", account: 1, transfer: 1, amount: 1_000_000_000 })
  driver.submit({
    _tag: "ModelListed",
    model: 1,
    inputPricePerMtok: 100_000,
    outputPricePerMtok: 40_000_000,
  })
  for (const node of [1, 2]) {
    driver.submit({ _tag: "NodeRegistered", node, account: node + 1 })
    driver.submit({
      _tag: "InstanceStarted",
      instance: node,
      node,
      model: 1,
      slots,
      tokensPerSecond: 1000,
      isPlatformAsked: false,
    })
    if (prices !== undefined)
      driver.submit({ _tag: "PriceSet", instance: node, outputPricePerMtok: prices[node - 1] })
  }
  for (let call = 0; call < calls; call++) {
    clock.pass(betweenSeconds * second + 1)
    driver.submit({
      _tag: "RequestArrived",
      request: driver.nextRequest(),
      account: 1,
      model: 1,
      inputTokens: 10,
      maxTokens: 100,
    })
  }
  clock.pass(60 * second)
  await driver.durable()
  return { store, market: engine.market, meta, driver }
}
