/**
 * Invariants 5, 23 and 26 over random lives: repeats and illegal events change nothing (the digest of
 * the whole state is equal), the same events give the same commands byte for byte, and saving and
 * restoring in the middle, through text, changes nothing of what follows.
 */
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import { createMarket, digestOf, step } from "../../engine/market/market.ts"
import {
  imageOf,
  restore,
  restoreImage,
  snapshot,
  stateDigest,
} from "../../engine/market/snapshot.ts"
import { assertProperty } from "../support/property.ts"
import { ensure } from "./ensure.ts"
import { anyEconomy } from "./random-economy.ts"
import { anyShortLife } from "./random-market.ts"
import { eventsOf, isRejected, replay, seedOfLives, sendAll } from "./replay.ts"

const economy = fc.oneof(fc.constant(pooled), fc.constant(hardened), anyEconomy)
const position = fc.nat(1_000_000)
/** Each life is lived several times over, and its whole state digested. */
const some = { share: 0.2 }

describe("a life that is lived again", () => {
  it("gives the same commands, byte for byte, and the same state", async () => {
    await assertProperty(
      fc.property(economy, anyShortLife, (rules, deeds) => {
        const sent = eventsOf(rules, deeds)
        const { market, commands } = replay(
          rules,
          sent.map(({ event }) => event),
        )
        expect(JSON.stringify(commands)).toBe(JSON.stringify(sent.map((one) => one.commands)))
        const again = replay(
          rules,
          sent.map(({ event }) => event),
        )
        expect(digestOf(again.market)).toBe(digestOf(market))
        expect(stateDigest(again.market)).toBe(stateDigest(market))
      }),
      some,
    )
  })

  it("goes on from a snapshot or an image as if nothing had been, wherever it is taken", async () => {
    await assertProperty(
      fc.property(economy, anyShortLife, position, fc.boolean(), (rules, deeds, at, isImage) => {
        const sent = eventsOf(rules, deeds)
        const events = sent.map(({ event }) => event)
        const middle = at % (events.length + 1)
        const whole = replay(rules, events)
        const { market: first } = replay(rules, events.slice(0, middle))
        const before = stateDigest(first)
        const second = Either.getOrThrow(
          isImage
            ? restoreImage(imageOf(first))
            : restore(JSON.parse(JSON.stringify(snapshot(first)))),
        )
        expect(stateDigest(second)).toBe(before)
        const commands = sendAll(second, events.slice(middle))
        expect(JSON.stringify(commands)).toBe(JSON.stringify(whole.commands.slice(middle)))
        expect(digestOf(second)).toBe(digestOf(whole.market))
        expect(stateDigest(second)).toBe(stateDigest(whole.market))
        // The one that it was taken of goes on as well.
        sendAll(first, events.slice(middle))
        expect(stateDigest(first)).toBe(stateDigest(whole.market))
      }),
      some,
    )
  })
})

describe("an illegal event", () => {
  it("changes nothing, and names its reason", async () => {
    await assertProperty(
      fc.property(economy, anyShortLife, (rules, deeds) => {
        const sent = eventsOf(rules, deeds)
        const market = createMarket(rules, seedOfLives)
        for (const one of sent) {
          const before = isRejected(one) ? stateDigest(market) : ""
          const [commands = []] = sendAll(market, [one.event])
          if (!isRejected(one)) continue
          ensure(stateDigest(market) === before, "26: an illegal event changes nothing", () => one)
          const [rejected] = commands
          ensure(
            commands.length === 1 &&
              rejected?._tag === "Rejected" &&
              rejected.event === one.event._tag &&
              rejected.reason.length > 0,
            "26: an illegal event names its reason",
            () => commands,
          )
        }
      }),
      some,
    )
  })

  it("might as well not have been", async () => {
    await assertProperty(
      fc.property(economy, anyShortLife, (rules, deeds) => {
        const sent = eventsOf(rules, deeds)
        const all = replay(
          rules,
          sent.map(({ event }) => event),
        )
        const legal = sent.filter((one) => !isRejected(one))
        const { market, commands } = replay(
          rules,
          legal.map(({ event }) => event),
        )
        expect(JSON.stringify(commands)).toBe(JSON.stringify(legal.map((one) => one.commands)))
        expect(stateDigest(market)).toBe(stateDigest(all.market))
      }),
      some,
    )
  })
})

describe("an event that is sent twice", () => {
  it("changes nothing the second time, whatever it is", async () => {
    const positions = fc.array(position, { minLength: 1, maxLength: 12 })
    await assertProperty(
      fc.property(economy, anyShortLife, positions, (rules, deeds, at) => {
        const sent = eventsOf(rules, deeds)
        const chosen = new Set(at.map((one) => one % sent.length))
        const market = createMarket(rules, seedOfLives)
        for (const [i, { event }] of sent.entries()) {
          sendAll(market, [event])
          if (!chosen.has(i)) continue
          const before = stateDigest(market)
          const [commands = []] = sendAll(market, [event])
          ensure(stateDigest(market) === before, "5: a repeat changes nothing", () => event)
          ensure(
            commands.every(
              (one) => one._tag === "Rejected" || one._tag === "Audit" || one._tag === "Measure",
            ),
            "5: a repeat moves nothing and starts nothing",
            () => ({ event, commands }),
          )
        }
      }),
      some,
    )
  })
})

describe("another seed", () => {
  it("draws other lots, and the lots of one seed never depend on the driver's batches", () => {
    const events = eventsOf(pooled, [])
    const arrivals = Array.from({ length: 64 }, (_, i) => ({
      _tag: "RequestArrived" as const,
      at: 0,
      request: i,
      account: 1,
      model: 1,
      inputTokens: 1,
      maxTokens: 1,
    }))
    const chosenBy = (seed: string) => {
      const market = createMarket(pooled, seed)
      sendAll(
        market,
        events.map(({ event }) => event),
      )
      return JSON.stringify(sendAll(market, arrivals))
    }
    expect(chosenBy("a")).toBe(chosenBy("a"))
    expect(chosenBy("a")).not.toBe(chosenBy("b"))
    // One array for all steps, or one a step: the kernel only appends.
    const market = createMarket(pooled, "a")
    const one: Array<unknown> = []
    for (const event of [...events.map((sent) => sent.event), ...arrivals])
      step(market, event, one as Parameters<typeof step>[2])
    expect(JSON.stringify(one.slice(-arrivals.length))).toBe(
      JSON.stringify(
        (JSON.parse(chosenBy("a")) as Array<Array<unknown>>).flat().slice(-arrivals.length),
      ),
    )
  })
})
