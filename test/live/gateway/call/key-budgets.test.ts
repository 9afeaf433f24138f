/** What keys with a limit may spend: never more than that, whatever they ask for at once. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeKeyBudgets } from "../../../../live/gateway/call/key-budgets.ts"
import type { CallOrder } from "../../../../live/gateway/call/call.ts"
import { assertProperty } from "../../../support/property.ts"
import { plainReceipt } from "../../support/receipt.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { openTestMarket } from "../../support/market.ts"
import { streamTexts } from "../mock-host.ts"
import { openGateway } from "../open-gateway.ts"

const open = (minor: number) => {
  const clock = manualClock(1000)
  const market = openTestMarket({ clock })
  const model = market.listModel({ inputPricePerMtok: 0, outputPricePerMtok: 1_000_000 })
  const { account } = market.openAccount()
  const { key } = market.giveKey("account", { account: account.id })
  const limited = { ...key, limit: { minor, fromMicros: clock.nowMicros() } }
  market.directory.keys.put(limited)
  /** A call that may cost so much. */
  const order = (most: number): CallOrder => ({
    account: account.id,
    model,
    kind: "chat",
    body: {},
    inputTokens: 0,
    maxTokens: most,
  })
  return { market, clock, key, limited, order, account }
}

describe("a key's budget", () => {
  it("keeps the most that calls under way can cost, and takes what they were charged", async () => {
    const { market, limited, order } = open(100)
    const budgets = makeKeyBudgets(market)
    await Effect.runPromise(budgets.read(limited))
    const free = budgets.reserve(limited, order(60))
    expect(() => budgets.reserve(limited, order(41))).toThrow(
      /may spend 0.0001 credits, of which 0.00004 are left/,
    )
    const second = budgets.reserve(limited, order(40))
    budgets.charged(limited.id, 10)
    free()
    // Freed once, however often it is said.
    free()
    second()
    budgets.reserve(limited, order(90))()
    expect(() => budgets.reserve(limited, order(91))).toThrow(/limit/)
  })

  it("outlives the process: what was charged since the limit was set is read from the receipts", async () => {
    const { market, clock, key, limited, order, account } = open(100)
    const receipt = { ...plainReceipt, account: account.id, model: 0, instance: 0 }
    const note = (request: number, at: number, of: number, charge: number) =>
      market.store.noteReceipt({ ...receipt, request, at, key: of, requestId: null, charge })
    note(1, clock.nowMicros() - 1, key.id, 70)
    note(2, clock.nowMicros(), key.id, 30)
    note(3, clock.nowMicros() + 1, key.id + 1, 70)
    const budgets = makeKeyBudgets(market)
    await Effect.runPromise(budgets.read(limited))
    budgets.reserve(limited, order(70))()
    expect(() => budgets.reserve(limited, order(71))).toThrow(/may spend/)
    // A limit that is set anew begins anew.
    clock.pass(10)
    const raised = { ...limited, limit: { minor: 100, fromMicros: clock.nowMicros() } }
    await Effect.runPromise(budgets.read(raised))
    budgets.reserve(raised, order(100))()
  })

  it("is never overdrawn, in whatever order calls come and end", async () => {
    const anyStep = fc.record({
      most: fc.integer({ min: 1, max: 50 }),
      used: fc.double({ min: 0, max: 1, noNaN: true }),
      ends: fc.nat(3),
    })
    await assertProperty(
      fc.asyncProperty(fc.nat(200), fc.array(anyStep, { maxLength: 40 }), async (minor, steps) => {
        const { market, limited, order } = open(minor)
        const budgets = makeKeyBudgets(market)
        await Effect.runPromise(budgets.read(limited))
        const underWay: Array<() => void> = []
        let spent = 0
        for (const { most, used, ends } of steps) {
          try {
            const free = budgets.reserve(limited, order(most))
            underWay.push(() => {
              const charge = Math.floor(used * most)
              spent += charge
              budgets.charged(limited.id, charge)
              free()
            })
          } catch {
            // Refused: nothing is kept for it.
          }
          for (const end of underWay.splice(0, ends)) end()
          expect(spent).toBeLessThanOrEqual(minor)
        }
        for (const end of underWay) end()
        expect(spent).toBeLessThanOrEqual(minor)
        if (minor > spent) budgets.reserve(limited, order(minor - spent))()
      }),
      { share: 0.2 },
    )
  })
})

describe("calls with a limited key", () => {
  it("at once, kept waiting, refused by hosts or left, cost no more than the limit", async () => {
    let calls = 0
    const gateway = await openGateway([
      (call) => {
        calls += 1
        if (calls === 2) call.response.destroy()
        else setTimeout(() => streamTexts(call, ["a", "b", "c"]), 20)
      },
    ])
    try {
      const { market, account } = gateway
      const { key, secret } = market.giveKey("account", { account: account.id })
      // A call of 5 tokens of prompt and 10 of answer costs up to 25 minor units and a few for its frame.
      const minor = 120
      market.directory.keys.put({ ...key, limit: { minor, fromMicros: 0 } })
      const ask = async (stream: boolean) => {
        const answer = await fetch(`${gateway.baseURL}/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
          body: JSON.stringify({
            model: "small",
            max_tokens: 10,
            stream,
            messages: [{ role: "user", content: "Hi" }],
          }),
        })
        return { status: answer.status, text: await answer.text() }
      }
      const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => ask(n % 2 === 0)))
      const refused = answers.filter(({ status }) => status === 402)
      expect(refused.length).toBeGreaterThan(0)
      expect(refused[0]?.text).toContain("key_limit_reached")
      expect(answers.some(({ status }) => status === 200)).toBe(true)
      // One by one until nothing more fits: what was kept for calls that are over is free again.
      const later: Array<number> = []
      while (later.length < 40 && later.at(-1) !== 402) later.push((await ask(false)).status)
      expect(later.at(-1)).toBe(402)
      const charged = market.journal.entries
        .flatMap(({ commands }) => commands)
        .reduce((sum, one) => sum + (one._tag === "Finish" ? one.charge : 0), 0)
      expect(charged).toBeLessThanOrEqual(minor)
      expect(charged).toBeGreaterThan(minor - 40)
      // Nobody else's key is bounded by it.
      const other = await fetch(`${gateway.baseURL}/models`, {
        headers: { authorization: `Bearer ${gateway.secret}` },
      })
      expect(other.status).toBe(200)
    } finally {
      await gateway.close()
    }
  })
})
