/**
 * Random small markets: whatever the rules, the demand and what goes wrong, every replication ends,
 * all its checks hold, no event of the simulator's own is rejected (it would throw), and the figures
 * are what they claim to be.
 *
 * A case takes some 15 ms. `npm run test:long` tries 5,000 instead of 100,000, which would take most
 * of an hour.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { economies } from "../../../engine/index.ts"
import type { Replicated } from "../../../sim/recording/replicated.ts"
import type { TierChannel } from "../../../sim/recording/queue-recorder.ts"
import { deviceClasses } from "../../../sim/recording/recorder.ts"
import { nodesIn } from "../../../sim/recording/node-marks.ts"
import { firstBinAfter } from "../../../sim/recording/warm-up-cut.ts"
import { metricsOf } from "../metrics/metrics-of.ts"
import type { Scenario } from "../../../sim/scenarios/schema.ts"
import { assertProperty } from "../../support/property.ts"
import { isLong } from "../../support/property-runs.ts"
import { modelCalled, openReplication, runToEnd, scenarioWith } from "./small-world.ts"

const share = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100) },
  { weight: 1, arbitrary: fc.constant(1) },
)
/** Evenly in between: random doubles would nearly all be tiny. */
const from = (min: number, max: number) =>
  fc.integer({ min: 0, max: 10_000 }).map((part) => min + ((max - min) * part) / 10_000)
/** Off half of the time, and otherwise no less than a hundredth of the most. */
const rate = (max: number) => fc.oneof(fc.constant(0), from(max / 100, max))

const models = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(
        "llama-3.2-3b",
        "llama-3-8b",
        "qwen3-30b-a3b",
        "qwen3-32b",
        "llama-3-70b",
      ),
      inputPricePerMtok: from(0, 1000),
      outputPricePerMtok: from(0, 10_000),
      worthPerMtok: fc.option(from(0, 10_000)),
      inputWorthPerMtok: from(0, 1000),
      popularity: from(0, 1),
      initialSupply: share,
    }),
    { minLength: 1, maxLength: 3, selector: ({ name }) => name },
  )
  .map(([first, ...rest]) =>
    // Every scenario needs a model that is asked for and one that is served.
    [{ ...first, popularity: 1, initialSupply: 1 }, ...rest].map(({ name, ...settings }) =>
      modelCalled(name, settings),
    ),
  )

const economy = fc.record({
  extends: fc.constantFrom(...Object.keys(economies)),
  feeBps: fc.oneof(fc.constant(1200), fc.nat(10_000)),
  routing: fc.record(
    {
      selection: fc.constantFrom("leastLoaded", "operatorFirst", "spareLottery", "twoChoices"),
      tieBreak: fc.constantFrom("lottery", "random", "strict"),
      load: fc.constantFrom("fraction", "slots"),
      capacity: fc.constantFrom("declared", "verified"),
      maxRetries: fc.nat(3),
    },
    { requiredKeys: [] },
  ),
  breaker: fc.record({ probe: fc.constantFrom("synthetic", "request") }, { requiredKeys: [] }),
  flap: fc.record({ initialReduction: from(0, 0.9) }, { requiredKeys: [] }),
  // A target that no supply reaches makes bounties common.
  bounty: fc.record({ target: fc.constantFrom(1.25, 1000) }, { requiredKeys: [] }),
  backpressure: fc.record({ isFailure: fc.boolean() }, { requiredKeys: [] }),
  promotion: fc.record({ giftsPay: fc.constantFrom("earnings", "gifts") }, { requiredKeys: [] }),
  withdrawal: fc.record({ minimumCredits: from(0, 10) }, { requiredKeys: [] }),
  money: fc.record({ scale: fc.constantFrom(0, 3, 6, 9) }, { requiredKeys: [] }),
})

/** Off half of the time. */
const seldom = <A>(arbitrary: fc.Arbitrary<A>, otherwise: A) =>
  fc.oneof(fc.constant(otherwise), arbitrary)

