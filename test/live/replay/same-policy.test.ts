import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { ledgerBalances, pooled } from "../../../engine/index.ts"
import { replaySamePolicy } from "../../../live/replay/same-policy.ts"
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
