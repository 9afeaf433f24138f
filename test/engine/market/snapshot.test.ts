import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { economies } from "../../../engine/economy/presets/index.ts"
import { pooled } from "../../../engine/economy/presets/pooled.ts"
import type { Snapshot as SnapshotType } from "../../../engine/market/snapshot.ts"
import {
  imageOf,
  restore,
  restoreImage,
  Snapshot,
  snapshot,
  SnapshotInvalid,
  stateDigest,
} from "../../../engine/market/snapshot.ts"
import { createMarket, digestOf } from "../../../engine/market/market.ts"
import { open } from "../../../engine/market/state/market-state.ts"
import { arrive, call, commandsOf, openSmallMarket } from "../../support/market.ts"
import type { Trial } from "../../support/market.ts"

const throughText = (saved: SnapshotType): unknown => JSON.parse(JSON.stringify(saved))

const refusalOf = (input: unknown): string => {
  const result = restore(input)
  if (Either.isRight(result)) throw new Error("it was restored")
  expect(result.left).toBeInstanceOf(SnapshotInvalid)
  return result.left.message
}

const busy = (economy = pooled): Trial => {
  const trial = openSmallMarket({ economy, nodes: 5 })
  for (let request = 1; request <= 30; request++)
    call(trial, request, request % 4 === 0 ? "stalled" : "completed")
  trial.wait(5_000_000_000)
  for (let request = 31; request <= 34; request++) arrive(trial, request)
  return trial
}

describe("a snapshot", () => {
  it.each(Object.values(economies))("holds the whole state, through text: $name", (economy) => {
    const { market } = busy(economy)
    const before = stateDigest(market)
    const saved = throughText(snapshot(market))
    expect(stateDigest(market)).toBe(before)
    const back = open(Either.getOrThrow(restore(saved)))
    expect(stateDigest(back)).toBe(before)
    expect(digestOf(back)).toBe(digestOf(market))
    expect(snapshot(back)).toEqual(snapshot(market))
    expect(back.routeStreams.map((one) => one.next())).toEqual(
      market.routeStreams.map((one) => one.next()),
    )
  })

  it("of an empty market is one too", () => {
    const market = createMarket(pooled, "empty")
    const back = Either.getOrThrow(restore(throughText(snapshot(market))))
    expect(stateDigest(back)).toBe(stateDigest(market))
  })

  it("shares nothing with the market that it was taken of", () => {
    const trial = busy()
    const saved = snapshot(trial.market)
    const text = JSON.stringify(saved)
    const back = Either.getOrThrow(restore(saved))
    call(trial, 100)
    const before = stateDigest(back)
    call(trial, 101)
    expect(JSON.stringify(saved)).toBe(text)
    expect(stateDigest(back)).toBe(before)
  })

  it("does not depend on the order in which its economy was written", () => {
    const [first] = pooled.trust.tiers
    const { maxMultiplier, minHealth, name, onlineDays } = first
    const turned = {
      ...Object.fromEntries(Object.entries(pooled).toReversed()),
      trust: { tiers: [{ maxMultiplier, onlineDays, minHealth, name }] },
    } as unknown as typeof pooled
    const saved = throughText(snapshot(busy(turned).market))
    expect(Either.isRight(restore(saved))).toBe(true)
  })

  it("is a value of its schema", () => {
    const saved = snapshot(busy().market)
    expect(Schema.is(Snapshot)(throughText(saved))).toBe(true)
  })
})

