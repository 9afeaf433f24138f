/**
 * Whole lives of random markets against the naive market, which is compared after every event and
 * every timer: invariants 1–4, 6, 7, 10–17, 22, 24, 25 and the first half of 26.
 */
import fc from "fast-check"
import { describe, it } from "vitest"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import { assertProperty } from "../support/property.ts"
import { anyEconomy } from "./random-economy.ts"
import type { Deed } from "./random-market.ts"
import { anyLife, beginLife } from "./random-market.ts"

const live = (economy: Economy, life: ReadonlyArray<Deed>): void => {
  const { play } = beginLife(economy, "life")
  for (const deed of life) play(deed)
}

/** One failure is enough, two parties have to see it, and two hosts are asked: probes all over. */
const suspicious = anyEconomy.map((one): Economy => ({
  ...one,
  breaker: { ...one.breaker, threshold: 1 },
  blame: { ...one.blame, secondOpinion: true, minWitnesses: 2 },
}))

describe("a random life of a market", () => {
  it("keeps every invariant, under `pooled`", async () => {
    await assertProperty(fc.property(anyLife, (life) => live(pooled, life)))
  })

  it("keeps every invariant, under `hardened`", async () => {
    await assertProperty(fc.property(anyLife, (life) => live(hardened, life)))
  })

  it("keeps every invariant, under any economy", async () => {
    await assertProperty(fc.property(anyEconomy, anyLife, live))
  })

  it("keeps every invariant, where one outcome has several hosts probed", async () => {
    await assertProperty(fc.property(suspicious, anyLife, live), { share: 0.3 })
  })
})
