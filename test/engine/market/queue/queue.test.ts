import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import { restore, snapshot, stateDigest } from "../../../../engine/market/snapshot.ts"
import { digestOf, step } from "../../../../engine/market/market.ts"
import type { Command } from "../../../../engine/protocol/command.ts"
import { accountView } from "../../../../engine/market/views/account-view.ts"
import { economyWith, endAttempt, openTrial, rejectionOf } from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"
import {
  ask,
  begun,
  fateOf,
  firstConsumer,
  openQueueMarket,
  queued,
  usualTiers,
} from "../../../support/queue.ts"
import { credit, minute } from "../../../support/hours.ts"

const second = 1_000_000
const spendable = (trial: Trial, account = firstConsumer): number =>
  accountView(trial.market, account)?.spendable ?? -1

describe("calls that find no room", () => {
  it("wait, and begin as soon as there is some", () => {
    const trial = openQueueMarket()
    expect(fateOf(ask(trial, 1), 1)).toBe("Dispatch")
    expect(ask(trial, 2)).toEqual([{ _tag: "Wait", request: 2, queue: 1, place: 1 }])
    expect(ask(trial, 3)).toEqual([{ _tag: "Wait", request: 3, queue: 1, place: 2 }])
    expect(begun(endAttempt(trial, 1))).toEqual([2])
    expect(begun(endAttempt(trial, 2))).toEqual([3])
    auditMarket(trial.market)
  })

  it("are refused where the economy has no queue", () => {
    const trial = openQueueMarket({ economy: queued({ queue: { scope: "none" } }) })
    ask(trial, 1)
    expect(fateOf(ask(trial, 2), 2)).toBe("NoCapacity")
  })

  it("are refused at a full queue, and after a minute; what was held is free again", () => {
    const trial = openQueueMarket({ economy: queued({ queue: { size: 2 } }) })
    ask(trial, 1)
    const before = spendable(trial)
    ask(trial, 2)
    ask(trial, 3)
    expect(spendable(trial)).toBeLessThan(before)
    expect(fateOf(ask(trial, 4), 4)).toBe("QueueFull")
    expect(trial.wait(60 * second - 1)).toEqual([])
    expect(trial.wait(1)).toEqual([
      { _tag: "Refuse", request: 2, reason: "QueueTimeout" },
      { _tag: "Refuse", request: 3, reason: "QueueTimeout" },
    ])
    expect(spendable(trial)).toBe(before)
    // What was asked in vain is demand.
    expect(trial.market.models.columns.demandTokens[0]).toBe(300)
    auditMarket(trial.market)
  })

  it("are not kept where nobody serves the model, or the consumer cannot pay", () => {
    const trial = openQueueMarket({ nodes: 0 })
    expect(fateOf(ask(trial, 1), 1)).toBe("NoInstance")
    const poor = openQueueMarket()
    poor.send({ _tag: "AccountOpened", account: 300 })
    expect(fateOf(ask(poor, 1, { account: 300 }), 1)).toBe("InsufficientCredits")
  })

  it("leave when their consumer does, which only they can", () => {
    const trial = openQueueMarket()
    ask(trial, 1)
    ask(trial, 2)
    ask(trial, 3)
    expect(trial.send({ _tag: "RequestWithdrawn", request: 2 })).toEqual([
      { _tag: "Refuse", request: 2, reason: "Withdrawn" },
    ])
    expect(rejectionOf(trial.send({ _tag: "RequestWithdrawn", request: 1 }))).toBe("NotWaiting")
    expect(rejectionOf(trial.send({ _tag: "RequestWithdrawn", request: 2 }))).toBe("UnknownRequest")
    expect(begun(endAttempt(trial, 1))).toEqual([3])
    auditMarket(trial.market)
  })

  it("are over, each once, when the gateway was away", () => {
    const trial = openQueueMarket()
    ask(trial, 1)
    ask(trial, 2)
    ask(trial, 3)
    const resumed = trial.sendRaw({ _tag: "GatewayResumed", at: trial.market.now + minute })
    expect(resumed.filter((one) => one._tag === "Refuse")).toEqual([
      { _tag: "Refuse", request: 2, reason: "Withdrawn" },
      { _tag: "Refuse", request: 3, reason: "Withdrawn" },
    ])
    expect(begun(endAttempt(trial, 1))).toEqual([])
    auditMarket(trial.market)
  })

  it("wait for a machine that comes back as for one that ends its call", () => {
    const trial = openQueueMarket()
    trial.send({ _tag: "NodeLost", node: 1 })
    expect(fateOf(ask(trial, 1), 1)).toBe("Wait")
    expect(begun(trial.send({ _tag: "NodeReturned", node: 1 }))).toEqual([1])
  })

  it("are charged at what was asked when they arrived", () => {
    const trial = openQueueMarket({ economy: queued({ pricing: { tokens: "model" } }) })
    ask(trial, 1)
    ask(trial, 2)
    trial.send({ _tag: "ModelListed", model: 1, inputPricePerMtok: 9e6, outputPricePerMtok: 9e6 })
    endAttempt(trial, 1)
    const [finish] = endAttempt(trial, 2).filter((one) => one._tag === "Finish")
    expect(finish?._tag === "Finish" && finish.charge).toBe(300)
  })

  it("go on alike from a snapshot", () => {
    const trial = openQueueMarket({ slots: 2 })
    for (let request = 1; request <= 9; request++)
      ask(trial, request, { account: firstConsumer + (request % 3) })
    endAttempt(trial, 1)
    const again = Either.getOrThrow(restore(JSON.parse(JSON.stringify(snapshot(trial.market)))))
    const ends = (request: number) =>
      ({
        _tag: "AttemptEnded",
        at: trial.market.now + request,
        request,
        attempt: 0,
        outcome: "completed",
        outputTokens: 10,
        reportedTokens: 10,
        decodeMicros: 1,
        retryAfterMicros: 0,
      }) as const
    for (const request of begun(trial.commands).slice(1)) {
      const out: Array<Command> = []
      step(again, ends(request), out)
      expect(out).toEqual(trial.sendRaw(ends(request)))
    }
    expect(digestOf(again)).toBe(digestOf(trial.market))
    expect(stateDigest(again)).toBe(stateDigest(trial.market))
  })
})