describe("an image", () => {
  it.each(Object.values(economies))("holds the whole state: $name", (economy) => {
    const trial = busy(economy)
    const before = stateDigest(trial.market)
    const image = imageOf(trial.market)
    call(trial, 100)
    const back = open(
      Either.getOrThrow(
        restoreImage({ ...image, outline: JSON.parse(JSON.stringify(image.outline)) as never }),
      ),
    )
    expect(stateDigest(back)).toBe(before)
    expect(back.routeStreams).toHaveLength(trial.market.routeStreams.length)
  })

  it("of another version or shape is refused, and says where it differs", () => {
    const { market } = busy()
    const refusal = (changed: object): string => {
      const result = restoreImage(imageOf({ ...market, ...changed }))
      return Either.isLeft(result) ? result.left.message : "restored"
    }
    expect(refusal({})).toBe("restored")
    expect(refusal({ claims: [] })).toMatch("state.claims is not known; another version")
    const { reduction: _, ...columns } = market.nodes.columns
    expect(refusal({ nodes: { ...market.nodes, columns } })).toMatch(
      "state.nodes.columns.reduction is missing;",
    )
    const image = imageOf(market)
    const older = restoreImage({ ...image, outline: { ...(image.outline as object), version: 1 } })
    expect(Either.isLeft(older) && older.left.message).toMatch("version: Expected 13, actual 1")
    const cut = restoreImage({ ...image, bytes: image.bytes.subarray(0, 100) })
    expect(Either.isLeft(cut) && cut.left.message).toMatch("beyond its bytes")
  })
})

describe("what is no snapshot", () => {
  const saved = snapshot(busy().market)

  it.each([null, 1, "", {}, [], { version: 1 }])("%j is refused", (input) => {
    const message = refusalOf(input)
    expect(message).toMatch(/^Not a snapshot of a market that can be restored: /)
    // A sentence, not the whole schema.
    expect(message.length).toBeLessThan(200)
  })

  it("of another version is refused", () => {
    expect(refusalOf({ ...saved, version: 0 })).toMatch("version: Expected 13, actual 0")
  })

  it("with a state that was altered or cut is refused", () => {
    expect(refusalOf({ ...saved, state: { ...saved.state, now: 1 } })).toMatch("checksum")
    const { ledger: _, ...rest } = saved.state
    expect(refusalOf({ ...saved, state: rest })).toMatch("checksum")
    expect(refusalOf({ ...saved, checksum: "0000000000000000" })).toMatch("checksum")
  })

  it("of another shape is refused, and says where it differs", () => {
    const { market } = busy()
    const refusedWith = (change: object) => refusalOf(snapshot({ ...market, ...change }))
    expect(refusedWith({ claims: [] })).toBe(
      "Not a snapshot of a market that can be restored: state.claims is not known; " +
        "another version of Evenkeel made it",
    )
    expect(refusedWith({ claimants: undefined })).toMatch(
      "state.claimants is a undefined, expected a list;",
    )
    const { wakes: _, ...fewer } = market
    expect(refusalOf(snapshot(fewer as typeof market))).toMatch("state.wakes is missing;")
    const { nodes } = market
    const { reduction: __, ...columns } = nodes.columns
    expect(refusedWith({ nodes: { ...nodes, columns } })).toMatch(
      "state.nodes.columns.reduction is missing;",
    )
    const spec = { ...nodes.spec, reduction: "f32" }
    expect(refusedWith({ nodes: { ...nodes, spec } })).toMatch(
      'state.nodes.spec.reduction is "f32", expected "f64";',
    )
    const ids = new Int32Array(16)
    expect(refusedWith({ nodes: { ...nodes, ids } })).toMatch(
      "state.nodes.ids is a Int32Array, expected a Float64Array;",
    )
  })

  it("with an economy, a seed or a digest that was altered is refused", () => {
    const economy = { ...saved.economy, breaker: { ...saved.economy.breaker, threshold: 5 } }
    expect(refusalOf({ ...saved, economy })).toMatch("checksum")
    expect(refusalOf({ ...saved, seed: "other" })).toMatch("checksum")
    expect(refusalOf({ ...saved, digest: { high: 1, low: 2 } })).toMatch("checksum")
  })
})

describe("the digest of the state", () => {
  it("tells states apart that differ in one request", () => {
    const [one, other] = [busy(), busy()]
    expect(stateDigest(other.market)).toBe(stateDigest(one.market))
    expect(commandsOf(arrive(other, 200), "Dispatch").length).toBeLessThanOrEqual(1)
    expect(stateDigest(other.market)).not.toBe(stateDigest(one.market))
  })
})