const kinds = fc.constantFrom("steady", "batch", "agent", "hobbyist")
const strategies = fc.constantFrom(
  "stay",
  "profit",
  "bounty",
  "utilisation",
  "balance",
  "peak",
  "part-time",
  "farm",
  "cloud",
)

const price = fc.record({
  strategy: fc.constantFrom(
    "list",
    "undercutter",
    "cost-plus",
    "premium",
    "probing",
    "predator",
    "flicker",
  ),
  step: from(0.01, 1),
  margin: from(0, 3),
  expectedUtilisation: from(0.05, 1),
  factor: from(1, 5),
})

/** A party of an H100 or a few, which serves any model; \`model\` and slots come from the scenario. */
const conduct = fc.record({
  splitInto: fc.constantFrom(1, 2, 3),
  splitAccounts: fc.constantFrom("one", "many"),
  declaredSlots: seldom(from(1, 4), 1),
  declaredSpeed: seldom(from(1, 4), 1),
  speed: seldom(from(0.1, 1), 1),
  failShare: seldom(from(0, 1), 0),
  rejoinBelowHealth: seldom(from(0.5, 1), 0),
  withheldMachines: fc.nat(1),
  reportedTokens: seldom(from(1, 3), 1),
  reportedUtilisation: seldom(share, 1),
  refusesFromTokens: seldom<number | null>(fc.integer({ min: 1, max: 4000 }), null),
  refusesWith: fc.constantFrom("429", "400"),
  demand: seldom<object | null>(
    fc.record({
      callsPerHour: from(1, 600),
      inputTokens: fc.nat(2000),
      outputTokens: fc.integer({ min: 1, max: 2000 }),
      maxTokensFactor: from(1, 50),
      leavesAfterTokens: seldom<number | null>(fc.integer({ min: 1, max: 50 }), null),
      isBadInput: fc.boolean(),
      isPoison: fc.boolean(),
      paidBy: fc.constantFrom("own", "puppets", "gifts"),
      puppets: fc.integer({ min: 1, max: 4 }),
    }),
    null,
  ),
})

/** Calls that wait at their model, or at listings with tiers of calls that are charged by their time. */
const priorities = ["low", "normal", "high", "urgent"]
const waits = fc.record({
  kind: fc.constantFrom("none", "none", "pool", "pool", "node", "tiers"),
  size: fc.integer({ min: 1, max: 4 }),
  waitSeconds: from(1, 60),
  flows: fc.constantFrom("account", "party"),
  full: fc.constantFrom("refuse", "pushOut"),
  exemptMinutes: seldom(from(0, 2), 0),
  graceSeconds: seldom(from(0, 20), 0),
  patienceSeconds: seldom<number | null>(from(1, 30), null),
  tiers: fc.uniqueArray(
    fc.record({
      priority: fc.constantFrom(...priorities),
      rateFactor: from(0.1, 5),
      maxJobs: fc.integer({ min: 1, max: 4 }),
      share: from(0, 0.25),
      callsFactor: from(0.5, 4),
      worthFactor: from(0, 4),
      patienceSeconds: seldom<number | null>(from(1, 30), null),
    }),
    { minLength: 1, maxLength: 3, selector: ({ priority }) => priority },
  ),
})
type Waits = typeof waits extends fc.Arbitrary<infer Value> ? Value : never

/** Batches, of the first model; a party may hand in some as well. */
const batches = fc.record({
  perDay: fc.oneof(fc.constant(0), from(100, 600)),
  clients: fc.integer({ min: 1, max: 3 }),
  items: fc.integer({ min: 1, max: 30 }),
  inputTokens: fc.nat(2000),
  outputTokens: fc.integer({ min: 1, max: 2000 }),
  fromHour: fc.nat(23),
  windowHours: seldom<number | null>(from(0.005, 0.3), null),
})
const ownBatches = fc.record({
  perDay: from(1, 400),
  items: fc.integer({ min: 1, max: 12 }),
  inputTokens: fc.nat(1000),
  outputTokens: fc.integer({ min: 1, max: 1000 }),
  worth: from(0, 3),
  dummies: fc.nat(3),
})