describe("turns", () => {
  it("come 1 : 4 : 8 to weights 1, 4, 8 whose calls cost the same", () => {
    const trial = openQueueMarket({ economy: queued({ queue: { size: 100 } }) })
    ask(trial, 1)
    const letters = new Map<number, string>()
    const counts = { low: 2, high: 8, urgent: 16 } as const
    let request = 1
    for (const [tier, count] of Object.entries(counts) as Array<[keyof typeof counts, number]>)
      for (let i = 0; i < count; i++) {
        letters.set(++request, tier.slice(0, 1))
        ask(trial, request, { tier, account: firstConsumer + 1 })
      }
    const order: Array<string> = []
    for (let [running] = [1]; running !== undefined;) {
      const [next] = begun(endAttempt(trial, running))
      if (next !== undefined) order.push(letters.get(next) ?? "?")
      running = next!
      if (next === undefined) break
    }
    const once = "u h l u u h u u h u u h u"
    expect(order.join(" ")).toBe(`${once} ${once}`)
  })

  it("are not saved up by a flow that stays away", () => {
    const trial = openQueueMarket({ economy: queued({ queue: { size: 100 } }) })
    // One consumer has the machine to itself for long; then another one comes.
    for (let request = 1; request <= 30; request++) ask(trial, request)
    for (let request = 1; request <= 10; request++) endAttempt(trial, request)
    for (let request = 31; request <= 40; request++) ask(trial, request, { account: 102 })
    const order: Array<number> = []
    for (let running = 11; order.length < 8;) {
      const [next] = begun(endAttempt(trial, running))
      order.push(next!)
      running = next!
    }
    expect(order.filter((one) => one > 30)).toHaveLength(4)
  })

  it("are corrected by what a call has cost", () => {
    const trial = openQueueMarket()
    ask(trial, 1)
    for (const [request, account] of [
      [2, 101],
      [3, 101],
      [4, 102],
      [5, 102],
    ] as const)
      ask(trial, request, { account })
    // They begin alike; then 102's first call costs a third of what it was charged, so that its second is next.
    expect(begun(endAttempt(trial, 1))).toEqual([2])
    expect(begun(endAttempt(trial, 2))).toEqual([4])
    expect(begun(endAttempt(trial, 4, { outputTokens: 1 }))).toEqual([5])
  })

  it("are each flow's own: a longer one loses its last to a shorter one that arrives", () => {
    const economy = queued({ queue: { size: 4, full: "pushOut" } })
    const trial = openQueueMarket({ economy })
    ask(trial, 1)
    for (let request = 2; request <= 5; request++) ask(trial, request)
    expect(fateOf(ask(trial, 6), 6)).toBe("QueueFull")
    const pushed = ask(trial, 7, { account: 102 })
    expect(fateOf(pushed, 5)).toBe("QueueFull")
    expect(fateOf(pushed, 7)).toBe("Wait")
    expect(fateOf(ask(trial, 8, { account: 102 }), 8)).toBe("Wait")
    // Two and two: neither is the longer one.
    expect(fateOf(ask(trial, 9, { account: 102 }), 9)).toBe("QueueFull")
    auditMarket(trial.market)
  })

  it("are a party's, where flows are", () => {
    const economy = queued({ queue: { flows: "party", size: 100 } })
    const trial = openQueueMarket({ economy })
    trial.send({ _tag: "AccountsLinked", account: 102, other: 103 })
    ask(trial, 1, { account: 104 })
    for (let turn = 0; turn < 4; turn++) {
      ask(trial, 10 + 3 * turn, { account: 101 })
      ask(trial, 11 + 3 * turn, { account: 102 })
      ask(trial, 12 + 3 * turn, { account: 103 })
    }
    const accounts: Array<string> = []
    for (let running = 1, next: number | undefined = 1; accounts.length < 8; running = next!) {
      ;[next] = begun(endAttempt(trial, running))
      accounts.push((next! - 10) % 3 === 0 ? "one" : "split")
    }
    expect(accounts.filter((one) => one === "one")).toHaveLength(4)
    auditMarket(trial.market)
  })

  it("are one party's from the moment that it is found to be one", () => {
    const economy = queued({ queue: { flows: "party" } })
    const trial = openQueueMarket({ economy })
    ask(trial, 1, { account: 102 })
    ask(trial, 2, { account: 103 })
    ask(trial, 3, { account: 102 })
    ask(trial, 4, { account: 103 })
    trial.send({ _tag: "AccountsLinked", account: 103, other: 102 })
    auditMarket(trial.market)
    expect(begun(endAttempt(trial, 1))).toEqual([2])
    expect(begun(endAttempt(trial, 2))).toEqual([3])
    auditMarket(trial.market)
  })
})

