import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { economies } from "../../../../engine/economy/presets/index.ts"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import { pooled } from "../../../../engine/economy/presets/pooled.ts"
import { knobRows } from "../../../../engine/economy/derive.ts"
import { Economy } from "../../../../engine/economy/schema.ts"

describe("the economies", () => {
  it.each(Object.entries(economies))(
    "%s is valid under its own schema and name",
    (name, economy) => {
      expect(Schema.decodeUnknownSync(Economy, { onExcessProperty: "error" })(economy)).toEqual(
        economy,
      )
      expect(economy.name).toBe(name)
    },
  )

  it("differ where `hardened` closes a hole, and nowhere else", () => {
    const before = new Map(knobRows(pooled).map((row) => [row.path, row.value]))
    const changed = knobRows(hardened).filter((row) => row.value !== before.get(row.path))
    expect(Object.fromEntries(changed.map((row) => [row.path, row.value]))).toEqual({
      "backpressure.isFailure": true,
      "blame.excuseShared": true,
      "blame.minWitnesses": 2,
      "blame.refusalDeviations": 4,
      "blame.secondOpinion": true,
      "bounty.maxMultiplier": 1.13,
      "ramp.burstSeconds": 120,
      "promotion.giftsPay": "gifts",
      "routing.selection": "spareLottery",
      "routing.capacity": "verified",
      "breaker.minFailureRatio": 0.1,
      "ramp.successes": 200,
      "ramp.weighsLottery": true,
      "bounty.form": "premium",
      "bounty.fixedHours": 168,
      "bounty.excludeLinked": true,
      "bounty.maxDemandShare": 0.2,
      "bounty.vestingDays": 14,
    })
  })
})
