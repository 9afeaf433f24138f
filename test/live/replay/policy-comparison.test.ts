import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Command, Economy, MarketEvent } from "../../../engine/index.ts"
import { createMarket, digestOf, engineOf, hardened, pooled } from "../../../engine/index.ts"
import { replayCounterfactual } from "../../../live/replay/counterfactual.ts"
import { comparePolicies, totalNames } from "../../../live/replay/policy-comparison.ts"
import { policyDocument, policyText } from "../../../live/replay/policy-text.ts"
import { readEntries } from "../../../live/replay/read-entries.ts"
import { replaySamePolicy } from "../../../live/replay/same-policy.ts"
import { readWritten } from "../../../live/replay/written.ts"
import { servedMarket } from "./served-market.ts"

/** So many calls that new hosts, which ramp up, have to refuse many of them. */
const crowded = (economy: Economy) =>
  servedMarket({ economy, slots: 20, calls: 200, betweenSeconds: 0.4 })

const recorded = async (economy: Economy) => {
  const { store, meta, market } = await crowded(economy)
  const entries = await Effect.runPromise(readEntries(store))
  const { totals } = await Effect.runPromise(replaySamePolicy(store, meta))
  return { entries, meta, market, totals }
}

type Recorded = Awaited<ReturnType<typeof recorded>>

const compared = ({ entries, meta }: Recorded, other: Economy, replications = 8) =>
  Effect.runPromise(comparePolicies(entries, meta, other, replications))

describe("a replay under the market's own rules", () => {
  it.each([pooled, hardened])("and seed is the journal, to the digest: $name", async (economy) => {
    const { entries, meta, market, totals } = await recorded(economy)
    expect(totals.refused).toBeGreaterThan(20)
    expect(totals.served).toBeGreaterThan(20)
    const again = await Effect.runPromise(
      replayCounterfactual(entries, readWritten(entries), economy, meta.seed),
    )
    expect(again.totals).toEqual(totals)
    expect(again.digest).toBe(digestOf(market))
  })

  it("differs from itself by exactly nothing, whatever the routing draws", async () => {
    const market = await recorded(hardened)
    const comparison = await compared(market, { ...hardened, name: "the same" })
    expect(comparison.seeds).toHaveLength(8)
    for (const name of totalNames) {
      const { own, other, judged } = comparison.totals[name]
      expect(judged).toMatchObject({ difference: 0, halfWidth: 0, verdict: "identical" })
      expect(other).toEqual(own)
    }
    expect(comparison.accounts).toEqual([])
    const report = { own: hardened, other: hardened, journal: market.totals, comparison }
    expect(policyDocument(report)).toMatchObject({ differs: false, knobs: [] })
    expect(policyText(report)).toContain("the market's own rules, knob by knob")
    expect(policyText(report)).toContain("Nothing differs")
  })

  it("draws the routing again for another seed, and meets the same calls", async () => {
    const { entries, meta, totals } = await recorded(pooled)
    const written = readWritten(entries)
    const under = (seed: string) =>
      Effect.runPromise(replayCounterfactual(entries, written, pooled, seed))
    const [own, another] = [await under(meta.seed), await under("another")]
    expect(another.digest).not.toBe(own.digest)
    expect(another.balances).not.toEqual(own.balances)
    expect(200 - another.totals.served - another.totals.refused).toBeLessThan(4)
    expect(Math.abs(another.totals.served - totals.served)).toBeLessThan(20)
    expect(await under("another")).toEqual(another)
  })
})

/** The journal of these events under pooled. */
const journalOf = (events: ReadonlyArray<MarketEvent>) => {
  const { market, take } = engineOf(createMarket(pooled, "outage"))
  const entries = events.map((event, i) => {
    const commands: Array<Command> = []
    take(event, commands)
    const others = commands.filter(({ _tag }) => _tag !== "Post")
    return { seq: i + 1, event, commands: others, digest: digestOf(market) }
  })
  return { entries, market }
}

