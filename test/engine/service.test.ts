import { Effect, Exit, Layer } from "effect"
import { describe, expect, it } from "vitest"
import type { Command } from "../../engine/protocol/command.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { MarketEvent } from "../../engine/protocol/event.ts"
import { createMarket, digestOf, step } from "../../engine/market/market.ts"
import { advance, layer, layerFromSnapshot, MarketEngine } from "../../engine/service.ts"
import { stateDigest } from "../../engine/market/snapshot.ts"

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
  it("takes events in order and returns their commands", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const engine = yield* MarketEngine
        const commands = yield* engine.take(events)
        expect(commands).toMatchObject([{ _tag: "Post", kind: "grant" }, { _tag: "FailOver" }])
        expect(yield* engine.nextWake).toBe(9 * hour + 90_000_000)
        expect(yield* engine.digest).toBe(digestOf(engine.view))
      }).pipe(Effect.provide(layer(pooled, "s"))),
    ))

  it("goes on from a snapshot as if nothing had been", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const whole = yield* MarketEngine
        yield* whole.take(events.slice(0, 3))
        const saved = JSON.parse(JSON.stringify(yield* whole.snapshot)) as unknown
        yield* whole.take(events.slice(3))
        const resumed = yield* Layer.build(layerFromSnapshot(saved)).pipe(
          Effect.flatMap((context) => Effect.provide(MarketEngine, context)),
          Effect.scoped,
        )
        yield* resumed.take(events.slice(3))
        expect(yield* resumed.digest).toBe(yield* whole.digest)
        expect(stateDigest(resumed.view)).toBe(stateDigest(whole.view))
      }).pipe(Effect.provide(layer(pooled, "s"))),
    ))

  it("fails with a tagged error where there is no snapshot to go on from", async () => {
    const exit = await Effect.runPromiseExit(
      Effect.provide(MarketEngine, layerFromSnapshot({ version: 7 })),
    )
    expect(Exit.isFailure(exit) && exit.cause.toString()).toContain("Not a snapshot")
  })
})
