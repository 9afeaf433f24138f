/** Small markets of calls that wait: one model, machines of one host whose listing has tiers, consumers 101, 102, …. */
import { aitbc } from "../../engine/economy/presets/aitbc.ts"
import type { EconomyPatch } from "../../engine/economy/derive.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import type { Priority } from "../../engine/protocol/event.ts"
import { credit, day, usualTerms } from "./hours.ts"
import type { Trial } from "./market.ts"
import { commandsOf, economyWith, openTrial, startInstance } from "./market.ts"

export const firstConsumer = 101
const model = 1
const host = 2

/** Calls are charged by their time, so that tiers are rates; they wait at their model. */
export const queued = (patch: EconomyPatch = {}): Economy => {
  const { queue, tiers, pricing, ...rest } = patch
  return economyWith(
    {
      pricing: { tokens: "listing", ...pricing },
      queue: { scope: "pool", ...queue },
      tiers: { areOffered: true, ...tiers },
      ...rest,
    },
    aitbc,
  )
}

/** 003's: basic, premium and enterprise. */
export const usualTiers = [
  { label: "basic", priority: "low", ratePerHour: 0.05 * credit, maxJobs: 1 },
  { label: "premium", priority: "high", ratePerHour: 0.15 * credit, maxJobs: 3 },
  { label: "enterprise", priority: "urgent", ratePerHour: 0.25 * credit, maxJobs: 5 },
] as const

export interface QueueMarket {
  readonly economy?: Economy
  readonly nodes?: number
  readonly slots?: number
  readonly consumers?: number
  readonly maxJobs?: number
}

/** Node i has instance i and listing i, which offers the usual tiers. Time is 0. */
export const openQueueMarket = (options: QueueMarket = {}): Trial => {
  const { economy = queued(), nodes = 1, slots = 1, consumers = 4, maxJobs } = options
  const trial = openTrial(economy)
  trial.send({ _tag: "ModelListed", model, inputPricePerMtok: 1e6, outputPricePerMtok: 2e6 })
  if (economy.hours.areSold)
    trial.send({ _tag: "RegionSet", region: 1, peakFrom: [], peakUntil: [], until: 400 * day })
  trial.send({ _tag: "AccountOpened", account: host })
  for (let account = firstConsumer; account < firstConsumer + consumers; account++) {
    trial.send({ _tag: "AccountOpened", account })
    trial.send({ _tag: "CreditsBought", transfer: account, account, amount: 10_000 * credit })
  }
  for (let node = 1; node <= nodes; node++) {
    trial.send({ _tag: "NodeRegistered", node, account: host })
    startInstance(trial, { instance: node, node, slots })
    if (!economy.hours.areSold) continue
    trial.send({ _tag: "ListingSet", ...usualTerms, listing: node })
    trial.send({ _tag: "ListingPhaseSet", listing: node, phase: "open" })
    if (economy.queue.scope === "node")
      trial.send({
        _tag: "QueueSet",
        listing: node,
        size: economy.queue.size,
        waitMicros: economy.queue.waitSeconds * 1_000_000,
      })
    if (!economy.tiers.areOffered) continue
    const tiers = usualTiers.map((tier) => ({ ...tier, maxJobs: maxJobs ?? tier.maxJobs }))
    trial.send({ _tag: "TiersSet", listing: node, tiers })
  }
  return trial
}

export interface Asked {
  readonly account?: number
  readonly tier?: Priority
  readonly tokens?: number
}

/** A call of as many tokens in as out. */
export const ask = (
  trial: Trial,
  request: number,
  { account = firstConsumer, tier, tokens = 100 }: Asked = {},
) =>
  trial.send({
    _tag: "RequestArrived",
    request,
    account,
    model,
    inputTokens: tokens,
    maxTokens: tokens,
    ...(tier === undefined ? {} : { tier }),
  })

/** What became of a call, in one word. */
export const fateOf = (commands: ReturnType<Trial["send"]>, request: number): string => {
  const found = commands.filter((one) => "request" in one && one.request === request)
  return found.map((one) => (one._tag === "Refuse" ? one.reason : one._tag)).join(" ")
}

/** The calls that begin. */
export const begun = (commands: ReturnType<Trial["send"]>): ReadonlyArray<number> =>
  commandsOf(commands, "Dispatch").map(({ request }) => request)
