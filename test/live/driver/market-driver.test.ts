import { Effect } from "effect"
import { describe, expect, it, vi } from "vitest"
import type { MarketService } from "../../../engine/index.ts"
import { createMarket, engineOf, InvariantBroken, pooled } from "../../../engine/index.ts"
import { makeMarketDriver, MarketBroken } from "../../../live/driver/market-driver.ts"
import type { StoredEntry } from "../../../live/store/journal.ts"
import { keepSnapshots } from "../../../live/start/keep-snapshots.ts"
import { manualClock } from "../support/manual-clock.ts"

/** A kernel that is mistaken about one account. */
const mistaken = (): MarketService => {
  const { market, take } = engineOf(createMarket(pooled, "mistaken"))
  return {
    market,
    take: (event, out) => {
      take(event, out)
      if (event._tag === "AccountOpened" && event.account === 13)
        throw new InvariantBroken("accounts are lucky")
    },
  }
}

const driven = () => {
  const clock = manualClock()
  const entries: Array<Pick<StoredEntry, "event" | "commands" | "digest">> = []
  const journal = {
    append: (entry: (typeof entries)[number]) => void entries.push(entry),
    durable: () => Promise.resolve(),
  }
  const broken: Array<MarketBroken> = []
  const driver = makeMarketDriver(mistaken(), clock, journal, (error) => broken.push(error))
  return { driver, clock, entries, broken }
}

describe("a market that breaks an invariant", () => {
  it("takes no further event, and nothing of the one that broke it is written", () => {
    const { driver, entries, broken } = driven()
    const taken: Array<string> = []
    driver.addTaker((command) => taken.push(command._tag))
    driver.submit({ _tag: "AccountOpened", account: 1 })
    expect(taken).toEqual(["Post"])
    const open = (account: number) => () => driver.submit({ _tag: "AccountOpened", account })
    expect(open(13)).toThrow(MarketBroken)
    expect(open(13)).toThrow(/broke off at an event \(AccountOpened\).*accounts are lucky/)
    expect(open(14)).toThrow(MarketBroken)
    expect(entries.map(({ event }) => event)).toMatchObject([{ account: 1 }])
    expect(taken).toEqual(["Post"])
    expect(driver.isBroken()).toBe(true)
    expect(broken).toHaveLength(1)
  })

  it("has no timers any more", () => {
    const { driver, clock, entries } = driven()
    driver.clock.wakeAt(1e6, () => driver.submit({ _tag: "AccountOpened", account: 14 }))
    expect(() => driver.submit({ _tag: "AccountOpened", account: 13 })).toThrow(MarketBroken)
    clock.pass(10 * 3600e6)
    expect(entries).toEqual([])
  })

  it("leaves no snapshot of what it has become", async () => {
    const { driver } = driven()
    const putSnapshot = vi.fn(() => Promise.resolve())
    const store = { lastSeq: () => 1, putSnapshot } as never
    const snapshots = keepSnapshots(driver, store, 100)
    expect(() => driver.submit({ _tag: "AccountOpened", account: 13 })).toThrow(MarketBroken)
    await snapshots.close()
    expect(putSnapshot).not.toHaveBeenCalled()
  })

  it("still says what was written before", async () => {
    const { driver } = driven()
    driver.submit({ _tag: "AccountOpened", account: 1 })
    expect(() => driver.submit({ _tag: "AccountOpened", account: 13 })).toThrow(MarketBroken)
    await Effect.runPromise(Effect.promise(driver.durable))
  })
})

describe("a driver that was stopped", () => {
  it("wakes nobody, and takes nothing", () => {
    const { driver, clock, entries } = driven()
    const woken: Array<number> = []
    driver.clock.wakeAt(1e6, () => woken.push(1))
    clock.pass(1e6)
    driver.clock.wakeAt(2e6, () => woken.push(2))
    driver.stop()
    driver.clock.wakeAt(3e6, () => woken.push(3))
    clock.pass(3600e6)
    expect(woken).toEqual([1])
    expect(entries).toEqual([])
    expect(() => driver.submit({ _tag: "AccountOpened", account: 1 })).toThrow(/after the end/)
  })
})
