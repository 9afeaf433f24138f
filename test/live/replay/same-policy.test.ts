import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Economy } from "../../../engine/index.ts"
import { economies, ledgerBalances, pooled } from "../../../engine/index.ts"
import { replayCounterfactual } from "../../../live/replay/counterfactual.ts"
import { readEntries } from "../../../live/replay/read-entries.ts"
import { replaySamePolicy } from "../../../live/replay/same-policy.ts"
import { readWritten } from "../../../live/replay/written.ts"
import { servedMarket } from "./served-market.ts"

describe("replay", () => {
  it("is identical: every command, posting and balance", async () => {
    const { store, meta, market } = await servedMarket({
      economy: pooled,
      slots: 40,
      calls: 60,
      betweenSeconds: 5,
    })
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
    const { store, meta } = await servedMarket({
      economy: pooled,
      slots: 40,
      calls: 60,
      betweenSeconds: 5,
    })
    store.queue.write(statement, [])
    await store.queue.durable()
    const { difference } = await Effect.runPromise(replaySamePolicy(store, meta))
    expect(difference?.what).toBe(where)
    expect(difference?.journal).not.toBe(difference?.replay)
  })
})

describe("a journal with prices that hosts set", () => {
  const priced = () =>
    servedMarket({
      economy: economies["infrintia"],
      prices: [20_000_000, 60_000_000],
      slots: 40,
      calls: 60,
      betweenSeconds: 5,
    })

  it("is replayed identically", async () => {
    const { store, meta, market } = await priced()
    const replayed = await Effect.runPromise(replaySamePolicy(store, meta))
    expect(replayed.difference).toBeUndefined()
    expect(ledgerBalances(replayed.market)).toEqual(ledgerBalances(market))
    // By the lottery nine calls in ten go to the host that asks a third: most cost 50 · 20 credits a million.
    const mean = replayed.totals.paidByConsumers / replayed.totals.outputTokens
    expect(mean).toBeGreaterThanOrEqual(20)
    expect(mean).toBeLessThan(30)
  })

  it("shows what another policy would have paid: the platform's list price, prompts and all", async () => {
    const { store, meta } = await priced()
    const entries = await Effect.runPromise(readEntries(store))
    const under = (economy: Economy) =>
      Effect.runPromise(replayCounterfactual(entries, readWritten(entries), economy, meta.seed))
    const own = await under(economies["infrintia"])
    const other = await under(pooled)
    expect(other.totals.served).toBe(own.totals.served)
    // 50 tokens at 40 credits a million, and 10 of the prompt at a tenth of a credit.
    expect(other.totals.paidByConsumers).toBe(other.totals.served * 2001)
    expect(own.totals.paidByConsumers).toBeLessThan(other.totals.paidByConsumers)
    // Its hosts may set no prices.
    expect([own.rejected, other.rejected]).toEqual([0, 2])
  })
})