const party = fc.record({
  machines: fc.integer({ min: 1, max: 3 }),
  isEstablished: fc.boolean(),
  strategy: strategies,
  decisionHours: rate(1),
  price: seldom<object | null>(price, null),
  batches: seldom<object | null>(ownBatches, null),
  conduct,
})

const isListed = (kind: string): boolean => kind === "node" || kind === "tiers"

/** What the economy of a case has to know of that. */
const waitsIn = (
  kind: string,
  { exemptMinutes, flows, full, graceSeconds, size, waitSeconds }: Waits,
) => {
  const scope = kind === "tiers" ? "node" : kind
  const queue = { scope, flows, full, size, waitSeconds }
  const preempt = { exemptMinutes, graceSeconds }
  if (kind !== "tiers") return { queue, preempt }
  return {
    queue,
    preempt,
    pricing: { tokens: "listing", timeoutSeconds: 60 },
    tiers: { areOffered: true },
  }
}

const listingsIn = (kind: string, { size, tiers, waitSeconds }: Waits) => ({
  regions: [{ name: "here", timezone: "UTC", hosts: 1, renters: 1 }],
  listings: {
    share: 1,
    rates: ["H100 SXM", "Apple M4 Max 40c"].map((device) => ({ device, usdPerHour: 1 })),
    rateFactor: 0.01,
    queue: { size, waitSeconds },
    tiers:
      kind === "tiers"
        ? tiers.map(({ maxJobs, priority, rateFactor }) => ({
            name: priority,
            priority,
            maxJobs,
            rateFactor,
          }))
        : [],
  },
})

const subscribersIn = ({ tiers }: Waits) =>
  tiers.map(({ maxJobs: _, priority, rateFactor: __, ...subscription }) => ({
    ...subscription,
    tier: priority,
  }))

const hasPrices = (
  patch: { readonly economy: { readonly extends: string } },
  kind: string,
): boolean => kind !== "tiers" && economies[patch.economy.extends].pricing.tokens === "host"

