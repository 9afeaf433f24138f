import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import type { Command } from "../../engine/protocol/command.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { MarketEvent } from "../../engine/protocol/event.ts"
import { createMarket, digestOf, step } from "../../engine/market/market.ts"
import { advance, engineOf, layer, MarketEngine } from "../../engine/service.ts"
import { restore, snapshot, stateDigest } from "../../engine/market/snapshot.ts"
import { nextWake } from "../../engine/market/timers.ts"

const hour = 3_600_000_000
const events: ReadonlyArray<MarketEvent> = [
  { _tag: "ModelListed", at: 0, model: 1, inputPricePerMtok: 1, outputPricePerMtok: 1 },
  { _tag: "AccountOpened", at: 5, account: 1 },
  { _tag: "NodeRegistered", at: 5 * hour, node: 1, account: 1 },
  { _tag: "HeartbeatReceived", at: 5 * hour + 1, node: 1 },
  { _tag: "NodeReturned", at: 9 * hour, node: 1 },
]

describe("advance", () => {
  it("fires the timers that are due before the event", () => {
    const market = createMarket(pooled, "s")
    const out: Array<Command> = []
    for (const event of events) advance(market, event, out)
    expect(out.map((command) => command._tag)).toEqual(["Post", "FailOver"])
    const bare = createMarket(pooled, "s")
    const plain: Array<Command> = []
    for (const event of events) {
      step(bare, { _tag: "TimerFired", at: event.at }, plain)
      step(bare, event, plain)
    }
    expect(stateDigest(market)).toBe(stateDigest(bare))
    expect(plain).toEqual(out)
  })

  it("lets no event of an impossible time move the clock", () => {
    const market = createMarket(pooled, "s")
    const out: Array<Command> = []
    for (const at of [Infinity, Number.NaN, -1, 0.5])
      advance(market, { _tag: "NodeLost", at, node: 1 }, out)
    expect(market.now).toBe(0)
    expect(out.every((command) => command._tag === "Rejected")).toBe(true)
  })
})

describe("the market as a service", () => {
  it("takes events in order, with the timers before them, and gives their commands", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { market, take } = yield* MarketEngine
        const commands: Array<Command> = []
        for (const event of events) take(event, commands)
        expect(commands).toMatchObject([{ _tag: "Post", kind: "grant" }, { _tag: "FailOver" }])
        expect(nextWake(market)).toBe(9 * hour + 90_000_000)
      }).pipe(Effect.provide(layer(pooled, "s"))),
    ))

  it("goes on from a snapshot as if nothing had been", () => {
    const whole = engineOf(createMarket(pooled, "s"))
    for (const event of events.slice(0, 3)) whole.take(event, [])
    const saved = JSON.parse(JSON.stringify(snapshot(whole.market))) as unknown
    const resumed = engineOf(Either.getOrThrow(restore(saved)))
    for (const { take } of [whole, resumed]) for (const event of events.slice(3)) take(event, [])
    expect(digestOf(resumed.market)).toBe(digestOf(whole.market))
    expect(stateDigest(resumed.market)).toBe(stateDigest(whole.market))
  })
})