describe("a queue at each machine", () => {
  const economy = queued({ queue: { scope: "node", size: 2 } })

  it("is joined where it is shortest, and served by that machine alone", () => {
    const trial = openQueueMarket({ economy, nodes: 2 })
    const first = begun([...ask(trial, 1), ...ask(trial, 2)])
    expect(first).toEqual([1, 2])
    const waits = [3, 4].flatMap((request) => ask(trial, request))
    expect(waits.map((one) => one._tag === "Wait" && one.queue).toSorted()).toEqual([1, 2])
    ask(trial, 5)
    ask(trial, 6)
    expect(fateOf(ask(trial, 7), 7)).toBe("QueueFull")
    auditMarket(trial.market)
    expect(begun(endAttempt(trial, 1))).toHaveLength(1)
  })

  it("is what its host says: none, until it says how many may wait and for how long", () => {
    const trial = openQueueMarket({ economy })
    const set = (size: number, waitMicros: number, listing = 1) =>
      rejectionOf(trial.send({ _tag: "QueueSet", listing, size, waitMicros }))
    expect(set(0, 0)).toBeUndefined()
    ask(trial, 1)
    expect(fateOf(ask(trial, 2), 2)).toBe("NoCapacity")
    expect(set(1, 5 * second)).toBeUndefined()
    expect(fateOf(ask(trial, 3), 3)).toBe("Wait")
    expect(fateOf(ask(trial, 4), 4)).toBe("QueueFull")
    expect(fateOf(trial.wait(5 * second), 3)).toBe("QueueTimeout")
    expect(set(1, 0)).toBe("InvalidQuantity")
    expect(set(1.5, 1)).toBe("InvalidQuantity")
    expect(set(1, 1, 9)).toBe("UnknownListing")
    const pooled = openQueueMarket()
    const inPool = pooled.send({ _tag: "QueueSet", listing: 1, size: 1, waitMicros: 1 })
    expect(rejectionOf(inPool)).toBe("QueuesNotOffered")
    auditMarket(trial.market)
  })

  it("moves to another machine when its own leaves", () => {
    const trial = openQueueMarket({ economy, nodes: 2 })
    ask(trial, 1)
    ask(trial, 2)
    ask(trial, 3)
    const at = trial.market.queues.columns.waiting.indexOf(1)
    const instance = trial.market.queues.ids[at] as number
    const running = trial.commands.find(
      (one) => one._tag === "Dispatch" && one.instance === instance,
    )
    trial.send({ _tag: "InstanceStopped", instance })
    const ended = endAttempt(trial, running?._tag === "Dispatch" ? running.request : 0)
    expect(ended.find((one) => one._tag === "Wait")).toMatchObject({
      request: 3,
      queue: 3 - instance,
    })
    auditMarket(trial.market)
  })
})