const patches = fc
  .record({
    seed: fc.string({ maxLength: 4 }),
    horizonDays: from(0.001, 0.1),
    economy,
    models,
    demand: fc.record({
      requestsPerSecond: from(0, 0.2),
      arrivals: fc.constantFrom("poisson", "gamma", "mmpp"),
      burstiness: from(0.3, 4),
      growthPerDay: from(-0.5, 2),
      daily: share,
      weekly: share,
      flashCrowds: fc.array(
        fc.record({ atHours: from(0, 1), durationHours: from(0.01, 1), multiplier: from(0.1, 5) }),
        { maxLength: 2 },
      ),
      sizes: fc.record({
        kind: fc.constantFrom("log-normal", "azure-conversation"),
        // Now and then more than the smallest device can hold.
        medianInputTokens: fc.oneof(fc.constant(800), from(800, 60_000)),
        maxInputTokens: fc.constant(200_000),
        medianOutputTokens: from(1, 3000),
        spread: from(0, 2),
      }),
      maxTokensHeadroom: from(1, 5),
      abortShare: from(0, 0.2),
      badInputShare: from(0, 0.2),
    }),
    consumers: fc.record({
      count: fc.integer({ min: 1, max: 30 }),
      signUpsPerDay: rate(500),
      budgetCreditsPerDay: rate(5000),
      spread: from(0, 2),
      topUpCredits: from(0.01, 50),
      operatorShare: from(0, 0.5),
      maxRetries: fc.nat(8),
      retrySeconds: from(0.000_001, 30),
      kinds: fc.array(fc.record({ kind: kinds, weight: from(0.1, 1) }), { maxLength: 3 }),
    }),
    fleet: fc.record({
      nodes: fc.integer({ min: 1, max: 8 }),
      maxSlots: fc.integer({ min: 1, max: 6 }),
      contextTokens: fc.constantFrom(512, 4096),
      establishedShare: share,
      establishedDays: fc.constantFrom(0, 1, 3),
      farmShare: share,
      farmNodes: fc.integer({ min: 1, max: 4 }),
      devices: fc.uniqueArray(
        fc.record({
          device: fc.constantFrom("RTX 3060 12GB", "RTX 4090", "H100 SXM", "Apple M4 Max 40c"),
          weight: from(0.1, 1),
        }),
        { minLength: 1, maxLength: 3, selector: ({ device }) => device },
      ),
    }),
    churn: fc.record({
      joinsPerDay: rate(300),
      lifetimeDays: fc.oneof(fc.constant(0), from(0.01, 0.5)),
      lifetimeSpread: from(0, 2),
      onlineHours: rate(1),
      awayHours: rate(1),
    }),
    faults: fc.record({
      crashesPerNodeDay: rate(100),
      repairMinutes: from(0.1, 20),
      hiccupsPerNodeDay: rate(100),
      hiccupSeconds: from(0.1, 300),
      failureShare: fc.oneof(fc.constant(0), share),
      slowShare: share,
      slowSpeed: from(0.02, 1),
    }),
    operators: fc.record({
      decisionHours: fc.oneof(fc.constant(0), from(0.1, 1)),
      temperatureCreditsPerDay: from(0.01, 1000),
      creditUsd: from(0.001, 10),
      overDeclareShare: share,
      overDeclareFactor: from(1, 8),
      chaserShare: share,
      strategies: fc.array(fc.record({ strategy: strategies, weight: from(0.1, 1) }), {
        maxLength: 3,
      }),
    }),
    prices: fc.array(
      fc.tuple(price, from(0.1, 1)).map(([own, weight]) => ({ ...own, weight })),
      { maxLength: 3 },
    ),
    maxPrice: fc.constantFrom("worth", "none"),
    waits,
    batches,
    parties: fc.array(party, { maxLength: 2 }),
  })
  .map(({ parties, prices, maxPrice, waits: own, batches: handedIn, ...patch }) => {
    // Items of batches are charged by tokens.
    const kind = own.kind
    return {
      parties,
      prices,
      maxPrice,
      own,
      kind,
      hasBatches: kind !== "tiers" && handedIn.perDay > 0,
      handedIn,
      ...patch,
    }
  })
  .map(({ parties, prices, maxPrice, own, kind, hasBatches, handedIn, ...patch }) => ({
    ...patch,
    economy: {
      ...patch.economy,
      ...waitsIn(kind, own),
      // Listings are of markets of hours.
      ...(isListed(kind) ? { hours: { areSold: true } } : {}),
      ...(hasBatches ? { batches: { areTaken: true } } : {}),
    },
    demand: hasBatches ? { ...patch.demand, batches: handedIn } : patch.demand,
    consumers: {
      ...patch.consumers,
      maxPrice,
      patienceSeconds: own.patienceSeconds,
      tiers: kind === "tiers" ? subscribersIn(own) : [],
    },
    hours: isListed(kind) ? listingsIn(kind, own) : {},
    operators: { ...patch.operators, prices: hasPrices(patch, kind) ? prices : [] },
    parties: parties.map(({ conduct: { splitInto, demand, ...own }, ...one }, index) => {
      const model = patch.models[0]["name"] as string
      const isSplit = splitInto > 1 && patch.fleet.maxSlots >= splitInto
      return {
        ...one,
        name: `party-${index}`,
        device: "H100 SXM",
        price: hasPrices(patch, kind) ? one.price : null,
        batches: !hasBatches || one.batches === null ? null : { ...one.batches, model },
        model,
        strategy: isSplit ? "stay" : one.strategy,
        conduct: {
          ...own,
          splitInto: isSplit ? splitInto : 1,
          rejoinBelowHealth: isSplit ? 0 : own.rejoinBelowHealth,
          // One machine at least, whose account pays for what it pays for itself.
          withheldMachines: Math.min(own.withheldMachines, one.machines - 1),
          demand: demand === null ? null : { ...demand, model },
        },
      }
    }),
  }))

