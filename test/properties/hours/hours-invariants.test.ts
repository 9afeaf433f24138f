/** Whole lives of markets of hours: invariants 27–35, 40, 45, 49 and 52 of the bookings. */
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { booksView, restore, snapshot } from "../../../engine/index.ts"
import { stateDigest } from "../../../engine/market/snapshot.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { createMarket, step } from "../../../engine/market/market.ts"
import { open } from "../../../engine/market/state/market-state.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import { closedHoles, day, literal } from "../../support/hours.ts"
import { assertProperty } from "../../support/property.ts"
import { ensure } from "../ensure.ts"
import type { HoursDeed } from "./hours-life.ts"
import { anyHoursEconomy, anyHoursLife, beginHoursLife, compareBookings } from "./hours-life.ts"

const live = (economy: ReturnType<typeof literal>, deeds: ReadonlyArray<HoursDeed>): void => {
  const life = beginHoursLife(economy)
  for (const deed of deeds) {
    life.play(deed)
    compareBookings(life)
  }
  // Whoever stays away for ever: each booking ends by itself, and everything that was held is free (29).
  for (let turn = 0; turn < 60 && life.naive.bookings.size + life.naive.offers.size > 0; turn++)
    life.passTo(life.market.now + 4 * day)
  expect(life.naive.bookings.size + life.naive.offers.size).toBe(0)
  expect(booksView(life.market)).toMatchObject({ total: 0, held: 0 })
  auditMarket(life.market)
}

describe("a random life of a market of hours", () => {
  it("keeps every invariant, under `aitbc`", async () => {
    await assertProperty(
      fc.property(anyHoursLife, (life) => live(literal(), life)),
      { share: 0.2 },
    )
  })

  it("keeps every invariant, under `aitbc-hardened`", async () => {
    await assertProperty(
      fc.property(anyHoursLife, (life) => live(closedHoles(), life)),
      {
        share: 0.2,
      },
    )
  })

  it("keeps every invariant, under any economy of hours", async () => {
    await assertProperty(fc.property(anyHoursEconomy, anyHoursLife, live), { share: 0.6 })
  })

  it("goes on from a snapshot as if there had been none (52)", async () => {
    await assertProperty(
      fc.property(anyHoursEconomy, anyHoursLife, fc.nat(100), (economy, deeds, cut) => {
        const life = beginHoursLife(economy)
        let copy: ReturnType<typeof open> | undefined
        let from = 0
        deeds.forEach((deed, index) => {
          if (index === cut % Math.max(1, deeds.length)) {
            copy = open(Either.getOrThrow(restore(structuredClone(snapshot(life.market)))))
            from = life.sent.length
          }
          life.play(deed)
        })
        if (copy === undefined) return
        const commands: Array<Command> = []
        for (const event of life.sent.slice(from)) step(copy, event, commands)
        expect(stateDigest(copy)).toBe(stateDigest(life.market))
      }),
      { share: 0.05 },
    )
  })

  it("is the same if an event is sent twice, whatever it is", async () => {
    const chosen = fc.array(fc.nat(200), { minLength: 1, maxLength: 12 })
    await assertProperty(
      fc.property(anyHoursEconomy, anyHoursLife, chosen, (economy, deeds, at) => {
        const life = beginHoursLife(economy)
        for (const deed of deeds) life.play(deed)
        const market = createMarket(economy, "hours")
        const twice = new Set(at.map((one) => one % life.sent.length))
        for (const [index, event] of life.sent.entries()) {
          step(market, event, [])
          if (!twice.has(index)) continue
          const before = stateDigest(market)
          const again: Array<Command> = []
          step(market, event, again)
          ensure(stateDigest(market) === before, "5: a repeat changes nothing", () => event)
          ensure(
            again.every(({ _tag }) => _tag === "Rejected" || _tag === "Audit"),
            "5: a repeat starts nothing",
            () => ({ event, again }),
          )
        }
      }),
      { share: 0.1 },
    )
  })
})