describe("tiers", () => {
  it("have rates of their own: 90 s of premium cost 0.00375", () => {
    const trial = openQueueMarket()
    ask(trial, 1, { tier: "high" })
    trial.wait(90 * second)
    const [finish] = endAttempt(trial, 1).filter((one) => one._tag === "Finish")
    expect(finish?._tag === "Finish" && finish.charge).toBe(0.00375 * credit)
  })

  it("have as many jobs of a client at once; more wait, whatever room there is", () => {
    const trial = openQueueMarket({ slots: 4 })
    expect(fateOf(ask(trial, 1, { tier: "low" }), 1)).toBe("Dispatch")
    expect(fateOf(ask(trial, 2, { tier: "low" }), 2)).toBe("Wait")
    expect(fateOf(ask(trial, 3, { tier: "low", account: 102 }), 3)).toBe("Dispatch")
    expect(begun(endAttempt(trial, 1))).toEqual([2])
    ask(trial, 4, { tier: "low" })
    const tiers = usualTiers.map((tier) => ({ ...tier, maxJobs: 2 }))
    expect(begun(trial.send({ _tag: "TiersSet", listing: 1, tiers }))).toEqual([4])
    auditMarket(trial.market)
  })

  it("are served by whoever offers them, the cheapest first", () => {
    const trial = openQueueMarket({ nodes: 3 })
    const at = (ratePerHour: number) => [{ ...usualTiers[1], ratePerHour }]
    trial.send({ _tag: "TiersSet", listing: 1, tiers: at(200) })
    trial.send({ _tag: "TiersSet", listing: 2, tiers: at(100) })
    trial.send({ _tag: "TiersSet", listing: 3, tiers: [] })
    const instances = [1, 2].flatMap((request) =>
      ask(trial, request, { tier: "high" }).flatMap((one) =>
        one._tag === "Dispatch" ? [one.instance] : [],
      ),
    )
    expect(instances).toEqual([2, 1])
    expect(fateOf(ask(trial, 3, { tier: "high" }), 3)).toBe("Wait")
    expect(fateOf(ask(trial, 4, { tier: "urgent" }), 4)).toBe("NoCapacity")
    // The machine without a tier has room all the while, and takes calls of none.
    expect(fateOf(ask(trial, 5), 5)).toBe("Dispatch")
    auditMarket(trial.market)
  })

  it("are refused where they mean nothing, and as they should not be", () => {
    const plain = openQueueMarket({ economy: queued({ tiers: { areOffered: false } }) })
    expect(rejectionOf(ask(plain, 1, { tier: "high" }))).toBe("TiersNotOffered")
    expect(rejectionOf(plain.send({ _tag: "TiersSet", listing: 1, tiers: [] }))).toBe(
      "TiersNotOffered",
    )
    const byTokens = openQueueMarket({ economy: queued({ pricing: { tokens: "model" } }) })
    expect(rejectionOf(ask(byTokens, 1, { tier: "high" }))).toBe("TiersNotOffered")
    const trial = openQueueMarket()
    const [basic] = usualTiers
    const set = (...tiers: ReadonlyArray<object>) =>
      rejectionOf(trial.send({ _tag: "TiersSet", listing: 1, tiers: tiers as never }))
    expect(set(basic, basic)).toBe("InvalidQuantity")
    expect(set({ ...basic, maxJobs: 0 })).toBe("InvalidQuantity")
    expect(set({ ...basic, ratePerHour: -1 })).toBe("InvalidQuantity")
    expect(set({ ...basic, label: "x".repeat(65) })).toBe("InvalidQuantity")
    expect(set({ ...basic, priority: "most" })).toBe("InvalidQuantity")
    expect(rejectionOf(trial.send({ _tag: "TiersSet", listing: 9, tiers: [] }))).toBe(
      "UnknownListing",
    )
  })

  it("end with their listing", () => {
    const trial = openQueueMarket()
    trial.send({ _tag: "NodeRemoved", node: 1 })
    expect(trial.market.mostJobs.every((jobs) => jobs === 0)).toBe(true)
    auditMarket(trial.market)
  })
})

describe("an economy without a queue", () => {
  it("knows no flows", () => {
    const trial = openTrial(economyWith({}))
    expect(trial.market.flows.slots.size).toBe(0)
  })
})