const sum = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, one) => total + one, 0)

/** What is noted of calls that wait adds up to what is noted of all, and to what may wait. */
const expectQueueToHold = ({ queue, sums }: Replicated["recording"]): void => {
  const ofQueue =
    sum(sums["refused.QueueFull"]) +
    sum(sums["refused.QueueTimeout"]) +
    sum(sums["refused.Withdrawn"])
  if (queue === null) return expect(ofQueue).toBe(0)
  const total = (channel: TierChannel): number => sum(queue.tiers.map((tier) => sum(tier[channel])))
  expect(total("asked")).toBe(sum(sums.arrived))
  expect(total("served")).toBe(sum(sums.served))
  expect(total("full") + total("timedOut") + total("left")).toBe(ofQueue)
  expect(total("waited")).toBeLessThanOrEqual(total("asked"))
  // Who has waited and begun has waited; a call that comes back begins once for each time that it does.
  expect(total("begun")).toBeGreaterThanOrEqual(total("served"))
  for (const { begun, waitSeconds, waits } of queue.tiers) {
    expect(sum(waits.map(({ counts, zeros }) => zeros + sum(counts)))).toBe(sum(begun))
    expect(Math.min(...waitSeconds)).toBeGreaterThanOrEqual(0)
  }
  expect(sum(queue.sums.recalls)).toBeLessThanOrEqual(sum(queue.sums.preemptions))
  queue.sums.jain.forEach((jain, bin) =>
    expect(jain).toBeLessThanOrEqual(queue.sums.jainSamples[bin] + 1e-9),
  )
}

const expectFiguresToHold = (scenario: Scenario, { recording, nodes }: Replicated): void => {
  const { sums } = recording
  for (const [channel, bins] of Object.entries(sums))
    // A host may ask less than its cost; who names no highest price may pay more than a call is worth.
    if (channel !== "lerner" && channel !== "surplus")
      expect(Math.min(...bins), `${channel}`).toBeGreaterThanOrEqual(0)
  // Busy slots are among those that are there, in every bin.
  for (const name of deviceClasses) {
    const there = sums[`slotSeconds.${name}`]
    const missing = sums[`busySlotSeconds.${name}`].map((busy, bin) => busy - there[bin])
    // Areas are sums of as many floating-point terms as there were changes.
    expect(Math.max(...missing), `${name}`).toBeLessThanOrEqual(1e-6)
  }
  expect(sum(sums.arrived.subarray(recording.bins))).toBe(0)
  expectQueueToHold(recording)
  expect(sum(sums.aborted)).toBeLessThanOrEqual(sum(sums.served))
  expect(sum(sums.failedAttempts)).toBeLessThanOrEqual(sum(sums.attempts))

  // What single nodes had is what the market paid, to the last minor unit.
  const minor = 10 ** scenario.economy.money.scale
  const of = (figure: (node: (typeof nodes)[number]) => number) => sum(nodes.map(figure)) / minor
  expect(of(({ shareEarned }) => shareEarned)).toBeCloseTo(sum(sums.share), 5)
  expect(of(({ withheld }) => withheld)).toBeCloseTo(sum(sums.withheld), 5)
  expect(sum(nodes.map(({ requests }) => requests))).toBe(sum(sums.served) + sum(sums.itemsServed))
  expect(sum(nodes.map(({ outputTokens }) => outputTokens))).toBe(sum(sums.outputTokens))
  expect(sum(nodes.map(({ parks }) => parks))).toBe(sum(sums.parks))
  expect(sum(nodes.map(({ switches }) => switches))).toBe(sum(sums.switches))
  // A node's part of a bounty is rounded to a minor unit.
  const bounties = of(({ bountyEarned }) => bountyEarned)
  expect(Math.abs(bounties - sum(sums.bountyPaid))).toBeLessThanOrEqual((nodes.length + 1) / minor)
  for (const { onlineHours, busySlotHours, slots, health, joinedSeconds, leftSeconds } of nodes) {
    expect(onlineHours).toBeGreaterThanOrEqual(0)
    expect(busySlotHours).toBeGreaterThanOrEqual(0)
    expect(slots).toBeLessThanOrEqual(scenario.fleet.maxSlots)
    expect(health).toBeGreaterThanOrEqual(0)
    expect(health).toBeLessThanOrEqual(1)
    if (leftSeconds !== null) expect(leftSeconds).toBeGreaterThanOrEqual(joinedSeconds)
  }
}

