import fc from "fast-check"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Command, Economy, MarketEvent } from "../../../engine/index.ts"
import {
  booksView,
  countOpenRequests,
  createMarket,
  digestOf,
  engineOf,
  hardened,
  pooled,
  stateDigest,
} from "../../../engine/index.ts"
import type { MarketDriver } from "../../../live/driver/market-driver.ts"
import { makeMarketDriver } from "../../../live/driver/market-driver.ts"
import type { OpenedMarket } from "../../../live/driver/recovery.ts"
import { endWhatWasUnderWay, openMarket, readDelivered } from "../../../live/driver/recovery.ts"
import { replaySamePolicy } from "../../../live/replay/same-policy.ts"
import { Store } from "../../../live/store/store.ts"
import type { SqliteStore } from "../../../live/store/sqlite/sqlite-store.ts"
import { anyLife } from "../../properties/random-market.ts"
import { eventsOf } from "../../properties/replay.ts"
import { crashImage, openedStore, temporaryFolder } from "../support/data-directory.ts"
import type { ManualClock } from "../support/manual-clock.ts"
import { manualClock } from "../support/manual-clock.ts"

const seed = "recovery"
const lives = { numRuns: process.env["EVENKEEL_LONG"] === "1" ? 2_000 : 12 }

interface Running extends OpenedMarket {
  readonly store: SqliteStore
  readonly driver: MarketDriver
  readonly clock: ManualClock
  readonly close: () => Promise<void>
}

const run = async (folder: string, economy = pooled): Promise<Running> => {
  const { store, close } = await openedStore(folder)
  const opened = await Effect.runPromise(
    Effect.provideService(
      openMarket(economy, () => seed, 0),
      Store,
      store,
    ),
  )
  const clock = manualClock(opened.engine.market.now)
  const driver = makeMarketDriver(opened.engine, clock, store)
  return { ...opened, store, driver, clock, close }
}

/** Events of a random life that a driver can send: in order of time, whole. */
const sendable = (events: ReadonlyArray<MarketEvent>): ReadonlyArray<MarketEvent> => {
  let last = 0
  return events.filter(({ _tag, at }) => {
    const isInOrder = _tag !== "TimerFired" && Number.isSafeInteger(at) && at >= last && at < 1e13
    if (isInOrder) last = at
    return isInOrder
  })
}

/** The same market in memory alone, which nothing ever stops. */
const unbroken = (economy: Economy): Pick<Running, "driver" | "clock"> => {
  const clock = manualClock()
  const journal = { append: () => {}, durable: () => Promise.resolve() }
  return { clock, driver: makeMarketDriver(engineOf(createMarket(economy, seed)), clock, journal) }
}

const submitAll = (
  { driver, clock }: Pick<Running, "driver" | "clock">,
  events: ReadonlyArray<MarketEvent>,
): void => {
  for (const { at, ...fact } of events) {
    clock.moveTo(at)
    driver.submit(fact as Parameters<MarketDriver["submit"]>[0])
  }
}

describe("recovery", () => {
  it("carries on after a crash exactly as if there had been none, with and without snapshots", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyLife,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        fc.constantFrom(pooled, hardened),
        async (deeds, share, isSnapshot, economy) => {
          const events = sendable(eventsOf(economy, deeds).map(({ event }) => event))
          const cut = Math.floor(events.length * share)

          const whole = unbroken(economy)
          submitAll(whole, events)

          const folder = temporaryFolder()
          const first = await run(folder, economy)
          submitAll(first, events.slice(0, cut >> 1))
          if (isSnapshot) await first.store.putSnapshot(first.engine.market)
          submitAll(first, events.slice(cut >> 1, cut))
          await first.driver.durable()
          const image = crashImage(folder)
          first.driver.stop()
          await first.close()

          const second = await run(image, economy)
          expect(second.isNew).toBe(false)
          expect(stateDigest(second.engine.market)).toBe(stateDigest(first.engine.market))
          submitAll(second, events.slice(cut))
          expect(digestOf(second.engine.market)).toBe(digestOf(whole.driver.market))
          expect(stateDigest(second.engine.market)).toBe(stateDigest(whole.driver.market))

          await second.driver.durable()
          const replayed = await Effect.runPromise(replaySamePolicy(second.store, second.meta))
          expect(replayed.difference).toBeUndefined()
          expect(replayed.balanceSum).toBe(0)
          second.driver.stop()
          await second.close()
        },
      ),
      lives,
    )
  })

  it("ends what was under way: delivered tokens are paid, the rest is voided, nobody is to blame", async () => {
    const folder = temporaryFolder()
    const first = await run(folder)
    const { driver, clock } = first
    driver.submit({ _tag: "AccountOpened", account: 1 })
    driver.submit({ _tag: "AccountOpened", account: 2 })
    driver.submit({
      _tag: "ModelListed",
      model: 1,
      inputPricePerMtok: 0,
      outputPricePerMtok: 1_000_000,
    })
    driver.submit({ _tag: "NodeRegistered", node: 1, account: 2 })
    driver.submit({
      _tag: "InstanceStarted",
      instance: 1,
      node: 1,
      model: 1,
      slots: 32,
      tokensPerSecond: 100,
      isPlatformAsked: false,
    })
    clock.pass(1_000_000)
    const arrive = (request: number) =>
      driver.submit({
        _tag: "RequestArrived",
        request,
        account: 1,
        model: 1,
        inputTokens: 1,
        maxTokens: 100,
      })
    arrive(1)
    arrive(2)
    arrive(3)
    first.store.noteDelivered({ request: 1, attempt: 0, tokens: 40 })
    // A checkpoint counts roughly: no reason for the market not to start.
    first.store.noteDelivered({ request: 3, attempt: 0, tokens: 101 })
    await driver.durable()

    const second = await run(crashImage(folder))
    const commands: Array<Command> = []
    second.driver.addTaker((command) => void commands.push(command))
    const delivered = await Effect.runPromise(
      Effect.provideService(readDelivered, Store, second.store),
    )
    const ended = endWhatWasUnderWay(second.driver, second.store, delivered)
    expect(ended).toBe(3)
    const finishes = commands.filter((command) => command._tag === "Finish")
    expect(finishes).toMatchObject([
      { request: 1, outcome: "gatewayFault", outputTokens: 40, charge: 40 },
      { request: 2, outcome: "gatewayFault", outputTokens: 0, charge: 0 },
      { request: 3, outcome: "gatewayFault", outputTokens: 100, charge: 100 },
    ])
    expect(countOpenRequests(second.engine.market)).toBe(0)
    expect(booksView(second.engine.market)).toMatchObject({ held: 0, total: 0 })
    await second.driver.durable()
    const again = await Effect.runPromise(replaySamePolicy(second.store, second.meta))
    expect(again.difference).toBeUndefined()
  })

  it("refuses a journal that does not replay, and says where", async () => {
    const folder = temporaryFolder()
    const first = await run(folder)
    first.driver.submit({ _tag: "AccountOpened", account: 1 })
    // As a kernel that decides otherwise would have written it.
    first.store.append({
      event: { _tag: "CreditsBought", at: 0, account: 1, transfer: 1, amount: 5 },
      commands: [],
      digest: "0123456789abcdef",
    })
    await first.close()
    await expect(run(folder)).rejects.toThrow(/Entry 2 of the journal \(CreditsBought\)/)
  })
})
