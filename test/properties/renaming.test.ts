/**
 * Invariant 8: renaming nodes, instances, accounts and transfers renames them in the commands, and
 * changes nothing else; and the order in which nodes come decides nothing but the draw of the lots.
 * Accounts keep their order: the least minor unit of a bounty goes to the lower one.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command } from "../../engine/protocol/command.ts"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import type { MarketEvent } from "../../engine/protocol/event.ts"
import { call, economyWith, openSmallMarket, startInstance } from "../support/market.ts"
import { assertProperty } from "../support/property.ts"
import { anyEconomy } from "./random-economy.ts"
import { anyShortLife } from "./random-market.ts"
import { eventsOf, replay } from "./replay.ts"

const economy = fc.oneof(fc.constant(pooled), fc.constant(hardened), anyEconomy)

/** New names for the small ids that lives use; whatever else stands in an event keeps its name. */
const names = fc.uniqueArray(fc.integer({ min: 1000, max: 900_000 }), {
  minLength: 220,
  maxLength: 220,
})

const accountFields = new Set(["account", "other"])
const otherFields = new Set(["node", "instance", "transfer"])
const byAccount = new Set(["grant", "bounty", "vestingBounty", "vested", "clawback"])
const byTransfer = new Set(["purchase", "withdrawal", "funding"])

describe("renaming", () => {
  it("renames, and does nothing else", async () => {
    await assertProperty(
      fc.property(economy, anyShortLife, names, (rules, deeds, given) => {
        const inOrder = given.toSorted((a, b) => a - b)
        const nameOf = (id: number) => given[id] ?? id
        const accountOf = (id: number) => inOrder[id] ?? id
        const renameField = (field: string, value: number) =>
          accountFields.has(field)
            ? accountOf(value)
            : otherFields.has(field)
              ? nameOf(value)
              : value
        const renameFields = <A extends object>(one: A): A =>
          Object.fromEntries(
            Object.entries(one).map(([field, value]) => [field, renameField(field, value)]),
          ) as A
        const renameCommand = (command: Command): Command => {
          if (command._tag === "Post" && byAccount.has(command.kind))
            return { ...command, reference: accountOf(command.reference) }
          if (command._tag === "Post" && byTransfer.has(command.kind))
            return { ...command, reference: nameOf(command.reference) }
          if (command._tag !== "Audit") return renameFields(command)
          const isAccount = command.finding === "Clawback"
          return { ...command, subject: (isAccount ? accountOf : nameOf)(command.subject) }
        }
        const sent = eventsOf(rules, deeds)
        const renamed = replay(
          rules,
          sent.map(({ event }): MarketEvent => renameFields(event)),
        )
        expect(renamed.commands).toEqual(sent.map((one) => one.commands.map(renameCommand)))
      }),
    )
  })
})

describe("the order in which nodes come", () => {
  const selections = ["leastLoaded", "operatorFirst", "spareLottery", "twoChoices"] as const
  const tieBreaks = ["lottery", "random", "strict"] as const
  const kinds = selections.flatMap((selection) =>
    tieBreaks.map((tieBreak) => ({ selection, tieBreak })),
  )

  /** How often each of six unequal instances is chosen, when they come in this order. */
  const sharesOf = (rules: Economy, order: ReadonlyArray<number>, calls: number) => {
    const trial = openSmallMarket({ economy: rules, nodes: 0, seed: `order ${order.join("")}` })
    for (const one of order) {
      const account = 100 + Math.floor(one / 2)
      trial.send({ _tag: "AccountOpened", account })
      trial.send({ _tag: "NodeRegistered", node: one, account })
      startInstance(trial, { instance: one, node: one, slots: 1 + one, tokensPerSecond: 100_000 })
    }
    const counts = order.map(() => 0)
    for (let request = 1; request <= calls; request++) {
      const instance = call(trial, request, "consumerGone")
      counts[instance] = (counts[instance] ?? 0) + 1
    }
    return counts
  }

  it.each(kinds)("does not change their shares: $selection, $tieBreak", (routing) => {
    const rules = economyWith({ routing, ramp: { start: 1 } })
    const calls = 12_000
    const [one, other] = [
      [0, 1, 2, 3, 4, 5],
      [5, 2, 4, 1, 3, 0],
    ].map((order) => sharesOf(rules, order, calls))
    // Two-sample χ² with at most 5 degrees of freedom: 37.3 is exceeded once in 2 · 10⁶.
    let chiSquared = 0
    for (const [i, a] of (one ?? []).entries()) {
      const b = other?.[i] ?? 0
      if (a + b > 0) chiSquared += (a - b) ** 2 / (a + b)
    }
    expect(one?.reduce((sum, n) => sum + n, 0)).toBe(calls)
    expect(chiSquared).toBeLessThan(37.3)
  })
})