const expectMetricsToHold = (
  scenario: Scenario,
  { recording, nodes: inAll, marks, strategies }: Replicated,
): void => {
  const horizonSeconds = scenario.horizonDays * 86_400
  const warmupSeconds = horizonSeconds / 4
  const first = firstBinAfter(recording, warmupSeconds)
  const nodes = nodesIn(inAll, marks, { first, end: recording.bins }, recording)
  for (const { requests, onlineHours, busySlotHours, shareEarned, costCredits } of nodes)
    for (const figure of [requests, onlineHours, busySlotHours, shareEarned, costCredits])
      expect(figure).toBeGreaterThanOrEqual(-1e-9)
  const metrics = metricsOf(recording, nodes, {
    warmupSeconds,
    horizonSeconds,
    models: scenario.models.map(({ name }) => ({ name, crowdSeconds: horizonSeconds / 8 })),
    scale: scenario.economy.money.scale,
    strategies,
    priceStrategies: [],
    hours: null,
    mixedStrategies: [],
    parties: [],
  })
  for (const [name, value] of Object.entries(metrics)) {
    expect(Number.isFinite(value), `${name}`).toBe(true)
    if (name.endsWith("Share") || name.startsWith("utilisation.")) {
      expect(value, `${name}`).toBeGreaterThanOrEqual(0)
      expect(value, `${name}`).toBeLessThanOrEqual(1 + 1e-9)
    }
    const isSigned =
      name.startsWith("profit.") ||
      name.startsWith("platform.margin") ||
      name.startsWith("surplus.") ||
      name.startsWith("welfare.") ||
      name.endsWith("LessRamp")
    if (!isSigned) expect(value, `${name}`).toBeGreaterThanOrEqual(0)
  }
}

describe("any small market", () => {
  it("runs to its end with everything accounted for", async () => {
    const kinds = new Map<string, number>()
    const count = (kind: string, amount: number) => kinds.set(kind, (kinds.get(kind) ?? 0) + amount)
    await assertProperty(
      fc.property(patches, (patch) => {
        const scenario = scenarioWith({ ...patch, warmupDays: patch.horizonDays / 4 })
        const result = runToEnd(openReplication(scenario, { seed: patch.seed }))
        for (const [name, { ok, detail }] of Object.entries(result.checks))
          expect(ok, `${name}: ${detail}`).toBe(true)
        expectFiguresToHold(scenario, result)
        expectMetricsToHold(scenario, result)
        count("requests", result.requests)
        for (const [channel, bins] of Object.entries(result.recording.sums))
          count(channel, sum(bins))
        for (const channel of ["preemptions", "recalls"] as const)
          count(channel, sum(result.recording.queue?.sums[channel] ?? []))
        for (const channel of ["waited", "begun", "charged"] as const)
          for (const { name, [channel]: bins } of result.recording.queue?.tiers ?? [])
            count(name === "none" ? `queue ${channel}` : `tiers ${channel}`, sum(bins))
      }),
      { share: isLong ? 0.05 : 0.3 },
    )
    // The cases are worth something: all that can happen has happened. A margin has either sign, and nobody rents
    // anything here. Few items give way in few cases.
    const isRare = (kind: string): boolean => !isLong && /^(preemptions|recalls)$/.test(kind)
    for (const [kind, amount] of kinds)
      if (kind !== "rent" && !isRare(kind))
        expect(kind === "lerner" ? Math.abs(amount) : amount, kind).toBeGreaterThan(0)
  })
})