describe("a replay of a time without a gateway", () => {
  it("ends what was under way as nobody's fault, on whatever host it is", async () => {
    const second = 1_000_000
    const at = 3600 * second
    const host = (id: number): ReadonlyArray<MarketEvent> => [
      { _tag: "NodeRegistered", at: 0, node: id, account: 2 },
      { _tag: "HeartbeatReceived", at: 0, node: id },
      {
        _tag: "InstanceStarted",
        at: 0,
        instance: id,
        node: id,
        model: 1,
        slots: 20,
        tokensPerSecond: 100,
        isPlatformAsked: false,
      },
    ]
    const { entries, market } = journalOf([
      { _tag: "AccountOpened", at: 0, account: 1 },
      { _tag: "AccountOpened", at: 0, account: 2 },
      { _tag: "CreditsBought", at: 0, transfer: 1, account: 1, amount: 1_000_000_000 },
      {
        _tag: "ModelListed",
        at: 0,
        model: 1,
        inputPricePerMtok: 100_000,
        outputPricePerMtok: 40_000_000,
      },
      ...host(1),
      ...host(2),
      {
        _tag: "RequestArrived",
        at: second,
        request: 1,
        account: 1,
        model: 1,
        inputTokens: 10,
        maxTokens: 100,
      },
      { _tag: "GatewayResumed", at },
      {
        _tag: "AttemptEnded",
        at,
        request: 1,
        attempt: 0,
        outcome: "gatewayFault",
        outputTokens: 0,
        reportedTokens: 0,
        decodeMicros: 0,
        retryAfterMicros: 0,
      },
    ])
    const written = readWritten(entries)
    const under = (seed: string) =>
      Effect.runPromise(replayCounterfactual(entries, written, pooled, seed))
    expect((await under("outage")).digest).toBe(digestOf(market))
    const digests = new Set<string>()
    for (let seed = 0; seed < 10; seed++) {
      const { totals, rejected, digest } = await under(String(seed))
      expect(totals).toMatchObject({ served: 0, refused: 0, unanswered: 1, parks: 0 })
      expect(rejected).toBe(0)
      digests.add(digest)
    }
    // Some of them sent the call to the other host.
    expect(digests.size).toBeGreaterThan(1)
  })
})

describe("a replay under other rules", () => {
  it("moves what the rules move, with an interval, and tells which knobs they are", async () => {
    const market = await recorded(pooled)
    const dearer = { ...pooled, name: "dearer", feeBps: 2 * pooled.feeBps }
    const comparison = await compared(market, dearer)
    const { served, paidByConsumers, platformFees } = comparison.totals
    expect(served.judged.verdict).toBe("identical")
    expect(paidByConsumers.judged.verdict).toBe("identical")
    expect(platformFees.judged.verdict).toBe("higher")
    expect(platformFees.judged.difference / platformFees.own.mean).toBeCloseTo(1, 2)
    // What the two hosts get is the platform's now.
    const [platform, ...hosts] = comparison.accounts.map(({ judged }) => judged.difference)
    expect(platform).toBeDefined()
    expect(hosts.length).toBeGreaterThan(0)
    const report = { own: pooled, other: dearer, journal: market.totals, comparison }
    expect(policyDocument(report).knobs).toEqual([
      { path: "feeBps", own: pooled.feeBps, other: 2 * pooled.feeBps },
    ])
    expect(policyText(report)).toContain(`feeBps ${pooled.feeBps} → ${2 * pooled.feeBps}`)
  })

  it("serves another number of calls under hardened, by more than the routing explains", async () => {
    const market = await recorded(pooled)
    const { served, refused } = (await compared(market, hardened)).totals
    const { difference, halfWidth, verdict } = served.judged
    expect(verdict).toBe("higher")
    expect(difference - (halfWidth ?? Infinity)).toBeGreaterThan(0)
    // Every call is either served or refused, but for those under way in the end.
    expect(Math.abs(refused.judged.difference + difference)).toBeLessThan(2)
  })
})
