import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { hardened, ledgerBalances, pooled } from "../../../engine/index.ts"
import { makeMarketDriver } from "../../../live/driver/market-driver.ts"
import { openMarket } from "../../../live/driver/recovery.ts"
import { replayOtherPolicy } from "../../../live/replay/other-policy.ts"
import { replaySamePolicy } from "../../../live/replay/same-policy.ts"
import { Store } from "../../../live/store/store.ts"
import { openedStore, temporaryFolder } from "../support/data-directory.ts"
import { manualClock } from "../support/manual-clock.ts"

const second = 1_000_000

/** A market of two operators and one consumer that has served some calls. */
const servedMarket = async () => {
  const { store } = await openedStore(temporaryFolder())
  const { engine, meta } = await Effect.runPromise(
    Effect.provideService(
      openMarket(pooled, () => "replay", 0),
      Store,
      store,
    ),
  )
  const clock = manualClock()
  const driver = makeMarketDriver(engine, clock, store)
  driver.addTaker((command) => {
    if (command._tag === "Probe") {
      const { instance, probe } = command
      clock.wakeAt(clock.nowMicros() + second, () => {
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
      slots: 40,
      tokensPerSecond: 1000,
      isPlatformAsked: false,
    })
  }
  for (let call = 0; call < 60; call++) {
    clock.pass(5 * second + 1)
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

describe("replay", () => {
  it("is identical: every command, posting and balance", async () => {
    const { store, meta, market } = await servedMarket()
    const replayed = await Effect.runPromise(replaySamePolicy(store, meta))
    expect(replayed.difference).toBeUndefined()
    expect(replayed.balanceSum).toBe(0)
    // Each twentieth call fails wherever it goes.
    expect(replayed.totals).toMatchObject({ served: 57, refused: 3, outputTokens: 57 * 50 })
    expect(replayed.totals.paidByConsumers).toBe(
      replayed.totals.platformFees + replayed.totals.providerShares + replayed.totals.withheld,
    )
    expect(ledgerBalances(replayed.market)).toEqual(ledgerBalances(market))
  })

  it.each([
    [
      "a posting's amount",
      "UPDATE postings SET amount = amount + 1 WHERE kind = 'share'",
      "postings",
    ],
    ["a posting that is missing", "DELETE FROM postings WHERE kind = 'fee'", "postings"],
    [
      "a command",
      "UPDATE journal SET commands = json_set(commands, '$[0].charge', 1) WHERE event LIKE '%AttemptEnded%completed%'",
      "commands",
    ],
    ["a digest", "UPDATE journal SET digest = '0000000000000000' WHERE seq = 9", "digest"],
  ])("finds %s that was altered, and where", async (_what, statement, where) => {
    const { store, meta } = await servedMarket()
    store.queue.write(statement, [])
    await store.queue.durable()
    const { difference } = await Effect.runPromise(replaySamePolicy(store, meta))
    expect(difference?.what).toBe(where)
    expect(difference?.journal).not.toBe(difference?.replay)
  })

  it("under its own policy again gives the same totals", async () => {
    const { store, meta } = await servedMarket()
    const same = await Effect.runPromise(replaySamePolicy(store, meta))
    const other = await Effect.runPromise(replayOtherPolicy(store, meta, meta.economy))
    expect(other.totals).toEqual(same.totals)
    expect(other.rejected).toBe(0)
  })

  it("under another fee moves just the fee, and under hardened still serves the demand", async () => {
    const { store, meta } = await servedMarket()
    const { totals } = await Effect.runPromise(replaySamePolicy(store, meta))
    const dearer = await Effect.runPromise(
      replayOtherPolicy(store, meta, { ...meta.economy, feeBps: 2400 }),
    )
    expect(dearer.totals.paidByConsumers).toBe(totals.paidByConsumers)
    expect(dearer.totals.platformFees).toBeGreaterThan(totals.platformFees * 1.99)
    const other = await Effect.runPromise(replayOtherPolicy(store, meta, hardened))
    expect(other.totals.served + other.totals.refused).toBe(60)
    // Until it was measured, a host of hardened gets nothing.
    expect(other.totals.served).toBeGreaterThan(50)
  })
})
