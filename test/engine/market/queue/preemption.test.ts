import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import { itemStandOf } from "../../../../engine/market/views/batch-view.ts"
import { openBatch, sendItem } from "../../../support/batches.ts"
import { commandsOf, endAttempt } from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"
import { ask, begun, fateOf, openQueueMarket, queued } from "../../../support/queue.ts"
import { minute } from "../../../support/hours.ts"

const second = 1_000_000
const owner = 104

const economy = queued({
  pricing: { tokens: "model" },
  queue: { size: 100 },
  preempt: { policy: "graceful" },
  batches: { leaveFree: 0 },
})

/** One item under way for so long, and whoever sends it. */
const withItem = (micros = 5 * minute): Trial => {
  const trial = openQueueMarket({ economy })
  openBatch(trial, 1, { account: owner })
  sendItem(trial, 1, 1, 0, { account: owner })
  trial.wait(micros)
  return trial
}

const recalled = (trial: Trial, request: number) =>
  endAttempt(trial, request, { outcome: "gatewayFault" })

describe("an item of a batch", () => {
  it("gives way to a call that waits, which has its place from then on", () => {
    const trial = withItem()
    const waits = ask(trial, 2)
    const untilMicros = trial.market.now + 120 * second
    expect(waits.slice(1)).toEqual([{ _tag: "Preempt", request: 1, attempt: 0, untilMicros }])
    auditMarket(trial.market)
    // A call of somebody else, who has had no more, comes behind it.
    ask(trial, 3, { account: 102 })
    expect(trial.wait(120 * second)).toContainEqual({ _tag: "Recall", request: 1, attempt: 0 })
    expect(begun(recalled(trial, 1))).toEqual([2])
    expect(itemStandOf(trial.market, 1, 0)).toBe("waiting")
    auditMarket(trial.market)
  })

  it("may end by itself in the meantime, and is paid for", () => {
    const trial = withItem()
    ask(trial, 2)
    trial.wait(30 * second)
    const ended = endAttempt(trial, 1)
    expect(fateOf(ended, 1)).toContain("Finish")
    expect(begun(ended)).toEqual([2])
    expect(itemStandOf(trial.market, 1, 0)).toBe("completed")
    expect(commandsOf(trial.wait(10 * minute), "Recall")).toEqual([])
  })

  it("is left alone for as long as the rules say", () => {
    const trial = withItem(5 * minute - 1)
    expect(fateOf(ask(trial, 2), 1)).toBe("")
  })

  it("goes on where the call that it gives way to leaves", () => {
    const trial = withItem()
    ask(trial, 2)
    trial.send({ _tag: "RequestWithdrawn", request: 2 })
    expect(commandsOf(trial.wait(10 * minute), "Recall")).toEqual([])
    auditMarket(trial.market)
  })

  it("gives way twice at most", () => {
    const trial = withItem()
    const preempted = [0, 1, 2].map((round) => {
      const call = 10 * round + 10
      const isPreempted =
        fateOf(
          ask(trial, call, { account: 101 + round }),
          trial.market.requests.ids[0] as number,
        ) !== ""
      if (isPreempted) {
        recalled(trial, trial.market.requests.ids[0] as number)
        endAttempt(trial, call)
        sendItem(trial, call + 1, 1, 0, { account: owner })
        trial.wait(5 * minute)
      }
      return isPreempted
    })
    expect(preempted).toEqual([true, true, false])
    auditMarket(trial.market)
  })

  it("gives way to nobody who has had as much, or is of no higher priority", () => {
    const rich = withItem()
    // So long a call costs more than the item was charged.
    expect(fateOf(ask(rich, 2, { tokens: 5000 }), 1)).toBe("")
    const equal = openQueueMarket({
      economy: { ...economy, tiers: { ...economy.tiers, normal: 1 } },
    })
    openBatch(equal, 1, { account: owner })
    sendItem(equal, 1, 1, 0, { account: owner })
    equal.wait(5 * minute)
    expect(fateOf(ask(equal, 2, { tokens: 1 }), 1)).toBe("")
  })

  it("does not, where the rules know no preemption", () => {
    const trial = openQueueMarket({
      economy: { ...economy, preempt: { ...economy.preempt, policy: "none" } },
    })
    openBatch(trial, 1, { account: owner })
    sendItem(trial, 1, 1, 0, { account: owner })
    trial.wait(5 * minute)
    expect(fateOf(ask(trial, 2), 1)).toBe("")
  })
})

describe("preemption", () => {
  it("keeps each item's times and claims, and never takes what one call has for another (43)", async () => {
    const deed = fc.record({
      kind: fc.constantFrom("ask", "ask", "item", "end", "recall", "withdraw", "pass"),
      lot: fc.nat(9999),
    })
    await assertProperty(
      fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
        const trial = openQueueMarket({ economy, slots: 2 })
        openBatch(trial, 1, { account: owner, items: 4 })
        const { market } = trial
        const times = new Map<number, number>()
        const itemOf = new Map<number, number>()
        let last = 0
        for (const { kind, lot } of deeds) {
          const open = market.requests.slots.toArray().map(([request]) => request)
          const running = open[lot % Math.max(1, open.length)]
          const waiting = [...market.waiting.slots.keys()]
          const given = waiting[lot % Math.max(1, waiting.length)]
          const commands =
            kind === "ask"
              ? ask(trial, ++last, { account: 101 + (lot % 2), tokens: 1 + (lot % 200) })
              : kind === "item"
                ? (itemOf.set(++last, lot % 4),
                  sendItem(trial, last, 1, lot % 4, { account: owner }))
                : kind === "end" && running !== undefined
                  ? endAttempt(trial, running, { outputTokens: 1 })
                  : kind === "recall" && running !== undefined
                    ? recalled(trial, running)
                    : kind === "withdraw" && given !== undefined
                      ? trial.send({ _tag: "RequestWithdrawn", request: given })
                      : trial.wait((lot % 4) * minute)
          for (const { request } of commandsOf(commands, "Preempt")) {
            const item = itemOf.get(request)
            // Only an item gives way, and no call ever does.
            expect(item).toBeDefined()
            times.set(item!, (times.get(item!) ?? 0) + 1)
            expect(times.get(item!)).toBeLessThanOrEqual(2)
          }
          auditMarket(market)
        }
      }),
    )
  })
})
